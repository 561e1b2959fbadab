"""The thirty properties of a title ledger: which test shows each, and how it went.

    python tools/docs_reliability.py            runs those tests and checks the rule tables; writes what came of it
    python tools/docs_reliability.py --tests    runs the tests alone, and keeps what the checks found before

A test shows a property if its name begins with `test_p07_` and its docstring says

    P7, exclusive control.

    Law: 11(1)(a); ETDA 2(2)(c)
    Shows: what the test shows.
    Missing: what it cannot show yet.
    Later: what will be shown once more, on something larger.

The results are data of a node, `nodes/texts/reliability.json`, for `lading evidence`; `make_docs.py` writes
`docs/reliability.md` from them. A result counts as long as the
test and the rule tables are those that were run.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "nodes" / "texts" / "reliability.json"
FORMAT = "lading/reliability@1"
NOTE = "<!-- Written by `make docs`; do not edit. -->\n\n"

# Title and source of each property, of the UNCITRAL Model Law on Electronic Transferable Records where only an article
# is named; ETDA: the UK Electronic Trade Documents Act 2023; SG: Singapore's Electronic Transactions Act (its section
# 16 with a letter); RR: the Rotterdam Rules; DGC: the reliability self-assessment of the ICC's Digital Standards
# Initiative and DGC; IG: the International Group of P&I Clubs.
PROPERTIES = {
    "P1": ("Writing: every record and every act is readable later in human and machine form", "MLETR 8; DGC(III)"),
    "P2": ("A signature identifies the signatory and shows the intention for that act", "9, 15; DGC 97-109"),
    "P3": ("The information content is that of the paper", "10(1)(a)"),
    "P4": ("Singularity: one authoritative record for one obligation", "10(1)(b)(i); ETDA 2(2)(a); 16H"),
    "P5": ("A copy is distinguishable from the original", "ETDA 2(2)(a); DGC 129"),
    "P6": ("Control from creation to end, without a gap", "10(1)(b)(ii)"),
    "P7": ("Exclusive control", "11(1)(a); ETDA 2(2)(c)"),
    "P8": ("The party in control is identifiable, a pseudonym can be linked", "11(1)(b), note 116-117"),
    "P9": ("The controller can demonstrate control to a non-member", "ETDA 2(2)(d); RR 9(1)(c); DGC 130, 134"),
    "P10": ("A transfer divests the transferor", "ETDA 2(2)(e); 11(2)"),
    "P11": ("Joint control counts as one person", "ETDA 2(3)(b); note 111"),
    "P12": ("Integrity: unaltered apart from authorised change", "10(2); ETDA 2(2)(b)"),
    "P13": (
        "An unauthorised alteration is detected without trusting the operator",
        "12(a)(ii)-(iii); DGC 106, 117",
    ),
    "P14": ("An amendment is identifiable as such", "16"),
    "P15": ("An endorsement carries the required information and signature", "15"),
    "P16": ("Time and place are reliable", "13, 14"),
    "P17": ("Paper to electronic: statement, exact content, the paper inoperative", "17; ETDA 4; SG 16M"),
    "P18": ("Electronic to paper: statement in the paper, the electronic record dead", "18; SG 16N"),
    "P19": ("Rights are unaffected by a change of medium", "17(4), 18(4)"),
    "P20": ("Several requests for performance are prevented", "10, note 112; DGC 128"),
    "P21": (
        "Surrender is a transfer of control; a refusal returns control to the surrenderer only",
        "note 118, 121; Open-Attestation/token-registry PR #40",
    ),
    "P22": ("Delivery or loss of effect is confirmed to the holder", "RR 9(1)(d)"),
    "P23": ("Operating rules are readily ascertainable and referenced in the record", "RR 9(2); 12(a)(i)"),
    "P24": (
        "Consent to the electronic form; it may be inferred from conduct",
        "MLETR 7(2)-(3); RR 8 (carrier and shipper)",
    ),
    "P25": ("Access control to the system and to each act", "12(a)(iii)"),
    "P26": ("Security interests and title can be of different persons", "note 108, 114, 193"),
    "P27": ("No hazard of several originals", "note 191-195; DCSA at most 1"),
    "P28": ("A foreign record is not refused because it is foreign", "19"),
    "P29": ("Audit, and evidence for reliability", "12(a)(v)-(vii), 12(b); IG deemed approval"),
    "P30": (
        "Continuity: the operator is gone, the records are still usable",
        "DGC 24-25 (dropped as out of scope), RR 9",
    ),
}  # fmt: skip

_NAME = re.compile(r"test_p([0-3][0-9])_")
_PART = re.compile(r"(Law|Shows|Missing|Later): ")


class BadDocstring(ValueError):
    """A test is named after a property and does not say what it shows."""


@dataclass(frozen=True)
class Shown:
    """A test that shows a property. `source` is the SHA-256 of the function's text."""

    property: str
    name: str
    file: str
    shows: str
    missing: str
    later: str
    source: str


def shown(root: Path = ROOT) -> list[Shown]:
    """Every test that shows a property, by property and place. Raises `BadDocstring`."""
    found = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if not isinstance(node, ast.FunctionDef) or not (match := _NAME.match(node.name)):
                continue
            said = ast.get_docstring(node) or ""
            if "Law: " not in said:
                continue  # a further test of the same name; it shows a detail
            source = sha256((ast.get_source_segment(text, node) or "").encode()).hexdigest()
            found.append(_shown(f"P{int(match[1])}", node.name, path.relative_to(root).as_posix(), said, source))
    return sorted(found, key=lambda one: (int(one.property[1:]), one.file, one.name))


def _shown(number: str, name: str, file: str, said: str, source: str) -> Shown:
    parts: dict[str, str] = {}
    for paragraph in said.split("\n\n")[1:]:
        pieces = _PART.split(" ".join(paragraph.split()))
        parts |= {key: text.strip() for key, text in zip(pieces[1::2], pieces[2::2], strict=True)}
    if number not in PROPERTIES or not said.startswith(f"{number}, ") or not parts.get("Shows"):
        raise BadDocstring(f"{file}: {name} does not say which property it shows, and how")
    if parts.get("Law") != PROPERTIES[number][1]:
        raise BadDocstring(f"{file}: {name} names another source than {PROPERTIES[number][1]}")
    return Shown(number, name, file, parts["Shows"], parts.get("Missing", ""), parts.get("Later", ""), source)


def tables(root: Path = ROOT) -> dict[str, str]:
    """The SHA-256 of each shipped rule table, by kind."""
    from contracts.table_yaml import parse_table

    read = (parse_table(path.read_bytes()) for path in sorted((root / "contracts" / "tables").glob("*.yaml")))
    return {table.kind: table.hash.hex() for table in read}


def figures(root: Path = ROOT) -> list[dict[str, Any]]:
    """The tables of the one run that docs/benchmarks.md has, each with the line before it."""
    text = (root / "docs" / "benchmarks.md").read_text(encoding="utf-8").partition("## One run")[2]
    found: list[dict[str, Any]] = []
    title = ""
    for line in text.splitlines():
        if not line.startswith("|"):
            title = " ".join(line.split()) or title
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if set("".join(cells)) <= set("-:"):
            continue
        if not found or found[-1]["title"] != title:
            found.append({"title": title, "head": cells, "rows": []})
        else:
            found[-1]["rows"].append(cells)
    return found


def code_hash(root: Path = ROOT) -> str:
    """SHA-256 over all modules of `contracts`: what judges, and what checks."""
    return sha256(b"".join(path.read_bytes() for path in sorted((root / "contracts").rglob("*.py")))).hexdigest()


def checks(kept: dict[str, Any], *, anew: bool, root: Path = ROOT) -> dict[str, Any]:
    """What the model checker finds in each shipped table, by its hash; nothing is checked that was and is the same."""
    if not anew:
        return {"code": kept.get("code", ""), "checks": kept.get("checks", {})}
    from contracts.table_yaml import parse_table
    from nodes.evidence_pack import checked

    code = code_hash(root)
    found = {}
    for path in sorted((root / "contracts" / "tables").glob("*.yaml")):
        table = parse_table(path.read_bytes())
        old = kept.get("checks", {}).get(table.hash.hex())
        found[table.hash.hex()] = old if kept.get("code") == code and old else checked(table)
    return {"code": code, "checks": found}


def run(tests: list[Shown]) -> dict[str, tuple[int, int]]:
    """Run the tests: cases and cases passed, by file and name."""
    files = sorted({one.file for one in tests})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        names = " or ".join(sorted({f"test_p{int(one.property[1:]):02}_" for one in tests}))
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-k", names, f"--junitxml={report}", *files]
        subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr)
        cases = ElementTree.parse(report).iter("testcase")
        results: dict[str, tuple[int, int]] = {}
        for case in cases:
            key = f"{case.get('classname', '').replace('.', '/')}.py {case.get('name', '').partition('[')[0]}"
            count, passed = results.get(key, (0, 0))
            results[key] = (
                count + 1,
                passed + (not [*case.iter("failure"), *case.iter("error"), *case.iter("skipped")]),
            )
    return results


def collect(tests: list[Shown], results: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """What `reliability.json` holds but for the checks of the tables."""
    properties = []
    for number, (title, law) in PROPERTIES.items():
        own = [one for one in tests if one.property == number]
        rows = []
        for one in own:
            cases, passed = results.get(f"{one.file} {one.name}", (0, 0))
            rows.append({"test": one.name, "file": one.file, "shows": one.shows, "source": one.source,
                         "cases": cases, "passed": passed})  # fmt: skip
        missing, later = (sorted({getattr(one, name) for one in own} - {""}) for name in ("missing", "later"))
        entry = {"id": number, "title": title, "law": law, "missing": missing, "later": later, "tests": rows}
        properties.append({**entry, "shown": verdict(entry)})
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return {
        "format": FORMAT,
        "lading": version,
        "tables": tables(),
        "properties": properties,
        "figures": figures(),
    }


def verdict(entry: dict[str, Any]) -> str:
    """`whole`, `part`, `failed` or `not yet`, for one property."""
    if not entry["tests"]:
        return "not yet"
    if any(row["passed"] != row["cases"] or not row["cases"] for row in entry["tests"]):
        return "failed"
    return "part" if entry["missing"] else "whole"


def stale(kept: dict[str, Any], tests: list[Shown]) -> Iterator[str]:
    """What is not as it was when the tests were run."""
    if kept["tables"] != tables():
        yield "the rule tables have changed"
    if kept["figures"] != figures():
        yield "the figures have changed"
    was = {row["test"]: (row["file"], row["source"]) for entry in kept["properties"] for row in entry["tests"]}
    now = {one.name: (one.file, one.source) for one in tests}
    yield from (f"{name} has changed" for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name))


def document() -> str:
    """`docs/reliability.md`."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    changed = list(stale(kept, shown()))
    lines = [
        "# What a title ledger must demonstrably be",
        "",
        "Thirty properties that the law of electronic transferable records asks for, each with the tests that show it.",
        "An article alone is one of the UNCITRAL Model Law on Electronic Transferable Records (MLETR); ETDA is the UK",
        "Electronic Trade Documents Act 2023, SG and 16H to 16N are Singapore's Electronic Transactions Act, RR is the",
        "Rotterdam Rules, DGC the self-assessment of the ICC's Digital Standards Initiative, IG the International",
        "Group of P&I Clubs. **Whole**: the tests show all of it. **In part**: the last column says what is missing.",
        "`make docs` runs the tests and writes this page; `lading evidence` puts the results into its pack.",
        "",
    ]
    counts = {word: sum(verdict(entry) == word for entry in kept["properties"]) for word in _WORDS}
    lines += [f"{counts['whole']} of {len(PROPERTIES)} are shown whole, {counts['part']} in part.", ""]
    if changed:
        lines += [f"**Run `make docs`: {'; '.join(changed)}.**", ""]
    lines += ["| | property | law | tests | result | what is missing |", "|---|---|---|---|---|---|"]
    lines += [_row(entry) for entry in kept["properties"]]
    lines += ["", "## What each test shows", ""]
    for entry in kept["properties"]:
        if entry["tests"]:
            lines += [f"### {entry['id']}", "", f"{entry['title']} ({entry['law']})", ""]
            lines += [f"- `{row['test']}`: {row['shows']}" for row in entry["tests"]]
            lines.append("")
    return NOTE + "\n".join(lines)


_WORDS = {"whole": "whole", "part": "in part", "failed": "**failed**", "not yet": "not shown yet"}


def _row(entry: dict[str, Any]) -> str:
    links: dict[str, list[str]] = {}
    for row in entry["tests"]:
        links.setdefault(row["file"], []).append(row["test"])
    tests = "<br>".join(f"[{len(names)} in {Path(file).name}](../{file})" for file, names in links.items())
    cases = sum(row["cases"] for row in entry["tests"])
    word = _WORDS[verdict(entry)] + (f", {cases} case{'s' * (cases > 1)}" if cases else "")
    title, law = (text.replace("|", "\\|") for text in (entry["title"], entry["law"]))
    open_ends = [_sentence(text) for text in entry["missing"]] + [f"Later: {text}" for text in entry["later"]]
    return f"| {entry['id']} | {title} | {law} | {tests or '–'} | {word} | {' '.join(open_ends) or '–'} |"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def main() -> int:
    """Run the tests, and write the results; 1 if one failed."""
    tests = shown()
    old = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    found = checks(old, anew="--tests" not in sys.argv)
    RESULTS.write_text(_json(old | found), encoding="utf-8")  # a test reads it
    kept = collect(tests, run(tests)) | found
    RESULTS.write_text(_json(kept), encoding="utf-8")
    return int(any(verdict(entry) == "failed" for entry in kept["properties"]))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
