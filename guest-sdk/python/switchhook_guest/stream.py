"""What comes in, for any number of readers, each with a bounded queue of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from .failure import ended

T = TypeVar("T")


class Stream(Generic[T]):
    """One reader's queue: an async iterator that ends with the call, and a context manager that closes it."""

    dropped = 0
    """Items that were dropped because this stream was not read in time."""

    def __init__(
        self,
        weight_max: int,
        forget: Callable[[Stream[T]], None],
        weigh: Callable[[T], int] = lambda _: 1,
        loses: Callable[[T, T], bool] = lambda _lost, _next: False,
        full: Callable[[], None] | None = None,
    ) -> None:
        """``full`` is what happens when an item does not fit. Unless given, the oldest is dropped."""
        self._full = full
        self._queue: deque[T] = deque()
        self._weight = 0
        self._weight_max = weight_max
        self._weigh = weigh
        self._loses = loses
        self._forget = forget
        self._over = False
        self._wakes: asyncio.Future[None] | None = None

    async def read(self) -> T:
        """The next item. Raises ``CallEnded`` after the end of the call. One reader at a time."""
        while not self._queue:
            if self._over:
                raise ended()
            self._wakes = asyncio.get_running_loop().create_future()
            await self._wakes
        return self._pop()

    def poll(self) -> T | None:
        """The next item, if one waits."""
        return self._pop() if self._queue else None

    def close(self) -> None:
        """Ends this stream."""
        self._forget(self)
        self._queue.clear()
        self.end()

    def __aiter__(self) -> Stream[T]:
        return self

    async def __anext__(self) -> T:
        if not self._queue and self._over:
            raise StopAsyncIteration
        try:
            return await self.read()
        except type(ended()):
            raise StopAsyncIteration from None

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def push(self, item: T) -> None:
        """One more item."""
        weight = self._weigh(item)
        if self._full and self._weight + weight > self._weight_max:
            return self._full()
        while self._queue and self._weight + weight > self._weight_max:
            lost = self._pop()
            self.dropped += 1
            any(self._loses(lost, other) for other in self._queue) or self._loses(lost, item)
        self._queue.append(item)
        self._weight += weight
        self._wake()

    def end(self) -> None:
        """Nothing more will come; what waits can still be read."""
        self._over = True
        self._wake()

    def _pop(self) -> T:
        item = self._queue.popleft()
        self._weight -= self._weigh(item)
        return item

    def _wake(self) -> None:
        if self._wakes and not self._wakes.done():
            self._wakes.set_result(None)
        self._wakes = None
