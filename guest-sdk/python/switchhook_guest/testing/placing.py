"""Calls and chats that a simulated call's handler places: each goes as the test says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from componentize_py_types import Err, Ok
from wit_world.imports import types

from .peers import refuse

UNDER_WAY_MAX = 16
CLAIM_MS = 20
"""How long the carrier takes to have a session."""


@dataclass(frozen=True)
class Plan:
    """How what is placed goes: it fails with a code, or is answered after so long and ends so long after that."""

    after_ms: float = 1_000
    code: str | None = None
    talks_ms: float = 10_000


@dataclass(frozen=True)
class Order:
    """What was placed."""

    to: str
    plugin: str
    chat: bool


class Placing:
    """Those of one call. ``later`` takes an event that is to happen so many ms from now. ``plans``: ``None``, it is not granted."""

    def __init__(self, plans: list[Plan] | None, later: Callable[[float, types.Event], None]) -> None:
        self.placed: list[Order] = []
        self._plans, self._later = None if plans is None else [*plans], later

    def interfaces(self) -> dict[str, dict[str, Callable[..., Any]]]:
        """The functions of the contract."""
        return {
            "calls": {
                "place": lambda to, plugin: self._place(Order(to, plugin, False)),
                "begin_chat": lambda to, plugin: self._place(Order(to, plugin, True)),
            }
        }

    def _place(self, order: Order) -> int:
        if self._plans is None:
            refuse("NOT_GRANTED", "calls is not granted")
        if not re.fullmatch(r"[A-Za-z0-9+*#@.:_-]{1,64}", order.to):
            refuse("INVALID", f"nobody can be called at {order.to}")
        if len(self.placed) >= UNDER_WAY_MAX:
            refuse("FULL", f"{UNDER_WAY_MAX} were placed")
        self.placed.append(order)
        request = len(self.placed)
        plan = self._plans.pop(0) if self._plans else Plan()

        def tell(ms: float, step: str, value: Any) -> None:
            self._later(ms, types.Event_Placed(types.PlacedStep(request, step, value)))

        if plan.code:
            tell(plan.after_ms, "failed", Err(types.Failure(plan.code, "as the test wants it")))
            return request
        tell(CLAIM_MS, "claimed", Ok(f"session-{request}"))
        if not order.chat:
            tell(plan.after_ms, "answered", Ok(f"call-{request}"))
        tell(plan.after_ms + plan.talks_ms, "ended", Ok("closed" if order.chat else "terminated"))
        return request
