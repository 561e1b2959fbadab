"""Checks what no compiler does: links in the documents, words that do not belong, stale pages.

    python tools/check_docs.py

Prints each fault as `file:line: what is wrong`, and fails if there is one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import make_docs

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("*.md", "docs/**/*.md", "tests/**/*.md")
LARGEST = 4_000_000
"""Larger files are not searched for words; no text of ours is."""

# One pattern a line: places of one machine, hosts of package registries, and talk about how the
# project came to be made. A dot breaks each, so that this file does not hold what it forbids.
FORBIDDEN = r"""
/wo·rk/
/ro·ot/
/tmp/ba·sh_jobs
py·pi\.org
python·hosted\.org
registry\.npm·js
proxy\.go·lang
repo1?\.ma·ven
deb\.deb·ian\.org
(static|index)\.cra·tes
[Cc]lau·de
[Cc]hat ?·GPT
language mo·del
AI ass·istant
this ses·sion
the C·EO
\bsub·agent
"""

_words = re.compile("|".join(FORBIDDEN.replace("·", "").split("\n")[1:-1]))
_fence = re.compile(r"^\s*(```|~~~)")
_inline_code = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_link = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_reference = re.compile(r"^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)")
_heading = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_named = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
_elsewhere = re.compile(r"^([a-z][a-z0-9+.-]*:|//)")


def project_files(root: Path) -> Iterator[Path]:
    """Every file of the project: what git keeps, or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
        files = [root / name for name in sorted(set(names))]
    else:  # an unpacked archive
        files = [path for path in sorted(root.rglob("*")) if ".venv" not in path.parts]
    yield from (path for path in files if path.is_file())


def forbidden_words(path: Path) -> Iterator[str]:
    """A fault for each line of `path` with a word that must not be in the project."""
    if path.stat().st_size > LARGEST:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # not text
        return
    for number, line in enumerate(text.splitlines(), 1):
        if found := _words.search(line):
            yield f"{path}:{number}: {found[0]!r} does not belong in the project"


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of the page that are not code."""
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if _fence.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(path: Path) -> set[str]:
    """What a link to the page may have after `#`."""
    found: dict[str, int] = {}
    names = set()
    for _, line in prose(path):
        names |= set(_named.findall(line))
        if heading := _heading.match(line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            name = make_docs.anchor(text)
            again = found.get(name, 0)
            found[name] = again + 1
            names.add(f"{name}-{again}" if again else name)
    return names


def dead_links(path: Path, root: Path) -> Iterator[str]:
    """A fault for each link of the page to a file or a heading of the project that is not there."""
    for number, line in prose(path):
        text = _inline_code.sub("", line)
        for target in [*_link.findall(text), *_reference.findall(text)]:
            if _elsewhere.match(target):
                continue
            place, _, name = unquote(target).partition("#")
            file = (path.parent / place).resolve() if place else path
            if not file.exists() or not file.is_relative_to(root.resolve()):
                yield f"{path}:{number}: the link {target} leads nowhere in the project"
            elif name and file.suffix == ".md" and name not in anchors(file):
                yield f"{path}:{number}: {place or path.name} has no heading #{name}"


def faults(root: Path) -> Iterator[str]:
    """Every fault of the project at `root`, but for stale pages."""
    files = list(project_files(root))
    for path in files:
        yield from forbidden_words(path)
    for pattern in PAGES:
        for page in sorted(set(files) & set(root.glob(pattern))):
            yield from dead_links(page, root)


def main() -> int:
    """Prints the faults; 1 if there are any."""
    found = [line.removeprefix(f"{ROOT}/") for line in faults(ROOT)]
    print(*found, sep="\n", end="\n" if found else "")
    stale = make_docs.main(["--check"])
    return 1 if found or stale else 0


if __name__ == "__main__":
    sys.exit(main())
