"""WebSockets to granted hosts. Keys and tokens are put in by the host, never by the handler."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from wit_world.imports import types
from wit_world.imports import websocket as host

from ._hub import Hub, current
from .failure import CallEnded, Failure, Full, LinkLost, asked
from .limits import SOCKET_QUEUE_BYTES_MAX
from .stream import Stream


POLICY = 1_008
"""The closing code of who is sent more than it takes."""


class Socket:
    """One connection: an async iterator of its messages, ``str`` or ``bytes``, that ends when it is closed.

    ``async with await Socket.open("wss://api.example.com/v1", {"x-mode": "voice"}) as socket: ...`` closes it in the end.
    """

    closed: tuple[int, str] | None = None
    """Why it is closed, once it is: a code of RFC 6455 and a reason."""

    def __init__(self, hub: Hub, id: int) -> None:
        self._hub = hub
        self._id = id
        self._messages: Stream[str | bytes] = Stream(SOCKET_QUEUE_BYTES_MAX, lambda _: None, weigh=len, full=self._flooded)
        self._news = asyncio.Event()
        self._opened = False
        self._off = hub.follow("socket", id, self._take)

    @classmethod
    async def open(cls, url: str, headers: Mapping[str, str] | None = None) -> Socket:
        """Opens one. Raises ``NotGranted``, ``Invalid``, ``Full``, or why it did not come about: a ``Failure`` with the code
        ``UNREACHABLE``, ``TLS``, ``REFUSED`` or ``TIMEOUT``."""
        hub = current()
        fields = [types.Field(name, value) for name, value in (headers or {}).items()]
        socket = cls(hub, asked(host.open, url, fields))
        try:
            while not socket._opened:
                if socket.closed is not None:
                    code, _, message = socket.closed[1].partition(": ")
                    raise Failure.of(types.Failure(code or "LINK_LOST", message or code))
                await socket._wait()
        except BaseException:
            socket.close()
            raise
        return socket

    async def send(self, message: str | bytes) -> None:
        """Sends one message whole, when there is room for it. Raises ``LinkLost`` when the socket is closed."""
        while not self.try_send(message):
            await self._wait()

    def try_send(self, message: str | bytes) -> bool:
        """The same without waiting. False: there is no room, and nothing was taken."""
        if self.closed is not None:
            raise LinkLost("LINK_LOST", "the socket is closed")
        text = isinstance(message, str)
        payload = types.Payload_Text(message) if text else types.Payload_Binary(bytes(message))
        try:
            asked(host.send, self._id, payload)
        except Full:
            return False
        return True

    def close(self, code: int = 1_000, reason: str = "") -> None:
        """Begins to close it; what was sent before leaves first."""
        if self.closed is None:
            host.close(self._id, code, reason)

    async def wait_closed(self) -> tuple[int, str]:
        """Waits until it is closed: two seconds at the most after :meth:`close`."""
        while self.closed is None:
            await self._wait()
        return self.closed

    async def read(self) -> str | bytes:
        """The next message. Raises ``CallEnded`` when there is none any more: the socket is closed, or the call over."""
        return await self._messages.read()

    def __aiter__(self) -> Stream[str | bytes]:
        return self._messages

    async def __aenter__(self) -> Socket:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        try:
            await self.wait_closed()
        except CallEnded:
            pass

    async def _wait(self) -> None:
        """Until something happens to it, or the call ends."""
        self._news.clear()
        over = asyncio.ensure_future(self._hub.end())
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait((over, news), return_when=asyncio.FIRST_COMPLETED)
            if over.done() and not news.done():
                raise CallEnded("ENDED", "the call is over")
        finally:
            over.cancel()
            news.cancel()

    def _take(self, event: Any) -> None:
        match event:
            case types.Event_SocketOpen():
                self._opened = True
            case types.Event_SocketMessage(message):
                if self.closed is None:
                    self._messages.push(message.payload.value)
                return
            case types.Event_SocketClosed(closed):
                self._over(closed.code, closed.reason)
                self._off()
        self._news.set()

    def _flooded(self) -> None:
        """It was sent more than it read."""
        self.close(POLICY, "FULL")
        self._over(POLICY, f"FULL: more than {SOCKET_QUEUE_BYTES_MAX} bytes were not read")
        self._news.set()

    def _over(self, code: int, reason: str) -> None:
        """What came before can still be read."""
        self.closed = self.closed or (code, reason)
        self._messages.end()
