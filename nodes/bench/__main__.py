"""`python -m nodes.bench`: the benchmark without the command line of lading."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from . import Options, render, run


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m nodes.bench", description="Measure, and print the figures.")
    parser.add_argument("--quick", action="store_true", help="small ledgers and few actions: that it works")
    parser.add_argument("--records", type=int, nargs="+", metavar="N", help="sizes of the state")
    parser.add_argument("--batch", type=int, nargs="+", metavar="N", help="sizes of a batch")
    parser.add_argument("--profile", action="store_true", help="also CPU time by stage")
    parser.add_argument("--folder", type=Path, help="where the ledgers are made (the current folder)")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    chosen = parser.parse_args()
    options = replace(Options(), profile=chosen.profile, folder=chosen.folder)
    options = options.quick() if chosen.quick else options
    if chosen.records:
        options = replace(options, records=tuple(chosen.records))
    if chosen.batch:
        options = replace(options, batches=tuple(chosen.batch))
    results = run(options, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    sys.stdout.write(json.dumps(results.as_dict(), indent=1) + "\n" if chosen.json else render(results))


if __name__ == "__main__":
    _main()
