"""The words of title: endorsement, presentation, pledge, amendment, paper, hold and order of a bill of lading."""

from __future__ import annotations

__all__: list[str] = []
