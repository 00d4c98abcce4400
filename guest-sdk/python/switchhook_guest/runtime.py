"""Runs a handler to its end, or to the call's: what a component's entry calls."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from componentize_py_types import Err
from wit_world.imports import events, log, types

from ._hub import Hub
from ._hub import serve as serve_hub
from ._loop import CallLoop
from .call import Call
from .failure import CallEnded, Failure, LinkLost


def serve(handler: Callable[[Any], Any], info: types.CallInfo) -> None:
    """Serves one call: its exceptions become what the host is told, with the place in the log for those that are no failure."""
    try:
        run(handler, info)
    except Failure as failure:
        raise Err(types.Failure(failure.code, failure.message)) from None
    except Exception as error:
        log.log(log.Level.ERROR, "".join(traceback.format_exception(error)))
        raise Err(types.Failure("UNCAUGHT", f"{type(error).__name__}: {error}")) from None


def run(handler: Callable[[Any], Any], info: types.CallInfo) -> None:
    """Runs an ``async def`` with its :class:`Call`, or a ``def`` with what is known of the call."""
    if not inspect.iscoroutinefunction(handler):
        handler(info)
        return
    hub = Hub(info)

    def take(event: types.Event) -> None:
        hub.take(event)
        if isinstance(event, types.Event_Ended):
            loop.fire_all()

    serve_hub(hub)
    loop = CallLoop(take)
    asyncio.set_event_loop(loop)
    task = loop.create_task(handler(Call(hub)))
    try:
        loop.run_until_complete(task)
    except (CallEnded, LinkLost):
        # A handler that gave up because the call is over has ended well. `ended` follows, and is taken.
        while hub.reason is None and (event := events.next()) is not None:
            hub.take(event)
    except RuntimeError:
        if task.done():
            raise
        # It waits for what never comes: it is told so, and cleans up.
        task.cancel()
        with suppress(asyncio.CancelledError, CallEnded, LinkLost):
            loop.run_until_complete(task)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
        serve_hub(None)
