"""The benchmark: what the whole path of an action costs, beside what its signature alone costs.

    python -m nodes.bench --quick               or `lading bench`

For each size of the state a ledger is made in a file and signed actions in another (`prepare`), in a process
of its own; then another process opens that ledger as a node does and takes the figures (`measure`). Right
before each of them it measures how many Ed25519 signatures one core verifies, which is the bound and the
unit. Offline verification is measured apart (`offline`). `docs/benchmarks.md` has the figures of one run.
"""

from .figures import Results
from .report import render
from .runner import Options, run

__all__ = ["Options", "Results", "render", "run"]
