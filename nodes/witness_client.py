"""Asking witnesses to cosign: the log's side of C2SP tlog-witness v1.0.0.

    ask(store, stored, policy)       a line for each witness that answered, and why the others did not

Each witness of the policy that has an address is asked for the checkpoint, with a consistency proof from the size
that it says it knows: first from size 0, or from the newest checkpoint that it cosigned; on a 409 once more from
the size in the answer. A line counts only if it verifies under the witness's key in the policy. A witness that knows
more entries than this log has, or that the log's own proof does not satisfy, has seen another log of this name:
`WitnessAhead` and `WitnessDisagrees` say so, and nothing is to be signed any more until it is cleared up.

The standard library's client: one request at a time, to addresses of the policy alone, without redirects.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ledger.checkpoint import Checkpoint
from ledger.cosignature import verify_cosignature
from ledger.errors import ContradictionError, InputError, LadingError, UnavailableError
from ledger.merkle import consistency_path
from ledger.note import NoteSignature
from ledger.policy import Policy, Witness
from ledger.store.port import Store, StoredCheckpoint
from nodes.proofs import signed_note

__all__ = ["WitnessAhead", "WitnessDisagrees", "WitnessSilent", "ask_witness", "ask_witnesses"]

_PATIENCE: Final = 10.0
"""Seconds in which a witness must answer."""
_MAX_ANSWER: Final = 65_536

Post = Callable[[str, bytes], tuple[int, bytes]]
"""Posts a body to an address; gives the status and the answer. Raises `WitnessSilent`."""


class WitnessSilent(UnavailableError):
    """A witness does not answer, or not as tlog-witness says."""

    code = "witness.silent"
    hint = "ask again later; a checkpoint without its line is served as such, and is final once the quorum has cosigned"


class WitnessAhead(ContradictionError):
    """A witness has cosigned more entries of this log than there are here."""

    code = "witness.ahead"
    hint = "this ledger was put back from an old backup, or forked: find the newest ledger.db; sign nothing meanwhile"


class WitnessDisagrees(ContradictionError):
    """A witness has cosigned another history of this log."""

    code = "witness.disagrees"
    hint = "ask the witness for the checkpoint that it has: with this one it proves that the log was forked"


def ask_witnesses(
    store: Store, stored: StoredCheckpoint, policy: Policy, post: Post | None = None
) -> dict[str, str | LadingError]:
    """The line of each witness of the policy that has an address, or why there is none."""
    found: dict[str, str | LadingError] = {}
    for witness in policy.witnesses:
        if witness.url:
            try:
                found[witness.name] = ask_witness(store, stored, witness, post or _post)
            except LadingError as error:
                found[witness.name] = error
    return found


def ask_witness(store: Store, stored: StoredCheckpoint, witness: Witness, post: Post) -> str:
    """The line of one witness. Raises `WitnessSilent`, `WitnessAhead` or `WitnessDisagrees`."""
    checkpoint = Checkpoint.parse(stored.body.encode("utf-8"))
    url = f"{witness.url.rstrip('/')}/add-checkpoint"
    old = _known(store, witness, checkpoint.size)
    status, answer = post(url, _request(store, stored, old, checkpoint.size))
    if status == 409:
        old = _size(witness, answer)
        if old > checkpoint.size:
            raise WitnessAhead(f"{witness.name} knows {old:,} entries, this log has {checkpoint.size:,}", value=old)
        status, answer = post(url, _request(store, stored, old, checkpoint.size))
    if status in (409, 422):
        raise WitnessDisagrees(f"{witness.name} has cosigned another log of {checkpoint.origin}", value=old)
    if status != 200:
        raise WitnessSilent(f"{witness.name} answers {status}: {answer[:200].decode('utf-8', 'replace')}", value=status)
    return _verified(witness, checkpoint, answer)


def _known(store: Store, witness: Witness, size: int) -> int:
    """The size of the newest checkpoint here that the witness cosigned; it may know another."""
    for stored in store.checkpoints():
        names = [line.split(" ")[1] for line in stored.lines]
        if stored.size <= size and witness.key.name in names:
            return stored.size
    return 0


def _request(store: Store, stored: StoredCheckpoint, old: int, size: int) -> bytes:
    path = consistency_path(store.hash_at, old, size)
    lines = [f"old {old}", *(b64encode(one).decode("ascii") for one in path), "", ""]
    return "\n".join(lines).encode("ascii") + signed_note(stored)


def _size(witness: Witness, answer: bytes) -> int:
    text = answer.decode("ascii", "replace").removesuffix("\n")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise WitnessSilent(f"{witness.name} answers 409 without a size", value=text[:40])
    return int(text)


def _verified(witness: Witness, checkpoint: Checkpoint, answer: bytes) -> str:
    """The line by the witness's key among those that it answered."""
    try:
        for line in answer.decode("utf-8").removesuffix("\n").split("\n"):
            signature = NoteSignature.parse(line)
            if signature.key == (witness.key.name, witness.key.id):
                verify_cosignature(witness.key, checkpoint.body(), signature)
                return line
    except (InputError, ContradictionError, UnicodeDecodeError) as exc:
        raise WitnessSilent(f"{witness.name} answers no cosignature: {exc}") from None
    raise WitnessSilent(f"{witness.name} answers a cosignature by another key", value=str(witness.key))


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    if not url.startswith(("http://", "https://")):
        raise WitnessSilent("the address of a witness begins with http:// or https://", value=url)
    request = Request(url, data=body, headers={"content-type": "application/octet-stream"})  # noqa: S310
    try:
        with build_opener(_NoRedirect()).open(request, timeout=_PATIENCE) as answer:
            return answer.status, answer.read(_MAX_ANSWER)
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read(_MAX_ANSWER)
    except (URLError, OSError, HTTPException, ValueError) as exc:
        raise WitnessSilent(f"no answer from {url}: {getattr(exc, 'reason', exc)}", value=url) from None
