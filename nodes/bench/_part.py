"""One part of the benchmark as a process: `python -m nodes.bench._part prepare|measure FOLDER PLAN`.

`measure` prints a line of JSON for each value.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from .measure import measure
from .prepare import prepare


def _main(part: str, folder: Path, plan: dict[str, int]) -> None:
    if part == "prepare":
        prepare(folder, plan["records"], plan["actions"])
        return
    for figures in measure(folder, plan):
        sys.stdout.write(json.dumps({type(figures).__name__: asdict(figures)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
