"""The words of governance: texts, proposals, votes, and what an adopted proposal changes."""

from __future__ import annotations

from typing import Any, Final

from ledger.hashing import ZERO
from ledger.record import Record
from ledger.times import iso

from .act import Act
from .parameters import count_of, reaches_quorum
from .parties import is_active, member_of
from .proposals import check_proposal
from .refusals import GuardFailed
from .vocabulary import effect, guard

__all__ = ["active_governors"]

_PROPOSAL: Final = ("proposal",)
_SAID: Final = {
    "subject": "code", "content": "hash", "parts": "ids?", "kind": "code?", "version": "count?", "name": "code?",
    "value": "text?", "governors": "parties?", "overlap": "count?",
}  # fmt: skip
_COUNTED: Final = {"for": "parties?", "against": "parties?"}


def active_governors(act: Act) -> list[Record]:
    """The governors who may act at this height, in their order."""
    found = (member_of(act.world, governor) for governor in act.world.governors)
    return [member for member in found if member is not None and is_active(member, act.world.height)]


@guard("a_governor_acts@1", text="the actor is a governor of the ledger",
       hint="`lading member list` says who governs", who="a governor")  # fmt: skip
def a_governor_acts(act: Act) -> None:
    if act.party not in act.world.governors:
        raise GuardFailed(f"{act.actor.fields['alias']} is no governor", act.actor.fields["alias"])


@guard("proposal_is_sound@1",
       text="what is proposed is whole and could be adopted: the parts join to the content; a rule table is sound, "
            "later than any of its kind and uses known words alone; a policy is no weaker than a network may have; a "
            "parameter is known and in its range; governors are active members",
       hint="mend what the message names, and propose it anew; `lading rules check FILE` looks at a table before",
       arguments=_SAID, kinds=_PROPOSAL)  # fmt: skip
def proposal_is_sound(act: Act) -> None:
    check_proposal(act, act.args)


@guard("proposal_is_still_sound@1", text="what is proposed could still be adopted, judged as when it was proposed",
       hint="something else was adopted meanwhile, or a governor left; propose it anew",
       fields=_SAID, needs=("record",), gives=("still_sound",), kinds=_PROPOSAL)  # fmt: skip
def proposal_is_still_sound(act: Act) -> None:
    check_proposal(act, act.record.fields)


@guard("argument_is_late_enough@1",
       text="{argument} is a height from which something adopted now could take effect: the ledger's adoption_delay "
            "after the next",
       hint="name a later height; `lading rules propose --after N` counts from the newest",
       arguments={"{argument}": "count"})  # fmt: skip
def argument_is_late_enough(act: Act, argument: str) -> None:
    _check_height(act, act.args[argument])


@guard("adoption_delay_is_kept@1", text="it takes effect not before the ledger's adoption_delay after the next height",
       hint="it was enacted too late for its height; propose it anew from a later one",
       fields={"from_height": "count"}, needs=("record",), gives=("later",), kinds=_PROPOSAL)  # fmt: skip
def adoption_delay_is_kept(act: Act) -> None:
    _check_height(act, act.record.fields["from_height"])


def _check_height(act: Act, height: int) -> None:
    first = act.world.height + 1 + count_of(act.world.parameters, "adoption_delay")
    if height < first:
        raise GuardFailed(f"it can take effect from height {first:,} on", height)


@guard("voting_is_open@1", text="the time of voting has not ended", hint="propose it anew, with more time",
       fields={"until": "time"}, needs=("record",))  # fmt: skip
def voting_is_open(act: Act) -> None:
    until = act.record.fields["until"]
    if act.time > until:
        raise GuardFailed(f"the voting ended at {iso(until)}", iso(until))


@guard("votes_once@1", text="the governor has not voted on it yet", hint="a vote is given once, and stays",
       fields=_COUNTED, needs=("record",))  # fmt: skip
def votes_once(act: Act) -> None:
    for choice in ("for", "against"):
        if act.party in act.record.fields.get(choice, ()):
            raise GuardFailed(f"{act.actor.fields['alias']} has voted {choice} it", choice)


@guard("check_is_named@1",
       text="a vote for a rule table names the model checker and the hash of its result, which the voter relied on",
       hint="`lading rules vote PROPOSAL --for` checks the table and names both",
       arguments={"choice": "code", "checker": "code?", "result": "hash?"}, fields={"subject": "code"},
       needs=("record",))  # fmt: skip
def check_is_named(act: Act) -> None:
    needed = act.record.fields["subject"] == "rule_table" and act.args["choice"] == "for"
    if needed and (act.args.get("checker") is None or act.args.get("result") is None):
        raise GuardFailed("a vote for a rule table names no check")


@guard("quorum_has_voted@1",
       text="of the governors who are active now, more than the ledger's quorum (two thirds, unless it was raised) "
            "have voted for it",
       hint="wait for further votes: `lading rules proposals` counts them",
       fields=_COUNTED, needs=("record",), gives=("voted",), kinds=_PROPOSAL)  # fmt: skip
def quorum_has_voted(act: Act) -> None:
    active = active_governors(act)
    agreed = [one for one in active if one.id in act.record.fields.get("for", ())]
    if not reaches_quorum(act.world.parameters, len(agreed), len(active)):
        raise GuardFailed(
            f"{len(agreed)} of {len(active)} governors have voted for it",
            [str(governor.fields["alias"]) for governor in agreed],
        )


@effect("count_vote@1", text="the vote is counted", arguments={"choice": "code"}, fields=_COUNTED,
        needs=("record",), kinds=_PROPOSAL)  # fmt: skip
def count_vote(act: Act) -> None:
    choice = act.args["choice"]
    act.record.fields[choice] = [*act.record.fields.get(choice, ()), act.party]


@effect("adopt@1",
        text="what was proposed is adopted: the ledger's own record has it from the height that the proposal names, "
             "and a rule table or a policy gets a record under its SHA-256",
        fields={**_SAID, "from_height": "count"}, needs=("record", "ledger", "voted", "later", "still_sound"),
        kinds=_PROPOSAL)  # fmt: skip
def adopt(act: Act) -> None:
    proposal, own = act.targets[0], act.targets[1]
    said, now = proposal.fields, own.fields
    since, content = said["from_height"], said["content"]
    if said["subject"] == "parameter":
        before = now["parameters"].get(said["name"], [])
        now["parameters"] = {**now["parameters"], said["name"]: [*before, [since, said["value"]]]}
    elif said["subject"] == "governors":
        now["governors"] = [*now["governors"], [since, list(said["governors"])]]
    elif said["subject"] == "policy":
        now["policies"] = [*now["policies"], [since, content, said["overlap"]]]
        act.made.append((_adopted(act, proposal, {}), "adopted"))
    else:
        now["tables"] = [*now["tables"], [said["kind"], said["version"], content, since]]
        named = {"kind": said["kind"], "version": said["version"]}
        act.made.append((_adopted(act, proposal, named), "adopted"))


def _adopted(act: Act, proposal: Record, named: dict[str, Any]) -> Record:
    """The record of a rule table or a policy that was voted in."""
    said = proposal.fields
    fields = {**named, "parts": list(said["parts"])}
    return Record(said["content"], said["subject"], 1, "", 0, ZERO, 0, act.time, proposal.issuer, fields=fields)
