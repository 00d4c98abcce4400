"""Other hosts and a memory, as a simulated call's handler meets them: what the test says, since nobody is really there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from componentize_py_types import Err, Ok
from wit_world.imports import types

USUAL_MS = 20
"""How long an answer takes."""

Answer = Callable[[str | bytes | None], Iterable[str | bytes]]
"""What the other side of a socket says: to the opening (``None``), and to each message."""


def refuse(code: str, message: str) -> NoReturn:
    raise Err(types.Failure(code, message))


class Peers:
    """Those of one call. ``later`` takes an event that is to happen so many ms from now."""

    def __init__(
        self,
        sockets: dict[str, Answer],
        answers: dict[str, tuple[int, bytes, dict[str, str]]],
        memory: dict[str, bytes] | None,
        later: Callable[[float, types.Event], None],
    ) -> None:
        self.sent: list[str | bytes] = []
        self.asked: list[tuple[str, str, bytes]] = []
        self._sockets, self._answers, self._memory, self._later = sockets, answers, memory, later
        self._open: dict[int, Answer] = {}
        self._ids = 0

    def _id(self) -> int:
        self._ids += 1
        return self._ids

    def open(self, url: str, _headers: list[types.Field]) -> int:
        if url not in self._sockets:
            refuse("NOT_GRANTED", "the test names no such socket")
        id = self._id()
        self._open[id] = self._sockets[url]
        self._later(USUAL_MS, types.Event_SocketOpen(id))
        self._say(id, None)
        return id

    def send(self, id: int, message: types.Payload) -> None:
        if id not in self._open:
            refuse("NOT_NOW", "the socket is not open")
        self.sent.append(message.value)
        self._say(id, message.value)

    def _say(self, id: int, heard: str | bytes | None) -> None:
        for said in self._open[id](heard):
            payload = types.Payload_Text(said) if isinstance(said, str) else types.Payload_Binary(said)
            self._later(USUAL_MS, types.Event_SocketMessage(types.SocketMessage(id, payload)))

    def close(self, id: int, code: int, reason: str) -> None:
        if self._open.pop(id, None):
            self._later(USUAL_MS, types.Event_SocketClosed(types.SocketClosed(id, code, reason)))

    def request(self, method: str, url: str, _headers: list[types.Field], body: bytes) -> int:
        if url not in self._answers:
            refuse("NOT_GRANTED", "the test names no such host")
        self.asked.append((method, url, body))
        id, (status, answer, headers) = self._id(), self._answers[url]
        fields = [types.Field(name, value) for name, value in headers.items()]
        self._later(USUAL_MS, types.Event_HttpHead(types.HttpHead(id, status, fields)))
        self._later(USUAL_MS, types.Event_HttpBody(types.HttpBody(id, answer)))
        self._later(USUAL_MS, types.Event_HttpEnd(types.HttpEnd(id, Ok(None))))
        return id

    def _keys(self) -> dict[str, bytes]:
        if self._memory is None:
            refuse("NOT_GRANTED", "key_value is not granted")
        return self._memory

    def _set(self, key: str, value: bytes, _ttl_s: int | None) -> None:
        self._keys()[key] = value

    def _compare_and_set(self, key: str, expected: bytes | None, value: bytes, _ttl_s: int | None) -> bool:
        there = self._keys().get(key) == expected
        if there:
            self._keys()[key] = value
        return there

    def interfaces(self) -> dict[str, dict[str, Callable[..., Any]]]:
        """The functions of the contract."""
        return {
            "websocket": {"open": self.open, "send": self.send, "close": self.close},
            "http": {"request": self.request, "cancel": lambda _id: None},
            "key_value": {
                "get": lambda key: self._keys().get(key),
                "set": self._set,
                "delete": lambda key: self._keys().pop(key, None) and None,
                "compare_and_set": self._compare_and_set,
            },
        }
