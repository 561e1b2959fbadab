"""Rule tables as people write them: YAML, read strictly.

A subset of YAML 1.1 through PyYAML's safe loader: one document of maps, lists, texts, whole numbers and
true or false. No aliases and anchors (they can explode), no tags and merge keys, no key twice, no floats,
no dates, no nulls; at most 1 MiB, and 16 levels deep. Texts that YAML would read as something else (`no`, `1.0`,
`2026-01-01`) stand in quotes.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from .table import MAX_TABLE, BadTable, RuleTable

__all__ = ["lines_of", "parse_table"]

_MAX_DEPTH: Final = 16
"""How deep maps and lists stand in one another at most; a table needs seven levels."""
_TAGS: Final = {f"tag:yaml.org,2002:{name}": name for name in ("map", "seq", "str", "int", "bool")}


def _refused(problem: str, node: Any) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


class _StrictLoader(yaml.SafeLoader):
    """Refuses what the module's docstring says."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if self._depth == _MAX_DEPTH:
            raise _refused(f"maps and lists stand in one another more than {_MAX_DEPTH} levels deep", event)
        self._depth += 1
        try:
            return self._composed(parent, index, event)
        finally:
            self._depth -= 1

    def _composed(self, parent: yaml.Node | None, index: int, event: Any) -> yaml.Node | None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _refused("anchors and aliases are not allowed", event)
        if event.tag is not None:
            raise _refused("tags are not allowed", event)
        node = super().compose_node(parent, index)
        if node is not None and node.tag not in _TAGS:
            raise _refused(f"{node.tag.rpartition(':')[2]} is no value of a table; put a text in quotes", event)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused("a key is a text", key)
            if key.value in seen:
                raise _refused(f"the key {key.value} stands twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def lines_of(text: bytes) -> list[tuple[str, str, int]]:
    """Every place of a table that `parse_table` reads, in order: its path, its word, its line.

    `actions/accept/guards/0`, `no_hold@1`, 57. The word is a map's key or a list's text. Nothing for what is no YAML.
    """
    if len(text) > MAX_TABLE:
        return []
    try:
        node = yaml.compose(text.decode("utf-8"), _StrictLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    places: list[tuple[str, str, int]] = []

    def walk(node: yaml.Node, path: str) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                places.append((f"{path}{key.value}", key.value, key.start_mark.line + 1))
                walk(value, f"{path}{key.value}/")
        elif isinstance(node, yaml.SequenceNode):
            for at, item in enumerate(node.value):
                word = item.value if isinstance(item, yaml.ScalarNode) else ""
                places.append((f"{path}{at}", word, item.start_mark.line + 1))
                walk(item, f"{path}{at}/")

    if node is not None:
        walk(node, "")
    return places


def _decoded(text: bytes) -> str:
    """The text of a table. Raises `BadTable` with the line that is not UTF-8."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = text.count(b"\n", 0, exc.start) + 1
        raise BadTable(
            f"line {line}: the byte 0x{text[exc.start]:02x} is not UTF-8; save the file as UTF-8", value=line
        ) from None


def parse_table(text: bytes) -> RuleTable:
    """Read a rule table. Raises `BadTable` with the line and the reason."""
    if len(text) > MAX_TABLE:
        raise BadTable(f"a table has at most {MAX_TABLE:,} bytes", value=len(text))
    try:
        value = yaml.load(_decoded(text), _StrictLoader)  # noqa: S506 - a safe loader, made stricter
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 0
        raise BadTable(f"line {line}: {exc.problem}", value=line) from None
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise BadTable(f"not YAML: {str(exc).partition(chr(10))[0]}") from None
    if value is None:
        raise BadTable("there is no table in it: it is empty, or has comments alone")
    return RuleTable.from_plain(value)
