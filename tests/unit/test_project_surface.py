"""Every module says what is public, every error what to do, and no file holds two ideas."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import make_docs

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\.[a-z0-9]+(_[a-z0-9]+)*")


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


MODULES = [path for path in sources(*make_docs.PACKAGES) if not path.name.startswith("_")]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def public_names(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                return list(ast.literal_eval(value))
    return None


def unlisted(path: Path) -> list[str]:
    """What is wrong with the `__all__` of a module.

    A function that a decorator hands to a registry (a guard, a command, a route) need not be in it.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed = public_names(tree)
    if listed is None:
        return [f"{relative(path)} has no __all__"]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = [
        node.name
        for node in tree.body
        if isinstance(node, kinds) and (isinstance(node, ast.ClassDef) or not node.decorator_list)
    ]
    return [f"{relative(path)}: {n}" for n in names if n[0] != "_" and n not in listed]


def test_a_module_lists_what_is_public():
    missing = [name for path in MODULES for name in unlisted(path)]
    assert missing == [], "list them in __all__, or begin their names with _"


def test_a_file_is_short_enough_to_read():
    lengths = {
        relative(path): path.read_text(encoding="utf-8").count("\n")
        for path in sources(*make_docs.PACKAGES, "tests", "tools")
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST}
    assert too_long == {}, "a file this long holds two ideas; give the second its own file"


def test_a_module_says_what_it_is():
    silent = [
        relative(path)
        for path in sources(*make_docs.PACKAGES, "tests", "tools")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == [], "a module begins with a docstring that says what it is"


def test_every_error_has_a_code_of_its_own_and_a_hint():
    classes = make_docs.ours_with_code()
    shared = [code for code, times in Counter(cls.code for cls in classes).items() if times > 1]
    assert not shared, "two classes have one code"
    assert not [cls.code for cls in classes if not CODE.fullmatch(cls.code)]
    assert not [cls.code for cls in classes if not str(cls.hint).strip()], "no hint"
    assert not [cls.code for cls in classes if not make_docs.first_line(cls)], "no docstring"
