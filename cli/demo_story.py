"""The story that `lading demo` plays, as data: chapters of commands, each with the exit status that it must have.

`{bill}` stands for the bill's number, `{d}` for the demo's folder. A step is a command line without `lading`, or
the name of something that the demo does itself between two commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from . import exits

__all__ = ["BILL", "CHAPTERS", "COSIGNERS", "MEMBERS", "Chapter", "Step"]

BILL: Final = "JWCLSHA26110437"
MEMBERS: Final = ("carrier", "shipper", "shipper-bank", "buyer-bank", "buyer", "certifier")
COSIGNERS: Final = ("carrier", "shipper-bank", "buyer-bank", "certifier")


@dataclass(frozen=True, slots=True)
class Step:
    """One command with the exit status that it must have; `note` is said before it."""

    line: str
    status: int = exits.DONE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the story: what happens, and the steps that do it."""

    title: str
    steps: tuple[Step, ...]


def _join() -> tuple[Step, ...]:
    others = tuple(Step(f"member join {{d}}/carrier --home {{d}}/{name}") for name in MEMBERS[1:])
    return (*others, Step("member join {d}/carrier --home {d}/auditor --auditor"))


def _cosign(*names: str) -> tuple[Step, ...]:
    return tuple(Step(f"cosign --home {{d}}/{name}") for name in names)


_INIT: Final = (
    "init --home {d}/carrier --origin ledger.example/shanghai-rotterdam --law SG "
    + " ".join(f"--member {{d}}/{name}/member.json" for name in MEMBERS[1:])
    + " "
    + " ".join(f"--cosigner {name}" for name in COSIGNERS)
    + " --quorum 3"
)

CHAPTERS: Final = (
    Chapter(
        "Six organisations make their keys, and found a ledger together",
        (
            Step("members", note="Each makes a home of its own; no key ever leaves it."),
            Step(_INIT, note="The carrier operates the ledger. Four cosign its checkpoints; three make a quorum."),
            *_join(),
        ),
    ),
    Chapter(
        "The carrier issues an electronic bill of lading, to the shipper's order; the shipper accepts it",
        (
            Step("issue {d}/documents/transport-document.json --home {d}/carrier"),
            Step("accept {bill} --home {d}/shipper"),
        ),
    ),
    Chapter(
        "Invoice and certificate of origin are bound to the bill",
        (
            Step("issue {d}/documents/commercial-invoice.xml --with {bill} --home {d}/shipper"),
            Step("issue {d}/documents/certificate-of-origin.json --with {bill_id} --home {d}/certifier"),
        ),
    ),
    Chapter(
        "The shipper offers the bill, endorsed, to its bank, takes the offer back, and offers it again",
        (
            Step("offer {bill} --to shipper-bank --home {d}/shipper"),
            Step("recall {bill} --home {d}/shipper"),
            Step("offer {bill} --to shipper-bank --home {d}/shipper"),
            Step("accept {bill} --home {d}/shipper-bank"),
            Step(
                "offer {bill} --to buyer --at-sequence 4 --home {d}/shipper",
                exits.REFUSED,
                "A second offer, signed on the head that the first one was signed on, is refused: one wins.",
            ),
        ),
    ),
    Chapter(
        "The buyer's bank checks the proof, offline, before it pays",
        (
            Step("offer {bill} --to buyer-bank --home {d}/shipper-bank"),
            *_cosign("carrier", "shipper-bank", "buyer-bank"),
            Step("prove {bill} --out {d}/before-payment.lading --home {d}/buyer-bank"),
            Step("verify {d}/before-payment.lading --policy {d}/buyer-bank/policy.txt"),
            Step("accept {bill} --home {d}/buyer-bank"),
        ),
    ),
    Chapter(
        "The bill goes to the buyer, who surrenders it and gets the goods",
        (
            Step("offer {bill} --to buyer --home {d}/buyer-bank"),
            Step("accept {bill} --home {d}/buyer"),
            Step("surrender {bill} --home {d}/buyer"),
            Step("surrender {bill} --accept --home {d}/carrier"),
            Step("release {bill} --home {d}/carrier"),
        ),
    ),
    Chapter(
        "Three of the four cosign; the auditor traces the title and audits the whole ledger",
        (
            *_cosign("carrier", "shipper-bank", "certifier"),
            Step("trace {bill_id} --home {d}/auditor"),
            Step("audit --home {d}/auditor"),
        ),
    ),
    Chapter(
        "Anybody verifies the final proof, with the file and a policy alone",
        (
            Step("prove {bill} --out {d}/bill-of-lading.lading --home {d}/buyer"),
            Step("verify {d}/bill-of-lading.lading --policy {d}/policy.txt"),
            Step("tamper", note="One byte of the document is changed: a weight."),
            Step("verify {d}/tampered.lading --policy {d}/policy.txt", exits.REFUSED),
            Step("strict-policy", note="A reader whose policy wants all four, where three have cosigned."),
            Step("verify {d}/bill-of-lading.lading --policy {d}/policy-all-four.txt", exits.UNKNOWN),
        ),
    ),
)
