"""The words of membership: suspension from a height, recovery of a lost key, mandates and joint control."""

from __future__ import annotations

__all__: list[str] = []
