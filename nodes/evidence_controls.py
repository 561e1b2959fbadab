"""The 21 controls of the reliability self-assessment for electronic transferable records (ICC and DGC, October 2024).

Each with the article of MLETR that it belongs to, what an assessor asks to see, the properties that show it, the
parts of the pack in which the figures stand, and what no system can answer: that is for the organisation that
operates it, and is never taken as answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CONTROLS", "STANDARDS", "Control"]


@dataclass(frozen=True, slots=True)
class Control:
    """One control. `properties` are of docs/reliability.md, `parts` are parts of the pack."""

    number: int
    articles: str
    asks: str
    properties: tuple[str, ...]
    parts: tuple[str, ...]
    organisation: tuple[str, ...]


STANDARDS: Final = (
    ("RFC 6962", "Merkle tree of the log, inclusion and consistency"),
    ("C2SP tlog-checkpoint, tlog-cosignature, tlog-policy, tlog-proof, tlog-tiles", "checkpoints, witnesses, proofs"),
    ("ICS23", "proofs of the state"),
    ("RFC 8032", "Ed25519 signatures"),
    ("RFC 8785", "canonical JSON"),
    ("RFC 6901", "pointers into documents"),
    ("ISO 17442", "identifiers of legal entities"),
    ("UN/LOCODE, ISO 3166", "places and laws"),
    ("DCSA Bill of Lading", "transport documents"),
    ("OASIS UBL", "commercial invoices"),
)
"""Which specification is followed for what."""

CONTROLS: Final = (
    Control(
        1,
        "1-7",
        "what the system is, its functions, the legal considerations, the kinds of record",
        ("P24",),
        ("ledger", "tables"),
        (
            "which laws the parties have chosen, and counsel's opinion on them",
            "the contracts by which members join, and who the operator is",
        ),
    ),
    Control(
        2,
        "12",
        ("general reliability: integrity, independent audit and how often, declarations by supervisors or schemes"),
        ("P12", "P13", "P29"),
        ("audit", "policy", "figures"),
        (
            "which independent auditor has looked at the operation, when, and how often",
            "declarations of a supervisory body, an accreditation body or a voluntary scheme",
        ),
    ),
    Control(
        3,
        "12",
        "technical standards, specifications and guidelines that apply",
        ("P1",),
        ("standards", "dependencies"),
        ("certificates of the organisation's own management of information security",),
    ),
    Control(
        4,
        "12",
        (
            "operating rules; integrity of what is stored; access control; security of hardware and "
            "software; penetration tests; reviews by competent third parties"
        ),
        ("P12", "P23", "P25"),
        ("rulebook", "audit", "dependencies", "checks"),
        (
            "security of hardware, rooms, networks and persons",
            "penetration tests and reviews by third parties, with dates and findings",
            "who can unlock the keys of the organisation, and how that is decided",
        ),
    ),
    Control(
        5,
        "12",
        "procedures for creating, keeping and transferring records, and their documentation",
        ("P3", "P10", "P15", "P21"),
        ("tables", "checks"),
        ("the organisation's own written procedures, and how its people are trained in them",),
    ),
    Control(
        6,
        "8",
        "readable in natural language, usable later; writing for every act in the life of a record",
        ("P1", "P30"),
        ("tables",),
        ("for how long the organisation keeps records and its copies of documents",),
    ),
    Control(
        7,
        "9",
        ("signatures identify the signatory and show the intention, for every act; how they are linked to the record"),
        ("P2", "P8"),
        ("tables", "members"),
        (
            "how the organisation makes sure which person uses its key",
            "how keys are made, kept and replaced",
        ),
    ),
    Control(
        8,
        "10",
        ("the issuer's signature and those of later authorised persons; protection against unauthorised change"),
        ("P2", "P12", "P25"),
        ("audit",),
        ("who in the organisation may issue and sign",),
    ),
    Control(
        9,
        "10",
        (
            "complete and unaltered; how change is detected; several signatures; integrity across systems; "
            "what is done with a tampered record"
        ),
        ("P12", "P13", "P14"),
        ("audit", "policy"),
        ("what the organisation does when an audit finds a difference, and whom it tells",),
    ),
    Control(
        10,
        "10",
        (
            "the information that the paper document would need; identification, control and integrity from "
            "creation to end"
        ),
        ("P3", "P6", "P23"),
        ("tables", "checks"),
        ("that what the organisation writes into its documents is true",),
    ),
    Control(
        11,
        "10(1)(b)(i)",
        "unique identification among other documents",
        ("P4", "P27"),
        ("ledger",),
        ("how the carrier gives numbers, and that it issues no paper under the same ones",),
    ),
    Control(
        12,
        "10(1)(b)(ii)",
        "no unauthorised replication",
        ("P4", "P5", "P27"),
        ("checks",),
        (),
    ),
    Control(
        13,
        "10(1)(b)(iii)",
        (
            "no second demand for the same performance; a replica is recognised as one; control of the "
            "latest version can be proved to another person"
        ),
        ("P5", "P9", "P20"),
        ("checks",),
        ("how the carrier's agents ask the ledger before they deliver",),
    ),
    Control(
        14,
        "11(1)(a)",
        "exclusive control by a person; shown to somebody who is not in control",
        ("P6", "P7", "P9", "P11"),
        ("checks",),
        (),
    ),
    Control(
        15,
        "11(1)(b)",
        "the person in control is identified",
        ("P8",),
        ("members",),
        ("how a member is identified before the governors enrol it",),
    ),
    Control(
        16,
        "11(2)",
        (
            "control can be transferred: exercise, append, let another sign without giving up control, "
            "endorse before transfer, transfer at once and irreversibly, invalidate for ever"
        ),
        ("P7", "P10", "P11", "P18", "P21", "P26"),
        ("tables", "checks"),
        (),
    ),
    Control(
        17,
        "13",
        "time and place by a reliable method",
        ("P16",),
        ("ledger",),
        ("from which source the operator's clock is set, and how it is watched",),
    ),
    Control(
        18,
        "15",
        "endorsement information, its writing and signature",
        ("P2", "P15"),
        ("tables",),
        (),
    ),
    Control(
        19,
        "16",
        "amendment information, identifiable as such",
        ("P14",),
        ("tables",),
        (),
    ),
    Control(
        20,
        "17",
        "paper to electronic: method, statement, how the paper is made inoperative",
        ("P17", "P19"),
        ("tables",),
        ("who takes the paper in, marks it, and keeps or destroys it",),
    ),
    Control(
        21,
        "18",
        "electronic to paper: method, statement, how the record is made inoperative",
        ("P18", "P19"),
        ("tables",),
        ("who prints, signs and hands out the paper, and how its blanks are kept",),
    ),
)
"""The controls, by number."""
