"""The call, as an async handler has it in its hand."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from wit_world.imports import call as host
from wit_world.imports import playout, types

from ._hub import Hub
from .audio.level import Voice
from .audio.prompt import Prompt
from .failure import Full, InvalidCommand, asked, ended
from .limits import PIECE_MS_MIN, PLAY_AHEAD_MS
from .stream import Stream

Pcm = bytes | bytearray | memoryview | Sequence[int] | Prompt
"""What can be said: little-endian bytes, samples, or a prompt, which has the call's sample rate by itself."""


class Call:
    """One call."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    # Commands. Each answers the carrier's detail, if it gave one, and raises a `Failure`: a refusal (`NotNow`, `Invalid`, ...),
    # the carrier's answer, `NoAnswer`, `LinkLost` or `CallEnded`. Cancelled, a command goes on.

    async def answer(self) -> Any:
        """Picks up. Deadline 10 s."""
        return await self._hub.command(host.answer)

    async def connect(self, ring_time_s: int) -> Any:
        """Rings the number that was originally called and bridges it in.

        1 to 120 s, and the deadline. ``Unanswered`` leaves the call as it was.
        """
        return await self._hub.command(host.connect, ring_time_s)

    async def whisper(self) -> Any:
        """From then on only the number's subscriber hears this handler. Deadline 10 s."""
        return await self._hub.command(host.whisper)

    async def barge(self) -> Any:
        """From then on both parties hear this handler. Deadline 10 s."""
        return await self._hub.command(host.barge)

    async def spy(self) -> Any:
        """From then on nobody hears this handler. Deadline 10 s."""
        return await self._hub.command(host.spy)

    async def disconnect(self) -> Any:
        """Ends the call for everyone. Deadline 10 s."""
        return await self._hub.command(host.disconnect)

    async def close(self) -> Any:
        """Leaves the call: connected parties stay connected, else the call ends. Returning from the handler does the same."""
        return await self._hub.command(host.close)

    async def hang_up(self) -> Any:
        """Ends the call for everyone, whatever its state.

        Before ``connected`` a carrier may take no ``disconnect``, and ``close`` ends such a call too.
        """
        try:
            return await self.disconnect()
        except InvalidCommand:
            if self.state == "connected":
                raise
        return await self.close()

    async def transfer(self, to: str, ring_time_s: int) -> Any:
        """Rings another number and bridges it in, where the carrier can."""
        return await self._hub.command(host.transfer, to, ring_time_s)

    async def send_digits(self, digits: str) -> Any:
        """Sends keys out of band, where the carrier can."""
        return await self._hub.command(host.send_digits, digits)

    # What is heard and what happens. A stream has what comes from its making on; what nobody streams is not kept.

    def audio(self) -> Stream[types.AudioFrame]:
        """The audio that is heard, all channels.

        Two seconds wait for a reader, then the oldest are dropped and counted.
        """
        return self._hub.audio()

    def events(self) -> Stream[types.Event]:
        """Events that nothing else takes: keys, warnings, errors of the call, marks of your own making, ``Event_Ended`` as the
        last. 256 wait, then the oldest are dropped and counted."""
        return self._hub.events()

    def keys(self, channel: int = 0) -> Stream[str]:
        """The keys that the caller presses, in band (DTMF tones on channel 0) or signalled: ``0`` to ``9``, ``*``, ``#``, ``A`` to
        ``D``. 32 wait for a reader, then the oldest are dropped. It listens until it is closed.

        Where the legs of a connected call are heard apart, channel 1 has the caller's keys alone, and 2 the callee's.
        """
        return self._hub.keys(channel)

    async def speech(self) -> None:
        """Waits until somebody speaks (on channel 0, from now on), about 50 ms after they began."""
        voice = Voice(self.sample_rate_hz)
        spoken = asyncio.get_running_loop().create_future()

        def hear(frame: types.AudioFrame) -> None:
            if frame.channel == 0 and voice.hear(frame.pcm) and not spoken.done():
                spoken.set_result(None)

        deaf = self._hub.listen(hear)
        over = asyncio.ensure_future(self._hub.end())
        try:
            await asyncio.wait((spoken, over), return_when=asyncio.FIRST_COMPLETED)
            if not spoken.done():
                raise ended()
        finally:
            deaf()
            over.cancel()

    async def ended(self) -> str:
        """Waits until the call is over: the reason, ``terminated``, ``closed``, ``voice-lost``, ..."""
        return await self._hub.end()

    # Speaking.

    def play(self, pcm: Pcm) -> types.Ledger:
        """Queues audio, all or nothing, without waiting. Raises ``Full``, ``NotNow`` before the answer, ``CallEnded``,
        ``Invalid``."""
        return asked(playout.play_samples, self._samples(pcm))

    async def say(self, pcm: Pcm) -> bool:
        """Says audio of any length, and waits until it was heard: true, or taken back by ``clear``: false.

        Utterances take turns. Cancelled while it speaks, it falls silent.
        """
        return await self._utter(pcm, self._hub.heard)

    async def play_all(self, pcm: Pcm) -> bool:
        """Queues audio of any length, at most a second ahead, and waits until all of it is queued: true, or it was told to be
        silent before that: false. Cancelled, what was queued is cleared."""

        async def at_once() -> bool:
            return True

        return await self._utter(pcm, at_once)

    async def ask(self, prompt: Pcm, keys: Stream[str], patience_s: float) -> str | None:
        """Says a prompt and waits for a key: until the prompt is over, and so many seconds longer. ``None``: none came.

        A key silences the prompt, and so does one that was pressed before and not taken.
        """
        if (pressed := keys.poll()) is not None:
            return pressed

        async def silence() -> None:
            await self.say(prompt)
            await asyncio.sleep(patience_s)

        _, key = await race(key=keys.read(), silence=silence())
        return key

    async def heard(self) -> bool:
        """Waits until everything queued so far was heard: true, or cleared: false."""
        return await self._hub.heard()

    def clear(self) -> types.Ledger:
        """Falls silent: drops what is queued, and stops what the carrier plays."""
        return self._hub.clear()

    @property
    def position(self) -> types.Ledger:
        """What became of the audio so far, in samples."""
        return playout.position()

    # What is known of it.

    @property
    def info(self) -> types.CallInfo:
        """What was known when it began."""
        return self._hub.info

    @property
    def sample_rate_hz(self) -> int:
        """Samples a second, of what is heard and of what is said."""
        return self._hub.info.audio.sample_rate_hz

    @property
    def state(self) -> str:
        """``pending``, ``answered``, ``connected`` or ``ended``, as the host has it at this moment."""
        return host.state()

    def can(self, what: str) -> bool:
        """Whether the carrier supports a command or an extra, by its name in the contract."""
        return what in host.capabilities()

    def _samples(self, pcm: Pcm) -> list[int]:
        """As the host takes them. Lists of bytes that are given to it are never freed, lists of numbers are."""
        if isinstance(pcm, Prompt):
            pcm = pcm.at(self.sample_rate_hz)
        if isinstance(pcm, (bytes, bytearray, memoryview)):
            pcm = memoryview(pcm).cast("B").cast("h")
        return pcm if isinstance(pcm, list) else pcm.tolist() if isinstance(pcm, (array, memoryview)) else [*pcm]

    async def _utter(self, pcm: Pcm, finish: Callable[[], Awaitable[bool]]) -> bool:
        if isinstance(pcm, Prompt):
            pcm = pcm.at(self.sample_rate_hz)
        elif isinstance(pcm, (bytes, bytearray, memoryview)):
            pcm = memoryview(pcm).cast("B").cast("h")
        async with self._hub.turn():
            if self._hub.reason is not None:
                raise ended()
            try:
                if await self._queue_all(pcm) and await finish():
                    return True
            except asyncio.CancelledError:
                self._hub.clear()
                raise
        # The end of the call clears too, and is told before its event comes.
        if self.state == "ended":
            raise ended()
        return False

    async def _queue_all(self, samples: Any) -> bool:
        """Whether all of it was taken before somebody cleared."""
        per_ms = -(-self.sample_rate_hz // 1_000)
        ahead_max = piece_max = PLAY_AHEAD_MS * per_ms
        cleared = (self._hub.clears, self.position.dropped)
        taken = 0
        while taken < len(samples):
            now = self.position
            if (self._hub.clears, now.dropped) != cleared:
                return False
            piece = min(piece_max, ahead_max - now.queued, len(samples) - taken)
            if piece <= 0:
                await self._hub.low(ahead_max // 2)
                continue
            try:
                self.play(samples[taken : taken + piece])
                taken += piece
            except Full:
                if now.queued > 0:
                    await self._hub.low(-(-now.queued // 2))
                elif piece_max > PIECE_MS_MIN * per_ms:
                    piece_max //= 2
                else:
                    raise
        return True


async def race(**runners: Coroutine[Any, Any, Any]) -> tuple[str, Any]:
    """Runs several things at once until the first of them is done, and cancels the others: its name, and what it answered.

    ``name, value = await race(key=keys.read(), said=call.say(welcome))``. Both at once: the one that stands first wins. Raises
    when the first one failed.
    """
    tasks = {name: asyncio.ensure_future(runner) for name, runner in runners.items()}
    try:
        await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        return next((name, task.result()) for name, task in tasks.items() if task.done())
    finally:
        losers = [task for task in tasks.values() if not task.done()]
        for loser in losers:
            loser.cancel()
        if losers:
            await asyncio.wait(losers)
        for task in tasks.values():
            task.cancelled() or task.exception()
