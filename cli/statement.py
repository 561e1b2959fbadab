"""What a person is about to sign, in words, on stderr.

sign as shipper: Example Goods Ltd (shipper) offers bill of lading 3f0c41b6e6c1 (number JWCL26110437) to Example Bank
  (bank) (endorsed to it), and gives up control …
  bill_of_lading.offer@1 on 3f0c41b6e6c1 at sequence 2, until 2026-03-01T13:00:00Z

Who signs stands first; where governors sign an act together, the sentence names the one who began it. A text to which
the act commits stands below it, such as `reason: interim order 17`, where it is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ledger.errors import LadingError
from ledger.hashing import HASH_SIZE
from ledger.succession import made_by

from .output import Screen, moment, printable, short
from .parties import name_of

if TYPE_CHECKING:
    from contracts.table import RuleTable
    from ledger.transaction import Transaction
    from nodes.desk import Desk
    from nodes.reader import LedgerReader

_MODES = {"endorse": "endorsed to it", "blank": "endorsed in blank", "possession": "possession only"}
_LINE = 400
"""How much of a text is shown, in characters."""

__all__ = ["show_statement"]


def show_statement(screen: Screen, transaction: Transaction, reader: LedgerReader, desk: Desk) -> None:
    """Print what `transaction` says, before `desk` signs it. Raises `UnknownAction` for one that no table has."""
    from nodes.lookup import alias_of, members_among

    targets, (kind, _, name) = transaction.targets, transaction.action.partition(".")
    record = reader.find(targets[0].record) if targets else None
    table = reader.rules.table(kind, None if record is None else reader.rules.standing(record)[0])
    parties = [one for one in _values(transaction) if type(one) is bytes]
    known = [desk.member, transaction.actor, *parties, *(target.record for target in targets)]
    members = members_among(reader, known)
    names = {member_id: alias_of(member_id, members) for member_id in members}
    on = "".join(f" on {names.get(one.record, short(one.record))} at sequence {one.sequence}" for one in targets)
    full = {member_id: f"{name_of(member)} ({names[member_id]})" for member_id, member in members.items()}
    full |= {group: text for group in parties if (text := _group(reader, group))}
    screen.say(f"sign as {alias_of(desk.member, members)}: {printable(_sentence(table, transaction, full, desk))}")
    screen.say(f"  {transaction.statement}{on}, until {moment(transaction.valid_until)}")
    declared = table.actions[name]
    number = desk.number_of(next(iter(made_by(transaction)), _record_of(transaction)))
    rest = [
        printable(_argument(key, value, declared.arguments[key].type, names, number))
        for key, value in transaction.arguments.items()
        if "{" + key + "}" not in declared.statement and key in declared.arguments
    ]
    if rest:
        screen.say(f"  with {', '.join(rest)}")
    for key, value in transaction.arguments.items():
        text = desk.text_of(value) if type(value) is bytes else ""
        if text:
            screen.say(f"  {key}: {printable(_in_words(text))}")


def _in_words(text: str) -> str:
    """A text on one line: of a statement for programs what it comes to, of any other as much as one reads at once."""
    from nodes.documents.conservation import conserved_in_words
    from nodes.documents.difference import Difference

    if not text.startswith('{"'):
        line = " ".join(text.split())
        return line if len(line) <= _LINE else f"{line[:_LINE]}…"
    try:
        stated = Difference.decode(text)
    except LadingError:
        return conserved_in_words(text) or "a statement for programs"
    many = len(stated.changes)
    return f"{many} field{'s' if many != 1 else ''} changed" + (
        f", because: {stated.why[:_LINE]}" if stated.why else ""
    )


def _values(transaction: Transaction) -> Iterator[Any]:
    """The arguments, and what stands in lists of them."""
    for value in transaction.arguments.values():
        yield from value if isinstance(value, list) else (value,)


def _group(reader: LedgerReader, party: bytes) -> str:
    """A group in joint control with its members, or an empty text for any other party."""
    from contracts.parties import GROUP
    from nodes.lookup import alias_of, members_among

    record = reader.find(party)
    if record is None or record.kind != GROUP:
        return ""
    members = members_among(reader, record.fields["members"])
    names = ", ".join(alias_of(one, members) for one in record.fields["members"])
    return f"group {short(party)} ({record.fields['threshold']} of {names})"


def _record_of(transaction: Transaction) -> bytes:
    """The record that it is about: the one that it moves, or the one that it makes."""
    record = transaction.targets[0].record if transaction.targets else transaction.arguments.get("record")
    return record if type(record) is bytes else b""


def _sentence(table: RuleTable, transaction: Transaction, names: Mapping[bytes, str], desk: Desk) -> str:
    """The statement as a person reads it: words for the mode, the document's number beside the record's id."""
    from contracts.lawyer import render_statement

    arguments = dict(transaction.arguments)
    if arguments.get("mode") in _MODES:
        arguments["mode"] = _MODES[arguments["mode"]]
    if transaction.represented is not None:
        principal = names.get(transaction.represented) or short(transaction.represented)
        names = {**names, transaction.actor: f"{names.get(transaction.actor, '')}, for {principal},"}
    if type(arguments.get("parts")) is list:
        arguments["parts"] = made_by(transaction)
    sentence = render_statement(table, transaction._replace(arguments=arguments), names)
    for value in (_record_of(transaction), *made_by(transaction), *arguments.values()):
        if type(value) is bytes and len(value) == HASH_SIZE:
            sentence = sentence.replace(value.hex(), _named(value, desk))
    return sentence


def _named(record: bytes, desk: Desk) -> str:
    """A record by the number of its document where this member has it, with the beginning of its id; else whole."""
    number = desk.number_of(record)
    return f"{short(record)} (number {number})" if number else record.hex()


def _argument(key: str, value: Any, kind: str, names: Mapping[bytes, str], number: str) -> str:
    if kind == "number" and isinstance(value, dict):
        commitment = f"(commitment {_shown(value.get('key'), 'hash', names)})"
        return f"number {number} {commitment}" if number else f"number {commitment}"
    return f"{key}={_shown(value, kind, names)}"


def _shown(value: Any, kind: str, names: Mapping[bytes, str]) -> str:
    """An argument in a few characters."""
    if isinstance(value, bytes):
        return names.get(value, short(value))
    if kind == "time" and isinstance(value, int):
        return moment(value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {one}" for key, one in value.items()) or "-"
    if isinstance(value, list):
        return "; ".join(_shown(one, kind, names) for one in value) or "-"
    return "-" if value in (None, "") else str(value)
