"""Rule tables as people write them: YAML, read strictly.

A subset of YAML 1.1 through PyYAML's safe loader: no aliases (they can explode), no tags of other types, no
key twice, no floats, no dates; at most 1 MiB.
"""

from __future__ import annotations

from typing import Any

import yaml

from .table import MAX_TABLE, BadTable, RuleTable

__all__ = ["parse_table"]


class _StrictLoader(yaml.SafeLoader):
    """Refuses aliases, and mappings with a key twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_mark()
            raise yaml.constructor.ConstructorError(None, None, "aliases are not allowed", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_table(text: bytes) -> RuleTable:
    """Read a rule table. Raises `BadTable` with the line and the reason."""
    if len(text) > MAX_TABLE:
        raise BadTable(f"a table has at most {MAX_TABLE:,} bytes", value=len(text))
    try:
        value = yaml.load(text.decode("utf-8"), _StrictLoader)  # noqa: S506 - a safe loader, made stricter
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 0
        raise BadTable(f"line {line}: {exc.problem}", value=line) from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as exc:
        raise BadTable(f"not YAML: {exc}") from None
    return RuleTable.from_plain(value)
