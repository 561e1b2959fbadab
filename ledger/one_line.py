r"""Whether a text is one line, by a list of refused characters that never changes.

Python's own idea of a printable character follows the Unicode version of the interpreter, so two nodes could
judge one name differently. Refused for ever are: U+0000–001F and U+007F–009F (controls), U+2028 and U+2029
(line and paragraph separator), U+200E, U+200F, U+061C, U+202A–202E and U+2066–2069 (they turn the direction of
text), U+FEFF and U+FFF9–FFFB (marks that are not shown), and U+D800–DFFF (surrogates). Everything else is text.
"""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["is_one_line"]

_REFUSED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def is_one_line(value: Any, size: int) -> bool:
    """Whether `value` is a text of at most `size` characters, none of them refused."""
    return type(value) is str and len(value) <= size and _REFUSED.search(value) is None
