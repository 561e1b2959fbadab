"""What somebody would try with pledge, presentation, amendment, split, paper, hold, joint control and mandates."""

from __future__ import annotations

import pytest
from support import titles
from support.game import HOUR, Game, refused
from support.members import digest
from support.memberships import grant, group

from ledger.transaction import Target

DAY = titles.DAY
LIVE = [state for state, actions in titles.MAY.items() if actions and state != "new"]


@pytest.fixture
def game():
    return Game({**titles.CAST, "thief": ("bank", "buyer")}, governors=["operator"])


def act(game, who, action, bill, **changes):
    return game.act(who, action, bill, **{**titles.arguments(game, action, who, bill), **changes})


def done(game, who, action, bill, **changes):
    outcome = act(game, who, action, bill, **changes)
    assert outcome.error is None, (who, action, outcome.error)
    return outcome


@pytest.mark.parametrize("state", LIVE)
def test_a_thief_gets_nowhere_whatever_it_signs(game, state):
    """Every action with good arguments, by a member and a carrier whom the bill does not concern."""
    bill = titles.into(game, state)
    before = game.record(bill).encode()
    for who in ("thief", "rival"):
        for action in titles.MAY[state]:
            arguments = {**titles.arguments(game, action, who, bill), "also": ()}
            outcome = game.act(who, action, bill, **arguments)
            assert outcome.error is not None, (who, action)
    assert game.record(bill).encode() == before


@pytest.mark.parametrize("state", ["delivered", "void", "replaced", "on_paper", "closed"])
def test_p18_what_is_dead_stays_dead(game, state):
    """Every action by everybody whom it concerned; the refusal says since when, and by which entry."""
    bill = titles.into(game, state)
    record = game.record(bill)
    assert record.controller is None
    for action in game.rules.table("bill_of_lading").actions:
        for who in ("carrier", "shipper", "bank", "authority", "operator"):
            if action in titles.MAY["new"]:
                continue
            error = refused(game.act(who, action, bill), "rule.wrong_state")
            assert f"by entry {record.entry}" in error.message
    assert game.record(bill) is record


# Drafts


def test_p24_a_draft_is_issued_as_the_shipper_approved_it(game):
    bill = titles.into(game, "draft")
    refused(act(game, "carrier", "issue_draft", bill), "rule.wrong_state")
    done(game, "shipper", "approve", bill)
    done(game, "carrier", "redraft", bill)
    refused(act(game, "carrier", "issue_draft", bill), "rule.wrong_state")
    done(game, "shipper", "approve", bill)
    done(game, "carrier", "issue_draft", bill)
    record = game.record(bill)
    assert (record.status, record.document, record.pending.party) == (
        "issued", digest("second draft"), game.id("shipper"),
    )  # fmt: skip
    done(game, "shipper", "accept", bill)


def test_p04_two_drafts_do_not_get_one_number(game):
    one, other = titles.into(game, "approved"), titles.into(game, "approved")
    number = {"number": game.number_argument("carrier", "A1")}
    done(game, "carrier", "issue_draft", one, **number)
    assert refused(act(game, "carrier", "issue_draft", other, **number), "rule.number_is_new").value == one


@pytest.mark.parametrize("missing", ["rulebook", "law", "clause", "place"])
@pytest.mark.parametrize("action", ["issue", "draft", "receive_paper"])
def test_p23_without_rulebook_law_and_clause_there_is_no_bill(game, action, missing):
    args = titles.arguments(game, action, "carrier", None)
    refused(game.act("carrier", f"bill_of_lading.{action}", **{**args, missing: None}), "rule.bad_arguments")


# Presentation


def test_a_locked_bill_goes_to_the_presentee_and_to_nobody_else(game):
    bill = game.held_bill("shipper")
    done(game, "shipper", "present", bill, presentee="bank", until=game.time + DAY)
    for action in ("pledge", "surrender", "surrender_for_amendment", "request_paper", "endorse", "endorse_in_blank"):
        refused(act(game, "shipper", action, bill), "rule.not_locked")
    for action in ("split", "switch_bill", "change_destination", "merge"):
        refused(act(game, "carrier", action, bill), "rule.not_locked")
    for action in ("hold", "dispute"):
        refused(act(game, "authority", action, bill), "rule.not_locked")
    refused(act(game, "shipper", "present", bill, presentee="buyer"), "rule.not_locked")
    refused(act(game, "shipper", "end_presentation", bill), "rule.field_party_signs")
    refused(act(game, "shipper", "offer", bill, to="buyer"), "rule.lock_lets_through")
    game.pass_on(bill, "shipper", "bank")
    done(game, "bank", "surrender", bill)


def test_a_lock_ends_at_its_time_and_waits_for_nobody(game):
    bill = game.held_bill("shipper")
    done(game, "shipper", "present", bill, presentee="bank", until=game.time + DAY)
    game.tick(DAY - 1)
    refused(act(game, "authority", "hold", bill), "rule.not_locked")
    game.tick(1)
    done(game, "authority", "hold", bill)


# Pledge


def test_p26_a_pledged_bill_moves_by_the_pledgee_alone(game):
    bill = titles.into(game, "pledged")
    for who in ("shipper", "bank"):
        for action in (
            "offer",
            "surrender",
            "endorse",
            "request_paper",
            "surrender_for_amendment",
            "present",
            "pledge",
        ):
            refused(act(game, who, action, bill), "rule.wrong_state")
    refused(act(game, "carrier", "split", bill), "rule.wrong_state")
    refused(act(game, "shipper", "release_pledge", bill), "rule.pledgee_signs")
    done(game, "bank", "release_pledge", bill)
    assert game.record(bill).controller == game.id("shipper")
    done(game, "shipper", "surrender", bill)


def test_p26_enforcement_takes_default_notice_and_delay(game):
    bill = titles.into(game, "pledged")
    refused(act(game, "bank", "notify_default", bill), "rule.field_time_has_passed")
    refused(act(game, "bank", "enforce", bill), "rule.delay_has_run")
    game.tick(HOUR + 1)
    done(game, "bank", "notify_default", bill)
    game.tick(DAY)
    refused(act(game, "bank", "notify_default", bill), "rule.field_is_unset")
    game.tick(6 * DAY)
    done(game, "bank", "enforce", bill)
    record = game.record(bill)
    assert (record.controller, record.order_party, record.beneficiary) == (game.id("bank"), game.id("bank"), None)
    done(game, "bank", "surrender", bill)


def test_a_new_pledge_does_not_begin_with_an_old_notice(game):
    bill = titles.into(game, "pledged", "enforce")
    done(game, "bank", "release_pledge", bill)
    done(game, "shipper", "pledge", bill)
    done(game, "bank", "accept_pledge", bill)
    refused(act(game, "bank", "enforce", bill), "rule.delay_has_run")


def test_who_only_holds_a_bill_cannot_pledge_what_it_may_not_claim(game):
    """Else a pledge that is enforced would endorse a bill that its pledgor could not endorse."""
    bill = game.held_bill("shipper")
    game.pass_on(bill, "shipper", "buyer", "possession")
    refused(act(game, "buyer", "pledge", bill), "rule.entitled_to_delivery")


# Joint control


def test_p11_pledgor_and_pledgee_in_joint_control_act_together_or_not_at_all(game):
    bill = game.held_bill("shipper")
    joint = group(game, "shipper", "bank", threshold=2)
    done(game, "shipper", "pledge", bill, group=joint)
    for who in ("shipper", "bank"):
        refused(act(game, who, "accept_pledge", bill), "rule.pending_recipient_signs")
    done(game, "bank", "accept_pledge", bill, also=["shipper"])
    assert game.record(bill).controller == joint
    done(game, "bank", "release_pledge", bill)
    assert game.record(bill).controller == game.id("shipper")


@pytest.mark.parametrize(("members", "threshold"), [(("buyer", "bank"), 2), (("buyer", "bank", "insurer"), 2)])
def test_p11_one_signature_too_few_never_moves_title(game, members, threshold):
    bill, joint = game.held_bill("shipper"), group(game, *members, threshold=threshold)
    done(game, "shipper", "offer", bill, to=joint)
    refused(act(game, members[0], "accept", bill), "rule.pending_recipient_signs")
    done(game, members[0], "accept", bill, also=members[1:threshold])
    assert game.record(bill).controller == game.record(bill).order_party == joint
    for action in ("offer", "surrender", "request_paper", "endorse", "surrender_for_amendment", "present"):
        one = {"to": "shipper"} if action in ("offer", "endorse") else {}
        one |= {"presentee": "shipper"} if action == "present" else {}
        refused(act(game, members[0], action, bill, **one), "rule.controller_signs")
    refused(act(game, "carrier", "split", bill, also=[members[0]]), "rule.controller_signs_too")
    refused(act(game, "carrier", "split", bill, also=["shipper"]), "transaction.not_the_actors_key")
    done(game, members[1], "surrender", bill, also=[members[0]])


# Mandates


def test_an_agent_acts_for_its_principal_until_the_mandate_is_revoked(game):
    bill = game.held_bill("shipper")
    for_shipper = {"represented": game.id("shipper")}
    refused(act(game, "forwarder", "offer", bill, changes=for_shipper), "transaction.no_mandate")
    mandate = grant(game, "shipper", "forwarder", kinds=["bill_of_lading"], actions=["offer", "recall"])
    refused(act(game, "forwarder", "surrender", bill, changes=for_shipper), "transaction.no_mandate")
    refused(act(game, "forwarder", "offer", bill), "rule.controller_signs")
    done(game, "forwarder", "offer", bill, changes=for_shipper)
    done(game, "forwarder", "recall", bill, changes=for_shipper)
    assert game.record(bill).controller == game.id("shipper")
    game.done("shipper", "revoke", mandate)
    refused(act(game, "forwarder", "offer", bill, changes=for_shipper), "transaction.no_mandate")


# Successors


def test_p14_an_amended_bill_and_the_void_one_name_each_other(game):
    old = titles.into(game, "amendment_requested")
    args = titles.arguments(game, "reissue", "carrier", old)
    game.done("carrier", "reissue", old, **args)
    new = args["record"]
    assert (game.record(old).replaced_by, game.record(new).replaces) == ([new], [old])
    assert (game.record(old).controller, game.record(new).controller) == (None, game.id("shipper"))
    assert game.record(old).head == game.record(new).head, "one act did both"


def test_p21_a_refused_amendment_goes_back_to_who_asked(game):
    bill = titles.into(game, "amendment_requested")
    refused(act(game, "carrier", "refuse_amendment", bill, to="thief"), "rule.bad_arguments")
    done(game, "carrier", "refuse_amendment", bill)
    assert game.record(bill).controller == game.id("shipper")


def test_the_carrier_replaces_no_bill_without_its_holder(game):
    bill = game.held_bill("shipper")
    for action in ("split", "switch_bill", "change_destination", "merge"):
        refused(act(game, "carrier", action, bill, also=()), "rule.controller_signs_too")
    refused(act(game, "carrier", "reissue", bill), "rule.wrong_state")
    surrendered = titles.into(game, "amendment_requested")
    refused(act(game, "carrier", "cancel", surrendered, also=()), "rule.controller_signs_too")


def test_another_carrier_replaces_no_bill(game):
    bill = game.held_bill("shipper")
    for action in ("split", "switch_bill", "change_destination", "merge"):
        refused(act(game, "rival", action, bill, also=["shipper"]), "rule.issuer_signs")


def test_a_bill_of_another_carrier_is_not_merged_in(game):
    """Every guard holds of every target: the second bill is the rival's."""
    one, other = game.held_bill("shipper"), game.held_bill("shipper", issuer="rival")
    targets = tuple(Target(id_, game.record(id_).sequence, game.record(id_).head) for id_ in (one, other))
    args = {**titles.new_bill(game), "conservation": digest("c"), "changes": {"targets": targets}}
    refused(game.act("carrier", "merge", one, **args, also=["shipper"]), "rule.issuer_signs")


def test_a_bill_on_hold_is_not_merged_in(game):
    one, other = game.held_bill("shipper"), game.held_bill("shipper")
    done(game, "authority", "hold", other)
    targets = tuple(Target(id_, game.record(id_).sequence, game.record(id_).head) for id_ in (one, other))
    args = {**titles.new_bill(game), "conservation": digest("c"), "changes": {"targets": targets}}
    refused(game.act("carrier", "merge", one, **args, also=["shipper"]), "rule.no_hold")


def test_p20_a_split_bill_is_claimed_part_by_part_and_never_whole(game):
    old = game.held_bill("shipper")
    parts = titles.parts(game, 2)
    done(game, "carrier", "split", old, parts=parts)
    refused(act(game, "shipper", "surrender", old), "rule.wrong_state")
    done(game, "shipper", "surrender", parts[0]["record"])
    game.pass_on(parts[1]["record"], "shipper", "buyer")


# Delivery


def test_p22_parts_are_delivered_up_to_the_last(game):
    bill = titles.into(game, "surrender_accepted")
    for _ in range(3):
        done(game, "carrier", "deliver_part", bill)
    done(game, "carrier", "confirm_delivery", bill, shortage=digest("short"))
    refused(act(game, "carrier", "deliver_part", bill), "rule.wrong_state")


def test_p20_a_surrender_that_was_taken_back_is_not_accepted(game):
    bill = titles.into(game, "surrendered")
    late = game.signed("carrier", "accept_surrender", bill)
    done(game, "shipper", "withdraw_surrender", bill)
    refused(game.submit(late)[0], "transaction.stale_sequence")
    refused(act(game, "shipper", "withdraw_surrender", titles.into(game, "surrender_accepted")), "rule.wrong_state")


# Paper


def test_p17_a_bill_from_paper_says_so_and_takes_its_number(game):
    bill = titles.into(game, "paper_received")
    fields = game.record(bill).fields
    assert (fields["serial"], fields["statement"], fields["endorsements"]) == (
        digest("serial"), digest("statement"), digest("endorsed"),
    )  # fmt: skip
    refused(act(game, "shipper", "accept", bill), "rule.wrong_state")
    done(game, "carrier", "issue_from_paper", bill)
    done(game, "shipper", "accept", bill)
    for name in ("serial", "statement"):
        args = titles.arguments(game, "receive_paper", "carrier", None)
        refused(game.act("carrier", "bill_of_lading.receive_paper", **{**args, name: None}), "rule.bad_arguments")


def test_p18_a_bill_on_paper_is_not_turned_back(game):
    bill = titles.into(game, "paper_requested")
    kept = [game.signed("shipper", "withdraw_paper", bill), game.signed("carrier", "refuse_paper", bill)]
    done(game, "carrier", "to_paper", bill)
    for signed in kept:
        refused(game.submit(signed)[0], "transaction.stale_sequence")
    assert game.record(bill).fields["serial"] == digest("serial")


# Hold and order


@pytest.mark.parametrize(
    ("state", "who", "action"),
    [
        ("issued", "shipper", "accept"), ("issued", "carrier", "void"), ("returned", "carrier", "void"),
        ("offered", "bank", "accept"), ("held", "shipper", "offer"), ("held", "shipper", "pledge"),
        ("held", "shipper", "present"), ("held", "shipper", "endorse"), ("held", "shipper", "surrender"),
        ("held", "shipper", "surrender_for_amendment"), ("held", "shipper", "request_paper"),
        ("held", "carrier", "split"), ("held", "carrier", "switch_bill"), ("held", "carrier", "change_destination"),
        ("held", "carrier", "merge"), ("pledge_offered", "bank", "accept_pledge"),
        ("pledged", "bank", "release_pledge"), ("pledged", "bank", "enforce"),
        ("surrendered", "carrier", "accept_surrender"), ("amendment_requested", "carrier", "reissue"),
        ("amendment_requested", "carrier", "cancel"), ("paper_requested", "carrier", "to_paper"),
        ("paper_received", "carrier", "issue_from_paper"), ("paper_received", "carrier", "return_paper"),
        ("surrender_accepted", "carrier", "deliver_part"), ("surrender_accepted", "carrier", "confirm_delivery"),
    ],
)  # fmt: skip
def test_what_is_on_hold_does_not_move(game, state, who, action):
    bill = titles.into(game, state, action)
    done(game, "authority", "hold", bill)
    refused(act(game, who, action, bill), "rule.no_hold")
    done(game, "authority", "lift_hold", bill)
    done(game, who, action, bill)


@pytest.mark.parametrize("state", [state for state, actions in titles.MAY.items() if "order_transfer" in actions])
def test_an_order_frees_a_bill_that_is_stuck(game, state):
    """Surrendered to a silent carrier, offered, pledged, to the order of somebody outside: the order moves it."""
    bill = titles.into(game, state)
    refused(act(game, "authority", "order_transfer", bill), "rule.holding_authority_signs")
    done(game, "authority", "dispute", bill)
    done(game, "authority", "order_transfer", bill)
    record = game.record(bill)
    assert (record.status, record.controller, record.pending, record.hold, record.pledgee) == (
        "held", game.id("insurer"), None, None, None,
    )  # fmt: skip
    done(game, "insurer", "surrender", bill)


def test_an_order_party_outside_does_not_bury_a_bill(game):
    bill = game.held_bill("shipper", order_party=digest("outside"))
    refused(act(game, "shipper", "surrender", bill), "rule.entitled_to_delivery")
    done(game, "authority", "hold", bill)
    done(game, "authority", "order_transfer", bill, to="buyer")
    done(game, "buyer", "surrender", bill)


def test_an_order_gives_no_bill_to_who_cannot_act(game):
    bill = titles.into(game, "held", "order_transfer")
    refused(act(game, "authority", "order_transfer", bill, to=digest("outside")), "rule.argument_is_active_member")
    game.done("operator", "member.suspend", game.id("insurer"))
    refused(act(game, "authority", "order_transfer", bill), "rule.argument_is_active_member")


# Endorsement


def test_p15_a_nomination_is_completed_by_the_holder_alone_and_names_whom_the_order_party_said(game):
    bill = titles.into(game, "held", "nominate")
    done(game, "shipper", "nominate", bill, to="buyer")
    refused(act(game, "buyer", "endorse_nominee", bill), "rule.controller_signs")
    refused(act(game, "shipper", "endorse_nominee", bill), "rule.controller_signs")
    done(game, "bank", "endorse_nominee", bill)
    record = game.record(bill)
    assert (record.order_party, record.controller, record.nominee) == (game.id("buyer"), game.id("bank"), None)
    refused(act(game, "shipper", "nominate", bill), "rule.order_party_signs")
