"""A small ledger on a real engine and store, with cosigners, documents and bundles, for tests of reading and proving.

    trade = Trade()                                    # carrier, shipper, bank, buyer; 3 of 4 cosign
    bill = trade.bill()                                # issued, accepted by the shipper, endorsed to the bank
    trade.cosign("carrier", "shipper", "bank")         # the operator signs first
    data = trade.bundle(bill).encode()
    assert verify(data, trade.policy, at=trade.time).verdict is Verdict.VALID

Keys, salts and times come from names, so every run has the same bytes. Time moves a second with each act.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from support.game import RULEBOOK, START, base_tables, shipped_tables
from support.members import Key, Member, digest, member

from ledger.bundle import Bundle, Redacted, WholeDocument
from ledger.commitment import Leaf, commit, leaves
from ledger.cosignature import cosign
from ledger.errors import LadingError
from ledger.genesis import Genesis, TableRef
from ledger.hashing import number_key
from ledger.note import COSIGNATURE_KEY, SIGNING_KEY, VerifierKey
from ledger.policy import Group, Log, Policy, Witness
from ledger.signature import public_key_of
from ledger.store.memory import MemoryStore
from ledger.store.port import Store, StoredCheckpoint
from ledger.strict_json import canonicalise, parse
from ledger.transaction import SignedTransaction, Target, Transaction, sign
from nodes.checkpoints import sign_current
from nodes.engines.solo import Done, SoloEngine
from nodes.keystore import KeyName, MemoryKeyStore
from nodes.proofs import Prover

__all__ = ["DOCUMENT", "ORIGIN", "Trade", "cosigner_seed", "key_store", "policy_of", "trader"]

ORIGIN = "ledger.example/test"
HOUR = 3_600_000
DOCUMENT: dict[str, Any] = {
    "transportDocumentReference": "OCLU0001",
    "carrierCode": "OCLU",
    "carrierCodeListProvider": "SMDG",
    "cargo": [{"packages": 12, "weight": "8400.5"}, {"packages": 3, "weight": "77"}],
    "remarks": [],
}
COSIGNERS = ("carrier", "shipper", "bank", "buyer")


def cosigner_seed(alias: str, role: str = "replay") -> bytes:
    """The seed of a member's cosigner key."""
    return digest("cosigner", role, alias)


def _cosigner(alias: str, role: str = "replay") -> VerifierKey:
    return VerifierKey(f"{alias}.example/{role}", COSIGNATURE_KEY, public_key_of(cosigner_seed(alias, role)))


def trader(alias: str, *roles: str, codes: tuple[str, ...] = ()) -> Member:
    """A member with cosigner keys of its own."""
    return member(alias, *roles, codes=codes, cosigners={"replay": str(_cosigner(alias))})


def key_store(owner: str = "operator") -> MemoryKeyStore:
    """Keys that are the same in every run."""
    return MemoryKeyStore(keys={name: [bytearray(digest("key", owner, name))] for name in KeyName})


def policy_of(
    log_key: bytes,
    cosigners: Iterable[str] = COSIGNERS,
    threshold: int = 3,
    *,
    role: str = "replay",
    origin: str = ORIGIN,
) -> Policy:
    """A policy with one log key, that asks for so many of these cosigners; for 0 it asks for none."""
    log = Log(VerifierKey(origin, SIGNING_KEY, log_key))
    if not threshold:
        return Policy((log,))
    names = tuple(cosigners)
    witnesses = tuple(Witness(name, _cosigner(name, role)) for name in names)
    return Policy((log,), witnesses, (Group("members", threshold, names),), "members")


class Trade:
    """A ledger of four traders and whoever else is given."""

    def __init__(
        self,
        store: Store | None = None,
        *,
        more: Iterable[Member] = (),
        origin: str = ORIGIN,
        owner: str = "operator",
        governors: Iterable[str] = ("carrier",),
        every_kind: bool = False,
    ) -> None:
        cast = [
            trader("carrier", "carrier", codes=("SMDG:OCLU",)),
            trader("shipper", "shipper"),
            trader("bank", "bank"),
            trader("buyer", "buyer"),
            *more,
        ]
        self.members = {one.alias: one for one in cast}
        self.origin = origin
        self.keys = key_store(owner)
        self.policy = policy_of(self.keys.public_key(KeyName.LOG), origin=origin)
        self.tables = shipped_tables() if every_kind else base_tables()
        self.genesis = Genesis(
            origin=origin,
            created=START,
            members=tuple(one.card for one in cast),
            governors=tuple(self.id(alias) for alias in governors),
            policy=self.policy.format().decode(),
            tables=tuple(TableRef(t.kind, t.version, sha256(t.encode()).digest()) for t in self.tables),
            parameters={"rulebook": RULEBOOK.hex()},
        )
        self.time = START
        self.store: Store = MemoryStore() if store is None else store
        self.engine = SoloEngine.found(self.store, self.genesis, self.tables, self.clock)
        self.originals: dict[bytes, tuple[bytes, bytes]] = {}
        """Original bytes and secret of the documents, by record."""
        self._drawn = 0

    def clock(self) -> int:
        """The engine's clock: a second later with each commit."""
        self.time += 1_000
        return self.time

    def id(self, alias: str) -> bytes:
        """The id of a member."""
        return self.members[alias].id

    def fresh(self, word: str) -> bytes:
        """32 new bytes; the same in every run that draws in the same order."""
        self._drawn += 1
        return digest(self.origin, word, self._drawn)

    def signed(
        self,
        who: str,
        action: str,
        record: bytes | None = None,
        /,
        *,
        key: Key | None = None,
        represented: str | None = None,
        **arguments: Any,
    ) -> SignedTransaction:
        """An act, signed by who acts or by another `key`, for `represented`; members stand in arguments by alias."""
        found = None if record is None else self.engine.reader.record(record)
        kind, _, name = (action if found is None else f"{found.kind}.{action}").partition(".")
        declared = self.engine.rules.table(kind).actions[name].arguments
        filled = {
            name: self.id(value) if name in declared and declared[name].type == "party" else value
            for name, value in arguments.items()
        }
        transaction = Transaction(
            ledger=self.genesis.id,
            targets=() if found is None else (Target(found.id, found.sequence, found.head),),
            action=f"{kind}.{name}",
            arguments=filled,
            actor=self.id(who),
            represented=None if represented is None else self.id(represented),
            statement=f"{kind}.{name}@1",
            valid_until=self.time + HOUR,
            salt=self.fresh("salt"),
        )
        return sign(transaction, (key or self.members[who]).sign)

    def act(self, who: str, action: str, record: bytes | None = None, /, **more: Any) -> Done:
        """An act that must be accepted."""
        return self.submit(self.signed(who, action, record, **more))

    def submit(self, signed: SignedTransaction) -> Done:
        """A signed act that must be accepted."""
        (result,) = self.engine.submit([signed.entry])
        if isinstance(result, LadingError):
            raise result
        return result

    def document(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """What an act says of a new record with a document of the carrier's: commitment, number and id."""
        record, secret, original = self.fresh("bill"), self.fresh("secret"), canonicalise(dict(value))
        self.originals[record] = (original, secret)
        number = str(value["transportDocumentReference"])
        return {
            "document": commit(leaves(dict(value), original, "application/json", secret)),
            "number": {
                "at": "/transportDocumentReference",
                "class": "transport_document",
                "key": number_key(self.genesis.id, "transport_document", self.id("carrier"), number),
            },
            "record": record,
        }

    def issue(self, document: Mapping[str, Any] | None = None, *, who: str = "carrier", **changes: Any) -> bytes:
        """A bill that the carrier issues to the shipper's order. Gives its id."""
        value = dict(DOCUMENT if document is None else document)
        if document is None:
            value["transportDocumentReference"] = f"OCLU{len(self.originals) + 1:04}"
        arguments: dict[str, Any] = {
            **self.document(value),
            "to": "shipper",
            "form": "order",
            "order_party": "shipper",
            "rulebook": RULEBOOK,
            "law": "SG",
            "clause": "BIMCO-EBILL-2025",
            "place": "CNSHA",
        }
        self.act(who, "bill_of_lading.issue", **{**arguments, **changes})
        return bytes(arguments["record"])

    def bill(self) -> bytes:
        """A bill that went from the carrier to the shipper and, endorsed, to the bank."""
        record = self.issue()
        self.act("shipper", "accept", record)
        self.pass_on(record, "shipper", "bank")
        return record

    def pass_on(self, record: bytes, holder: str, to: str, mode: str = "endorse") -> None:
        """`holder` offers a bill, and `to` accepts it."""
        self.act(holder, "offer", record, to=to, mode=mode)
        self.act(to, "accept", record)

    def enrol(self, new: Member, *also: str) -> None:
        """The carrier enrols a member; `also` are further governors who sign."""
        signed = self.signed("carrier", "member.enrol", record=new.id, **new.card.fields())
        message = signed.messages()[0][2]
        signed = signed.with_signatures([self.members[alias].sign(message) for alias in also])
        (result,) = self.engine.submit([signed.entry])
        if isinstance(result, LadingError):
            raise result
        self.members[new.alias] = new

    def leaves(self, record: bytes) -> list[Leaf]:
        """The leaves of a record's document."""
        original, secret = self.originals[record]
        return leaves(parse(original), original, "application/json", secret)

    def whole(self, record: bytes) -> WholeDocument:
        """A record's document, whole."""
        original, secret = self.originals[record]
        return WholeDocument(original, "application/json", secret, tuple(leaf.hash for leaf in self.leaves(record)))

    def checkpoint(self) -> StoredCheckpoint:
        """The operator signs the newest commit."""
        return sign_current(self.store, self.origin, self.keys)

    def cosign(self, *aliases: str, role: str = "replay", at: int | None = None) -> StoredCheckpoint:
        """The operator signs, then these cosign, at `at` (Unix milliseconds; now)."""
        checkpoint = self.checkpoint()
        seconds = (self.time if at is None else at) // 1000
        lines = [
            str(cosign(cosigner_seed(alias, role), f"{alias}.example/{role}", seconds, checkpoint.body.encode()))
            for alias in aliases
        ]
        self.store.put_checkpoint(checkpoint.size, checkpoint.body, lines)
        kept = self.store.checkpoint(checkpoint.size)
        assert kept is not None
        return kept

    def bundle(
        self,
        record: bytes,
        document: WholeDocument | Redacted | None = None,
        checkpoint: StoredCheckpoint | None = None,
    ) -> Bundle:
        """The bundle of a record under the newest checkpoint or another; its document whole unless told."""
        under = checkpoint or self.store.checkpoint()
        assert under is not None
        return Prover(self.store, self.engine.chain.tree).bundle(record, under, document or self.whole(record))
