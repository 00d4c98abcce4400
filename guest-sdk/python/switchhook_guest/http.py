"""HTTP to granted hosts; answers stream. Keys and tokens are put in by the host, never by the handler."""

from __future__ import annotations

import asyncio
import json as _json
from collections.abc import Mapping
from typing import Any

from componentize_py_types import Ok
from wit_world.imports import http as host
from wit_world.imports import types

from ._hub import current
from .failure import CallEnded, Failure, Full, asked
from .limits import ANSWER_QUEUE_BYTES_MAX
from .stream import Stream


async def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str = b"",
    json: Any = None,
) -> Answer:
    """Sends a request, and answers with the head of what comes back, whatever its status.

    Raises ``NotGranted``, ``Invalid``, ``Full``, or why there is no answer. Cancelled, the request is given up.
    """
    hub = current()
    sent = dict(headers or {})
    if json is not None:
        body = _json.dumps(json)
        sent.setdefault("content-type", "application/json")
    fields = [types.Field(name, value) for name, value in sent.items()]
    id = asked(host.request, method, url, fields, body.encode() if isinstance(body, str) else body)
    head: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    answer = Answer(id)

    def take(event: Any) -> None:
        match event:
            case types.Event_HttpHead(value):
                answer.status = value.status
                answer.headers = {field.name.lower(): field.value for field in value.headers}
            case types.Event_HttpBody(value):
                if answer.failure is None:
                    answer.body.push(value.data)
                return
            case types.Event_HttpEnd(value):
                off()
                answer._over = True
                if not isinstance(value.value, Ok) and answer.failure is None:
                    answer.failure = Failure.of(value.value.value)
                answer.body.end()
        if not head.done():
            head.set_result(None)

    off = hub.follow("request", id, take)
    over = asyncio.ensure_future(hub.end())
    try:
        await asyncio.wait((head, over), return_when=asyncio.FIRST_COMPLETED)
        if not head.done():
            raise CallEnded("ENDED", "the call is over")
    except BaseException:
        answer.close()
        raise
    finally:
        over.cancel()
    if answer.status == 0 and answer.failure:
        raise answer.failure
    return answer


async def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """``GET``"""
    return await request("GET", url, headers=headers)


async def post(url: str, *, headers: Mapping[str, str] | None = None, body: bytes | str = b"", json: Any = None) -> Answer:
    """``POST``"""
    return await request("POST", url, headers=headers, body=body, json=json)


class Answer:
    """The head of an answer, and its body as it comes."""

    status = 0
    """200 and others."""
    failure: Failure | None = None
    """Why the body is not whole."""

    def __init__(self, id: int) -> None:
        self._id = id
        self._over = False
        self.headers: dict[str, str] = {}
        """By their names in lower case."""
        self.body: Stream[bytes] = Stream(ANSWER_QUEUE_BYTES_MAX, lambda _: self.close(), weigh=len, full=self._flooded)
        """The parts of the body: ``async for part in answer.body``."""

    @property
    def ok(self) -> bool:
        """Whether the status says that it went well."""
        return 200 <= self.status < 300

    def close(self) -> None:
        """Gives up what has not come."""
        if not self._over:
            host.cancel(self._id)

    def _flooded(self) -> None:
        """More came than was read."""
        if self.failure is None:
            self.failure = Full("FULL", f"more than {ANSWER_QUEUE_BYTES_MAX} bytes were not read")
            self.close()
            self.body.end()

    async def bytes(self) -> bytes:
        """The whole body. Raises when it broke off."""
        whole = b"".join([part async for part in self.body])
        if self.failure:
            raise self.failure
        return whole

    async def text(self) -> str:
        """The whole body as text."""
        return (await self.bytes()).decode("utf-8", "replace")

    async def json(self) -> Any:
        """The whole body, which is JSON."""
        return _json.loads(await self.bytes())
