"""Checkpoints are signed after commits, together where they come fast, and at the end."""

from __future__ import annotations

import logging
from threading import Event

from api.checkpoint_signer import CheckpointSigner
from ledger.store.port import StoreFailed

PATIENCE = 30


class Signs:
    """Counts, and can be made to wait or to fail."""

    def __init__(self) -> None:
        self.count = 0
        self.begun, self.go_on = Event(), Event()
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        self.count += 1
        if self.error is not None:
            raise self.error


def test_commits_during_a_signature_share_the_next():
    signs = Signs()
    signer = CheckpointSigner(signs, pause=0)
    signer.wake()
    assert signs.begun.wait(PATIENCE)
    for _ in range(10):
        signer.wake()
    signs.go_on.set()
    signer.close()
    assert signs.count == 2


def test_what_is_due_is_signed_at_the_end_and_not_before_the_pause():
    signs = Signs()
    signs.go_on.set()
    signer = CheckpointSigner(signs, pause=1000)
    signer.wake()
    assert signs.begun.wait(PATIENCE)
    signer.wake()
    signer.close()
    assert signs.count == 2


def test_nothing_is_signed_where_nothing_is_due():
    signs = Signs()
    CheckpointSigner(signs).close()
    assert not signs.begun.is_set()


def test_a_failure_is_told_and_tried_again(caplog):
    signs = Signs()
    signs.go_on.set()
    signs.error = StoreFailed("no space")
    signer = CheckpointSigner(signs, pause=0)
    with caplog.at_level(logging.ERROR, "lading.api"):
        signer.wake()
        signer.close()
    assert caplog.messages == ["the checkpoint is not signed: no space [store.failed]"]
