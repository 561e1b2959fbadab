"""`lading show`: everything about one record, in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import LadingError

from .context import READING, Session, command, now_ms
from .output import moment, short
from .parties import RecordWord
from .read_difference import difference_facts, links, records_named
from .reading import Papers, kind_text, papers, pending_facts, pending_text, state_text

if TYPE_CHECKING:
    from ledger.record import Record
    from nodes.parcel import DocumentPackage
    from nodes.possible import Possible
    from nodes.vault import Vault

__all__ = ["register", "show"]

_Out = Annotated[
    Path | None,
    typer.Option("--document", metavar="FILE", help="Write the original document out of the vault into this new file."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, show, panel=READING)


def show(session: Session, record: RecordWord, *, document: _Out = None) -> None:
    """Show a record: its state and what it means, who is in control, what can be done now and by whom."""
    from nodes.expiring import expiry_of
    from nodes.lookup import find_record
    from nodes.possible import possible_actions

    with papers(session) as shown:
        found = find_record(shown.reader, record, shown.vault)
        package = _package(shown, found, needed=document is not None)
        if document is not None and package is not None:
            _write_out(document, package)
            session.screen.say(f"wrote {document}, {len(package.original):,} bytes")
        time = max(now_ms(), shown.reader.head.time)  # the ledger's time if somebody acted now
        allowed = possible_actions(shown.reader.rules, found, time, shown.reader.find)
        possible = [one for one in allowed if not one.not_now]
        value = _facts(found, shown, package, possible, time)
        value["not_now"] = [{"action": one.action, "why": one.not_now} for one in allowed if one.not_now]
        session.screen.result(value, "\n".join(_lines(value, found, shown, time)))
        for said in expiry_of(shown.reader, found, time):
            session.screen.warn(said)
        if possible:
            session.screen.line("\nWhat can be done now")
            session.screen.table(
                ("action", "by", "what it is"),
                [(one.action.replace("_", " "), _by(one, shown), one.about) for one in possible],
            )
        if value["not_now"]:
            session.screen.line("\nNot now")
            for why, actions in _by_reason(value["not_now"]).items():
                session.screen.line(f"  {', '.join(actions)}: {why}")


def _by_reason(not_now: list[dict[str, str]]) -> dict[str, list[str]]:
    """What cannot be done now, by why: many actions may lack the same."""
    found: dict[str, list[str]] = {}
    for one in not_now:
        found.setdefault(one["why"], []).append(one["action"].replace("_", " "))
    return found


def _package(shown: Papers, record: Record, *, needed: bool) -> DocumentPackage | None:
    """The record's document in the vault. Raises `NoDocument` or `NoPassphrase` where it is needed."""
    from nodes.passphrase import NoPassphrase
    from nodes.vault import NoDocument

    if shown.vault is None:
        if needed:
            raise NoPassphrase("the vault is not open, so no document can be taken out of it")
        return None
    try:
        return shown.vault.get(record.id)
    except NoDocument:
        if needed:
            raise
        return None


def _write_out(path: Path, package: DocumentPackage) -> None:
    from nodes.files import SECRET, write_atomic

    write_atomic(path, package.original, mode=SECRET, exclusive=True)


def _facts(
    record: Record, shown: Papers, package: DocumentPackage | None, possible: list[Possible], time: int
) -> dict[str, Any]:
    version, status = shown.reader.rules.standing(record)
    table = shown.reader.rules.tables.get((record.kind, version))
    state = table.states.get(status) if table else None
    labels = {} if package is None else dict(package.labels)
    return {
        "record": record.id.hex(),
        "kind": record.kind,
        "version": record.version,
        "number": labels.get("number"),
        "status": status,
        "meaning": state.about if state else None,
        "is_end": state.terminal if state else None,
        "controller": shown.full_facts(record.controller),
        "since": moment(record.since),
        "issuer": shown.full_facts(record.issuer),
        "order_party": shown.facts(record.order_party),
        "nominee": shown.facts(record.nominee),
        "beneficiary": shown.facts(record.beneficiary),
        "pledgee": shown.facts(record.pledgee),
        "hold": shown.facts(record.hold),
        **links(record),
        "pending": pending_facts(record.pending, shown, time),
        "locked_until": None if record.locked_until is None else moment(record.locked_until),
        "sequence": record.sequence,
        "head": record.head.hex(),
        "entry": record.entry,
        "document": None if record.document is None else record.document.hex(),
        "fields": {name: _plain(value) for name, value in record.fields.items()},
        "bound_by": [{"record": other.id.hex(), "kind": other.kind} for other in _bound_by(record, shown)],
        "possible": [
            {
                "action": one.action,
                "about": one.about,
                "who": one.who,
                "parties": [shown.facts(party) for party in one.parties],
                "conditions": list(one.conditions),
                "leads_to": one.leads_to,
            }
            for one in possible
        ],
        "vault": _vault_facts(record, shown, package),
    }


def _bound_by(record: Record, shown: Papers) -> list[Record]:
    """The records that name this one in their `bound_to`."""
    from ledger.record import Record as RecordType

    found = []
    for _, _, item in shown.reader.store.all_items():
        if record.id in item.content and not item.content.startswith(b"\x93"):
            other = RecordType.decode(item.content)
            if record.id in other.fields.get("bound_to", []):
                found.append(other)
    return found


def _vault_facts(record: Record, shown: Papers, package: DocumentPackage | None) -> dict[str, Any] | None:
    """What this member has of a record in its vault; None where the vault is not open."""
    if shown.vault is None:
        return None
    return {
        "document": None
        if package is None
        else {
            "media_type": package.media_type,
            "size": len(package.original),
            "labels": dict(package.labels),
            "findings": _findings(package),
        },
        "attachments": [
            {"name": file.name, "media_type": file.media_type, "size": file.size, "sha256": file.sha256.hex()}
            for file in shown.vault.attachments(record.id)
        ],
        "notes": _notes(record, shown, shown.vault),
        "difference": _changes(record, shown, shown.vault),
    }


def _notes(record: Record, shown: Papers, vault: Vault) -> list[dict[str, Any]]:
    """The notes with the acts that commit to them, in the order of the acts."""
    notes = [note for note in vault.notes(record.id) if not _is_statement(note.text)]
    found = []
    for act in shown.reader.history(record) if notes else []:
        body = act.signed.transaction
        for note in notes:
            if note.commitment in body.arguments.values():
                about = {"entry": act.index, "time": moment(act.time), "action": body.action.partition(".")[2]}
                found.append({"text": note.text, **about, "actor": shown.facts(body.actor)})
    told = {note["text"] for note in found}
    nothing = {"entry": None, "time": None, "action": None, "actor": None}
    return found + [{"text": note.text, **nothing} for note in notes if note.text not in told]


def _is_statement(text: str) -> bool:
    """Whether a note is for programs, such as a difference, which is shown in words elsewhere."""
    return text.startswith("{") and ('"format":"lading/' in text)


def _changes(record: Record, shown: Papers, vault: Vault) -> dict[str, Any] | None:
    """What the record's document says that the one before did not; None where nothing is stated."""
    from nodes.differences import difference_of

    try:
        stated = difference_of(shown.reader, vault, record)
    except LadingError:
        return None
    return None if stated is None else difference_facts(stated, shown)


def _findings(package: DocumentPackage) -> list[dict[str, str]]:
    """What is noteworthy about the document itself, as when it was issued."""
    from nodes.documents.read import read_as

    try:
        return [finding.as_dict() for finding in read_as(package.kind, package.original).facts.findings]
    except LadingError as error:
        return [{"code": error.code, "place": "", "message": error.message}]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _lines(value: dict[str, Any], record: Record, shown: Papers, time: int) -> list[str]:
    table = shown.reader.rules.tables.get((record.kind, record.version))
    title = table.title if table else kind_text(record.kind)
    fields, texts = record.fields, _texts(record, shown)
    lines = [f"{title} {value['number'] or short(record.id)}  {state_text(value['status'])}"]
    if value["meaning"]:
        lines.append(f"  {value['meaning']}")
    for label, text in (
        ("record", record.id.hex()),
        ("in control", f"{_controller(record, shown)}, since {moment(record.since)}"),
        ("issued by", shown.full(record.issuer)),
        ("to the order of", shown.name(record.order_party) if record.order_party else ""),
        ("nominated by the order party", shown.name(record.nominee) if record.nominee else ""),
        ("pledged to", shown.full(record.pledgee) if record.pledgee else ""),
        ("beneficiary", shown.full(record.beneficiary) if record.beneficiary else ""),
        ("on hold by", shown.full(record.hold) if record.hold else ""),
        ("replaces", records_named(record.replaces, shown.labels())),
        ("replaced by", records_named(record.replaced_by, shown.labels())),
        ("offered to", pending_text(record.pending, shown, time) if record.pending else ""),
        ("locked until", moment(record.locked_until) if record.locked_until else ""),
        *((name.replace("_", " "), _words(item, shown, texts)) for name, item in fields.items() if item is not None),
        ("bound by", ", ".join(f"{kind_text(other['kind'])} {other['record'][:12]}" for other in value["bound_by"])),
        ("last act", f"entry {record.entry}, sequence {record.sequence}"),
    ):
        lines += [f"  {label}: {text}"] if text else []
    return lines + _vault_lines(value["vault"], record)


def _controller(record: Record, shown: Papers) -> str:
    return shown.full(record.controller) if record.controller else "nobody"


def _texts(record: Record, shown: Papers) -> dict[bytes, str]:
    """The texts that this member has, by the commitments that a record's fields may hold."""
    return {} if shown.vault is None else {note.commitment: note.text for note in shown.vault.notes(record.id)}


def _words(value: Any, shown: Papers, texts: Mapping[bytes, str]) -> str:
    """A field in words: parties by alias, texts where they are known, hashes shortened, times in ISO 8601."""
    if isinstance(value, bytes):
        return texts.get(value) or shown.name(value)
    if isinstance(value, list):
        return ", ".join(_words(item, shown, texts) for item in value)
    if isinstance(value, int) and not isinstance(value, bool) and value > 10**11:
        return moment(value)
    return str(value)


def _vault_lines(vault: dict[str, Any] | None, record: Record) -> list[str]:
    if record.document is None and not (vault and vault["notes"]):
        return []
    if vault is None:
        return ["  document: in the vault, if anywhere; give the passphrase to look"]
    document = vault["document"]
    if document is None:
        lines = ["  document: not in this vault"]
    else:
        lines = [f"  document: {document['media_type']}, {document['size']:,} bytes, in this vault"]
        lines += [f"    {finding['place'] or 'note'}: {finding['message']}" for finding in document["findings"]]
    lines += _difference_lines(vault["difference"])
    lines += [f"  attachment: {file['name']}, {file['size']:,} bytes" for file in vault["attachments"]]
    return lines + [_note_line(note) for note in vault["notes"]]


def _difference_lines(difference: dict[str, Any] | None) -> list[str]:
    if difference is None:
        return []
    many = len(difference["changes"])
    why = f", because: {difference['why']}" if difference["why"] else ""
    lines = [f"  changed: {many} field{'s' if many != 1 else ''}{why} (`lading difference` shows them)"]
    return [*lines, f"  WARNING: {difference['wrong']}"] if difference["wrong"] else lines


def _note_line(note: dict[str, Any]) -> str:
    if note["entry"] is None:
        return f"  note: {note['text']}"
    who = note["actor"]["alias"] or note["actor"]["id"][:12]
    return (
        f"  note: {note['text']} ({note['action'].replace('_', ' ')} by {who}, {note['time']}, entry {note['entry']})"
    )


def _by(possible: Possible, shown: Papers) -> str:
    names = ", ".join(dict.fromkeys(shown.name(party) for party in possible.parties))
    return names or possible.who
