"""The words of governance: texts, proposals, votes, and what an adopted proposal changes."""

from __future__ import annotations

__all__: list[str] = []
