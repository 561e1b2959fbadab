"""What `tests/vectors/core_formats.json` and `transitions.json` hold, made from fixed keys and numbers.

After a change of a format that is meant: `PYTHONPATH=.:tests .venv/bin/python -m support.core_formats`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.game import START, Game
from support.members import Key, digest, member

from contracts.table import RuleTable
from ledger.entry import Commit, split_text
from ledger.genesis import Genesis, TableRef
from ledger.hashing import SIGN_TRANSACTION, claim_key, number_key, record_key, state_value
from ledger.member import alias_key
from ledger.merkle import leaf_hash
from ledger.record import Pending, Record, number_content
from ledger.transaction import SignedTransaction, Target, Transaction, sign

__all__ = ["FOLDER", "NOTE", "core_formats", "transitions"]

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
KEY = Key(bytes(range(32)))

NOTE: dict[str, Any] = {
    "kind": "note",
    "version": 1,
    "title": "Note",
    "about": "A promise that passes from hand to hand.",
    "number": {"class": "note", "at": "/no"},
    "document": "required",
    "fields": {"law": {"type": "code", "about": "the governing law"}},
    "states": {
        "held": {"about": "in somebody's hands"},
        "offered": {"about": "offered to another"},
        "paid": {"about": "paid", "terminal": True},
    },
    "actions": {
        "write": {
            "about": "somebody writes it",
            "moves": {"new": "held"},
            "arguments": {
                "record": {"type": "id", "about": "the id"},
                "document": {"type": "hash", "about": "the commitment"},
                "number": {"type": "number", "about": "the number"},
                "law": {"type": "code", "one_of": [], "about": "the law"},
            },
            "guards": [{"role@1": {"role": "shipper"}}, "record_is_new@1", "number_is_new@1"],
            "effects": ["create@1", "claim_number@1"],
            "statement": "{actor} promises {record} under the law of {law}.",
        },
        "offer": {
            "about": "its holder offers it",
            "moves": {"held": "offered"},
            "arguments": {
                "to": {"type": "party", "about": "the recipient"},
                "until": {"type": "time", "optional": True, "about": "the end of the offer"},
            },
            "guards": ["controller_signs@1", {"argument_is_active_member@1": {"argument": "to"}}],
            "effects": [{"offer_to@1": {"argument": "to", "purpose": "transfer"}}],
            "statement": "{actor} offers {record} to {to}.",
        },
        "accept": {
            "about": "the recipient takes it",
            "moves": {"offered": "held"},
            "guards": ["pending_recipient_signs@1", "offer_is_open@1"],
            "effects": ["move_control@1"],
            "statement": "{actor} accepts {record}.",
        },
        "pay": {
            "about": "the issuer has paid",
            "moves": {"held": "paid", "offered": "paid"},
            "guards": ["controller_signs@1"],
            "effects": ["end_control@1"],
            "statement": "{actor} confirms that {record} is paid.",
        },
    },
}


def core_formats() -> dict[str, Any]:
    """One of each format, with its parts and its bytes in hex."""
    transaction = Transaction(
        ledger=digest("ledger"),
        targets=(Target(digest("record"), 2, digest("head")),),
        action="bill_of_lading.offer",
        arguments={"mode": "endorse", "to": digest("bank"), "until": 1_764_003_600_000},
        actor=digest("shipper"),
        represented=None,
        statement="bill_of_lading.offer@1",
        valid_until=1_764_086_400_000,
        salt=digest("salt"),
    )
    commit = Commit(3, 1_764_000_000_000, 12, 15, digest("state root"), digest("previous commit"))
    text = split_text("genesis", b"a text of one part")[0]
    record = Record(
        digest("record"), "bill_of_lading", 1, "offered", 3, digest("head"), 14, 1_764_000_000_000, digest("carrier"),
        controller=digest("shipper"),
        order_party=digest("shipper"),
        pending=Pending(digest("bank"), "endorse", 1_764_003_600_000, "transfer"),
        document=digest("document"),
        fields={"form": "order", "law": "SG", "place": "CNSHA", "rulebook": digest("rulebook")},
    )  # fmt: skip
    card = member(
        "acme",
        "carrier",
        names={"en": "Acme Lines", "zh": "顶点航运"},
        codes=("SMDG:ACME",),
        lei="5493001KJTIIGC8Y1R12",
    ).card
    table = RuleTable.from_plain(NOTE)
    genesis = Genesis(
        "ledger.example/vectors", START, (card,), (card.id,), "quorum none\n",
        (TableRef("note", 1, table.hash),), {"rulebook": digest("rulebook").hex()},
    )  # fmt: skip
    signed = sign(transaction, KEY.sign)
    number = number_key(digest("ledger"), "transport_document", digest("carrier"), "OCLU2512345")
    claimed = claim_key(digest("carrier"), number)
    return _hex(
        {
            "key": {"seed": KEY.seed, "public": KEY.public},
            "transaction": {
                "elements": [
                    transaction.ledger,
                    [[one.record, one.sequence, one.head] for one in transaction.targets],
                    *transaction[2:],
                ],
                "body": signed.body,
                "signed_bytes": SIGN_TRANSACTION + signed.body,
                "signature": signed.signatures[0][2],
                "entry": signed.entry,
                "id": signed.id,
                "leaf": signed.leaf,
            },
            "commit": {
                "elements": [3, commit.time, 12, 15, commit.state_root, commit.previous],
                "entry": commit.encode(),
                "leaf": leaf_hash(commit.encode()),
            },
            "text": {
                "elements": ["genesis", text.hash, 0, 1, text.content],
                "entry": text.encode(),
                "leaf": leaf_hash(text.encode()),
            },
            "record": {
                "content": record.encode(),
                "state_key": record_key(record.id),
                "salt": digest("salt"),
                "value": state_value(digest("salt"), record_key(record.id), record.encode()),
            },
            "number": {
                "ledger": digest("ledger"),
                "class": "transport_document",
                "issuer": digest("carrier"),
                "number": "OCLU2512345",
                "number_key": number,
                "state_key": claimed,
                "content": number_content(claimed, digest("record")),
            },
            "alias": {"ledger": digest("ledger"), "alias": "acme", "state_key": alias_key(digest("ledger"), "acme")},
            "member": {"card": card.encode().decode(), "signed_bytes": card.signed_bytes()},
            "table": {"plain": NOTE, "encoding": table.encode(), "hash": table.hash},
            "genesis": {"document": genesis.encode().decode(), "id": genesis.id},
        }
    )


class _Recorder(Game):
    """A game that writes down what each transaction found and left."""

    def __init__(self) -> None:
        super().__init__(
            {"shipper": ["shipper"], "bank": ["bank"], "buyer": ["buyer"]},
            tables=[RuleTable.from_plain(NOTE)],
            parameters={},
        )
        self.steps: list[dict[str, Any]] = []

    def step(self, name: str, signed: SignedTransaction | bytes) -> None:
        """Submit one transaction; the step has a post-state, or the code of the refusal."""
        entry = signed if isinstance(signed, bytes) else signed.entry
        before, numbers = dict(self.records), dict(self.numbers)
        index, outcome = self.chain.size, self.submit(entry)[0]
        changed = {key: record for key, record in self.records.items() if before.get(key) is not record}
        step: dict[str, Any] = {"name": name, "time": self.time, "index": index, "entry": entry}
        if outcome.signed is not None:
            targets = outcome.signed.transaction.targets
            step["pre"] = [before[one.record].encode() for one in targets if one.record in before]
        if outcome.error is None:
            claimed = {key: record for key, record in self.numbers.items() if key not in numbers}
            step["post"] = [record.encode() for record in changed.values()]
            step["post"] += [number_content(key, record) for key, record in claimed.items()]
        else:
            step["refused"] = outcome.code
        self.steps.append(step)


def transitions() -> dict[str, Any]:
    """A life of one record step by step: what each transaction finds, and what it leaves or why it is refused."""
    game = _Recorder()
    note, second = game.fresh(), game.fresh()

    def write(record: bytes) -> SignedTransaction:
        number = game.number_argument("shipper", "N-1", "note")
        return game.signed("shipper", "note.write", record=record, document=digest("document"), number=number, law="SG")

    game.step("an issue", write(note))
    game.step("a number that was used", write(second))
    offer = game.signed("shipper", "offer", note, to="bank", until=game.time + 1000)
    rival = game.signed("shipper", "offer", note, to="buyer")
    game.step("an offer by who is not in control", game.signed("bank", "offer", note, to="buyer"))
    game.step("an entry cut short", offer.entry[:-1])
    game.step("a signature with a changed bit", offer.entry[:-1] + bytes([offer.entry[-1] ^ 1]))
    game.tick(10)
    game.step("an offer", offer)
    game.step("another offer signed on the same head", rival)
    game.step("an acceptance by another than the recipient", game.signed("buyer", "accept", note))
    accept = game.signed("bank", "accept", note, changes={"valid_until": game.time + 500})
    late = game.signed("bank", "accept", note, changes={"valid_until": game.time - 1})
    game.step("a transaction past its time", late)
    game.step(
        "the statement of another version", game.signed("bank", "accept", note, changes={"statement": "note.accept@2"})
    )
    game.step("an argument that the action does not have", game.signed("bank", "accept", note, price=1))
    game.tick(490)
    game.step("an acceptance", accept)
    game.step("an act of another state", game.signed("bank", "accept", note))
    game.step("the end", game.signed("bank", "pay", note))
    game.step("an act on a dead record", game.signed("bank", "offer", note, to="buyer"))
    return _hex({"genesis": game.genesis.encode().decode(), "table": game.tables[0].encode(), "steps": game.steps})


def _hex(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: _hex(item) for name, item in value.items()}
    return [_hex(item) for item in value] if isinstance(value, list | tuple) else value


def _write() -> None:
    for name, value in (("core_formats", core_formats()), ("transitions", transitions())):
        text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write()
