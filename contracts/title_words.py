"""The words of title, of a bill of lading: guards in `title_guards.py`, effects in `title_effects.py`."""

from __future__ import annotations

from . import title_effects, title_guards

__all__: list[str] = []

_ = (title_effects, title_guards)
