"""Cards of members: every field wrong, other ways to write a card, keys that must not be enrolled."""

from __future__ import annotations

import json

import pytest
from nacl import bindings
from support.members import Key, digest, member

from ledger import note
from ledger.errors import LadingError
from ledger.hashing import SIGN_ATTESTATION, ZERO, number_key
from ledger.member import ROLES, BadCard, MemberCard, alias_key, check_member_fields, lei_adds_up
from ledger.signature import BadPublicKey, BadSignature, UnknownAlgorithm
from ledger.strict_json import JsonTooLarge, canonicalise, parse

KEY = Key(digest("signing", "acme"))


def vkey(name, kind=note.COSIGNATURE_KEY):
    return str(note.VerifierKey(name, kind, Key(digest(name)).public))


FULL = member(
    "acme",
    "carrier",
    "forwarder",
    names={"en": "Acme Lines Ltd", "zh": "顶点航运有限公司", "zh-Hant": "頂點航運", "ar": "أكمي"},
    lei="5493001KJTIIGC8Y1R12",
    codes=("SMDG:ACME", "NMFTA:ACML", "LOCODE:CNSHA"),
    cosigners={"replay": vkey("acme.example/replay"), "witness": vkey("acme.example/witness")},
    address="https://node.acme.example",
).card


def test_a_card_comes_back_as_it_was_made():
    again = MemberCard.decode(FULL.encode())
    assert again == FULL
    assert again.encode() == FULL.encode()


def test_a_card_is_canonical_json_with_these_members():
    value = json.loads(FULL.encode())
    assert canonicalise(value) == FULL.encode()
    assert sorted(value) == [
        "address", "alias", "codes", "cosigners", "encryption", "format", "id", "key", "lei", "names", "registration",
        "roles", "signature",
    ]  # fmt: skip
    assert value["key"] == {"algorithm": 1, "public": KEY.public.hex()}
    assert value["id"] == digest("member", "acme").hex()


def test_the_signature_covers_the_card_behind_its_domain():
    value = json.loads(FULL.encode())
    del value["signature"]
    assert FULL.signed_bytes() == SIGN_ATTESTATION + canonicalise(value)
    assert FULL.signature == KEY.sign(FULL.signed_bytes())[2]


def test_the_arguments_of_an_enrolment_are_the_card():
    fields = FULL.fields()
    assert (fields["proof"], fields["public_key"]) == (FULL.signature, KEY.public)
    assert "key" not in fields
    check_member_fields(fields)


def test_the_most_that_a_card_may_hold():
    names = {f"a{letter}": "x" * 300 for letter in "abcdefgh"}
    codes = tuple(f"SMDG:{'A' * 39}{letter}" for letter in "abcdefghijklmnop")
    card = member("a" * 63, *sorted(ROLES), names=names, codes=codes, registration="x" * 64, address="x" * 256).card
    assert MemberCard.decode(card.encode()) == card


@pytest.mark.parametrize("name", ["roles", "codes"])
@pytest.mark.parametrize("value", [(), "carrier", {"carrier": 1}, None, ["SMDG:A"] * 17])
def test_the_lists_of_an_enrolment_are_lists(name, value):
    with pytest.raises(BadCard):
        check_member_fields({**FULL.fields(), name: value})


def test_the_least_that_a_card_may_hold():
    card = member("a", names={"en": "A"}, registration="1").card
    assert MemberCard.decode(card.encode()).roles == ()


SIGNED_ALL_THE_SAME = {
    "alias": ["", "Acme", "-acme", "a" * 64, "ac me", "acmé", "a_b"],
    "names": [{}, {"en": ""}, {"en": "x" * 301}, {"EN": "A"}, {"e": "A"}, {"en_GB": "A"}, {"en": "A\nB"},
              {"en": "A\x1b[31m"}, {"en": "A\u202eB"}, {f"a{chr(97 + n)}": "A" for n in range(9)}],
    "lei": ["5493001KJTIIGC8Y1R13", "5493001kjtiigc8y1r12", "5493001KJTIIGC8Y1R1", "x"],
    "registration": ["x" * 65, "a\nb", "\x1b"],
    "roles": [("king",), ("carrier", "carrier"), tuple(sorted(ROLES)) * 2],
    "codes": [("ACME",), ("smdg:ACME",), ("SMDG:",), ("SMDG:A B",), ("SMDG:A", "SMDG:A"), ("SMDG:" + "A" * 41,)],
    "encryption": [bytes(32), (1).to_bytes(32, "little")],
    "cosigners": [{"replay": "no key"}, {"other": vkey("acme.example/other")},
                  {"replay": vkey("acme.example/witness")}, {"replay": vkey("acme.example/replay", note.SIGNING_KEY)}],
    "address": ["x" * 257, "https://a\r\nb"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in SIGNED_ALL_THE_SAME.items() for v in values])
def test_every_field_of_a_card_is_looked_at(name, value):
    card = member("acme", "carrier", **{"registration": "1", name: value}).card
    with pytest.raises((BadCard, BadPublicKey, note.BadKey)) as caught:
        MemberCard.decode(card.encode())
    assert caught.value.hint


def test_a_member_has_a_lei_or_a_registration():
    with pytest.raises(BadCard, match="lei or registration"):
        MemberCard.decode(member("acme", registration="", lei="").card.encode())


@pytest.mark.parametrize(
    ("lei", "adds_up"),
    [("5493001KJTIIGC8Y1R12", True), ("529900T8BM49AURSDO55", True), ("5493001KJTIIGC8Y1R21", False),
     ("4593001KJTIIGC8Y1R12", False), ("529900T8BM49AURSDO54", False)],
)  # fmt: skip
def test_the_check_digits_of_a_lei(lei, adds_up):
    assert lei_adds_up(lei) is adds_up


# JSON that is signed by nobody: the form is judged before the signature
MISTYPED = [
    (name, value)
    for name, values in {
        "format": ["lading/member@2", None, 1],
        "id": [None, 1, "", "ab", "zz" * 32, digest("x").hex().upper(), " " + digest("x").hex()],
        "alias": [None, 1, ["acme"]],
        "names": [None, "Acme", ["Acme"], [["en", "Acme"]], {"en": 1}, {"en": None}, {"en": ["A"]}],
        "lei": [None, 1, []],
        "registration": [None, 1, {}],
        "roles": [None, "carrier", [1], [["carrier"]], [None], {"carrier": 1}],
        "codes": [None, "SMDG:A", [1], [[]], [{}]],
        "key": [None, [], {}, "key", {"algorithm": 1}, {"public": KEY.public.hex()},
                {"algorithm": True, "public": KEY.public.hex()}, {"algorithm": "1", "public": KEY.public.hex()},
                {"algorithm": None, "public": KEY.public.hex()}, {"algorithm": 1, "public": KEY.public.hex().upper()},
                {"algorithm": 1, "public": None}, {"algorithm": 1, "public": KEY.public.hex(), "more": 1}],
        "encryption": [None, 1, "", "ab", digest("x").hex().upper()],
        "cosigners": [None, [], "x", {"replay": 5}, {"replay": None}, {"replay": ["x"]}, {"witness": {}}],
        "address": [None, 1, []],
        "signature": [None, 1, "zz", "AB" * 64],
    }.items()
    for value in values
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), MISTYPED, ids=[f"{name}={value!r}"[:60] for name, value in MISTYPED])
def test_a_field_of_another_type_is_refused(name, value):
    card = {**json.loads(FULL.encode()), name: value}
    with pytest.raises((BadCard, BadSignature)):
        MemberCard.from_json(card)


@pytest.mark.parametrize("name", sorted(json.loads(FULL.encode())))
def test_a_card_without_one_of_its_members_is_refused(name):
    card = json.loads(FULL.encode())
    del card[name]
    with pytest.raises(BadCard):
        MemberCard.from_json(card)


@pytest.mark.parametrize("value", [None, [], "card", 1, {}])
def test_what_is_no_card_is_refused(value):
    with pytest.raises(BadCard, match="not a card of format"):
        MemberCard.from_json(value)


def test_a_member_of_another_name_is_refused():
    with pytest.raises(BadCard):
        MemberCard.from_json({**json.loads(FULL.encode()), "price": 1})


def test_another_way_to_write_the_card_is_refused():
    value = parse(FULL.encode())
    for data in (
        json.dumps(value).encode(),
        FULL.encode() + b"\n",
        b" " + FULL.encode(),
        FULL.encode().replace("顶".encode(), b"\\u9876"),
    ):
        with pytest.raises(BadCard, match="canonical"):
            MemberCard.decode(data)


def test_a_card_cut_anywhere_is_refused():
    data = FULL.encode()
    for cut in range(len(data)):
        with pytest.raises(LadingError):
            MemberCard.decode(data[:cut])


def test_a_card_of_many_bytes_is_not_read():
    with pytest.raises(JsonTooLarge):
        MemberCard.decode(b" " * 16_385)


# Keys


@pytest.mark.parametrize("name", ["alias", "names", "roles", "address", "id", "lei", "encryption"])
def test_a_card_that_was_changed_after_signing_is_refused(name):
    other = {"alias": "acne", "names": {"en": "Acne"}, "roles": ["bank"], "address": "https://evil.example",
             "id": digest("other").hex(), "lei": "529900T8BM49AURSDO55",
             "encryption": bindings.crypto_scalarmult_base(digest("evil")).hex()}  # fmt: skip
    with pytest.raises(BadSignature):
        MemberCard.from_json({**json.loads(FULL.encode()), name: other[name]})


def test_nobody_enrols_a_key_that_he_does_not_hold():
    thief = Key(digest("thief"))
    card = json.loads(FULL.encode())
    stolen = {**card, "alias": "thief"}
    del stolen["signature"]
    signature = thief.sign(SIGN_ATTESTATION + canonicalise(stolen))[2]
    with pytest.raises(BadSignature):
        MemberCard.from_json({**stolen, "signature": signature.hex()})


@pytest.mark.parametrize(
    ("algorithm", "public", "error"),
    [(1, bytes(32), BadPublicKey), (1, (1).to_bytes(32, "little"), BadPublicKey), (1, b"\xff" * 32, BadPublicKey),
     (1, b"", BadPublicKey), (1, bytes(33), BadPublicKey), (2, KEY.public, UnknownAlgorithm)],
)  # fmt: skip
def test_a_weak_or_unknown_signing_key_is_refused(algorithm, public, error):
    card = json.loads(FULL.encode())
    with pytest.raises(error):
        MemberCard.from_json({**card, "key": {"algorithm": algorithm, "public": public.hex()}})


def test_an_alias_is_a_number_of_no_issuer():
    assert alias_key(digest("ledger"), "acme") == number_key(digest("ledger"), "member_alias", ZERO, "acme")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"alias": "Acme"},
            "alias of a member: 1 to 63 small letters, digits and dashes, of which a dash is not the first",
        ),
        ({"lei": "x"}, "lei of a member: 18 capital letters or digits and two check digits (ISO 17442), or empty"),
        ({"codes": ["ACME"]}, "codes of a member: at most 16, each once, as LIST:CODE, such as SMDG:MSC"),
    ],
)
def test_what_a_field_must_be_is_said(change, message):
    with pytest.raises(BadCard) as caught:
        check_member_fields({**FULL.fields(), **change})
    assert caught.value.message == message
