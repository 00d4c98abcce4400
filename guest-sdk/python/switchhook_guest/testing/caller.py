"""Who calls, what they do, how the carrier behaves, and what became of it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from componentize_py_types import Err, Ok
from wit_world.imports import types

from .. import log as host_log
from ..audio import key_tone, level_dbfs
from ..failure import Failure
from ..runtime import run
from .host import Host
from .peers import Answer
from .placing import Plan

KEY_MS = 100
"""How long a key is pressed, and the pause behind it, ms."""
KEY_AMPLITUDE = 0.2
"""The amplitude of each of a key's two tones, a part of full scale."""


@dataclass
class Step:
    """One step of a script: samples to say, time to wait, silence to await, or something that happens."""

    say: Sequence[int] | None = None
    wait_ms: float | None = None
    until_quiet: bool = False
    happens: types.Event | None = None
    hang_up: bool = False


@dataclass
class Caller:
    """A caller with a script. The steps run one after the other from the answer on; between them the line carries silence."""

    rate_hz: int = 16_000
    """The call's sample rate."""
    config: dict[str, str] = field(default_factory=dict)
    """The plugin's configuration."""
    recording_granted: bool = False
    playout_bytes_max: int = 1 << 20
    gives_up_ms: float = 120_000
    """Hangs up so long after the call began, whatever the script says."""
    script: list[Callable[[int], Step]] = field(default_factory=list)
    responses: dict[str, list[tuple[float, Any]]] = field(default_factory=dict)
    sockets: dict[str, Answer] = field(default_factory=dict)
    requests: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    memory: dict[str, bytes] | None = None
    plans: list[Plan] | None = None

    def says(self, samples: Sequence[int]) -> Caller:
        """Says these samples at the pace of speech."""
        return self._step(lambda _: Step(say=samples))

    def presses(self, keys: str) -> Caller:
        """Presses keys, as tones in band."""
        for key in keys:
            self._step(lambda rate_hz, key=key: Step(say=key_tone(key, KEY_AMPLITUDE, rate_hz, KEY_MS)))
            self.waits_ms(KEY_MS)
        return self

    def waits_ms(self, ms: float) -> Caller:
        """Stays silent."""
        return self._step(lambda _: Step(wait_ms=ms))

    def meets(self, url: str, answer: Answer) -> Caller:
        """Another host takes sockets at this address, and says what the function answers to the opening and to each message."""
        self.sockets[url] = answer
        return self

    def answers_request(
        self, url: str, body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None
    ) -> Caller:
        """Another host answers requests to this address."""
        self.requests[url] = (status, body, headers or {})
        return self

    def grants_key_value(self) -> Caller:
        """The plugin may remember; each call begins with what the test put into ``memory``."""
        self.memory = {}
        return self

    def grants_calls(self) -> Caller:
        """The handler may place calls and begin chats: each is answered after a second and ends ten seconds later."""
        self.plans = self.plans or []
        return self

    def placed_fails(self, code: str, after_ms: float = 1_000) -> Caller:
        """The next one that is placed fails with this code."""
        return self._plan(Plan(after_ms, code))

    def placed_talks(self, after_ms: float, talks_ms: float) -> Caller:
        """The next one that is placed is answered after so long, and ends so long after that."""
        return self._plan(Plan(after_ms, talks_ms=talks_ms))

    def hears_out(self) -> Caller:
        """Stays silent until the handler has said something, and has been silent for 60 ms after it."""
        return self._step(lambda _: Step(until_quiet=True))

    def happens(self, event: types.Event) -> Caller:
        """Anything else that can happen."""
        return self._step(lambda _: Step(happens=event))

    def hangs_up(self) -> Caller:
        return self._step(lambda _: Step(hang_up=True))

    def answers(self, command: str, after_ms: float, code: str | None = None) -> Caller:
        """How the next command of this name goes: a failure's code, or none.

        Those that nothing is said of succeed, ``connect`` after a second, the rest after 20 ms.
        """
        result = Err(types.Failure(code, "as the test wants it")) if code else Ok(None)
        self.responses.setdefault(command, []).append((after_ms, result))
        return self

    def nobody_answers(self) -> Caller:
        """The number that ``connect`` rings does not pick up."""
        return self.answers("connect", float("inf"), "CALL_UNANSWERED")

    def run(self, handler: Callable[..., Any]) -> Report:
        """Calls a handler. Raises an exception of it that is no ``Failure``: a bug, or an assertion of the test."""
        info = types.CallInfo(
            id="call-1",
            tenant="test",
            carrier="test",
            caller="+15550100",
            callee="+15550199",
            outbound=False,
            resumed=False,
            audio=types.AudioFormat(self.rate_hz, bytes([0])),
            fields=[],
        )
        host = Host(self, [step(self.rate_hz) for step in self.script])
        failure = None
        with _simulated(host):
            host_log.set_up()
            try:
                run(handler, info)
            except Failure as raised:
                failure = raised
        return Report(host, failure)

    def _plan(self, plan: Plan) -> Caller:
        self.plans = [*(self.plans or []), plan]
        return self

    def _step(self, step: Callable[[int], Step]) -> Caller:
        self.script.append(step)
        return self


class Report:
    """What became of a call, and what the caller heard."""

    def __init__(self, host: Host, failure: Failure | None) -> None:
        host.end("closed")
        self.failure = failure and failure.code
        """The code of the failure that the handler ended with."""
        self.end = host.reason
        """Why the call ended: ``terminated`` (the caller hung up), ``closed``, ``disconnected``."""
        self.commands = host.begun
        """The commands that were accepted, in order: ``["answer", "connect 20", "close"]``."""
        self.rate_hz = host.rate_hz
        self.heard = array("h", host.heard)
        """What the caller heard from the answer on, silence included."""
        self.log = host.log
        self.recordings = host.recordings
        """Its recordings, by reference: how long they are, ms."""
        self.timers_left = len(host.timers)
        self.placed = host.placing.placed
        """What it placed."""
        self.sent = host.peers.sent
        """What it sent over sockets."""
        self.asked = host.peers.asked
        """Its requests: method, address, body."""

    def heard_at_ms(self, what: Sequence[int]) -> list[int]:
        """Where the caller heard exactly these samples, ms since the answer; each time."""
        ear, wanted = self.heard.tobytes(), array("h", what).tobytes()
        places, at = [], ear.find(wanted)
        while at >= 0:
            if at % 2 == 0:
                places.append(at // 2 * 1_000 // self.rate_hz)
            at = ear.find(wanted, at + (len(wanted) if at % 2 == 0 else 1))
        return places

    def heard_dbfs(self, from_ms: int, to_ms: int) -> float:
        """How loud a part of that was, dB below full scale."""
        return level_dbfs(self.heard[from_ms * self.rate_hz // 1_000 : to_ms * self.rate_hz // 1_000])


@contextmanager
def _simulated(host: Host) -> Iterator[None]:
    """The functions of the contract are this host's meanwhile."""
    before = []
    for interface, functions in host.interfaces.items():
        module = import_module(f"wit_world.imports.{interface}")
        for name, function in functions.items():
            before.append((module, name, getattr(module, name)))
            setattr(module, name, function)
    try:
        yield
    finally:
        for module, name, function in before:
            setattr(module, name, function)
