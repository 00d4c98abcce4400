"""Where each event finds whoever awaits it. An instance serves one call, so there is one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from componentize_py_types import Ok
from wit_world.imports import playout, types

from .audio.dtmf import Detector
from .failure import Failure, Full, asked, ended
from .limits import AUDIO_QUEUE_MS_MAX, EVENT_QUEUE_MAX, KEYS_MAX, STREAMS_MAX, UTTERANCES_MAX
from .stream import Stream

MARK = "switchhook.heard."
"""Marks of this layer begin so, and are shown to nobody."""


_current: Hub | None = None


def current() -> Hub:
    """The call that is served."""
    if _current is None:
        raise RuntimeError("no call is served: this belongs into a handler, not beside it")
    return _current


def serve(hub: Hub | None) -> None:
    global _current
    _current = hub


class Hub:
    """One call's switchboard."""

    def __init__(self, info: types.CallInfo) -> None:
        self.info = info
        self.reason: str | None = None
        self.clears = 0
        self._commands: dict[int, asyncio.Future[Any]] = {}
        self._marks: dict[str, asyncio.Future[bool]] = {}
        self._low: asyncio.Future[None] | None = None
        self._end: asyncio.Future[str] | None = None
        self._audio: list[Stream[types.AudioFrame]] = []
        self._events: list[Stream[types.Event]] = []
        self._keys: list[Stream[str]] = []
        self._channels: WeakKeyDictionary[Stream[str], int] = WeakKeyDictionary()
        self._ears: list[Callable[[types.AudioFrame], None]] = []
        self._ending: list[Stream[Any]] = []
        self._followers: dict[tuple[str, int] | None, Callable[[Any], None]] = {}
        self._utterances = 0
        self._turn = asyncio.Lock()
        self._names = 0

    async def command(self, begin: Callable[..., int], *given: object) -> Any:
        """Begins a command; the outcome's detail."""
        waiter = self._commands[asked(begin, *given)] = _waiter()
        # Cancelled, the command goes on.
        return await asyncio.shield(waiter)

    async def heard(self) -> bool:
        """Waits until what is queued was heard: true, or cleared: false."""
        self._names += 1
        name = f"{MARK}{self._names}"
        # What is a part of a frame would wait for more otherwise.
        playout.flush()
        asked(playout.mark, name)
        waiter = self._marks[name] = _waiter()
        try:
            return await waiter
        finally:
            self._marks.pop(name, None)

    async def low(self, samples: int) -> None:
        """Waits until fewer than so many samples are queued."""
        waiter = self._low = self._low or _waiter()
        playout.notify_below(max(1, samples))
        await asyncio.shield(waiter)

    def clear(self) -> types.Ledger:
        """Falls silent. Utterances that are being queued take notice."""
        self.clears += 1
        return playout.clear()

    def turn(self) -> _Turn:
        """An utterance's turn, as a context."""
        return _Turn(self)

    async def end(self) -> str:
        self._end = self._end or _waiter()
        return self.reason if self.reason is not None else await asyncio.shield(self._end)

    def audio(self) -> Stream[types.AudioFrame]:
        weight_max = self.info.audio.sample_rate_hz * AUDIO_QUEUE_MS_MAX // 1_000
        return self._open("audio", self._audio, weight_max, weigh=lambda frame: len(frame.pcm) // 2, loses=_lose_frame)

    def events(self) -> Stream[types.Event]:
        return self._open("events", self._events, EVENT_QUEUE_MAX)

    def keys(self, channel: int) -> Stream[str]:
        """Keys that are signalled, or heard in band on a channel."""
        detector = Detector(self.info.audio.sample_rate_hz)

        def hear(frame: types.AudioFrame) -> None:
            if frame.channel == channel:
                for key in detector.hear(frame.pcm):
                    keys.push(key)

        keys: Stream[str] = self._open("keys", self._keys, KEYS_MAX, closed=self.listen(hear))
        self._channels[keys] = channel
        return keys

    def listen(self, ear: Callable[[types.AudioFrame], None]) -> Callable[[], None]:
        """Calls back with each frame, and keeps none."""
        self._ears.append(ear)
        return lambda: self._ears.remove(ear) if ear in self._ears else None

    def follow(self, kind: str, id: int, take: Callable[[Any], None]) -> Callable[[], None]:
        """Events of a kind, by the id in them, go to whoever asked for it: sockets, requests."""
        self._followers[kind, id] = take
        return lambda: self._followers.pop((kind, id), None)

    def ends_with_call(self, stream: Stream[Any]) -> None:
        """One that nobody else ends."""
        if self.reason is None:
            self._ending.append(stream)
        else:
            stream.end()

    def take(self, event: types.Event) -> None:
        """Gives an event to whoever awaits it."""
        if isinstance(event, types.Event_Audio):
            for ear in [*self._ears]:
                ear(event.value)
            for frames in self._audio:
                frames.push(event.value)
            return
        if not self._settle(event):
            for events in self._events:
                events.push(event)
        if isinstance(event, types.Event_Ended):
            self._close(event.value)

    def _settle(self, event: types.Event) -> bool:
        """Whether somebody in particular waited for it."""
        match event:
            case types.Event_Outcome(outcome):
                waiter = self._commands.pop(outcome.command, None)
                if waiter is None:
                    return False
                if isinstance(outcome.value, Ok):
                    _settle(waiter, _parsed(outcome.value.value))
                else:
                    _fail(waiter, Failure.of(outcome.value.value))
                return True
            case types.Event_Mark(mark):
                if waiter := self._marks.pop(mark.name, None):
                    _settle(waiter, mark.played)
                return mark.name.startswith(MARK)
            case types.Event_PlayoutLow():
                waiter, self._low = self._low, None
                if waiter is not None:
                    _settle(waiter, None)
                return waiter is not None
            case types.Event_Dtmf(dtmf):
                for keys in self._keys:
                    if self._channels[keys] in (0, dtmf.channel):
                        keys.push(dtmf.digit)
                return False
        take = self._followers.get(_address(event))
        if take is not None:
            take(event)
        return take is not None

    def _close(self, reason: str) -> None:
        """Outcomes and marks have all come: the host tells them before the end."""
        self.reason = reason
        for waiter in [*self._commands.values(), *self._marks.values()]:
            _fail(waiter, ended())
        if self._low:
            _settle(self._low, None)
        for stream in [*self._audio, *self._events, *self._keys, *self._ending]:
            stream.end()
        if self._end:
            _settle(self._end, reason)

    def _open(self, what: str, streams: list, weight_max: int, closed: Callable[[], None] = lambda: None, **rule) -> Stream:
        if len(streams) >= STREAMS_MAX:
            closed()
            raise Full("FULL", f"{STREAMS_MAX} streams of {what} are open: close some")

        def forget(stream: Stream) -> None:
            closed()
            if stream in streams:
                streams.remove(stream)

        stream: Stream = Stream(weight_max, forget, **rule)
        if self.reason is None:
            streams.append(stream)
        else:
            stream.end()
        return stream


class _Turn:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __aenter__(self) -> None:
        hub = self._hub
        if hub._utterances >= UTTERANCES_MAX:
            raise Full("FULL", f"{UTTERANCES_MAX} utterances wait for their turn")
        hub._utterances += 1
        try:
            await hub._turn.acquire()
        except BaseException:
            hub._utterances -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self._hub._utterances -= 1
        self._hub._turn.release()


def _address(event: types.Event) -> tuple[str, int] | None:
    """Of which socket or request it tells."""
    match event:
        case types.Event_SocketOpen(id) | types.Event_SocketWritable(id):
            return "socket", id
        case types.Event_SocketMessage(value) | types.Event_SocketClosed(value):
            return "socket", value.socket
        case types.Event_HttpHead(value) | types.Event_HttpBody(value) | types.Event_HttpEnd(value):
            return "request", value.request
        case types.Event_Placed(value):
            return "placed", value.request
    return None


def _waiter() -> asyncio.Future[Any]:
    waiter = asyncio.get_running_loop().create_future()
    # A failure that nobody looks at is no error of the handler.
    waiter.add_done_callback(lambda done: done.cancelled() or done.exception())
    return waiter


def _settle(waiter: asyncio.Future[Any], value: object) -> None:
    if not waiter.done():
        waiter.set_result(value)


def _fail(waiter: asyncio.Future[Any], failure: Failure) -> None:
    if not waiter.done():
        waiter.set_exception(failure)


def _lose_frame(lost: types.AudioFrame, follower: types.AudioFrame) -> bool:
    if lost.channel != follower.channel:
        return False
    follower.lost_samples += lost.lost_samples + len(lost.pcm) // 2
    return True


def _parsed(detail: str | None) -> Any:
    """The carrier's detail is JSON."""
    try:
        return None if detail is None else json.loads(detail)
    except ValueError:
        return detail
