"""A table as a lawyer reads it: complete, in an order for reading, the same from YAML and from the log."""

from __future__ import annotations

import re

import pytest
from support.game import RULEBOOK, Game, refused, shipped_tables
from support.members import digest

from contracts import lawyer_top
from contracts.lawyer import describe, ordered_actions, ordered_states, render_statement, state_diagram
from contracts.reading_order import grouped_actions
from contracts.refusals import StatementMismatch, UnknownAction
from contracts.table import RuleTable
from contracts.vocabulary import GUARDS

BILL = next(table for table in shipped_tables() if table.kind == "bill_of_lading")
INVOICE = next(table for table in shipped_tables() if table.kind == "invoice")
every_table = pytest.mark.parametrize("table", shipped_tables(), ids=lambda table: table.kind)


@pytest.fixture(scope="module")
def game():
    return Game()


@every_table
def test_a_table_from_the_log_reads_as_the_one_from_yaml(table):
    assert describe(RuleTable.decode(table.encode())) == describe(table)


@every_table
def test_every_state_and_action_is_there_once(table):
    assert sorted(ordered_states(table)) == sorted(table.states)
    assert sorted(action.name for action in ordered_actions(table)) == sorted(table.actions)
    text = describe(table)
    assert re.findall(r"^### (.*)$", text, re.MULTILINE) == [
        action.name for _, actions in grouped_actions(table) for action in actions
    ]
    assert "\n\n\n" not in text


@every_table
def test_every_sentence_of_an_action_is_there(table):
    sections = describe(table).split("\n### ")
    for action in table.actions.values():
        section = next(one for one in sections if one.startswith(f"{action.name}\n"))
        assert action.exception in section
        for primitive in (*action.guards, *action.effects):
            assert f"(`{primitive.name}`)" in section
        for name in action.arguments:
            assert f"| `{name}`" in section
        for start, end in action.moves.items():
            assert f"{'no record' if start == 'new' else f'`{start}`'} → `{end}`" in section
        assert not re.search(r"\{\w*\}", section)


def test_no_sentence_is_left_with_a_parameter_to_fill():
    text = describe(BILL)
    assert "control is offered to `to`, for transfer (`offer_to@1`)" in text
    assert "for surrender for delivery (`offer_to_issuer@1`)" in text
    assert "`rulebook` is the ledger's `rulebook` (`argument_equals_parameter@1`)" in text
    assert "a member with the role carrier (`role@1`)" in text


def test_the_order_is_that_of_an_invoices_life():
    assert ordered_states(INVOICE) == ["issued", "finance_requested", "financed", "cancelled", "settled"]
    assert [action.name for action in ordered_actions(INVOICE)] == [
        "issue", "acknowledge", "request_finance", "cancel", "settle", "decline", "finance", "withdraw_request",
    ]  # fmt: skip


def test_what_belongs_together_stands_together_from_the_beginning_of_a_record_to_its_end():
    groups = grouped_actions(BILL)
    assert [title for title, _ in groups] == [
        "creation", "drafting", "life", "presentation", "endorsement", "paper", "succession", "pledge", "amendment",
        "hold", "end",
    ]  # fmt: skip
    assert [action.name for action in groups[2][1]][:5] == ["accept", "expire", "recall", "reject", "offer"]
    assert [action.name for action in groups[-1][1]] == ["void", "confirm_delivery"]
    titles = re.findall(r"^## Actions: (.*)$", describe(BILL), re.MULTILINE)
    assert titles == [title for title, _ in groups]


def part(text, title):
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_named_exceptions_stand_at_the_top_and_at_their_actions():
    title = "Where control moves, or the record ends, without the signature of the party in control"
    text = describe(BILL)
    listed = re.findall(r"^- `(\w+)` \(in .*, to `(\w+)`\), by", part(text, title), re.MULTILINE)
    assert listed == [
        ("to_paper", "on_paper"), ("enforce", "held"), ("release_pledge", "held"), ("reissue", "replaced"),
        ("order_transfer", "held"), ("order_close", "closed"), ("order_void", "void"),
    ]  # fmt: skip
    assert "- **Exception** (no signature of the party in control): the holder asked for it, and could take" in text
    assert text.index(title) < text.index("## Who may do what") < text.index("## States")
    assert "The table names no such action.\n" in part(describe(INVOICE), title)


@every_table
def test_the_index_names_every_action_under_every_party_that_may_act(table):
    listed = part(describe(table), "Who may do what")
    for action in table.actions.values():
        parties = [lawyer_top.filled(GUARDS[one.name].who, one) for one in action.guards if GUARDS[one.name].who]
        for party in parties or ["any member"]:
            blocks = {one.split("**")[0].lower(): one for one in listed.replace("\n- **", "\n-- ").split("\n-- ")}
            block = blocks[party.lower()]
            assert f"  - `{action.name}`: " in block
            assert ("no record yet" in block) or "new" not in action.moves
        signs_too = any(one.name in lawyer_top.CONSENTS for one in action.guards)
        assert (f"  - signs `{action.name}` too: " in listed) == signs_too


def test_the_index_says_what_the_order_party_and_the_pledgee_may_do():
    listed = part(describe(BILL), "Who may do what")
    assert listed.startswith("\n- **The party in control of the record**, its holder\n")
    assert "- **The pledgee**\n  - `enforce`: in `pledged`\n" in listed
    assert (
        "- **The party to whose order the bill stands**\n  - `endorse_in_blank`: in `held`, being also the party in "
        "control of the record\n  - `nominate`: in `held`\n"
    ) in listed
    assert "  - `hold`: in every state but `draft`, `approved` and the ends\n" in listed
    assert "- **Any member**\n  - `expire`: in `issued`, `offered`" in listed
    assert lawyer_top.CONSENTS.keys() <= GUARDS.keys()


def test_the_ledgers_values_are_said_in_days():
    shipped, own = describe(BILL), describe(BILL, {"max_lock": "3600000", "pledge_delay": "0x"})
    assert "| `max_lock` | 30 days | " in part(shipped, "Values that the ledger sets")
    assert "| `max_lock` | 1 hour | " in part(own, "Values that the ledger sets")
    assert "| `pledge_delay` | 7 days | " in part(own, "Values that the ledger sets")
    assert "no further ahead than the ledger's `max_lock` (1 hour) (`argument_is_within@1`)" in own
    assert "## Values that the ledger sets" not in describe(INVOICE)


def test_words_of_law_stand_before_types_and_no_source_of_a_diagram():
    text = describe(BILL)
    assert "| `document` | a hash (SHA-256) | " in text
    assert "| `due` (optional) | a time | " in text
    assert "mermaid" not in text
    assert "```mermaid\nstateDiagram-v2\n" in describe(BILL, diagram=True)


def test_an_action_without_effects_says_so():
    sections = describe(BILL).split("\n### ")
    assert "- **Effect**\n  - nothing but the record of it\n" in next(one for one in sections if one[:7] == "comment")
    assert "- **Effect**\n  - nothing but the new state, and the record of it\n" in "".join(
        describe(table) for table in shipped_tables()
    )


def test_the_diagram():
    assert (
        state_diagram(INVOICE)
        == """\
stateDiagram-v2
    [*] --> issued: issue
    issued --> issued: acknowledge
    issued --> finance_requested: request_finance
    issued --> cancelled: cancel
    issued --> settled: settle
    finance_requested --> finance_requested: acknowledge
    finance_requested --> issued: decline, withdraw_request
    finance_requested --> financed: finance
    financed --> financed: acknowledge
    financed --> settled: settle
    cancelled --> [*]
    settled --> [*]
"""
    )


def test_one_action_in_full():
    section = next(one for one in describe(BILL).split("\n### ") if one.startswith("surrender\n"))
    assert (
        section
        == """\
surrender

The holder presents the bill to the carrier and claims the goods.

- **Who**: the party in control of the record (`controller_signs@1`)
- **State**: `held` → `surrendered`
- **Provided that**
  - the record is not on hold (`no_hold@1`)
  - no presentation lock is running (`not_locked@1`)
  - the actor may claim the goods: it is the consignee of a straight bill, the party to whose order a bill stands, \
or the holder of a bill endorsed in blank (`entitled_to_delivery@1`)
- **Effect**
  - the record is presented to its issuer, for surrender for delivery (`offer_to_issuer@1`)

> *actor* surrenders bill of lading *record* to the carrier and claims delivery of the goods.
"""
    )


def test_who_may_act_where_two_guards_say_it():
    text = describe(BILL)
    assert (
        "- **Who**: the issuer of the record (`issuer_signs@1`), who is also the party in control of the record "
        "(`controller_signs@1`)\n"
    ) in text
    assert text.count("- **Who**: any member\n") == 1  # expire


def test_a_sentence_with_bars_stays_one_cell():
    plain = dict(BILL.plain)
    plain["states"] = {**plain["states"], "held": {"about": "a | b <c> *d*"}}
    assert "| `held` | a \\| b \\<c> \\*d\\* |" in describe(RuleTable.from_plain(plain))


# Statements


def names(game):
    return {member.id: alias for alias, member in game.members.items()}


def test_the_statement_of_an_offer(game):
    bill = game.held_bill("shipper")
    transaction = game.transaction("shipper", "offer", bill, to="bank", mode="endorse")
    assert render_statement(BILL, transaction, names(game)) == (
        f"shipper offers bill of lading {bill.hex()} to bank (endorse), and gives up control of it when bank accepts."
    )


def test_the_statement_of_an_issue_shows_hashes_whole(game):
    args = game.bill_arguments()
    transaction = game.transaction("carrier", "bill_of_lading.issue", **args)
    assert render_statement(BILL, transaction, names(game)) == (
        f"carrier issues bill of lading {args['record'].hex()} (order) for document {args['document'].hex()} to "
        f"shipper, under the law of SG, the rulebook {RULEBOOK.hex()} and the clause BIMCO-EBILL-2025, and gives up "
        "control of it when shipper accepts."
    )


def test_a_party_without_a_name_is_shown_by_its_first_digits(game):
    bill = game.held_bill("shipper")
    transaction = game.transaction("shipper", "surrender", bill)
    assert render_statement(BILL, transaction, {}).startswith(f"{game.id('shipper').hex()[:12]} surrenders ")


@pytest.mark.parametrize(
    ("type_", "value", "shown"),
    [
        ("time", 1_764_000_000_000, "2025-11-24T16:00:00Z"),
        ("time", None, "nothing"),
        ("code", "SG", "SG"),
        ("hash", digest("x"), digest("x").hex()),
        ("id", digest("x"), digest("x").hex()),
        ("party", digest("x"), digest("x").hex()[:12]),
        ("texts", ["a", "b"], "a, b"),
        ("ids", [bytes(32)], "00" * 32),
        ("names", {"en": "A", "zh": "新"}, "en: A, zh: 新"),
        ("text", "{actor} {x}", "{actor} {x}"),
    ],
)
def test_every_kind_of_argument_has_its_form(game, type_, value, shown):
    plain = dict(BILL.plain)
    surrender = plain["actions"]["surrender"]
    argument = {"x": {"type": type_, "optional": True, "about": "a"}}
    plain["actions"] = {**plain["actions"], "surrender": {**surrender, "arguments": argument, "statement": "<{x}>"}}
    bill = game.held_bill("shipper")
    transaction = game.transaction("shipper", "surrender", bill, x=value)
    assert render_statement(RuleTable.from_plain(plain), transaction, names(game)) == f"<{shown}>"


def test_a_statement_is_that_of_its_table_and_version(game):
    bill = game.held_bill("shipper")
    transaction = game.transaction("shipper", "surrender", bill)
    for action in ("bill_of_lading.sell", "invoice.settle", "surrender"):
        with pytest.raises(UnknownAction):
            render_statement(BILL, transaction._replace(action=action), {})
    with pytest.raises(StatementMismatch):
        render_statement(BILL, transaction._replace(statement="bill_of_lading.surrender@2"), {})


@every_table
def test_every_statement_of_an_accepted_act_can_be_rendered(game, table):
    for action in table.actions.values():
        arguments = {name: {"party": bytes(32)}.get(of.type, "x") for name, of in action.arguments.items()}
        transaction = game.transaction("bank", f"{table.kind}.{action.name}", None)._replace(arguments=arguments)
        sentence = render_statement(table, transaction, names(game))
        assert sentence.startswith("bank ")
        assert "{" not in sentence


def test_a_page_of_a_refusal_can_be_found(game):
    """From a refusal to the rule: the page has a heading for the action, and the guard in it."""
    bill = game.held_bill("shipper")
    error = refused(game.act("bank", "surrender", bill), "rule.controller_signs")
    kind, action = error.rule.split(".")
    page = describe(game.rules.table(kind))
    assert f"### {action}\n" in page
    assert f"(`{error.guard}`)" in page
