"""A pack of evidence as a page for a person: Markdown that a program for documents turns into any other form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from ledger.strict_json import canonicalise

__all__ = ["page"]

_FOR_THEM = "**Only the organisation that operates the ledger can answer:**"


def page(pack: Mapping[str, Any], attestation: Mapping[str, Any]) -> str:
    """The page. It says of nothing that it is in order: it shows what was found, and what is still to be asked."""
    ledger, audit = pack["ledger"], pack["audit"]
    digest = sha256(canonicalise(dict(pack))).hexdigest()
    signer = next((one["alias"] for one in pack["members"] if one["id"] == attestation["member"]), "nobody known")
    lines = [
        f"# Evidence for the reliability of {ledger['origin']}",
        "",
        f"Made for {pack['at']} and signed by {signer} ({attestation['member']}).",
        f"SHA-256 of the pack: `{digest}`. `lading evidence --check FILE` checks it.",
        "",
        "Along the 21 controls of the reliability self-assessment for electronic transferable records (ICC and DGC,",
        "October 2024). What the system shows by itself stands beside what only its operator can answer.",
        "",
        "## Controls",
        "",
    ]
    lines += _table(
        ("", "MLETR", "what is asked", "the system", "for the organisation"),
        (
            (f"[{one['number']}](#control-{one['number']})", one["articles"], one["asks"], one["system"],
             _count(len(one["organisation"])))
            for one in pack["controls"]
        ),
    )  # fmt: skip
    for control in pack["controls"]:
        lines += _control(control)
    lines += ["## The ledger", ""]
    lines += _table(("", ""), _facts(pack))
    lines += ["## The audit", "", _audited(audit), ""]
    lines += [f"- {line['table']} {line['row']}: {line['message']}" for line in audit["ledger"]["differences"]]
    lines += ["## Rule tables", ""]
    lines += _table(
        ("kind", "version", "since height", "SHA-256", "tests were run under it", "model checker", "result"),
        (
            (table["kind"], str(table["version"]), str(table["since_height"]), f"`{table['sha256']}`",
             "yes" if table["tested"] else "no", _checked(check), f"`{check['result']}`")
            for table, check in zip(pack["tables"], pack["checks"], strict=True)
        ),
    )  # fmt: skip
    lines += ["## Software", ""]
    lines += _table(
        ("", "version", "SHA-256 over the hashes of its files"),
        ((one["name"], one["version"], f"`{one['sha256']}`" if one["sha256"] else "") for one in pack["dependencies"]),
    )
    lines += ["## Specifications", ""]
    lines += _table(("specification", "for"), ((one["specification"], one["for"]) for one in pack["standards"]))
    lines += ["## Figures", "", "Measured with this version by its makers, on one machine.", ""]
    for figure in pack["figures"]:
        lines += [figure["title"], "", *_table(figure["head"], figure["rows"])]
    return "\n".join(lines).rstrip() + "\n"


def _control(control: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"### Control {control['number']}", "", f"MLETR {control['articles']}: {control['asks']}.", "")
    yield from (f"The system: **{control['system']}**, by", "")
    for one in control["properties"]:
        missing = f" Missing: {' '.join(one['missing'])}" if one["missing"] else ""
        tests = ", ".join(f"`{test}`" for test in one["tests"]) or "no test yet"
        yield f"- {one['id']}, {one['title']}: {one['shown']} ({tests}).{missing}"
    yield f"- the parts {', '.join(control['parts'])} of this pack"
    if control["organisation"]:
        yield from ("", _FOR_THEM, "")
        yield from (f"- {question}" for question in control["organisation"])
    yield ""


def _facts(pack: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    ledger, policy, rulebook = pack["ledger"], pack["policy"], pack["rulebook"]
    checkpoint = ledger["checkpoint"]
    yield "ledger id", f"`{ledger['id']}`"
    yield "founded", ledger["created"]
    yield "height, time", f"{ledger['height']}, {ledger['time']}"
    yield "state root", f"`{ledger['state_root']}`"
    yield "checkpoint", "none" if checkpoint is None else f"`{' '.join(checkpoint['body'].split())}`"
    yield "signatures of the checkpoint", "0" if checkpoint is None else str(len(checkpoint["signatures"]))
    yield "policy", f"`{policy['sha256']}`"
    yield "rulebook", f"`{rulebook['sha256']}`" + (", the shipped text" if rulebook["shipped"] else "")
    yield "members", ", ".join(f"{one['alias']} ({one['status']})" for one in pack["members"])


def _audited(audit: Mapping[str, Any]) -> str:
    log = audit["ledger"]
    found = "nothing differs" if audit["clean"] else f"**{log['difference_count']} differences in the ledger**"
    replayed = "replayed by the rules" if log["replayed"] else "not replayed to the end"
    return (
        f"{log['entries']:,} entries, {log['heights']:,} commits and {log['records']:,} records read from their bytes "
        f"and {replayed}, {log['checkpoints']:,} checkpoints with {log['signatures']:,} signatures: {found}."
    )


def _checked(check: Mapping[str, Any]) -> str:
    proved = sum(check["invariants"].values())
    return f"{proved} of {len(check['invariants'])} invariants over {check['states']:,} states"


def _count(number: int) -> str:
    return "nothing" if not number else f"{number} question{'s' * (number > 1)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return [*lines, ""]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"
