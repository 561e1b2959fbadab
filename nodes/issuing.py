"""From a document to the arguments of the act that issues its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.table import RuleTable
from ledger.commitment import commit
from ledger.errors import UsageError
from ledger.hashing import attachment_commitment, number_key, outside_party
from ledger.record import Record
from ledger.strict_json import JsonValue, canonicalise
from nodes.documents.model import Document, Form, Kind, PartyFacts, Role

__all__ = ["Issue", "NoFirstHolder", "NotTheIssuer", "find_party", "issue_arguments"]


class NotTheIssuer(UsageError):
    """The document names another issuer than the member that would issue it."""

    code = "issue.not_the_issuer"
    hint = "issue it from the home of the member that the document names, or mend the document"


class NoFirstHolder(UsageError):
    """The document does not name a member as its first holder."""

    code = "issue.no_first_holder"
    hint = "name the first holder: `lading issue FILE --to MEMBER`"


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


def find_party(party: PartyFacts | None, members: Mapping[bytes, Record]) -> Record | None:
    """The member that a document means: by LEI, else by one of its codes."""
    if party is None:
        return None
    for member in members.values():
        if party.lei and member.fields["lei"] == party.lei:
            return member
    codes = set(party.codes)
    return next((member for member in members.values() if codes & set(member.fields["codes"])), None)


def issue_arguments(
    document: Document,
    issue: Issue,
    actor: Record,
    members: Mapping[bytes, Record],
    table: RuleTable,
    ledger_id: bytes,
    parameters: Mapping[str, str],
) -> dict[str, Any]:
    """The arguments with which `actor` issues the document. Raises `NotTheIssuer` or `NoFirstHolder`."""
    facts = document.facts
    _check_issuer(document, actor, members)
    arguments: dict[str, Any] = {
        "record": issue.record,
        "document": commit(document.leaves(issue.secret)),
        "attachments": [attachment_commitment(issue.secret, digest) for digest in issue.attachments] or None,
        "bound_to": list(issue.bound_to) or None,
        "until": issue.until,
        "law": issue.law or parameters.get("law"),
        "place": issue.place or facts.place or None,
        "rulebook": bytes.fromhex(parameters.get("rulebook", "")),
    }
    if table.number is not None:
        key = number_key(ledger_id, table.number.cls, actor.id, facts.number)
        arguments["number"] = {"at": table.number.at, "class": table.number.cls, "key": key}
    arguments |= _parties(document, issue, members)
    declared = table.actions["issue"].arguments
    return {name: value for name, value in arguments.items() if name in declared and value is not None}


def _check_issuer(document: Document, actor: Record, members: Mapping[bytes, Record]) -> None:
    issuer = document.facts.issuer
    named = find_party(issuer, members)
    if named is not None and named.id == actor.id:
        return
    if named is None and not issuer.lei and not issuer.codes and document.kind is not Kind.BILL_OF_LADING:
        return  # it names its issuer by nothing that can be compared
    who = ", ".join(part for part in (issuer.name, issuer.lei, *issuer.codes) if part)
    raise NotTheIssuer(f"the document is issued by {who}, not by {actor.fields['alias']}", value=who)


def _parties(document: Document, issue: Issue, members: Mapping[bytes, Record]) -> dict[str, Any]:
    facts = document.facts
    if document.kind is Kind.INVOICE:
        buyer = find_party(facts.parties.get(Role.BUYER), members)
        return {"buyer": None if buyer is None else buyer.id}
    if document.kind is Kind.SEA_WAYBILL:
        consignee = find_party(facts.parties.get(Role.CONSIGNEE), members)
        return {"consignee": None if consignee is None else consignee.id}
    if document.kind is not Kind.BILL_OF_LADING:
        return {}
    first = find_party(facts.parties.get(Role.FIRST_HOLDER), members)
    to = issue.to if issue.to is not None else None if first is None else first.id
    if to is None:
        raise NoFirstHolder("nobody in the document is a member that could be its first holder")
    form = facts.form or Form.STRAIGHT
    arguments: dict[str, Any] = {"to": to, "form": form.value}
    if form is Form.ORDER:
        arguments["order_party"] = _reference(facts.parties.get(Role.ORDER_PARTY), issue, members)
    elif form is Form.STRAIGHT:
        arguments["consignee"] = _reference(facts.parties.get(Role.CONSIGNEE), issue, members)
    return arguments


def _reference(party: PartyFacts | None, issue: Issue, members: Mapping[bytes, Record]) -> bytes | None:
    """A member's id, or the salted reference of a party that is none: it can be named, and cannot act."""
    if party is None:
        return None
    member = find_party(party, members)
    if member is not None:
        return member.id
    described: JsonValue = {"name": party.name, "lei": party.lei, "codes": list(party.codes)}
    return outside_party(issue.secret, canonicalise(described))
