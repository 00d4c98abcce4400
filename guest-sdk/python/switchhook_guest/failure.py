"""Refusals and failures, as exceptions with a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from componentize_py_types import Err
from wit_world.imports import types

T = TypeVar("T")


class Failure(Exception):
    """Why something was refused or went wrong: ``code`` for programs, ``message`` for people.

    The set of codes may grow, and carriers add theirs unchanged: catch those you know and let the rest pass on. Raised out of
    a handler, it hands the call to the operator's fault policy.
    """

    _classes: ClassVar[dict[str, type[Failure]]] = {}

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __init_subclass__(cls, code: str) -> None:
        cls._classes[code] = cls

    @classmethod
    def of(cls, record: types.Failure) -> Failure:
        """The exception that says what a record of the contract says."""
        return cls._classes.get(record.code, Failure)(record.code, record.message)


class NotNow(Failure, code="NOT_NOW"):
    """Not legal in this state of the call, or the same command is under way."""


class NotSupported(Failure, code="NOT_SUPPORTED"):
    """This carrier cannot do it."""


class NotGranted(Failure, code="NOT_GRANTED"):
    """The plugin's grants do not cover it."""


class Invalid(Failure, code="INVALID"):
    """A bad argument."""


class Full(Failure, code="FULL"):
    """A bounded queue or table is full; nothing was taken."""


class NoAnswer(Failure, code="TIMEOUT"):
    """No answer within the deadline of a command."""


class LinkLost(Failure, code="LINK_LOST"):
    """The call's socket died before the answer."""


class CallEnded(Failure, code="ENDED"):
    """The call is over."""


class StorageFailed(Failure, code="STORAGE"):
    """The host's disk failed, is full or did not answer."""


class Unanswered(Failure, code="CALL_UNANSWERED"):
    """Telcoflow's: the number that ``connect`` rang did not pick up. The call is as it was."""


class InvalidCommand(Failure, code="INVALID_COMMAND"):
    """Telcoflow's: not legal where the call stands for the server: ``disconnect`` before ``connected``, perhaps."""


def ended() -> CallEnded:
    return CallEnded("ENDED", "the call is over")


def asked(ask: Callable[..., T], *given: object) -> T:
    """What a host function answers; its refusal as a :class:`Failure`."""
    try:
        return ask(*given)
    except Err as error:
        raise Failure.of(error.value) from None
