"""Checkpoints and their signature lines in a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select

from .database import LARGEST, Database, whole_number
from .port import StoreDamaged, StoredCheckpoint
from .schema import CHECKPOINT, SIGNATURE

__all__ = ["CheckpointTables"]

_SIZE: BindParameter[int] = bindparam("size")
_ADD = insert(CHECKPOINT)
_ADD_LINE = insert(SIGNATURE)
_NEWEST = select(func.max(CHECKPOINT.c.size))
_SIZES = select(CHECKPOINT.c.size).order_by(CHECKPOINT.c.size.desc())
_BODY = select(CHECKPOINT.c.body).where(CHECKPOINT.c.size == _SIZE)
_LINES = select(SIGNATURE.c.line).where(SIGNATURE.c.size == _SIZE).order_by(SIGNATURE.c.number)


class CheckpointTables(Database):
    """What a store says about checkpoints."""

    def put_checkpoint(self, size: int, body: str, lines: Iterable[str]) -> None:
        """Keep a checkpoint, or add signature lines to one."""
        with self._writing() as connection:
            kept = self._checkpoint(connection, size)
            if kept is None:
                self._run(connection, _ADD, size, body)
                kept = StoredCheckpoint(size, body, ())
            if kept.body != body:
                raise StoreDamaged(f"another checkpoint of size {size} is kept", value=body)
            new = [line for line in dict.fromkeys(lines) if line not in kept.lines]
            rows = [(size, number, line) for number, line in enumerate(new, len(kept.lines))]
            self._run_many(connection, _ADD_LINE, rows)

    def checkpoint(self, size: int | None = None) -> StoredCheckpoint | None:
        """A checkpoint with its lines."""
        with self._reading() as connection:
            if size is None:
                (size,) = self._run(connection, _NEWEST).fetchone()
                if size is None:
                    return None
                whole_number(size, "a checkpoint's size")
            if not 0 <= size <= LARGEST:
                return None
            return self._checkpoint(connection, size)

    def _checkpoint(self, connection: Connection, size: int) -> StoredCheckpoint | None:
        body = self._run(connection, _BODY, size).fetchone()
        if body is None:
            return None
        lines: list[Any] = self._run(connection, _LINES, size).fetchall()
        texts = [text for (text,) in (body, *lines)]
        if any(type(text) is not str for text in texts):
            raise StoreDamaged(f"the checkpoint of size {size} is no text", value=size)
        return StoredCheckpoint(size, texts[0], tuple(texts[1:]))

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Every checkpoint, the newest first."""
        for (size,) in self._all(_SIZES):
            found = self.checkpoint(size)
            if found is not None:
                yield found
