"""Every error has one status of HTTP, and what is told of it holds nothing of the node's inside."""

from __future__ import annotations

import make_docs
import pytest

from api import errors, problems
from api.problems import ACTORS_GUARDS, problem_of, status_of
from contracts.guards import MAX_KEYS  # noqa: F401 - loads the vocabulary
from contracts.refusals import ActorUnknown, Expired, NotTheActorsKey, RuleRefused, Stale, WrongState
from contracts.vocabulary import GUARDS
from ledger import codec
from ledger.errors import LadingError
from ledger.note import KnownKeyFails
from ledger.quorum import NoQuorum
from ledger.signature import BadSignature
from ledger.store.port import NewerStore, StoreDamaged, StoreFailed
from ledger.strict_json import JsonTooLarge, NotUtf8
from ledger.transaction import AnotherLedger, BadTransaction
from nodes.engines.committer import Busy
from nodes.home import NoLedger
from nodes.proofs import NoCheckpoint, NotProvable
from nodes.reader import NoSuchRecord

STATUSES = [
    (BadTransaction("x"), 400),
    (NotUtf8("x"), 400),
    (NoLedger("x"), 400),
    (codec.TooLarge("x"), 413),
    (JsonTooLarge("x"), 413),
    (errors.BodyTooLarge("x"), 413),
    (errors.TooCostly("x"), 413),
    (errors.BodyTooSlow("x"), 408),
    (errors.WrongMediaType("x"), 415),
    (errors.MethodNotAllowed("x"), 405),
    (errors.SignatureMissing("x"), 401),
    (errors.SignatureReplayed("x"), 401),
    (errors.NotPermitted("x"), 403),
    (NotTheActorsKey("x"), 403),
    (ActorUnknown("x"), 403),
    (RuleRefused("x", rule="r", guard="controller_signs@1", hint="h"), 403),
    (RuleRefused("x", rule="r", guard="number_is_new@1", hint="h"), 409),
    (WrongState("x"), 409),
    (Expired("x"), 409),
    (Stale("x", record=b"", sequence=1), 409),
    (NoSuchRecord("x"), 404),
    (NoCheckpoint("x"), 404),
    (NotProvable("x"), 410),
    (AnotherLedger("x"), 422),
    (BadSignature("x"), 422),
    (KnownKeyFails("x"), 422),
    (NoQuorum("x"), 422),
    (Busy("x"), 503),
    (StoreFailed("x"), 503),
    (NewerStore("x"), 503),
    (StoreDamaged("x"), 500),
    (LadingError("x"), 500),
]


@pytest.mark.parametrize(("error", "status"), STATUSES, ids=lambda one: getattr(one, "code", one))
def test_an_error_has_its_status(error, status):
    assert status_of(error) == status
    problem = problem_of(error)
    assert (problem["status"], problem["code"], problem["hint"]) == (status, error.code, error.hint)


def test_every_error_that_lading_has_is_in_the_table():
    families = {kind for kind, _ in problems._STATUS}
    served = [cls for cls in make_docs.ours_with_code() if not cls.__module__.startswith("cli.")]
    lost = [cls.__name__ for cls in served if not families & set(cls.__mro__)]
    assert lost == [], "give its family a line in api/problems.py"


def test_the_guards_that_ask_who_acts_are_guards():
    names = {f"rule.{name.partition('@')[0]}" for name in GUARDS}
    assert names >= ACTORS_GUARDS


def test_a_problem_shows_the_value_and_what_to_do():
    assert problem_of(BadTransaction("a body has nine elements", value=b"\x01\xff"), winner=7) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "a body has nine elements",
        "code": "transaction.malformed",
        "value": "01ff",
        "hint": "docs/spec.md, section Transactions, has every element, its type and its size",
        "winner": 7,
    }


@pytest.mark.parametrize("kind", [StoreFailed, StoreDamaged, Busy])
def test_what_failed_inside_the_node_stays_inside(kind):
    problem = problem_of(kind("cannot open /home/carrier/ledger.db: no space", value="/home/carrier/ledger.db"))
    assert "ledger.db" not in str(problem)
    assert problem["detail"] == (kind.__doc__ or "").partition("\n")[0]
    assert problem["value"] == ""


@pytest.mark.parametrize(
    ("error", "title"), [(codec.TooLarge("x"), "Content Too Large"), (BadSignature("x"), "Unprocessable Content")]
)
def test_titles_are_those_of_rfc_9110_in_every_python(error, title):
    assert problem_of(error)["title"] == title
