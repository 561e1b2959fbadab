"""Checking many signatures: in the caller's own thread, or beside it in processes of their own.

    ticket = verifier.start(messages)      # beside: the processes begin at once
    ...                                    # commit the batch before
    errors = ticket.results()              # for each message nothing, or the error that refuses it

A thread would not do: beside Python that never pauses it verifies 200 signatures a second, for want of
the interpreter's lock. A process verifies 20,000. Whoever asks for results that are not there yet helps:
he takes chunks from the far end until the two meet. Every signature is checked by the same library, and
one that a process calls bad is checked again here, to say why; so where a signature was checked makes no
difference. A process that dies or falls silent is replaced; what it had is checked here.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Final, Protocol, Self

from ledger.errors import LadingError
from ledger.signature import ED25519, PUBLIC_KEY_SIZE, SIGNATURE_SIZE, verify

from .verifier_process import VerifierProcess
from .verifier_worker import CHUNK, SIZE

__all__ = ["InlineVerifier", "Message", "Ticket", "Verifier", "WorkerVerifier"]

Message = tuple[int, bytes, bytes, bytes]
"""What is to be checked: algorithm, public key, message, signature."""

CHUNK_MESSAGES: Final = 16
"""Messages of one chunk: under a millisecond's work, which is how long one may wait for the other."""
FEWEST: Final = 8
"""Fewer messages than these are checked where they are."""
PIPE_SIZE: Final = 1 << 20
PATIENCE: Final = 10.0
"""How long, in seconds, an answer is waited for; the work of a chunk takes a thousandth of one."""
MOST_DEATHS: Final = 3
"""How often a process may die before it has answered anything; then no other is started."""


class Ticket(Protocol):
    """Messages on their way."""

    def results(self) -> list[LadingError | None]:
        """For each message, in order, nothing if its signature is valid, else the error that refuses it."""
        ...


class Verifier(Protocol):
    """Checks signatures. For one thread at a time; tickets may be open side by side."""

    def start(self, messages: Sequence[Message]) -> Ticket:
        """Begin."""
        ...

    def close(self) -> None:
        """Let go of what it holds; open tickets still give their results."""
        ...


def _error(message: Message) -> LadingError | None:
    try:
        verify(*message)
    except LadingError as error:
        return error
    return None


class _InlineTicket:
    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages

    def results(self) -> list[LadingError | None]:
        return [_error(message) for message in self._messages]


class InlineVerifier:
    """Checks when it is asked for results, in the thread that asks."""

    def start(self, messages: Sequence[Message]) -> Ticket:
        """Note the messages."""
        return _InlineTicket(messages)

    def close(self) -> None:
        """Nothing is held."""


class WorkerVerifier:
    """Checks in `workers` processes beside the caller, who helps when he would have to wait.

    A process that leaves a question unanswered for `patience` seconds is taken for dead.
    """

    def __init__(self, workers: int = 1, *, pipe_size: int = PIPE_SIZE, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._pipe_size = pipe_size
        self._deaths = 0
        self._tickets: dict[int, _SharedTicket] = {}
        self._number = 0
        self._workers = [VerifierProcess(pipe_size) for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """The processes that are alive, by their ids."""
        return [worker.pid for worker in self._workers if worker.alive]

    def wait_ready(self) -> None:
        """Wait until a process has started, if any can."""
        while self.pids and not any(worker.ready for worker in self._workers):
            self.collect(self.patience)

    def start(self, messages: Sequence[Message]) -> Ticket:
        """Hand the messages to the processes, chunk by chunk in turn."""
        self._replace_dead()
        self.collect(0)
        ready = [worker for worker in self._workers if worker.ready]
        if len(messages) < FEWEST or not ready:
            return _InlineTicket(messages)
        self._number = self._number % 0xFFFF_FFFF + 1
        ticket = self._tickets[self._number] = _SharedTicket(self, self._number, messages)
        for first, worker in enumerate(ready):
            mine = range(first, len(ticket.open), len(ready))
            ticket.holders.update(dict.fromkeys(mine, worker))
            worker.send(b"".join([ticket.packed(chunk) for chunk in mine]))
        return ticket

    def _replace_dead(self) -> None:
        for at, worker in enumerate(self._workers):
            if not worker.alive and self._deaths < MOST_DEATHS:
                self._deaths += 1
                self._workers[at] = VerifierProcess(self._pipe_size)

    def collect(self, timeout: float) -> None:
        """Take in the answers that are there, or the first that come; who is silent for `timeout` seconds is ended."""
        alive = {worker.source: worker for worker in self._workers if worker.alive}
        if not alive:
            return
        heard = select.select(list(alive), [], [], timeout)[0]
        if timeout and not heard:
            for worker in alive.values():
                worker.end()
        for source in heard:
            self._hear(alive[source])

    def _hear(self, worker: VerifierProcess) -> None:
        for number, chunk, answers in worker.answers():
            self._deaths = 0
            ticket = self._tickets.get(number)
            if ticket is not None and not ticket.take(chunk, answers):
                worker.end()

    def taken(self, number: int, chunk: int) -> None:
        """Tell the processes that a ticket's chunks from this one on are done here."""
        for worker in self._workers:
            if worker.ready:
                worker.send(CHUNK.pack(CHUNK.size - SIZE.size, number, chunk))

    def done(self, number: int) -> None:
        """A ticket has all its results."""
        self._tickets.pop(number, None)

    def close(self) -> None:
        """End the processes."""
        self._deaths = MOST_DEATHS
        for worker in self._workers:
            worker.end()


class _SharedTicket:
    """Messages in chunks, each with a process until it is answered or taken back."""

    def __init__(self, verifier: WorkerVerifier, number: int, messages: Sequence[Message]) -> None:
        self._verifier = verifier
        self._number = number
        self._messages = messages
        self._errors: list[LadingError | None] = [None] * len(messages)
        self.open = set(range(-(-len(messages) // CHUNK_MESSAGES)))
        self.holders: dict[int, VerifierProcess] = {}

    def _of(self, chunk: int) -> Sequence[Message]:
        return self._messages[chunk * CHUNK_MESSAGES : (chunk + 1) * CHUNK_MESSAGES]

    def packed(self, chunk: int) -> bytes:
        """A chunk as a process reads it. What has not even the form of a signature it calls bad, as it is."""
        parts = [b""]
        for algorithm, key, message, signature in self._of(chunk):
            if algorithm != ED25519 or len(key) != PUBLIC_KEY_SIZE or len(signature) != SIGNATURE_SIZE:
                parts += (SIZE.pack(PUBLIC_KEY_SIZE), bytes(PUBLIC_KEY_SIZE))
            else:
                parts += (SIZE.pack(PUBLIC_KEY_SIZE + SIGNATURE_SIZE + len(message)), key, signature, message)
        size = sum(map(len, parts))
        parts[0] = CHUNK.pack(CHUNK.size - SIZE.size + size, self._number, chunk)
        return b"".join(parts)

    def take(self, chunk: int, answers: bytes) -> bool:
        """Note the answers for a chunk; what is not valid is checked again, to say why. False if they do not fit."""
        messages = self._of(chunk)
        if len(answers) != len(messages) or not messages:
            return False
        if chunk in self.open:
            self.open.remove(chunk)
            for at, valid in enumerate(answers):
                if valid != 1:
                    self._errors[chunk * CHUNK_MESSAGES + at] = _error(messages[at])
        return True

    def results(self) -> list[LadingError | None]:
        """All results; helps until they are there."""
        verifier = self._verifier
        verifier.collect(0)
        while self.open:
            lost = [chunk for chunk in self.open if not self.holders[chunk].alive]
            last = max(lost or self.open)
            if not lost and len(self.open) <= len(verifier.pids):
                verifier.collect(verifier.patience)
                continue
            if not lost:
                verifier.taken(self._number, last)
            self.take(last, bytes(len(self._of(last))))
            verifier.collect(0)
        verifier.done(self._number)
        return self._errors
