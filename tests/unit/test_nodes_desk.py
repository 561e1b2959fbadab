"""A member's desk: every act is shown, signed, judged and committed, and its documents reach the next party."""

from __future__ import annotations

import pytest
from support.town import Town, bill, certificate, invoice

from contracts.refusals import RuleRefused, Stale
from ledger.errors import LadingError
from ledger.hashing import note_commitment
from ledger.store.port import StoreFailed
from nodes.access import open_for_reading
from nodes.desk import Desk, NoKeys
from nodes.engines.solo import SoloEngine
from nodes.inbox import InboxFull
from nodes.parcel import MAX_NOTE, Attachment, MalformedParcel, TooLargeToKeep
from nodes.vault import NoDocument

TERMS = Attachment("terms.txt", "text/plain", b"terms of carriage\n")


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def test_a_bill_passes_from_hand_to_hand_with_its_documents(town):
    record_id = town.held()
    paper = town.issue(invoice(), "shipper", bound_to=[record_id])
    town.issue(certificate(), "certifier", bound_to=[record_id])
    town.desk("shipper").fetch()

    report = town.act("shipper", "offer", record_id, to="bank", mode="endorse")
    assert report.handed_on == (town.id("bank"),)
    taken = town.desk("bank").fetch()
    assert sorted(one.opened.parcel.document.kind for one in taken) == ["bill_of_lading", "certificate", "invoice"]
    assert {one.outcome for one in taken} == {"taken"}

    town.act("bank", "accept", record_id)
    record = town.record(record_id)
    assert (record.controller, record.order_party, record.sequence) == (town.id("bank"), town.id("bank"), 4)
    assert town.desk("bank").vault.get(record_id).original == bill().original
    assert town.desk("bank").vault.get(paper.record.id).original == invoice().original


def test_what_is_issued_goes_to_its_first_holder_and_the_parties(town):
    issued = town.issue(bill(), attachments=[TERMS])
    assert issued.handed_on == (town.id("shipper"),)
    assert (issued.record.status, issued.record.controller) == ("issued", town.id("carrier"))
    (one,) = town.desk("shipper").fetch()
    assert one.opened.parcel.attachments == (TERMS,)
    assert town.desk("shipper").vault.attachment(issued.record.id, TERMS.ref.sha256) == TERMS

    town.act("shipper", "accept", issued.record.id)
    of_buyer = town.issue(invoice(), "shipper", bound_to=[issued.record.id])
    assert of_buyer.handed_on == (town.id("buyer"),), "the buyer is named, and the bill is in the seller's own hands"
    of_holder = town.issue(certificate(), "certifier", bound_to=[issued.record.id])
    assert of_holder.handed_on == (town.id("shipper"),), "who controls the bill gets what is bound to it"


def test_the_same_number_again_is_refused_and_nothing_is_left(town):
    town.issue(bill())
    size, held = town.size(), len(town.desk("carrier").vault.entries())
    with pytest.raises(RuleRefused) as refused:
        town.issue(bill(), attachments=[TERMS])
    assert refused.value.code == "rule.number_is_new"
    assert refused.value.value == "B-1"
    assert town.size() == size
    assert len(town.desk("carrier").vault.entries()) == held


def test_an_attachment_that_cannot_be_kept_leaves_nothing(town):
    vault = town.desk("carrier").vault
    with pytest.raises(MalformedParcel):
        town.issue(bill(), attachments=[TERMS, Attachment(".hidden", "text/plain", b"x")])
    assert vault.entries() == []
    assert list(town.homes["carrier"].vault_path.iterdir()) == []


def test_a_document_stays_when_it_is_not_known_whether_it_was_committed(town, monkeypatch):
    def fail(self, entries):
        raise StoreFailed("the disk is full")

    monkeypatch.setattr(SoloEngine, "submit", fail)
    with pytest.raises(StoreFailed):
        town.issue(bill("B-9"))
    (entry,) = town.desk("carrier").vault.entries()
    assert entry.labels["number"] == "B-9"


def test_the_text_of_a_reason_goes_to_the_parties_and_only_its_commitment_to_the_log(town):
    record_id = town.issue(bill()).record.id
    town.act("shipper", "reject", record_id, reason="铅封破损: seal broken")
    (one,) = town.desk("carrier").fetch()
    (note,) = one.opened.parcel.notes
    assert note.text == "铅封破损: seal broken"
    with open_for_reading(town.homes["carrier"]) as reader:
        act = reader.history(reader.record(record_id))[-1]
    assert act.signed.transaction.arguments == {"reason": note_commitment(note.salt, note.text)}
    assert b"broken" not in act.signed.entry


def test_a_reason_of_a_refused_act_spoils_no_parcel(town):
    record_id = town.held()
    with pytest.raises(LadingError):
        town.act("shipper", "reject", record_id, reason="nothing to reject")
    town.act("shipper", "offer", record_id, to="bank", mode="endorse")
    (one,) = town.desk("bank").fetch()
    assert (one.outcome, one.opened.parcel.notes) == ("taken", ())


@pytest.mark.parametrize(("reason", "error"), [("x" * (MAX_NOTE + 1), TooLargeToKeep), ("\udcff", MalformedParcel)])
def test_a_reason_that_is_no_text_is_refused_before_anything_is_done(town, reason, error):
    record_id = town.issue(bill()).record.id
    size = town.size()
    with pytest.raises(error):
        town.act("shipper", "reject", record_id, reason=reason)
    assert town.size() == size


def test_of_two_acts_on_one_state_one_wins_and_the_other_is_told_which(town):
    record_id = town.held()
    seen = town.record(record_id)
    won = town.act("shipper", "offer", record_id, to="bank", mode="endorse")
    with pytest.raises(Stale, match=rf"^entry {won.done.index} won: bill_of_lading.offer by shipper at ") as refused:
        town.desk("shipper").act(seen, "offer", {"to": town.id("buyer"), "mode": "endorse"})
    assert refused.value.winner == won.done.index
    assert not list((town.folder / "carrier" / "inbox" / town.id("buyer").hex()).glob("*.sealed"))


def test_who_is_not_in_control_is_refused_with_the_rule(town):
    record_id = town.held()
    with pytest.raises(RuleRefused) as refused:
        town.act("buyer", "offer", record_id, to="bank", mode="endorse")
    assert (refused.value.code, refused.value.rule) == ("rule.controller_signs", "bill_of_lading.offer")


def test_what_is_signed_is_shown_first_and_can_be_refused(town):
    record_id, shown = town.held(), []
    desk = town.desk("shipper")

    def look(transaction, reader):
        shown.append((transaction.action, transaction.arguments["mode"], reader.genesis.id == transaction.ledger))
        raise KeyboardInterrupt

    desk.before_signing = look
    size = town.size()
    with pytest.raises(KeyboardInterrupt):
        desk.act(town.record(record_id), "offer", {"to": town.id("bank"), "mode": "endorse"})
    assert shown == [("bill_of_lading.offer", "endorse", True)]
    assert town.size() == size


def test_documents_that_cannot_be_handed_on_do_not_undo_the_act(town, monkeypatch):
    record_id = town.held()

    def full(*args, **kwargs):
        raise InboxFull("1000 files wait for this recipient")

    monkeypatch.setattr("nodes.delivery.deliver", full)
    report = town.act("shipper", "offer", record_id, to="bank", mode="endorse")
    assert [error.code for error in report.undelivered] == ["inbox.full"]
    assert report.handed_on == ()
    assert town.record(record_id).status == "offered"
    monkeypatch.undo()
    with town.desk("shipper").reading() as reader:
        again = town.desk("shipper").courier.hand_on(record_id, [town.id("bank")], reader)
    assert (again.records, again.errors) == (1, [])


def test_an_act_without_the_documents_is_done_and_hands_nothing_on(town):
    record_id = town.issue(bill()).record.id
    town.act("shipper", "accept", record_id)  # without fetching
    report = town.act("shipper", "offer", record_id, to="bank", mode="endorse")
    assert (report.handed_on, report.undelivered) == ((), ())
    with pytest.raises(NoDocument):
        town.desk("bank").vault.get(record_id)


def test_only_the_operator_signs_the_checkpoint(town):
    def signed():
        with open_for_reading(town.homes["carrier"]) as reader:
            stored = reader.store.checkpoint()
            return stored.size == reader.head.size

    record_id = town.issue(bill()).record.id
    assert signed()
    town.act("shipper", "accept", record_id)
    assert not signed()
    town.issue(bill("B-2"))
    assert signed()


def test_a_home_without_keys_only_reads(town):
    desk = Desk(town.homes["shipper"], None, clock=town.clock, random_bytes=bytes)
    with desk.reading() as reader:
        assert reader.genesis.id == town.genesis.id
    with pytest.raises(NoKeys):
        desk.fetch()


def test_labels_of_a_vault_are_one_line(town):
    parties = bill().value["documentParties"]
    parties["issuingParty"]["partyName"] = "Jade\u202ewind Line"
    town.issue(bill(documentParties=parties))
    (entry,) = town.desk("carrier").vault.entries()
    assert entry.labels == {"number": "B-1", "issuer": "Jadewind Line"}
