"""From a document to the arguments of the act that issues its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.table import NEW, Action, RuleTable
from ledger.commitment import commit
from ledger.errors import UsageError
from ledger.hashing import attachment_commitment, number_key, outside_party
from ledger.record import Record
from ledger.strict_json import JsonValue, canonicalise
from nodes.documents.model import Document, Form, Kind, PartyFacts, Role
from nodes.documents.read import has_reader

__all__ = [
    "CLAUSE",
    "CONTAINER",
    "ArgumentMissing",
    "ChoiceMissing",
    "Issue",
    "NoFirstHolder",
    "NoSuchBeginning",
    "NoSuchKind",
    "NotForThisKind",
    "NotTheIssuer",
    "beginning",
    "find_party",
    "issue_arguments",
    "kind_named",
    "outsiders",
    "title_arguments",
]


CLAUSE: Final = "BIMCO-EBILL-2025"
"""The electronic-bill clause of the contract of carriage that an issue names, unless another is given."""
CONTAINER: Final = "container"
"""The class of a container's number under a bill of lading."""


class NotTheIssuer(UsageError):
    """The document names another issuer than the member that would issue it."""

    code = "issue.not_the_issuer"
    hint = "issue it from the home of the member that the document names, or mend the document"


class NoFirstHolder(UsageError):
    """The document does not name a member as its first holder."""

    code = "issue.no_first_holder"
    hint = "name the first holder: `lading issue FILE --to MEMBER`"


class NotForThisKind(UsageError):
    """Something was chosen that records of this kind do not have."""

    code = "issue.not_for_this_kind"
    hint = "leave the option out; `lading rules show KIND` lists what an issue takes"


_CHOICES: Final = {
    "law": ("governing law", "give `--law CODE`, an ISO 3166 code such as SG; `lading init --law` sets a ledger's own"),
    "place": ("place of issue", "give `--place CODE`, a UN/LOCODE such as CNSHA, or put it into the document"),
}
"""What an issue needs: how it is called, and how it is given."""


class ChoiceMissing(UsageError):
    """Neither the person, nor the document, nor the ledger says under which law or where it is issued."""

    code = "issue.choice_missing"
    hint = "give `--law CODE` (such as SG) or `--place CODE` (a UN/LOCODE such as CNSHA)"


class NoSuchKind(UsageError):
    """No kind of document has this name."""

    code = "issue.no_such_kind"
    hint = f"the kinds are {', '.join(Kind)}"


class NoSuchBeginning(UsageError):
    """No action of this name makes a record of this kind, or several do and none is named."""

    code = "issue.no_such_action"
    hint = "name one with `--action`; `lading rules show KIND` lists the actions of a kind"


class ArgumentMissing(UsageError):
    """The action takes an argument that nobody gave."""

    code = "issue.argument_missing"
    hint = "give it as `--arg NAME=VALUE`; `lading rules show KIND` says what each means"


@dataclass(frozen=True, slots=True)
class Issue:
    """What a person chooses beside the document."""

    record: bytes
    secret: bytes
    to: bytes | None = None
    bound_to: Sequence[bytes] = ()
    until: int | None = None
    law: str = ""
    place: str = ""
    attachments: Sequence[bytes] = ()
    """SHA-256 of each file that goes with the document."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that the person gives by name."""


def kind_named(name: str) -> Kind:
    """The kind of document that `name` means. Raises `NoSuchKind`."""
    try:
        return Kind(name.replace("-", "_"))
    except ValueError:
        raise NoSuchKind("no kind of document has this name", value=name) from None


def find_party(party: PartyFacts | None, members: Mapping[bytes, Record]) -> Record | None:
    """The member that a document means: by LEI, else by one of its codes."""
    if party is None:
        return None
    for member in members.values():
        if party.lei and member.fields["lei"] == party.lei:
            return member
    codes = set(party.codes)
    return next((member for member in members.values() if codes & set(member.fields["codes"])), None)


def beginning(table: RuleTable, name: str = "") -> Action:
    """The action that makes a record: the named one, else `issue`, else the only one. Raises `NoSuchBeginning`."""
    found = {action.name: action for action in table.actions.values() if NEW in action.moves}
    if not name:
        name = "issue" if "issue" in found else next(iter(found), "") if len(found) == 1 else ""
    if name not in found:
        known = ", ".join(sorted(found)) or "nothing"
        raise NoSuchBeginning(f"a {table.title.lower()} begins with {known}", value=name or None)
    return found[name]


def issue_arguments(
    document: Document | None,
    issue: Issue,
    actor: Record,
    members: Mapping[bytes, Record],
    table: RuleTable,
    action: Action,
    ledger_id: bytes,
    parameters: Mapping[str, str],
) -> dict[str, Any]:
    """The arguments with which `actor` issues the document, or makes a record without one by `action`.

    Raises `NotTheIssuer`, `NoFirstHolder`, `NotForThisKind`, `ChoiceMissing` or `ArgumentMissing`.
    """
    declared = action.arguments
    if document is not None:
        _check_issuer(document, actor, members)
    _check_choices(issue, table, action, document)
    arguments: dict[str, Any] = {
        "record": issue.record,
        "document": None if document is None else commit(document.leaves(issue.secret)),
        "attachments": [attachment_commitment(issue.secret, digest) for digest in issue.attachments] or None,
        "bound_to": list(issue.bound_to) or None,
        "until": issue.until,
        "expires": issue.until,
        "law": issue.law or parameters.get("law"),
        "place": issue.place or None,
        "rulebook": bytes.fromhex(parameters.get("rulebook", "")),
        "clause": CLAUSE,
        "to": issue.to,
    }
    if document is not None:
        arguments |= _of_document(document, issue, actor, members, table, ledger_id)
    arguments |= issue.given
    found = {name: value for name, value in arguments.items() if name in declared and value is not None}
    _check_all_given(found, table, action, "" if document is None else document.facts.number)
    return found


def _of_document(
    document: Document,
    issue: Issue,
    actor: Record,
    members: Mapping[bytes, Record],
    table: RuleTable,
    ledger_id: bytes,
) -> dict[str, Any]:
    """What the document says."""
    arguments: dict[str, Any] = {"place": issue.place or document.facts.place or None}
    if table.number is not None:
        key = number_key(ledger_id, table.number.cls, actor.id, document.facts.number)
        arguments["number"] = {"at": table.number.at, "class": table.number.cls, "key": key}
    return arguments | _parties(document, issue, members, ledger_id)


def _check_all_given(arguments: Mapping[str, Any], table: RuleTable, action: Action, number: str) -> None:
    for name, of in action.arguments.items():
        if of.optional or name in arguments:
            continue
        what = table.title.lower()
        if name == "to" and table.kind == Kind.BILL_OF_LADING:
            raise NoFirstHolder("nobody in the document is a member that could be its first holder")
        if name in _CHOICES:
            raise ChoiceMissing(f"the {what} needs its {_CHOICES[name][0]}", value=number, hint=_CHOICES[name][1])
        raise ArgumentMissing(f"the {action.name} of a {what} needs {name}: {of.about}", value=name)


def _check_choices(issue: Issue, table: RuleTable, action: Action, document: Document | None) -> None:
    """What a person chose is never dropped in silence."""
    chosen: dict[str, tuple[object, tuple[str, ...]]] = {
        "--to": (issue.to, ("to",)),
        "--with": (issue.bound_to, ("bound_to",)),
        "--until": (issue.until, ("until", "expires")),
        "--law": (issue.law, ("law",)),
        "--place": (issue.place, ("place",)),
        "--attach": (issue.attachments, ("attachments",)),
    }
    declared = set(action.arguments)
    for option, (value, names) in chosen.items():
        if value and (not declared.intersection(names) or (option == "--attach" and document is None)):
            raise NotForThisKind(f"the issue of a {table.title.lower()} takes no {option}", value=option)


def _check_issuer(document: Document, actor: Record, members: Mapping[bytes, Record]) -> None:
    issuer = document.facts.issuer
    named = find_party(issuer, members)
    if not has_reader(document.kind) or (named is not None and named.id == actor.id):
        return
    if named is None and not issuer.lei and not issuer.codes and document.kind is not Kind.BILL_OF_LADING:
        return  # it names its issuer by nothing that can be compared
    who = ", ".join(part for part in (issuer.name, issuer.lei, *issuer.codes) if part)
    raise NotTheIssuer(f"the document is issued by {who}, not by {actor.fields['alias']}", value=who)


def _member_id(party: PartyFacts | None, members: Mapping[bytes, Record]) -> bytes | None:
    member = find_party(party, members)
    return None if member is None else member.id


def _first_holder(document: Document, issue: Issue, members: Mapping[bytes, Record]) -> bytes | None:
    return issue.to if issue.to is not None else _member_id(document.facts.parties.get(Role.FIRST_HOLDER), members)


def _container_key(document: Document, issue: Issue, ledger_id: bytes) -> bytes | None:
    """The key of the document's container under the bill that is given: a number key with the bill as its issuer."""
    bill, container = issue.given.get("bill"), document.facts.container
    return number_key(ledger_id, CONTAINER, bill, container) if type(bill) is bytes and container else None


def _parties(document: Document, issue: Issue, members: Mapping[bytes, Record], ledger_id: bytes) -> dict[str, Any]:
    facts = document.facts
    if document.kind is Kind.INVOICE:
        buyer = find_party(facts.parties.get(Role.BUYER), members)
        return {"buyer": None if buyer is None else buyer.id}
    if document.kind is Kind.SEA_WAYBILL:
        consignee = find_party(facts.parties.get(Role.CONSIGNEE), members)
        return {"consignee": None if consignee is None else consignee.id}
    if document.kind is Kind.AIR_WAYBILL:
        return {"consignee": _member_id(facts.parties.get(Role.CONSIGNEE), members)}
    if document.kind is Kind.WAREHOUSE_RECEIPT:
        return {"to": _first_holder(document, issue, members), **title_arguments(document, issue.secret, members)}
    if document.kind is Kind.DELIVERY_ORDER:
        return {
            "to": _first_holder(document, issue, members),
            "depot": _member_id(facts.parties.get(Role.DEPOT), members),
            "container": _container_key(document, issue, ledger_id),
            "release_until": facts.valid_until,
        }
    if document.kind is not Kind.BILL_OF_LADING:
        return {}
    first, shipper = (find_party(facts.parties.get(role), members) for role in (Role.FIRST_HOLDER, Role.SHIPPER))
    to = issue.to if issue.to is not None else None if first is None else first.id
    named = {"to": to, "shipper": None if shipper is None else shipper.id}
    return {**named, **title_arguments(document, issue.secret, members)}


def title_arguments(document: Document, secret: bytes, members: Mapping[bytes, Record]) -> dict[str, Any]:
    """How title to a bill passes, as its document says: the form, and the order party or the consignee."""
    facts = document.facts
    form = facts.form or Form.STRAIGHT
    arguments: dict[str, Any] = {"form": form.value}
    if form is Form.ORDER:
        arguments["order_party"] = _reference(facts.parties.get(Role.ORDER_PARTY), secret, members)
    elif form is Form.STRAIGHT:
        arguments["consignee"] = _reference(facts.parties.get(Role.CONSIGNEE), secret, members)
    return arguments


def outsiders(document: Document, members: Mapping[bytes, Record]) -> list[tuple[Role, PartyFacts]]:
    """The party that alone can pass title to the bill or claim its goods, if it is no member and so cannot act here."""
    forms = {Form.ORDER: Role.ORDER_PARTY, Form.STRAIGHT: Role.CONSIGNEE}
    if document.kind is not Kind.BILL_OF_LADING:
        return []
    role = forms.get(document.facts.form or Form.STRAIGHT)
    party = None if role is None else document.facts.parties.get(role)
    return [] if role is None or party is None or find_party(party, members) is not None else [(role, party)]


def _reference(party: PartyFacts | None, secret: bytes, members: Mapping[bytes, Record]) -> bytes | None:
    """A member's id, or the salted reference of a party that is none: it can be named, and cannot act."""
    if party is None:
        return None
    member = find_party(party, members)
    if member is not None:
        return member.id
    described: JsonValue = {"name": party.name, "lei": party.lei, "codes": list(party.codes)}
    return outside_party(secret, canonicalise(described))
