"""The trade that the benchmark plays: bills issued, offered and accepted among sixteen members, all valid.

Three of ten actions issue a bill, seven offer one or accept an offer, of bills drawn uniformly from all that
there are, which is the worst case for every cache. All of it follows from the seed.
"""

from __future__ import annotations

from array import array
from hashlib import sha256
from random import Random
from typing import Any, Final

from nacl import bindings

from ledger.genesis import Genesis, TableRef
from ledger.hashing import ZERO, number_key
from ledger.member import MemberCard
from ledger.note import SIGNING_KEY, VerifierKey
from ledger.policy import Log, Policy
from ledger.signature import ED25519
from ledger.transaction import SignedTransaction, Target, Transaction, sign
from nodes.tables import shipped_tables

__all__ = ["MEMBERS", "Trade", "Trader"]

MEMBERS: Final = 16
ORIGIN: Final = "ledger.example/bench"
_NOBODY: Final = 255
_ISSUES: Final = 0.3
_YEAR: Final = 365 * 86_400_000
_UNSIGNED: Final = bytes(64)


class Trader:
    """A member with its key."""

    def __init__(self, alias: str, role: str, seed: bytes, codes: tuple[str, ...] = ()) -> None:
        self.alias = alias
        self.public, self._secret = bindings.crypto_sign_seed_keypair(sha256(seed + alias.encode()).digest())
        self.card = MemberCard(
            id=sha256(self.public).digest(),
            alias=alias,
            names={"en": alias.title()},
            lei="",
            registration=f"REG-{alias}",
            roles=(role,),
            codes=codes,
            key=(ED25519, self.public),
            encryption=bindings.crypto_scalarmult_base(sha256(self.public + seed).digest()),
            cosigners={},
            address="",
        ).sign(self.sign)
        self.id = self.card.id

    def sign(self, message: bytes) -> tuple[int, bytes, bytes]:
        """A signature, as `ledger.transaction.Signer` has it."""
        return ED25519, self.public, bindings.crypto_sign(message, self._secret)[:64]

    def pretend(self, _message: bytes) -> tuple[int, bytes, bytes]:
        """The place of a signature, filled with zeros: for what the benchmark puts into the store beforehand."""
        return ED25519, self.public, _UNSIGNED


class Trade:
    """Members, and the bills among them as they stand after all transactions made so far."""

    def __init__(self, created: int, seed: int = 1, policy: str = "", codes: tuple[str, ...] = ()) -> None:
        self._random = Random(seed)  # noqa: S311 - a figure's, not a secret's
        self._seed = self._random.randbytes(32)
        self.created = created
        self.traders = [Trader("carrier", "carrier", self._seed, codes)]
        self.traders += [Trader(f"trader{number}", "shipper", self._seed) for number in range(1, MEMBERS)]
        self.log_key = VerifierKey(ORIGIN, SIGNING_KEY, self.traders[0].public)
        self.genesis = self._genesis(policy or Policy((Log(self.log_key),), (), ()).format().decode())
        self._ledger = self.genesis.id
        self._heads: list[bytes] = []
        self._sequences = array("L")
        self._holders = bytearray()
        self._pending = bytearray()

    def __len__(self) -> int:
        return len(self._heads)

    def _genesis(self, policy: str) -> Genesis:
        return Genesis(
            origin=ORIGIN,
            created=self.created,
            members=tuple(trader.card for trader in self.traders),
            governors=(self.traders[0].id,),
            policy=policy,
            tables=tuple(TableRef(t.kind, t.version, sha256(t.encode()).digest()) for t in shipped_tables()),
            parameters={"rulebook": ZERO.hex()},
        )

    def record_id(self, number: int) -> bytes:
        """The id of a bill by its number."""
        return sha256(self._seed + number.to_bytes(8, "big")).digest()

    def action(self) -> SignedTransaction:
        """The next action of the mix, signed."""
        if self._random.random() < _ISSUES:
            return self.issue()
        return self.move(self._random.randrange(len(self)))

    def issue(self, *, document: bytes = b"", reference: str = "", signed: bool = True) -> SignedTransaction:
        """A new bill, to the order of its first holder; with a commitment and a number, if it is to have a document."""
        number, carrier, to = len(self), self.traders[0], self._another(0)
        record, first = self.record_id(number), self.traders[to].id
        key = number_key(self._ledger, "transport_document", carrier.id, reference or f"BL{number:09}")
        arguments = {
            "record": record,
            "document": document or sha256(record).digest(),
            "number": {"at": "/transportDocumentReference", "class": "transport_document", "key": key},
            "to": first,
            "form": "order",
            "order_party": first,
            "rulebook": ZERO,
            "law": "SG",
            "clause": "BIMCO-EBILL-2025",
            "place": "CNSHA",
        }
        made = self._made(0, (), "issue", arguments, signed)
        self._heads.append(made.leaf)
        self._sequences.append(1)
        self._holders.append(0)
        self._pending.append(to)
        return made

    def move(self, number: int, *, signed: bool = True) -> SignedTransaction:
        """The bill of that number goes on: it is accepted where it is offered, else offered to somebody."""
        targets = (Target(self.record_id(number), self._sequences[number], self._heads[number]),)
        holder, pending = self._holders[number], self._pending[number]
        if pending != _NOBODY:
            made = self._made(pending, targets, "accept", {}, signed)
            self._holders[number], self._pending[number] = pending, _NOBODY
        else:
            to = self._another(holder)
            arguments = {"to": self.traders[to].id, "mode": "endorse"}
            made = self._made(holder, targets, "offer", arguments, signed)
            self._pending[number] = to
        self._heads[number] = made.leaf
        self._sequences[number] += 1
        return made

    def _another(self, trader: int) -> int:
        return self._random.choice([number for number in range(1, MEMBERS) if number != trader])

    def _made(
        self, actor: int, targets: tuple[Target, ...], action: str, arguments: dict[str, Any], signed: bool
    ) -> SignedTransaction:
        trader = self.traders[actor]
        transaction = Transaction(
            ledger=self._ledger,
            targets=targets,
            action=f"bill_of_lading.{action}",
            arguments=arguments,
            actor=trader.id,
            represented=None,
            statement=f"bill_of_lading.{action}@1",
            valid_until=self.created + _YEAR,
            salt=self._random.randbytes(32),
        )
        return sign(transaction, trader.sign if signed else trader.pretend)
