"""Handing over: only the recipient reads it, only the sender can have sent it, a bad one blocks none."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from pathlib import Path

import pytest
from nacl import bindings

from ledger import codec
from ledger.errors import InputError, LadingError, UnavailableError
from ledger.hashing import SIGN_ATTESTATION
from ledger.signature import BadPublicKey, BadSignature, verify
from nodes.files import CannotWrite
from nodes.inbox import InboxFull, deliver, fetch, waiting
from nodes.keystore import CannotOpen, KeyName, MemoryKeyStore
from nodes.parcel import Attachment, DocumentPackage, Note, Parcel, TooLargeToKeep
from nodes.sealing import Address, MalformedSealed, Opened, UnknownSender, WrongAddress, open_sealed, seal
from nodes.vault import NoDocument, Vault

LEDGER, RECORD = bytes([1]) * 32, bytes([2]) * 32
CARRIER, BANK, BUYER = bytes([3]) * 32, bytes([4]) * 32, bytes([5]) * 32
ADDRESS = Address(LEDGER, RECORD, CARRIER, BANK)
TERMS = Attachment("terms.pdf", "application/pdf", b"%PDF-1.7")
BILL = DocumentPackage("bill_of_lading", "application/json", b'{"a":1}', bytes([6]) * 32, {}, (TERMS.ref,))
PARCEL = Parcel(BILL, (TERMS,), (Note(bytes([7]) * 32, "as agreed", bytes(32)),))


class Parties:
    """Three members with keys, the inbox they share, and the bank's vault."""

    def __init__(self, folder: Path) -> None:
        self.keys = {member: MemoryKeyStore() for member in (CARRIER, BANK, BUYER)}
        self.inbox = folder / "inbox"
        self.vault = Vault(folder / "vault", self.keys[BANK])
        self.checked: list[Opened] = []

    def seal(self, address: Address = ADDRESS, signer: bytes = CARRIER, parcel: Parcel = PARCEL) -> bytes:
        recipient = self.keys[address.recipient].public_key(KeyName.ENCRYPTION)
        return seal(parcel, address, recipient, self.keys[signer])

    def signing_keys(self, member: bytes) -> Collection[bytes]:
        return [self.keys[member].public_key(KeyName.SIGNING)] if member in self.keys else []

    def open(self, data: bytes, member: bytes = BANK, ledger: bytes = LEDGER) -> Opened:
        keys = self.keys[member]
        return open_sealed(data, keys, ledger_id=ledger, recipient=member, signing_keys=self.signing_keys)

    def deliver(self, data: bytes, record: bytes = RECORD, recipient: bytes = BANK) -> Path:
        return deliver(self.inbox, data, recipient=recipient, record_id=record)

    def fetch(self, error: LadingError | None = None) -> list[tuple[str, str]]:
        def check(opened: Opened) -> Parcel:
            self.checked.append(opened)
            if error is not None:
                raise error
            return opened.parcel

        found = fetch(
            self.inbox,
            self.vault,
            self.keys[BANK],
            ledger_id=LEDGER,
            recipient=BANK,
            signing_keys=self.signing_keys,
            check=check,
        )
        return [(one.outcome, one.error.code if one.error else "") for one in found]

    def rejected(self) -> list[Path]:
        return sorted((self.inbox / BANK.hex() / "rejected").glob("*.sealed"))


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path)


def reseal(parties: Parties, data: bytes, to: bytes = BANK, **changes: bytes) -> bytes:
    """Open the header as the bank, change it, and close it again for `to`."""
    form, closed, body = codec.decode(data)
    header = codec.decode(parties.keys[BANK].unseal(closed))
    public = parties.keys[to].public_key(KeyName.ENCRYPTION)
    return codec.encode([form, bindings.crypto_box_seal(codec.encode({**header, **changes}), public), body])


def test_the_recipient_reads_it_and_knows_from_whom(parties: Parties) -> None:
    opened = parties.open(parties.seal())
    assert opened == Opened(ADDRESS, PARCEL, parties.keys[CARRIER].public_key(KeyName.SIGNING))


def test_the_file_has_the_documented_form(parties: Parties) -> None:
    form, closed, body = codec.decode(parties.seal())
    header = codec.decode(parties.keys[BANK].unseal(closed))
    signature = header.pop("signature")
    assert form == "lading/sealed@1"
    assert header == {
        "body": hashlib.sha256(body).digest(),
        "key": header["key"],
        "ledger": LEDGER,
        "public": parties.keys[CARRIER].public_key(KeyName.SIGNING),
        "recipient": BANK,
        "record": RECORD,
        "sender": CARRIER,
    }
    verify(1, header["public"], SIGN_ATTESTATION + b"lading/sealed@1\x00" + codec.encode(header), signature)
    content = bindings.crypto_secretbox_open(body[24:], body[:24], header["key"])
    assert content == PARCEL.encode()


def test_the_keeper_of_the_inbox_sees_neither_content_nor_sender(parties: Parties) -> None:
    data = parties.seal()
    public = parties.keys[CARRIER].public_key(KeyName.SIGNING)
    for secret in (CARRIER, public, BILL.original, BILL.secret, TERMS.content, b"bill_of", b"terms"):
        assert secret not in data


def test_another_recipient_cannot_open_it(parties: Parties) -> None:
    with pytest.raises(CannotOpen):
        parties.open(parties.seal(), BUYER)


def test_it_cannot_be_passed_on_as_if_the_sender_had(parties: Parties) -> None:
    passed_on = reseal(parties, parties.seal(), to=BUYER)
    with pytest.raises(WrongAddress, match="another member"):
        parties.open(passed_on, BUYER)
    readdressed = reseal(parties, parties.seal(), to=BUYER, recipient=BUYER)
    with pytest.raises(BadSignature):
        parties.open(readdressed, BUYER)


def test_another_ledgers_file_is_refused(parties: Parties) -> None:
    with pytest.raises(WrongAddress, match="another ledger"):
        parties.open(parties.seal(), ledger=bytes(32))


@pytest.mark.parametrize("name", ["body", "key", "ledger", "public", "recipient", "record", "sender", "signature"])
def test_every_member_of_the_header_is_bound(parties: Parties, name: str) -> None:
    values = {"sender": BUYER, "public": parties.keys[BUYER].public_key(KeyName.SIGNING), "signature": bytes(64)}
    with pytest.raises((WrongAddress, UnknownSender, BadSignature)):
        parties.open(reseal(parties, parties.seal(), **{name: values.get(name, bytes(32))}))


def test_a_replaced_body_is_detected(parties: Parties) -> None:
    form, closed, _ = codec.decode(parties.seal())
    _, _, other = codec.decode(parties.seal(parcel=Parcel(None, (), ())))
    with pytest.raises(MalformedSealed, match="not the one that the sender signed"):
        parties.open(codec.encode([form, closed, other]))


def test_the_sender_cannot_be_impersonated(parties: Parties) -> None:
    with pytest.raises(UnknownSender) as caught:
        parties.open(parties.seal(signer=BUYER))
    assert caught.value.code == "inbox.unknown_sender"
    public = parties.keys[CARRIER].public_key(KeyName.SIGNING)
    with pytest.raises(BadSignature):
        parties.open(reseal(parties, parties.seal(signer=BUYER), public=public))


def test_who_is_no_member_can_send_nothing(parties: Parties) -> None:
    stranger = Address(LEDGER, RECORD, bytes(32), BANK)
    with pytest.raises(UnknownSender):
        parties.open(parties.seal(stranger))


def test_an_attestation_of_another_kind_is_no_seal(parties: Parties) -> None:
    form, closed, body = codec.decode(parties.seal())
    header = codec.decode(parties.keys[BANK].unseal(closed))
    del header["signature"]
    signature = parties.keys[CARRIER].sign(KeyName.SIGNING, SIGN_ATTESTATION + codec.encode(header))
    with pytest.raises(BadSignature):
        parties.open(reseal(parties, codec.encode([form, closed, body]), signature=signature))


def test_every_changed_byte_is_detected(parties: Parties) -> None:
    data = parties.seal(parcel=Parcel(None, (), ()))
    for position in range(len(data)):
        for bit in (0x01, 0x80):
            changed = bytearray(data)
            changed[position] ^= bit
            with pytest.raises((MalformedSealed, CannotOpen)):
                parties.open(bytes(changed))


def test_every_truncation_is_detected(parties: Parties) -> None:
    data = parties.seal(parcel=Parcel(None, (), ()))
    for size in range(len(data)):
        with pytest.raises(MalformedSealed):
            parties.open(data[:size])
    with pytest.raises(MalformedSealed):
        parties.open(data + b"\x00")


@pytest.mark.parametrize(
    "value", [None, {}, [], ["lading/sealed@2", b"", b""], ["lading/sealed@1", "", b""], ["lading/sealed@1", b"", 1]]
)
def test_another_shape_is_refused(parties: Parties, value: object) -> None:
    with pytest.raises(MalformedSealed):
        parties.open(codec.encode(value))


@pytest.mark.parametrize("header", [b"", b"\xc1", codec.encode([]), codec.encode({"key": b""}), bytes(5000)])
def test_a_header_of_another_shape_is_refused(parties: Parties, header: bytes) -> None:
    closed = bindings.crypto_box_seal(header, parties.keys[BANK].public_key(KeyName.ENCRYPTION))
    with pytest.raises(MalformedSealed):
        parties.open(codec.encode(["lading/sealed@1", closed, b""]))


def test_sizes_are_bounded_on_both_sides(parties: Parties) -> None:
    recipient = parties.keys[BANK].public_key(KeyName.ENCRYPTION)
    with pytest.raises(TooLargeToKeep):
        seal(PARCEL, ADDRESS, recipient, parties.keys[CARRIER], limit=100)
    with pytest.raises(MalformedSealed, match="at most 4,196"):
        open_sealed(
            bytes(5000),
            parties.keys[BANK],
            ledger_id=LEDGER,
            recipient=BANK,
            signing_keys=parties.signing_keys,
            limit=100,
        )


def test_a_weak_key_of_a_recipient_is_refused(parties: Parties) -> None:
    for weak in (bytes(32), b"\x01" + bytes(31), b"short"):
        with pytest.raises(BadPublicKey):
            seal(PARCEL, ADDRESS, weak, parties.keys[CARRIER])
    with pytest.raises(MalformedSealed):
        parties.seal(Address(LEDGER, b"short", CARRIER, BANK))


def test_delivered_fetched_and_gone(parties: Parties) -> None:
    data = parties.seal()
    path = parties.deliver(data)
    name = f"{RECORD.hex()}-{hashlib.sha256(data).hexdigest()[:12]}.sealed"
    assert path == parties.inbox / BANK.hex() / name
    assert parties.deliver(data) == path
    assert parties.fetch() == [("taken", "")]
    assert parties.vault.parcel(RECORD) == PARCEL
    assert [opened.address for opened in parties.checked] == [ADDRESS]
    assert list(waiting(parties.inbox, BANK)) == []
    assert parties.fetch() == []


def test_delivered_twice_is_kept_once(parties: Parties) -> None:
    for _ in range(2):
        parties.deliver(parties.seal())
    assert parties.fetch() == [("taken", ""), ("taken", "")]
    assert parties.vault.versions(RECORD) == [1]


def test_each_recipient_has_its_own_inbox(parties: Parties) -> None:
    address = Address(LEDGER, RECORD, CARRIER, BUYER)
    parties.deliver(parties.seal(address), recipient=BUYER)
    assert parties.fetch() == []
    assert len(list(waiting(parties.inbox, BUYER))) == 1


def test_a_bad_file_is_moved_away_with_its_reason_and_blocks_no_other(parties: Parties) -> None:
    good = parties.seal()
    path = parties.deliver(b"garbage")
    parties.deliver(parties.seal(signer=BUYER))
    parties.deliver(good)
    outcomes = parties.fetch()
    assert sorted(outcomes) == [("rejected", "inbox.malformed"), ("rejected", "inbox.unknown_sender"), ("taken", "")]
    assert parties.vault.get(RECORD) == BILL
    assert len(parties.rejected()) == 2
    reason = path.parent / "rejected" / f"{path.name}.reason.json"
    assert json.loads(reason.read_text()) == {
        "code": "inbox.malformed",
        "hint": "ask the sender to hand the documents over again",
    }
    assert parties.fetch() == []


def test_a_file_for_another_record_is_rejected(parties: Parties) -> None:
    parties.deliver(parties.seal(), record=bytes([9]) * 32)
    assert parties.fetch() == [("rejected", "inbox.wrong_address")]
    with pytest.raises(NoDocument):
        parties.vault.get(RECORD)


class Contradicts(InputError):
    code = "test.contradicts"


class NotYet(UnavailableError):
    code = "test.not_yet"


def test_what_the_caller_refuses_is_rejected_and_never_kept(parties: Parties) -> None:
    parties.deliver(parties.seal())
    assert parties.fetch(Contradicts("not the document of the log")) == [("rejected", "test.contradicts")]
    with pytest.raises(NoDocument):
        parties.vault.get(RECORD)


def test_what_cannot_be_judged_yet_waits(parties: Parties) -> None:
    parties.deliver(parties.seal())
    assert parties.fetch(NotYet("the ledger is not here")) == [("waiting", "test.not_yet")]
    assert parties.rejected() == []
    assert parties.fetch() == [("taken", "")]


def test_what_the_vault_cannot_keep_waits(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    parties.deliver(parties.seal())

    def full(*_: object, **__: object) -> None:
        raise CannotWrite("no space")

    with monkeypatch.context() as patch:
        patch.setattr("nodes.vault.write_atomic", full)
        assert parties.fetch() == [("waiting", "files.cannot_write")]
    assert parties.fetch() == [("taken", "")]


def test_a_stop_after_the_vault_and_before_the_removal_loses_and_doubles_nothing(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    parties.deliver(parties.seal())
    with monkeypatch.context() as patch:
        patch.setattr("nodes.inbox._remove", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            parties.fetch()
    assert parties.fetch() == [("taken", "")]
    assert parties.vault.versions(RECORD) == [1]


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are POSIX's")
def test_hostile_things_in_the_inbox_block_nothing(parties: Parties, tmp_path: Path) -> None:
    parties.deliver(parties.seal())
    folder = parties.inbox / BANK.hex()
    (tmp_path / "private").write_bytes(b"of somebody else")
    (folder / f"{'a' * 64}-{'0' * 12}.sealed").symlink_to(tmp_path / "private")
    os.mkfifo(folder / f"{'b' * 64}-{'0' * 12}.sealed")
    (folder / f"{'c' * 64}-{'0' * 12}.sealed").mkdir()
    with (folder / f"{'d' * 64}-{'0' * 12}.sealed").open("wb") as stream:
        stream.truncate(1 << 40)
    (folder / "notes.txt").write_bytes(b"no sealed file")
    assert sorted(parties.fetch()) == [
        ("rejected", "files.not_a_file"),
        ("rejected", "files.not_a_file"),
        ("rejected", "files.not_a_file"),
        ("rejected", "files.too_large"),
        ("taken", ""),
    ]
    assert (tmp_path / "private").read_bytes() == b"of somebody else"


def test_what_cannot_be_moved_away_stays_and_says_why(parties: Parties) -> None:
    path = parties.deliver(b"garbage")
    (path.parent / "rejected").write_bytes(b"in the way")
    assert parties.fetch() == [("waiting", "inbox.malformed")]
    assert path.exists()


def test_a_flooded_inbox_refuses_more(parties: Parties) -> None:
    arguments = {"recipient": BANK, "record_id": RECORD, "max_waiting": 2}
    for content in (b"1", b"2", b"2"):
        deliver(parties.inbox, content, **arguments)  # type: ignore[arg-type]
    with pytest.raises(InboxFull):
        deliver(parties.inbox, b"3", **arguments)  # type: ignore[arg-type]
