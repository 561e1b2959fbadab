"""What acting commands share: times, arguments, statements, what came, what was done."""

from __future__ import annotations

from hashlib import sha256

import pytest
from support.town import Town, bill, certificate

from cli.acting import BadTimeSpan, Work, fetch, time_of
from cli.arguments import BadArgument, read_arguments
from cli.context import now_ms
from cli.output import Screen
from cli.statement import show_statement
from contracts.table import Action, Declared
from ledger.errors import LadingError
from ledger.times import BadTime
from nodes.access import open_for_reading
from nodes.inbox import InboxFull
from nodes.reader import NoSuchMember, NoSuchRecord


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


@pytest.fixture
def work(town):
    desk = town.desk("shipper")
    with open_for_reading(town.homes["shipper"]) as reader:
        yield Work(desk, reader, Screen(), [])


def test_a_time_is_iso_or_a_span_from_now():
    assert time_of(None) is None
    assert time_of("2026-03-01T12:00Z") == 1_772_366_400_000
    for text, span in (("+1s", 1000), ("+90m", 5_400_000), ("+12h", 43_200_000), ("+3d", 259_200_000), ("+0d", 0)):
        assert 0 <= time_of(text) - (now_ms() - 1000) - span <= 2000, text


@pytest.mark.parametrize("text", ["+", "+3", "+d", "+3w", "+-3d", "+3.5h", "+9999999d", "+٣d", "+ 3d"])
def test_a_span_that_is_none(text):
    with pytest.raises(BadTimeSpan):
        time_of(text)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "3d"])
def test_a_time_that_is_none(text):
    with pytest.raises(BadTime):
        time_of(text)


def action(**types):
    declared = {name: Declared(kind, False, (), "") for name, kind in types.items()}
    return Action("test", "", {"held": "held"}, declared, (), (), "")


def test_arguments_are_read_by_their_types(work, town, tmp_path):
    record_id = town.issue(bill()).record.id
    (tmp_path / "receipt").write_bytes(b"received")
    declared = action(
        to="party", of="party", record="id", bound="ids", proof="hash", file="hash", until="time", mode="code",
        name="text", names="texts", key="public_key",
    )  # fmt: skip
    words = [
        "to=bank", f"of={'ab' * 32}", "record=B-1", f"bound={record_id.hex()[:8]},", f"proof={'0f' * 32}",
        f"file=@{tmp_path / 'receipt'}", "until=1970-01-01T00:00:01Z", "mode=endorse", "name=a=b", "names=x,y",
        "key=0102",
    ]  # fmt: skip
    assert read_arguments(words, declared, work) == {
        "to": town.id("bank"),
        "of": b"\xab" * 32,
        "record": record_id,
        "bound": [record_id],
        "proof": b"\x0f" * 32,
        "file": sha256(b"received").digest(),
        "until": 1000,
        "mode": "endorse",
        "name": "a=b",
        "names": ["x", "y"],
        "key": b"\x01\x02",
    }


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["to"], BadArgument),
        (["to=bank", "to=bank"], BadArgument),
        (["colour=red"], BadArgument),
        (["to=nobody"], NoSuchMember),
        (["record=B-9"], NoSuchRecord),
        (["proof=12"], BadArgument),
        (["proof=@nothing"], LadingError),
        (["key=xyz"], BadArgument),
        (["number=1"], BadArgument),
        (["until=soon"], BadTime),
    ],
)
def test_arguments_that_are_none(work, words, error):
    declared = action(to="party", record="id", proof="hash", key="signature", number="number", until="time")
    with pytest.raises(error):
        read_arguments(words, declared, work)


def statement(town, capsys, who, name, record=None, **arguments):
    desk = town.desk(who)
    desk.before_signing = lambda transaction, reader: show_statement(Screen(True), transaction, reader, desk)
    with desk.reading() as reader:
        desk.build(reader, record, name, arguments)
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_everything_that_is_signed_is_shown(town, capsys):
    record = town.issue(bill()).record
    lines = statement(town, capsys, "shipper", "bill_of_lading.offer", record, to=town.id("bank"), mode="endorse")
    assert lines == [
        f"sign as shipper: Shipper Ltd (shipper) offers bill of lading {record.id.hex()} to Bank Ltd (bank) "
        "(endorsed to it), and gives up control of it when Bank Ltd (bank) accepts.",
        f"  bill_of_lading.offer@1 on {record.id.hex()[:12]} at sequence 1, until 2025-11-24T17:00:00Z",
    ]
    lines = statement(
        town, capsys, "certifier", "certificate.issue", record=None, document=bytes(32), expires=1000,
        number={"at": "/number", "class": "certificate", "key": bytes(32)}, bound_to=[record.id, b"\xab" * 32],
        attachments=[],
    )  # fmt: skip
    assert lines[-1] == (
        f"  with expires=1970-01-01T00:00:01Z, number (commitment {'0' * 12}), bound_to={record.id.hex()[:12]}; "
        f"{'ab' * 6}, attachments=-"
    )
    lines = statement(town, capsys, "carrier", "member.suspend", town.record(town.id("buyer")), reason=bytes(32))
    assert lines[1:] == [
        "  member.suspend@1 on buyer at sequence 1, until 2025-11-24T17:00:00Z",
        f"  with reason={'0' * 12}",
    ]


def test_a_record_whose_document_is_at_hand_is_named_by_its_number(town, capsys):
    record = town.issue(bill()).record
    lines = statement(town, capsys, "carrier", "bill_of_lading.recall", record)
    assert lines[0] == (
        f"sign as carrier: Carrier Ltd (carrier) takes back its offer of bill of lading {record.id.hex()[:12]} "
        "(number B-1)."
    )
    desk = town.desk("carrier")
    desk.before_signing = lambda transaction, reader: show_statement(Screen(True), transaction, reader, desk)
    desk.issue(bill("B-2"))
    first, *_, last = capsys.readouterr().err.splitlines()
    assert "(number B-2)" in first
    assert "number B-2 (commitment " in last


def test_a_text_to_which_the_act_commits_is_shown_where_it_is_at_hand(town, capsys):
    record = town.issue(bill()).record
    desk = town.desk("shipper")
    desk.before_signing = lambda transaction, reader: show_statement(Screen(True), transaction, reader, desk)
    desk.act(record, "reject", {}, reason="the order\nwas \x1bcancelled " + "x" * 500)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "  reason: the order was \\x1bcancelled " + "x" * 375 + "…"
    elsewhere = town.desk("bank")
    assert elsewhere.text_of(bytes(32)) == ""


@pytest.mark.parametrize(
    ("why", "said"), [("neutral bill", "1 field changed, because: neutral bill"), ("", "1 field changed")]
)
def test_of_a_statement_for_programs_it_is_shown_what_it_comes_to(town, capsys, why, said):
    from nodes.proposals import propose, sign_proposal
    from nodes.successors import prepare_successors

    parent, carrier, shipper = town.held(), town.desk("carrier"), town.desk("shipper")
    with carrier.reading() as reader:
        act = prepare_successors(carrier, reader, [reader.record(parent)], "switch_bill", [bill("B-2")], why=why)
        proposal = propose(carrier, reader, act)
    for desk in (shipper, carrier):
        desk.before_signing = lambda transaction, reader, desk=desk: show_statement(
            Screen(True), transaction, reader, desk
        )
        with desk.reading() as reader:
            sign_proposal(desk, reader, proposal)
        lines = capsys.readouterr().err.splitlines()
        assert f"  difference: {said}" in lines
        assert "  conservation: 2 containers, 2140 packages, 30894 kg, 123.46 m³, before and after" in lines


def test_who_signs_stands_first_and_who_began_in_the_sentence(town, capsys):
    desk, other = town.desk("carrier"), town.desk("bank")
    with desk.reading() as reader:
        signed = desk.build(reader, town.record(town.id("buyer")), "member.suspend", {})
        show_statement(Screen(True), signed.transaction, reader, other)
    assert capsys.readouterr().err.startswith("sign as bank: Carrier Ltd (carrier) and the other governors who sign ")


def test_what_came_is_said_and_what_was_put_aside_too(town, work, capsys):
    record_id = town.issue(bill()).record.id
    town.issue(certificate(), "certifier", bound_to=[record_id])
    (path,) = (town.folder / "carrier" / "inbox" / town.id("shipper").hex()).glob("*.sealed")
    path.with_name("0" * 64 + path.name[64:]).write_bytes(path.read_bytes())
    arrived = fetch(work.desk, work.reader, work.screen)
    err = capsys.readouterr().err.splitlines()
    assert sorted(err) == [
        f"inbox: the document of bill_of_lading {record_id.hex()[:12]} from carrier",
        f"warning: inbox: {'0' * 64}{path.name[64:]} was put aside: inbox.wrong_address",
    ]
    assert sorted(one["outcome"] for one in arrived) == ["rejected", "taken"]
    (taken,) = [one for one in arrived if one["outcome"] == "taken"]
    assert (taken["record"], taken["kind"], taken["from"]) == (record_id.hex(), "bill_of_lading", "carrier")


def test_documents_that_could_not_go_are_a_warning(town, work, capsys, monkeypatch):
    def full(*args, **kwargs):
        raise InboxFull("1000 files wait for this recipient")

    monkeypatch.setattr("nodes.delivery.deliver", full)
    work.done(town.issue(bill()), "issued")
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "issued"
    assert err == (
        "warning: done, but documents could not be handed on: 1000 files wait for this recipient; "
        "`lading send` tries again\n"
    )
