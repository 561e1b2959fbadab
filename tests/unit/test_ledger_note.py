"""Signed notes: the strict form, keys, and what makes a whole note untrustworthy."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from ledger import note
from ledger.note import (
    BadKey,
    BadNote,
    KnownKeyFails,
    NoKnownSignature,
    Note,
    NoteSignature,
    VerifierKey,
    verify_note,
)
from ledger.signature import BadPublicKey, public_key_of

# The example of the Go package golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

SEED = sha256(b"a key of the tests").digest()
NAME = "example.com/log"
TEXT = b"first\n\nsecond\n"
KEY = VerifierKey(NAME, note.SIGNING_KEY, public_key_of(SEED))
LINE = NoteSignature("other.example", b"\x01\x02\x03\x04", b"\x05")


def signed(*more, text=TEXT):
    return Note(text, (note.sign(SEED, NAME, text), *more))


def test_the_go_package_s_example():
    parsed = Note.parse(GO_NOTE)
    key = VerifierKey.parse(GO_KEY)
    assert parsed.text == GO_NOTE.split(b"\n\n")[0] + b"\n"
    assert parsed.format() == GO_NOTE
    assert verify_note(parsed, [key]) == (key,)
    assert str(key) == GO_KEY
    assert key.id.hex() == "c74f20a3"


def test_every_changed_byte_of_an_example_is_refused():
    key = VerifierKey.parse(GO_KEY)
    for at in range(len(GO_NOTE)):
        for bit in (0x01, 0x80):
            changed = bytearray(GO_NOTE)
            changed[at] ^= bit
            with pytest.raises((BadNote, KnownKeyFails, NoKnownSignature)):
                verify_note(Note.parse(bytes(changed)), [key])


def test_bytes_of_a_note():
    assert Note(b"text\n", (LINE,)).format() == "text\n\n— other.example AQIDBAU=\n".encode()


def test_the_text_may_have_empty_lines_and_is_parted_at_the_last():
    for text in (b"a\n\nb\n", b"\n", b"\n\n", b"a\n\n\n", "— x AQIDBAU=\n\na\n".encode()):
        one = signed(text=text)
        assert Note.parse(one.format()) == one
        assert verify_note(Note.parse(one.format()), [KEY]) == (KEY,)


@pytest.mark.parametrize("count", [16, 17, 100])
def test_many_signatures_are_accepted(count):
    others = [NoteSignature(f"w{n}.example", b"abcd", b"x" * 72) for n in range(count - 1)]
    one = signed(*others)
    assert len(Note.parse(one.format()).signatures) == count
    assert verify_note(Note.parse(one.format()), [KEY]) == (KEY,)


def test_16_signatures_of_5_kilobytes_fit():
    others = [NoteSignature(f"w{n}.example", b"abcd", bytes(5_000)) for n in range(16)]
    assert Note.parse(signed(*others).format()).signatures[1:] == tuple(others)


def test_more_than_100_signatures_are_refused():
    lines = "".join(f"— w{n}.example AQIDBAU=\n" for n in range(101))
    with pytest.raises(BadNote, match="more than 100 signatures"):
        Note.parse(f"text\n\n{lines}".encode())


def test_the_largest_note():
    largest = Note(b"a" * (131_072 - len(GOOD.encode()) + 4) + b"\n", (LINE,))
    assert len(largest.format()) == 131_072
    assert Note.parse(largest.format()) == largest


def test_a_note_of_100_megabytes_is_refused():
    with pytest.raises(BadNote, match="more than 131,072 bytes"):
        Note.parse(bytes(100_000_000))
    with pytest.raises(BadNote, match="more than 131,072 bytes"):
        Note(b"a" * 131_060 + b"\n", (LINE,)).format()


GOOD = "text\n\n— other.example AQIDBAU=\n"


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        GOOD[:-1],
        GOOD + "\n",
        GOOD + "more\n",
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("text", "te\rxt"),
        GOOD.replace("text", "te\txt"),
        GOOD.replace("text", "te\x00xt"),
        GOOD.replace("—", "-"),
        GOOD.replace("—", "–"),
        GOOD.replace("— ", "—"),
        GOOD.replace("— ", "—  "),
        GOOD.replace("— ", "—\u00a0"),
        GOOD.replace("other.example ", "other.example  "),
        GOOD.replace("other.example ", " "),
        GOOD.replace("other.example ", ""),
        GOOD.replace("other", "ot her"),
        GOOD.replace("other", "ot+her"),
        GOOD.replace("other", "ot\u2003her"),
        GOOD.replace("other", "ot\u0085her"),
        GOOD.replace("AQIDBAU=", ""),
        GOOD.replace("AQIDBAU=", "AQIDBAU"),
        GOOD.replace("AQIDBAU=", "AQIDBAV="),
        GOOD.replace("AQIDBAU=", "AQIDBAU=="),
        GOOD.replace("AQIDBAU=", "AQIDBAU= "),
        GOOD.replace("AQIDBAU=", "AQID BAU="),
        GOOD.replace("AQIDBAU=", "AQI-BAU="),
        GOOD.replace("AQIDBAU=", "AQID"),
        GOOD.replace("AQIDBAU=", "AQIDBA=="),
        GOOD.replace("AQIDBAU=", "ＡQIDBAU="),
        GOOD + "— other.example AQIDBAU=\n",
        GOOD + "— other.example AQIDBAY=\n",
        GOOD + "— third.example AQIDBAU=\n\n— fourth.example AQIDBAU=",
    ],
)
def test_what_is_not_canonical_is_refused(bad):
    with pytest.raises(BadNote) as caught:
        Note.parse(bad.encode())
    assert caught.value.code == "note.malformed"


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x80"])
def test_what_is_not_utf_8_is_refused(bad):
    for place in ("text", "other"):
        with pytest.raises(BadNote, match="UTF-8"):
            Note.parse(GOOD.encode().replace(place.encode(), bad))


def test_a_note_cut_anywhere_is_refused():
    data = signed(LINE).format()
    for cut in range(len(data)):
        with pytest.raises((BadNote, NoKnownSignature)):
            verify_note(Note.parse(data[:cut]), [VerifierKey.parse(GO_KEY)])


def test_unknown_keys_are_ignored():
    same_name = VerifierKey(NAME, note.SIGNING_KEY, public_key_of(bytes(32)))
    stranger = NoteSignature(NAME, same_name.id, bytes(64))
    same_id = NoteSignature("other.example", KEY.id, bytes(64))
    one = signed(stranger, same_id)
    assert verify_note(one, [KEY]) == (KEY,)
    with pytest.raises(KnownKeyFails):
        verify_note(one, [KEY, same_name])


def test_a_known_key_that_fails_refuses_the_whole_note():
    other = VerifierKey("second.example", note.SIGNING_KEY, public_key_of(bytes(32)))
    forged = NoteSignature(other.name, other.id, note.sign(SEED, "x", TEXT).signature)
    one = signed(forged)
    assert verify_note(one, [KEY]) == (KEY,)
    with pytest.raises(KnownKeyFails, match=r"second\.example") as caught:
        verify_note(one, [KEY, other])
    assert caught.value.code == "note.signature_fails"


def test_a_signature_over_another_text_fails():
    moved = Note(b"another\n", signed().signatures)
    with pytest.raises(KnownKeyFails):
        verify_note(moved, [KEY])


@pytest.mark.parametrize("size", [1, 63, 65, 72])
def test_a_signature_of_another_size_fails(size):
    with pytest.raises(KnownKeyFails):
        verify_note(Note(TEXT, (NoteSignature(NAME, KEY.id, bytes(size)),)), [KEY])


def test_without_a_known_key_nothing_is_shown():
    with pytest.raises(NoKnownSignature) as caught:
        verify_note(signed(), [VerifierKey.parse(GO_KEY)])
    assert caught.value.code == "note.no_known_signature"
    with pytest.raises(NoKnownSignature):
        verify_note(signed(), [])


def test_signatures_are_added_and_replaced():
    one = signed()
    assert one.with_signatures([LINE]).signatures == (*one.signatures, LINE)
    newer = NoteSignature(LINE.name, LINE.key_id, b"newer")
    assert one.with_signatures([LINE, newer]).signatures == (*one.signatures, newer)
    assert one.with_signatures([LINE]).with_signatures([newer]).signatures[1] == newer


@pytest.mark.parametrize("text", [b"", b"text", b"te\rxt\n", b"\xff\n", b"a" * 131_073])
def test_a_text_that_is_no_note_s_is_not_signed(text):
    with pytest.raises(BadNote):
        note.sign(SEED, NAME, text)
    with pytest.raises(BadNote):
        Note(text, (LINE,))


@pytest.mark.parametrize("count", [0, 101])
def test_a_note_has_1_to_100_signatures(count):
    lines = tuple(NoteSignature(f"w{n}", b"abcd", b"x") for n in range(count))
    with pytest.raises(BadNote, match="1 to 100 signatures"):
        Note(TEXT, lines)


def test_key_id():
    expected = sha256(NAME.encode() + b"\n\x01" + KEY.public_key).digest()[:4]
    assert note.key_id(NAME, 1, KEY.public_key) == KEY.id == expected


def test_a_key_of_each_type_reads_back():
    for kind in (note.SIGNING_KEY, note.COSIGNATURE_KEY):
        key = VerifierKey("host.example/ledger-1/日本", kind, KEY.public_key)
        assert VerifierKey.parse(str(key)) == key


def test_only_a_signing_key_signs_the_text_itself():
    cosigner = VerifierKey(NAME, note.COSIGNATURE_KEY, KEY.public_key)
    with pytest.raises(BadKey, match="does not sign the text"):
        note.verify_signature(cosigner, TEXT, signed().signatures[0])
    with pytest.raises(KnownKeyFails, match="not under the name"):
        note.verify_signature(KEY, TEXT, LINE)


def vkey(name=NAME, kind=1, key=KEY.public_key):
    raw = bytes([kind]) + key
    identity = sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    return f"{name}+{identity}+{base64.b64encode(raw).decode()}"


def test_vkey_of_the_helper_is_a_key():
    assert VerifierKey.parse(vkey()) == KEY


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "+",
        "++",
        NAME,
        vkey().rpartition("+")[0],
        vkey().upper(),
        vkey().replace("+", " "),
        vkey() + "=",
        vkey()[:-1],
        vkey() + "\n",
        " " + vkey(),
        vkey(name=""),
        vkey(name="a b"),
        vkey(name="a\tb"),
        vkey(kind=0),
        vkey(kind=2),
        vkey(kind=6),
        vkey(kind=255),
        vkey(key=KEY.public_key[:-1]),
        vkey(key=KEY.public_key + b"\x00"),
        vkey(key=b""),
        f"{NAME}+00000000+{vkey().split('+', 2)[2]}",
        f"{NAME}+{KEY.id.hex()[:-1]}+{vkey().split('+', 2)[2]}",
        f"{NAME}+{KEY.id.hex()}+",
    ],
)
def test_what_is_no_vkey_is_refused(bad):
    with pytest.raises(BadKey) as caught:
        VerifierKey.parse(bad)
    assert caught.value.code == "note.bad_key"


def test_an_upper_case_key_id_is_refused():
    name, identity, key = vkey().split("+", 2)
    assert identity != identity.upper()
    with pytest.raises(BadKey):
        VerifierKey.parse(f"{name}+{identity.upper()}+{key}")


@pytest.mark.parametrize(
    "weak",
    [bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", b"\xff" * 32],
)
def test_a_key_of_low_order_or_off_the_curve_is_refused(weak):
    with pytest.raises(BadPublicKey):
        VerifierKey.parse(vkey(key=weak))
