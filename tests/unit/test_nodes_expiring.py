"""Documents that end by their own date are announced before: to whom they concern, and while they are in force."""

from __future__ import annotations

import pytest
from support.reading import Commands
from support.town import Town, certificate, waybill

from ledger.times import iso
from nodes.access import open_for_reading
from nodes.doctor import Check, examine
from nodes.expiring import expiring

DAY = 86_400_000


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def said(town, who, now):
    with open_for_reading(town.homes["carrier"]) as reader:
        return list(expiring(reader, town.id(who), now))


def test_an_end_is_announced_from_thirty_days_before(town):
    end = town.now + 40 * DAY
    record = town.issue(certificate(), "certifier", until=end).record.id
    name = f"certificate {record.hex()[:12]}"
    assert said(town, "certifier", end - 30 * DAY - 1) == []
    assert said(town, "certifier", end - 30 * DAY) == [f"{name} expires at {iso(end)}: a new one is needed by then"]
    assert said(town, "certifier", end) == [f"{name} expired at {iso(end)}, though its state is still valid"]
    assert said(town, "bank", end) == []


def test_who_holds_what_it_is_bound_to_is_told_too(town):
    bill = town.held(holder="bank")
    end = town.now + DAY
    town.issue(certificate(), "certifier", until=end, bound_to=[bill])
    assert [len(said(town, who, town.now)) for who in ("bank", "certifier", "shipper")] == [1, 1, 0]


def test_one_that_has_ended_or_has_no_end_says_nothing(town):
    end = town.now + DAY
    record = town.issue(certificate(), "certifier", until=end).record.id
    town.issue(waybill())
    town.act("certifier", "revoke", record)
    assert said(town, "certifier", end) == said(town, "carrier", end) == []


def test_the_doctor_and_the_readers_announce_it(town, monkeypatch, capsys):
    end = town.now + 10 * DAY
    record = town.issue(certificate(), "certifier", until=end).record.id
    words = f"certificate {record.hex()[:12]} expires at {iso(end)}: a new one is needed by then"
    assert Check("document", "note", words) in examine(town.homes["certifier"], town.now)
    assert [one for one in examine(town.homes["bank"], town.now) if one.name == "document"] == []
    for module in ("cli.read_show", "cli.read_list"):
        monkeypatch.setattr(f"{module}.now_ms", lambda: town.now)
    run = Commands(town, monkeypatch, capsys)
    assert f"warning: {words}\n" in run("certifier", "show", record.hex())[2]
    assert f"warning: {words}\n" in run("certifier", "list")[2]
    assert "expires at" not in run("bank", "list")[2]
    assert "expires at" not in run("certifier", "list", "--as-of", iso(town.now))[2]


def test_a_mandate_after_its_end_is_listed_as_ended(town, monkeypatch, capsys):
    run = Commands(town, monkeypatch, capsys)
    end = town.now + DAY
    arguments = {"record": bytes(31) + b"\x01", "to": town.id("buyer"), "kinds": [], "actions": [], "until": end}
    desk = town.desk("shipper")
    with desk.writing("grant") as engine:
        signed = desk.build(engine.reader, None, "mandate.grant", arguments)
        (done,) = engine.submit([signed.entry])
    assert not isinstance(done, Exception)
    for now, status in ((end, "granted"), (end + 1, "ended")):
        monkeypatch.setattr("cli.commands_mandate.now_ms", lambda now=now: now)
        assert [one["status"] for one in run.json("bank", "mandate", "list")] == [status]
