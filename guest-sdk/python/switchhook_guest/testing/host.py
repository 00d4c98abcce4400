"""The host of a simulated call: virtual time, which passes only in ``next``."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from componentize_py_types import Err, Ok
from wit_world.imports import events, types

from ..audio import samples
from ..recording import Side
from .kit import kit
from .peers import Peers, refuse
from .placing import Placing

if TYPE_CHECKING:
    from .caller import Caller, Step

FRAME_MS = 20
"""The pace of the line, ms."""
QUIET_MS = 60
"""After so much silence what was said is over, ms."""
TIMERS_MAX = 256
MARKS_MAX = 1_024
NEVER = float("inf")

LEGAL = {
    "answer": {"pending": "answered"},
    "connect": {"pending": "connected", "answered": "connected"},
    "whisper": {"connected": "connected"},
    "barge": {"connected": "connected"},
    "spy": {"connected": "connected"},
    "disconnect": {"pending": "ended", "answered": "ended", "connected": "ended"},
    "close": {"pending": "ended", "answered": "ended", "connected": "ended"},
}
"""Which commands are legal in which state, and where success leads."""


@dataclass
class Open:
    id: int
    name: str
    at_ms: float
    result: Any
    to: str


@dataclass
class Timer:
    id: int
    at_ms: float
    every_ms: float


class Host:
    """One simulated call."""

    def __init__(self, caller: Caller, script: list[Step]) -> None:
        self.caller = caller
        self.rate_hz = caller.rate_hz
        self.now_ms = 0.0
        self.state = "pending"
        self.reason: str | None = None
        self.begun: list[str] = []
        self.heard = array("h")
        self.log: list[str] = []
        self.recordings: dict[str, float] = {}
        self.timers: list[Timer] = []
        self._responses = {name: [*responses] for name, responses in caller.responses.items()}
        self._script = deque(script)
        self._said = 0
        self._since: float | None = None
        self._heard_before = 0
        self._inbox: deque[types.Event] = deque()
        self._open: list[Open] = []
        self._names = 0
        self._queue = array("h")
        self._sent = self._dropped = self._low = self._played_to = self._frames = 0
        self._marks: deque[tuple[int, str]] = deque()
        self._opened_ms: float | None = None
        self._over = False
        self._recording: tuple[str, float] | None = None
        self._later: list[tuple[float, types.Event]] = []
        self.peers = Peers(caller.sockets, caller.requests, caller.memory, self._happens_later)
        self.placing = Placing(caller.plans, self._happens_later)
        self.interfaces = self._interfaces()

    def end(self, reason: str) -> None:
        if self.state == "ended":
            return
        self.state, self.reason = "ended", reason
        late = Err(types.Failure("ENDED", "the call is over"))
        for open in self._open:
            value = open.result if open.to == "ended" else late
            self._inbox.append(types.Event_Outcome(types.Outcome(open.id, open.name, value)))
        self._open.clear()
        self._clear()
        self.timers.clear()
        if self._recording:
            self._stop()
        self._inbox.append(types.Event_Ended(reason))

    def _next(self, limit_ms: float = NEVER) -> Any:
        until_ms = self.now_ms + limit_ms
        while True:
            if self._over:
                return events.Waited_Over()
            if self._inbox:
                event = self._inbox.popleft()
                self._over = isinstance(event, types.Event_Ended)
                return events.Waited_Event(event)
            at_ms = max(self.now_ms, self._next_ms())
            self._advance(min(at_ms, until_ms))
            if until_ms < at_ms and not self._inbox:
                return events.Waited_TimedOut()

    def _next_ms(self) -> float:
        """When something happens next: at the latest, the caller gives up."""
        frame = NEVER if self._opened_ms is None else self._opened_ms + (self._frames + 1) * FRAME_MS
        later = (at_ms for at_ms, _ in self._later)
        return min(self.caller.gives_up_ms, frame, *later, *(waits.at_ms for waits in [*self.timers, *self._open]))

    def _advance(self, now_ms: float) -> None:
        self.now_ms = now_ms
        self._play()
        for timer in self.timers:
            if timer.at_ms <= now_ms:
                self._inbox.append(types.Event_Timer(timer.id))
                timer.at_ms += timer.every_ms or NEVER
        self.timers = [timer for timer in self.timers if timer.at_ms < NEVER]
        self._inbox.extend(event for at_ms, event in self._later if at_ms <= now_ms)
        self._later = [later for later in self._later if later[0] > now_ms]
        for open in [open for open in self._open if open.at_ms <= now_ms]:
            self._finish(open)
        if self._opened_ms is not None and now_ms >= self._opened_ms + (self._frames + 1) * FRAME_MS:
            self._frame()
        if now_ms >= self.caller.gives_up_ms:
            self.end("terminated")

    def _finish(self, open: Open) -> None:
        if self.state == "ended":
            return
        succeeds = isinstance(open.result, Ok)
        if succeeds and open.to == "ended":
            return self.end("closed" if open.name == "close" else "disconnected")
        self._open.remove(open)
        if succeeds:
            self.state = open.to
            self._opened_ms = self.now_ms if self._opened_ms is None else self._opened_ms
        self._inbox.append(types.Event_Outcome(types.Outcome(open.id, open.name, open.result)))

    def _play(self) -> None:
        """What the caller hears until now."""
        if self._opened_ms is None or self.state == "ended":
            return
        due = int((self.now_ms - self._opened_ms) * self.rate_hz / 1_000) - len(self.heard)
        played = self._queue[:due]
        self._queue = self._queue[len(played) :]
        self._sent += len(played)
        self.heard.extend(played)
        if played:
            self._played_to = len(self.heard)
        self.heard.frombytes(bytes(2 * (due - len(played))))
        self._tell()

    def _tell(self) -> None:
        while self._marks and self._marks[0][0] <= self._sent + self._dropped:
            self._inbox.append(types.Event_Mark(types.Mark(self._marks.popleft()[1], True)))
        if len(self._queue) < self._low:
            self._low = 0
            self._inbox.append(types.Event_PlayoutLow(self._ledger()))

    def _frame(self) -> None:
        """One frame of what the caller says."""
        self._frames += 1
        count = self.rate_hz * FRAME_MS // 1_000
        frame = array("h")
        while len(frame) < count and self._follow() and (say := self._script[0].say) is not None:
            part = say[self._said : self._said + count - len(frame)]
            frame.extend(part)
            self._said += len(part)
        if self.state == "ended":
            return
        frame.frombytes(bytes(2 * (count - len(frame))))
        at_sample = (self._frames - 1) * count
        self._inbox.append(types.Event_Audio(types.AudioFrame(0, at_sample, 0, frame.tobytes())))

    def _follow(self) -> bool:
        """Goes on in the script as far as the call stands. Whether there is a step."""
        while self._script and self.state != "ended":
            step = self._script[0]
            self._since = self.now_ms if self._since is None else self._since
            quiet_ms = (len(self.heard) - self._played_to) * 1_000 / self.rate_hz
            over = (
                (step.say is not None and self._said >= len(step.say))
                or (step.wait_ms is not None and self.now_ms >= self._since + step.wait_ms)
                or (step.until_quiet and self._sent > self._heard_before and quiet_ms >= QUIET_MS)
                or step.happens is not None
                or step.hang_up
            )
            if not over:
                return True
            if step.happens is not None:
                self._inbox.append(step.happens)
            if step.hang_up:
                self.end("terminated")
            self._script.popleft()
            self._said, self._since, self._heard_before = 0, None, self._sent
        return False

    def _ledger(self) -> types.Ledger:
        return types.Ledger(len(self._queue), self._sent, self._sent, self._dropped, True)

    def _clear(self) -> types.Ledger:
        self._dropped += len(self._queue)
        self._queue = array("h")
        for _, name in self._marks:
            self._inbox.append(types.Event_Mark(types.Mark(name, False)))
        self._marks.clear()
        return self._ledger()

    def _stop(self) -> None:
        if self._recording is None:
            refuse("NOT_NOW", "nothing is recorded")
        reference, since_ms = self._recording
        self.recordings[reference] = self.now_ms - since_ms
        self._recording = None

    def _alive(self) -> None:
        if self.state == "ended":
            refuse("ENDED", "the call is over")

    def _name(self) -> int:
        self._names += 1
        return self._names

    def _command(self, name: str, shown: str | None = None, ring_ms: float = NEVER) -> int:
        self._alive()
        if name not in LEGAL:
            refuse("NOT_SUPPORTED", f"this carrier has no {name}")
        to = LEGAL[name].get(self.state)
        if to is None or any(open.name == name or open.to == "ended" for open in self._open):
            refuse("NOT_NOW", f"{name} is not legal while the call is {self.state}")
        responses = self._responses.get(name)
        after_ms, result = responses.pop(0) if responses else (1_000 if name == "connect" else 20, Ok(None))
        open = Open(self._name(), name, self.now_ms + min(after_ms, ring_ms), result, to)
        self._open.append(open)
        self.begun.append(shown or name)
        return open.id

    def _connect(self, ring_time_s: int) -> int:
        if not 1 <= ring_time_s <= 120:
            refuse("INVALID", "the ring time is 1 to 120 s")
        return self._command("connect", f"connect {ring_time_s}", ring_time_s * 1_000)

    def _queue_pcm(self, pcm: Sequence[int]) -> types.Ledger:
        self._alive()
        if self.state == "pending":
            refuse("NOT_NOW", "the call is not answered")
        if (len(self._queue) + len(pcm)) * 2 > self.caller.playout_bytes_max:
            refuse("FULL", "it does not fit")
        self._queue.extend(array("h", pcm))
        return self._ledger()

    def _mark(self, name: str) -> None:
        self._alive()
        if len(self._marks) >= MARKS_MAX:
            refuse("FULL", "too many marks are pending")
        self._marks.append((self._sent + self._dropped + len(self._queue), name))
        self._tell()

    def _notify_below(self, samples: int) -> None:
        self._low = samples
        self._tell()

    def _set_timer(self, ms: int, repeat: bool) -> int:
        self._alive()
        if len(self.timers) >= TIMERS_MAX:
            refuse("FULL", "too many timers run")
        timer = Timer(self._name(), self.now_ms + ms, max(1, ms) if repeat else 0)
        self.timers.append(timer)
        return timer.id

    def _cancel_timer(self, id: int) -> None:
        self.timers = [timer for timer in self.timers if timer.id != id]
        self._inbox = deque(event for event in self._inbox if event != types.Event_Timer(id))

    def _happens_later(self, after_ms: float, event: types.Event) -> None:
        self._later.append((self.now_ms + after_ms, event))

    def _granted(self) -> None:
        if not self.caller.recording_granted:
            refuse("NOT_GRANTED", "recording is not granted")

    def _start_recording(self, side: str) -> str:
        self._granted()
        if side not in [*Side]:
            refuse("INVALID", "there is no such side")
        self._alive()
        if self._recording:
            refuse("NOT_NOW", "one is being made")
        self._recording = (f"recording-{self._name()}", self.now_ms)
        return self._recording[0]

    def _stop_recording(self) -> None:
        self._granted()
        self._stop()

    def _play_recording(self, reference: str) -> None:
        self._granted()
        if reference not in self.recordings:
            refuse("INVALID", "there is no such recording")
        self._queue_pcm([0] * int(self.recordings[reference] * self.rate_hz / 1_000))

    def _delete_recording(self, reference: str) -> None:
        self._granted()
        if self.recordings.pop(reference, None) is None:
            refuse("INVALID", "there is no such recording")

    def _interfaces(self) -> dict[str, dict[str, Callable[..., Any]]]:
        def config_all() -> list[types.Field]:
            return [types.Field(name, value) for name, value in self.caller.config.items()]

        plain = ("answer", "whisper", "barge", "spy", "disconnect", "close")
        return {
            "events": {"next": lambda: getattr(self._next(), "value", None), "next_within": self._next},
            "call": {
                **{name: lambda name=name: self._command(name) for name in plain},
                "connect": self._connect,
                "transfer": lambda _to, _ring: self._command("transfer"),
                "send_digits": lambda _digits: self._command("send-digits"),
                "state": lambda: self.state,
                "capabilities": lambda: [*LEGAL],
            },
            "playout": {
                "play": lambda pcm: self._queue_pcm(samples(pcm)),
                "play_samples": self._queue_pcm,
                "mark": self._mark,
                "flush": lambda: None,
                "clear": lambda: self._ledger() if self.state in ("pending", "ended") else self._clear(),
                "notify_below": self._notify_below,
                "position": self._ledger,
            },
            "timers": {"set": self._set_timer, "cancel": self._cancel_timer},
            "log": {"log": lambda _level, message: self.log.append(message)},
            "config": {"get": self.caller.config.get, "all": config_all},
            "recording": {
                "start": self._start_recording,
                "stop": self._stop_recording,
                "play": self._play_recording,
                "delete": self._delete_recording,
            },
            **self.peers.interfaces(),
            **self.placing.interfaces(),
            "audio_kit": kit(),
        }
