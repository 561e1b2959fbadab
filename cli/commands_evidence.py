"""`lading evidence`: the signed pack of evidence for a ledger's reliability, and its check."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.errors import UsageError

from . import exits
from .context import READING, Session, command, now_ms

if TYPE_CHECKING:
    from nodes.home import Home

__all__ = ["ChooseOne", "evidence", "register"]

_FILE: Final = "evidence.json"
_PAGE: Final = "evidence.md"


class ChooseOne(UsageError):
    """`lading evidence` makes a pack or checks one."""

    code = "usage.choose_one"
    hint = "give --out FOLDER to make a pack, or --check FILE to check one"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, evidence, panel=READING)


def evidence(
    session: Session,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|FILE", help=f"Where it goes: {_FILE} and {_PAGE} in a folder, or one file ending in .json."
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="The time for which it is made: from the last commit (without it) to now."),
    ] = None,
    check: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check a pack instead; no keys are needed.")
    ] = None,
) -> int:
    """Make the signed pack of evidence along the 21 controls of the reliability self-assessment, or check one."""
    if (out is None) == (check is None):
        raise ChooseOne("either --out or --check is given")
    return _made(session, out, at) if out is not None else _checked(session, check)  # type: ignore[arg-type]


def _made(session: Session, out: Path, at: str | None) -> int:
    from ledger.strict_json import canonicalise
    from ledger.times import parse_iso
    from nodes.evidence_pack import TimeOfAnotherState, make_pack, sign_pack
    from nodes.evidence_page import page
    from nodes.evidence_state import one_state
    from nodes.files import make_folder, write_atomic

    home, moment = session.home, None if at is None else parse_iso(at)
    if moment is not None and moment > now_ms():
        raise TimeOfAnotherState("the time is still to come, and nobody knows the ledger of then", value=at)
    with session.desk() as desk:
        with one_state(home, desk.keys) as (reader, found):
            pack = make_pack(
                home,
                reader,
                found,
                at=moment,
                progress=lambda kind: session.screen.say(f"checking the rules of {kind}"),
            )
        data = sign_pack(pack, desk.member, desk.keys)
        attestation = {"member": desk.member.hex()}
    if out.suffix == ".json":
        files = {out: data}
    else:
        make_folder(out)
        files = {out / _FILE: data, out / _PAGE: page(pack, attestation).encode()}
    for path, content in files.items():
        write_atomic(path, content)
    value = _summary(pack, canonicalise(pack)) | {"files": [str(path) for path in files]}
    lines = [f"{', '.join(map(str, files))}: SHA-256 of the pack {value['sha256']}", *_words(value)]
    session.screen.result(value, "\n".join(lines))
    return exits.DONE if found.clean else exits.DAMAGED


def _checked(session: Session, path: Path) -> int:
    from ledger.strict_json import canonicalise
    from nodes.evidence_pack import MAX_PACK, read_pack
    from nodes.files import read_bounded

    pack, attestation = read_pack(read_bounded(path, MAX_PACK))
    known = _known(session, pack, attestation)
    value = _summary(pack, canonicalise(pack)) | {"signed_by": attestation["member"], "member_known": known}
    signer = next(one["alias"] for one in pack["members"] if one["id"] == attestation["member"])
    told = {
        True: "whose key this home's ledger knows",
        False: "whose key this home's ledger does NOT know",
        None: "whose key only the pack itself shows; check it in a member's home",
    }[known]
    lines = [f"signed by {signer}, {told}", f"SHA-256 of the pack {value['sha256']}", *_words(value)]
    session.screen.result(value, "\n".join(lines))
    return {True: exits.DONE, False: exits.REFUSED, None: exits.UNKNOWN}[known]


def _known(session: Session, pack: dict[str, Any], attestation: dict[str, Any]) -> bool | None:
    """Whether the ledger of this home is the pack's and knows the key as the member's; None without a home."""
    from nodes.access import open_for_reading
    from nodes.home import HomeNotFound

    try:
        home: Home = session.home
    except HomeNotFound:
        return None
    with open_for_reading(home) as reader:
        if reader.genesis.id.hex() != pack["ledger"]["id"]:
            return None
        member = reader.find(bytes.fromhex(attestation["member"]))
        keys = [] if member is None else [entry[1].hex() for entry in member.fields["keys"]]
        return attestation["key"] in keys


def _summary(pack: dict[str, Any], canonical: bytes) -> dict[str, Any]:
    words = [control["system"] for control in pack["controls"]]
    return {
        "sha256": sha256(canonical).hexdigest(),
        "ledger": pack["ledger"]["id"],
        "at": pack["at"],
        "controls": {word: words.count(word) for word in sorted(set(words))},
        "for_the_organisation": sum(len(control["organisation"]) for control in pack["controls"]),
        "audit_clean": pack["audit"]["clean"],
    }


def _words(value: dict[str, Any]) -> list[str]:
    controls = ", ".join(f"{count} {word}" for word, count in value["controls"].items())
    return [
        f"made for {value['at']}; controls: {controls}",
        f"{value['for_the_organisation']} questions are for the organisation that operates the ledger",
    ]
