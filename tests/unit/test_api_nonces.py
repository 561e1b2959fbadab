"""A nonce is taken once within the time in which its signature counts."""

from __future__ import annotations

import pytest

from api.errors import Overloaded, SignatureReplayed
from api.nonces import NonceMemory

KEY, OTHER = bytes(32), b"\x01" * 32


def test_a_nonce_is_taken_once():
    memory = NonceMemory()
    memory.remember(KEY, "abcdefgh", 1000)
    with pytest.raises(SignatureReplayed) as caught:
        memory.remember(KEY, "abcdefgh", 1600)
    assert caught.value.value == "abcdefgh"


def test_another_key_has_nonces_of_its_own():
    memory = NonceMemory()
    memory.remember(KEY, "abcdefgh", 1000)
    memory.remember(OTHER, "abcdefgh", 1000)
    assert len(memory) == 2


def test_a_nonce_is_forgotten_when_its_signature_counts_no_more():
    memory = NonceMemory()
    memory.remember(KEY, "abcdefgh", 1000)
    memory.remember(KEY, "ijklmnop", 1601)
    assert len(memory) == 1
    memory.remember(KEY, "abcdefgh", 1601)


def test_memory_is_bounded():
    memory = NonceMemory(most=2)
    memory.remember(KEY, "abcdefgh", 1000)
    memory.remember(KEY, "ijklmnop", 1000)
    with pytest.raises(Overloaded):
        memory.remember(KEY, "qrstuvwx", 1000)
    memory.remember(KEY, "qrstuvwx", 1601)
