"""The words of other kinds: release of goods against a code, partial release, access grants."""

from __future__ import annotations

__all__: list[str] = []
