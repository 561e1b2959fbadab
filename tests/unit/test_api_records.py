"""Reading records, their histories and their proofs, and who may."""

from __future__ import annotations

import pytest
from support.served import ORIGIN, make_place

from ledger.bundle import Bundle
from ledger.cosignature import signed_message
from ledger.note import COSIGNATURE_KEY, NoteSignature, VerifierKey, key_id
from ledger.policy import Policy
from ledger.report import Verdict
from ledger.verify import verify
from nodes.checkpoints import sign_current
from nodes.keystore import KeyName, MemoryKeyStore


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A node whose ledger stays as it is, with a bill that the shipper has offered to the bank."""
    place = make_place(tmp_path_factory.mktemp("quiet"))
    with place.client() as client:
        bill = place.issue_bill(client)
        place.send(client, "shipper", "accept", bill)
        place.send(client, "shipper", "offer", bill, to="bank", mode="endorse", until=place.game.time + 90_061_001)
        yield place, client, bill


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def get(place, client, path, who="shipper"):
    return client.get(path, auth=place.signed_by(who))


def party(place, alias):
    return {"id": place.game.id(alias).hex(), "alias": alias}


def test_a_record_is_shown_with_names(quiet):
    place, client, bill = quiet
    answer = get(place, client, f"/v1/records/{bill.hex()}")
    kept = place.game.record(bill)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "id": bill.hex(),
        "kind": "bill_of_lading",
        "version": 1,
        "status": "offered",
        "sequence": 3,
        "head": kept.head.hex(),
        "entry": kept.entry,
        "since": "2025-11-24T16:00:00Z",
        "issuer": party(place, "carrier"),
        "controller": party(place, "shipper"),
        "beneficiary": None,
        "order_party": party(place, "shipper"),
        "nominee": None,
        "pending": {
            "party": party(place, "bank"),
            "mode": "endorse",
            "until": "2025-11-25T17:01:01.001Z",
            "purpose": "transfer",
        },
        "pledgee": None,
        "hold": None,
        "locked_until": None,
        "document": kept.document.hex(),
        "replaces": [],
        "replaced_by": [],
        "fields": {
            "clause": kept.fields["clause"],
            "form": "order",
            "rulebook": kept.fields["rulebook"].hex(),
            "law": "SG",
            "place": "CNSHA",
        },
    }


def test_a_member_is_a_record_too(quiet):
    place, client, _ = quiet
    member = get(place, client, f"/v1/records/{place.game.id('bank').hex()}").json()
    assert member["kind"] == "member"
    assert member["fields"]["alias"] == "bank"
    assert member["fields"]["keys"] == [
        {
            "algorithm": 1,
            "public": place.game.members["bank"].key.public.hex(),
            "from": "2025-11-24T16:00:00Z",
            "until": None,
        }
    ]


def test_the_history_says_who_did_what_and_when(quiet):
    place, client, bill = quiet
    answer = get(place, client, f"/v1/records/{bill.hex()}/history").json()
    assert answer["record"] == bill.hex()
    assert [(act["entry"], act["action"], act["actor"]["alias"]) for act in answer["acts"]] == [
        (7, "bill_of_lading.issue", "carrier"),
        (9, "bill_of_lading.accept", "shipper"),
        (11, "bill_of_lading.offer", "shipper"),
    ]
    offer = answer["acts"][2]
    assert offer["arguments"] == {"mode": "endorse", "to": party(place, "bank"), "until": "2025-11-25T17:01:01.001Z"}
    assert offer["keys"] == [place.game.members["shipper"].key.public.hex()]
    assert offer["time"] == "2025-11-24T16:00:00Z"


def test_a_founder_has_no_history_yet(quiet):
    place, client, _ = quiet
    assert get(place, client, f"/v1/records/{place.game.id('bank').hex()}/history").json()["acts"] == []


PATHS = ["", "/history", "/proof"]


@pytest.mark.parametrize("path", PATHS)
def test_a_record_that_is_not_there(quiet, path):
    place, client, _ = quiet
    answer = get(place, client, f"/v1/records/{'00' * 32}{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "record.not_found")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["00", "0" * 65, "G" * 64, "A" * 64, "%00" * 64, "é" * 64])
def test_a_name_that_no_record_has(quiet, path, name):
    place, client, _ = quiet
    answer = get(place, client, f"/v1/records/{name}{path}")
    assert (answer.status_code, answer.json()["code"]) == (400, "api.bad_request")


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_learns_nothing(quiet, path):
    _, client, bill = quiet
    for record in (bill.hex(), "00" * 32):
        answer = client.get(f"/v1/records/{record}{path}")
        assert answer.status_code == 401
        assert answer.json()["code"] == "auth.signature_missing"


@pytest.mark.parametrize("path", PATHS)
def test_a_request_that_was_overheard_is_not_answered_again(quiet, path):
    place, client, bill = quiet
    url = f"http://node.example/v1/records/{bill.hex()}{path}"
    headers = place.signer("shipper").headers("GET", url)
    assert client.get(url, headers=headers).status_code in (200, 404)
    answer = client.get(url, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.nonce_replayed")


@pytest.mark.parametrize("path", PATHS)
def test_a_parameter_that_is_not_known_is_refused(quiet, path):
    place, client, bill = quiet
    answer = get(place, client, f"/v1/records/{bill.hex()}{path}?checkpiont=5")
    assert (answer.status_code, answer.json()["code"]) == (400, "api.unknown_field")


# Proofs


def sign_checkpoint(place):
    """The checkpoint of now, signed by the log, as a command of the operator does it."""
    engine = place.engine()
    try:
        return sign_current(engine.store, ORIGIN, place.keys)
    finally:
        engine.store.close()


def play(place):
    """A bill with two acts under a signed checkpoint, and one act after it."""
    with place.client(signs=False) as client:
        bill = place.issue_bill(client)
        place.send(client, "shipper", "accept", bill)
    signed = sign_checkpoint(place)
    with place.client(signs=False) as client:
        place.send(client, "shipper", "offer", bill, to="bank", mode="endorse")
    return bill, signed


def test_a_proof_verifies_but_for_the_document(place):
    bill, signed = play(place)
    with place.client(signs=False) as client:
        answer = get(place, client, f"/v1/records/{bill.hex()}/proof")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.lading.bundle+json"
    assert answer.headers["content-disposition"] == f'attachment; filename="{bill.hex()[:12]}.lading"'
    report = verify(answer.content, Policy.parse(place.home.read_policy().encode()), at=place.game.time)
    assert [step.number for step in report.steps if step.verdict is not Verdict.VALID] == [10]
    assert report.facts["log_size"] == signed.size
    assert report.facts["status"] == "held"


def test_a_proof_under_a_checkpoint_of_ones_choice(place):
    bill, first = play(place)
    second = sign_checkpoint(place)
    with place.client(signs=False) as client:
        newest = Bundle.decode(get(place, client, f"/v1/records/{bill.hex()}/proof").content)
        older = Bundle.decode(get(place, client, f"/v1/records/{bill.hex()}/proof?checkpoint={first.size}").content)
    assert newest.checkpoint.split(b"\n")[1] == b"%d" % second.size
    assert older.checkpoint.split(b"\n")[1] == b"%d" % first.size


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?checkpoint=8", 404, "proof.no_checkpoint"),
        ("?checkpoint=999999999999999999", 404, "proof.no_checkpoint"),
        ("?checkpoint=0", 400, "api.bad_request"),
        ("?checkpoint=-1", 400, "api.bad_request"),
        ("?checkpoint=07", 400, "api.bad_request"),
        ("?checkpoint=", 400, "api.bad_request"),
        ("?checkpoint=7&checkpoint=9", 400, "api.bad_request"),
    ],
)
def test_a_checkpoint_that_is_not_there(place, query, status, code):
    bill, _ = play(place)
    with place.client(signs=False) as client:
        answer = get(place, client, f"/v1/records/{bill.hex()}/proof{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_proof_is_under_the_newest_checkpoint_with_a_quorum(place):
    bill, first = play(place)
    cosigner = MemoryKeyStore()
    name = "bank.example/replay"
    public = cosigner.public_key(KeyName.REPLAY)
    witness = f"witness bank {VerifierKey(name, COSIGNATURE_KEY, public)}\ngroup all all bank\nquorum all\n"
    place.home.write_policy(place.home.read_policy().replace("quorum none\n", witness))
    with place.client(signs=False) as client:
        answer = get(place, client, f"/v1/records/{bill.hex()}/proof")
        assert (answer.status_code, answer.json()["code"]) == (404, "proof.no_checkpoint")
    seconds = place.game.time // 1000
    made = cosigner.sign(KeyName.REPLAY, signed_message(seconds, first.body.encode()))
    line = NoteSignature(name, key_id(name, COSIGNATURE_KEY, public), seconds.to_bytes(8, "big") + made)
    engine = place.engine()
    engine.store.put_checkpoint(first.size, first.body, [str(line)])
    engine.store.close()
    sign_checkpoint(place)
    with place.client(signs=False) as client:
        bundle = Bundle.decode(get(place, client, f"/v1/records/{bill.hex()}/proof").content)
    assert bundle.checkpoint.split(b"\n")[1] == b"%d" % first.size
    assert name.encode() in bundle.checkpoint
