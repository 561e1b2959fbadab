"""A signed transaction: what a member signs when it moves a record.

    entry = ["lading/transaction@1", body, [[algorithm, public key, signature], ...]]
    body  = [ledger id, [[record id, sequence, head], ...], action, arguments,
             actor, represented | nil, statement, valid until, salt]

Both are canonical MessagePack (`ledger.codec`); `body` stands in the entry as a byte string, so that
what was signed is there byte for byte. A signature covers `SIGN_TRANSACTION || body`.

- `ledger id` 32 bytes: the SHA-256 of the genesis.
- the list of targets: each record that the action changes, with the sequence that it has now and its
  head (the leaf hash of the entry that set that sequence). All of them change, or none. Records that
  the action creates are not in the list; their ids are in the arguments.
- `action`: the kind of record and the action of its table, `bill_of_lading.offer`.
- `arguments`: a map whose names and types the table declares.
- `actor` 32 bytes: the member whose key signs; `represented`: the member for whom it acts.
- `statement`: the id of the template that a person read before signing, `bill_of_lading.offer@1`; the
  number is the version of the table. Its arguments are those of the action, bound by the same body.
- `valid until`: Unix milliseconds of ledger time; later it is refused.
- `salt`: 32 random bytes, which also salt the state that the transaction leaves behind.

Signatures stand in ascending order of their public keys, one for each key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from . import codec
from .errors import ContradictionError, InputError
from .hashing import SIGN_TRANSACTION, transaction_id
from .merkle import leaf_hash
from .signature import verify

__all__ = [
    "MAX_INTEGER",
    "MAX_SIGNATURES",
    "MAX_TARGETS",
    "TRANSACTION",
    "AnotherLedger",
    "BadTransaction",
    "SignedTransaction",
    "Target",
    "Transaction",
    "admit",
    "check_ledger",
    "sign",
]

TRANSACTION: Final = "lading/transaction@1"
MAX_TARGETS: Final = 64
MAX_SIGNATURES: Final = 64
_MAX_ARGUMENTS: Final = 64
MAX_INTEGER: Final = 2**63 - 1
"""Largest time, sequence, height or index; databases have no larger integers."""


class BadTransaction(InputError):
    """Canonical MessagePack, but not a transaction."""

    code = "transaction.malformed"
    hint = "docs/spec.md, section Transactions, has every element, its type and its size"


class AnotherLedger(ContradictionError):
    """Signed for another ledger."""

    code = "transaction.another_ledger"
    hint = "sign again for this ledger; a signature never moves from one ledger to another"


class Target(NamedTuple):
    """A record that a transaction changes, in the state that its signer saw."""

    record: bytes
    sequence: int
    head: bytes


class Transaction(NamedTuple):
    """The body of a transaction; `body` is its encoding, which the signatures cover."""

    ledger: bytes
    targets: tuple[Target, ...]
    action: str
    arguments: Mapping[str, Any]
    actor: bytes
    represented: bytes | None
    statement: str
    valid_until: int
    salt: bytes

    def encode(self) -> bytes:
        """The canonical body."""
        return codec.encode(
            [
                self.ledger,
                [[t.record, t.sequence, t.head] for t in self.targets],
                self.action,
                dict(self.arguments),
                self.actor,
                self.represented,
                self.statement,
                self.valid_until,
                self.salt,
            ]
        )


class SignedTransaction(NamedTuple):
    """A transaction with its signatures, its entry of the log, its id and its leaf hash."""

    transaction: Transaction
    signatures: tuple[tuple[int, bytes, bytes], ...]
    body: bytes
    entry: bytes
    id: bytes
    leaf: bytes

    def messages(self) -> list[tuple[int, bytes, bytes, bytes]]:
        """What is to be verified: (algorithm, public key, message, signature) for each signature."""
        message = SIGN_TRANSACTION + self.body
        return [(alg, key, message, sig) for alg, key, sig in self.signatures]

    def with_signatures(self, more: Iterable[tuple[int, bytes, bytes]]) -> SignedTransaction:
        """The same transaction with further signatures, for acts that several must sign."""
        merged = {(alg, key): sig for alg, key, sig in (*self.signatures, *more)}
        return _assemble(self.transaction, self.body, [(a, k, s) for (a, k), s in merged.items()])

    @classmethod
    def decode(cls, entry: bytes) -> SignedTransaction:
        """Read an entry. Raises errors of `ledger.codec` or `BadTransaction`; checks no signature."""
        outer = codec.decode_shaped(entry)
        if type(outer) is not list or len(outer) != 3 or outer[0] != TRANSACTION:
            raise BadTransaction("an entry of a transaction has three elements, its name first")
        body, signatures = outer[1], outer[2]
        if type(body) is not bytes or type(signatures) is not list:
            raise BadTransaction("the body is a byte string and the signatures are an array")
        if not 1 <= len(signatures) <= MAX_SIGNATURES:
            raise BadTransaction(f"1 to {MAX_SIGNATURES} signatures, not {len(signatures)}")
        return cls(
            _read_body(body),
            _read_signatures(signatures),
            body,
            entry,
            transaction_id(body),
            leaf_hash(entry),
        )


def _read_signatures(raw: list[Any]) -> tuple[tuple[int, bytes, bytes], ...]:
    last = b""
    read = []
    for item in raw:
        if type(item) is not list or list(map(type, item)) != _SIGNATURE_TYPES:
            raise BadTransaction("a signature is [algorithm, public key, signature]")
        algorithm, key, signature = item
        if key <= last or len(key) > 4096 or len(signature) > 8192:
            raise BadTransaction("signatures stand in ascending order of their keys, one for each", value=key)
        last = key
        read.append((algorithm, key, signature))
    return tuple(read)


_SIGNATURE_TYPES: Final = [int, bytes, bytes]
_TARGET_TYPES: Final = [bytes, int, bytes]
_BODY_TYPES: Final = tuple(
    [bytes, list, str, dict, bytes, represented, str, int, bytes] for represented in (type(None), bytes)
)


def _read_body(raw: bytes) -> Transaction:
    body = codec.decode_shaped(raw)
    if type(body) is not list or len(body) != 9:
        raise BadTransaction("a body has nine elements")
    ledger, targets, action, arguments, actor, represented, statement, until, salt = body
    if list(map(type, body)) not in _BODY_TYPES:
        raise BadTransaction("an element of the body has a wrong type")
    if arguments and not codec.check(arguments, 1):
        raise codec.NotCanonical("the arguments are not in ascending order of their names")
    if not len(ledger) == len(actor) == len(salt) == 32 == len(actor if represented is None else represented):
        raise BadTransaction("ledger id, actor, represented and salt have 32 bytes each")
    if not 0 <= until <= MAX_INTEGER:
        raise BadTransaction("valid until is not a time in Unix milliseconds", value=until)
    if len(action) > 128 or len(statement) > 128 or len(arguments) > _MAX_ARGUMENTS:
        raise BadTransaction("the action, the statement or the arguments are too long")
    return Transaction(
        ledger,
        _read_targets(targets),
        action,
        arguments,
        actor,
        represented,
        statement,
        until,
        salt,
    )


def _read_targets(raw: list[Any]) -> tuple[Target, ...]:
    if len(raw) > MAX_TARGETS:
        raise BadTransaction(f"at most {MAX_TARGETS} records in one transaction, not {len(raw)}")
    read = []
    for item in raw:
        if type(item) is not list or list(map(type, item)) != _TARGET_TYPES:
            raise BadTransaction("a record is named by [id, sequence, head]")
        record, sequence, head = item
        if len(record) != 32 or len(head) != 32 or not 0 <= sequence <= MAX_INTEGER:
            raise BadTransaction("a record's id and head have 32 bytes, its sequence is not negative")
        read.append(Target(record, sequence, head))
    if len(read) > 1 and len({target.record for target in read}) != len(read):
        raise BadTransaction("a record is named twice")
    return tuple(read)


def _assemble(
    transaction: Transaction, body: bytes, signatures: Iterable[tuple[int, bytes, bytes]]
) -> SignedTransaction:
    ordered = tuple(sorted(signatures, key=lambda item: item[1]))
    entry = codec.encode([TRANSACTION, body, ordered])
    if len(entry) > codec.MAX_ENTRY:
        raise codec.TooLarge(f"the transaction has {len(entry):,} bytes", value=len(entry))
    return SignedTransaction(transaction, ordered, body, entry, transaction_id(body), leaf_hash(entry))


Signer = Callable[[bytes], tuple[int, bytes, bytes]]
"""Signs a message and gives (algorithm, public key, signature)."""


def sign(transaction: Transaction, *signers: Signer) -> SignedTransaction:
    """Sign a transaction with one or more keys."""
    body = transaction.encode()
    _read_body(body)
    return _assemble(transaction, body, [signer(SIGN_TRANSACTION + body) for signer in signers])


def admit(entry: bytes, ledger: bytes) -> SignedTransaction:
    """Form, signatures and ledger: the first three things judged, which need no state.

    Raises an error of `ledger.codec`, `BadTransaction`, `BadSignature`, `UnknownAlgorithm` or
    `AnotherLedger`, in the order form, signature, ledger.
    """
    signed = SignedTransaction.decode(entry)
    for algorithm, key, message, signature in signed.messages():
        verify(algorithm, key, message, signature)
    check_ledger(signed, ledger)
    return signed


def check_ledger(signed: SignedTransaction, ledger: bytes) -> None:
    """Refuse a transaction that was signed for another ledger."""
    if signed.transaction.ledger != ledger:
        raise AnotherLedger(
            f"signed for ledger {signed.transaction.ledger.hex()}, this is {ledger.hex()}",
            value=signed.transaction.ledger,
        )
