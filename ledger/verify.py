"""Verification of a bundle: twelve numbered steps, two verdicts. It needs the file, a policy and the time.

History
   1  the file is a bundle of this format
   2  the genesis is one, and names the log of the policy
   3  the checkpoint is signed by a log key of the policy
   4  the policy's quorum has cosigned the checkpoint, by keys that replay the ledger
   5  the genesis and every entry are in the log of the checkpoint
   6  every entry is closed by a commit, which says when
   7  every key that signed was its member's at that time
   8  every signature is valid, for this ledger
   9  the entries are the record's, from its first, each on the head of the one before
  10  the document is the one that the first entry commits to, of the number that it claims
Control now
  11  the record's state stands under the last commit of the checkpoint, and the last entry of step 9 made it
  12  the checkpoint is fresh enough, or the record is dead

A step is INVALID where something is found false, UNKNOWN where it cannot be checked or rests on a step that
does not hold. History is the worst of 1–10. Control is UNKNOWN unless history is VALID, else the worst of
11 and 12. That the rules were kept, that members were admitted rightly, and that no key was revoked at its
act is what the cosigners of step 4 say who replay the ledger; this verification does not repeat it.
"""

from __future__ import annotations

from collections.abc import Callable

from .bundle import MAX_BUNDLE, Bundle
from .errors import ContradictionError, LadingError
from .evidence import Evidence
from .policy import Policy
from .report import Report, Step, Verdict, worst
from .verify_control import check_fresh, check_state
from .verify_history import check_chain, check_document, check_keys, check_signatures
from .verify_log import check_commits, check_inclusion, check_log_signature, check_quorum, read_genesis

__all__ = ["DEFAULT_MAX_AGE", "verify"]

DEFAULT_MAX_AGE = 600_000
"""How old the cosignatures of a live record's checkpoint may be, in milliseconds: ten minutes."""

_Check = Callable[[Evidence], str]

_STEPS: tuple[tuple[int, str, _Check, tuple[int, ...]], ...] = (
    (2, "the genesis names the log of the policy", read_genesis, (1,)),
    (3, "the checkpoint is signed by the log", check_log_signature, (2,)),
    (4, "the policy's quorum has cosigned the checkpoint", check_quorum, (3,)),
    (5, "the genesis and every entry are in the log", check_inclusion, (3,)),
    (6, "every entry is closed by a commit", check_commits, (5,)),
    (7, "every key that signed was its member's", check_keys, (6,)),
    (8, "every signature is valid, for this ledger", check_signatures, (6,)),
    (9, "the entries are the record's, head upon head", check_chain, (6,)),
    (10, "the document is the one committed to", check_document, (9,)),
    (11, "the state is that of the last commit", check_state, (9,)),
    (12, "the checkpoint is fresh, or the record is dead", check_fresh, (4, 11)),
)
_LAST_OF_HISTORY = 10


def verify(
    data: bytes,
    policy: Policy,
    *,
    at: int,
    max_age: int = DEFAULT_MAX_AGE,
    limit: int = MAX_BUNDLE,
    size: int | None = None,
) -> Report:
    """Verify a bundle under a policy. Raises nothing: what goes wrong is a step's result.

    `at` is the time of checking in Unix milliseconds, `max_age` how many milliseconds old the cosignatures
    may be for a verdict on control now, `limit` the largest file in bytes; `size` is the file's,
    where `data` is only the beginning of one above `limit`.
    """
    report = Report()
    try:
        bundle = Bundle.decode(data, limit=limit, size=size)
    except LadingError as exc:
        report.steps.append(Step(1, "the file is a bundle", Verdict.UNKNOWN, exc.message, exc.code, exc.hint))
        for number, title, _, _ in _STEPS:
            report.steps.append(_not_reached(number, title, 1))
        return _conclude(report)
    report.steps.append(Step(1, "the file is a bundle", Verdict.VALID, f"{len(data):,} bytes"))
    evidence = Evidence(bundle, policy, at=at, max_age=max_age)
    results = {1: Verdict.VALID}
    for number, title, check, needs in _STEPS:
        step = _run(number, title, check, needs, results, evidence)
        results[number] = step.verdict
        report.steps.append(step)
    report.events = evidence.events
    report.facts = evidence.facts
    return _conclude(report)


def _run(
    number: int, title: str, check: _Check, needs: tuple[int, ...], results: dict[int, Verdict], evidence: Evidence
) -> Step:
    missing = [need for need in needs if results[need] is not Verdict.VALID]
    if missing:
        return _not_reached(number, title, missing[0])
    try:
        return Step(number, title, Verdict.VALID, check(evidence))
    except LadingError as exc:
        verdict = Verdict.INVALID if isinstance(exc, ContradictionError) else Verdict.UNKNOWN
        return Step(number, title, verdict, exc.message, exc.code, exc.hint)


def _not_reached(number: int, title: str, need: int) -> Step:
    return Step(number, title, Verdict.UNKNOWN, f"not checked, because step {need} does not hold", "verify.not_reached")


def _conclude(report: Report) -> Report:
    history = [step for step in report.steps if step.number <= _LAST_OF_HISTORY]
    control = [step for step in report.steps if step.number > _LAST_OF_HISTORY]
    report.history, report.history_reason = _judge(history)
    if report.history is Verdict.VALID:
        report.control, report.control_reason = _judge(control)
    else:
        report.control = Verdict.UNKNOWN
        report.control_reason = f"it rests on the history, which is {report.history.name}"
    return report


def _judge(steps: list[Step]) -> tuple[Verdict, str]:
    verdict = worst(*(step.verdict for step in steps))
    if verdict is Verdict.VALID:
        return verdict, steps[-1].detail if steps[-1].number > _LAST_OF_HISTORY else "every step holds"
    first = next(step for step in steps if step.verdict is verdict)
    return verdict, f"step {first.number}: {first.detail}"
