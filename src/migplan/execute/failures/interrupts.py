"""Ctrl-C, or another signal that asks for an end, while the server doesn't answer.

psycopg asks the server to cancel what it does, and waits for that; where nothing arrives any more, for ever. So a few
seconds later every connection of this process that still waits is broken off. What is lost by that is no trouble that
a run could try to get over: it ends, as the signal asked.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any, Final
from weakref import WeakSet

import psycopg

from migplan.core.errors import MigplanError
from migplan.execute.failures.silence import sever, waits
from migplan.source.connect import Connection

LAST_CHANCE: Final = 5.0
"""Seconds that the server has for cancelling what it does."""
_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")


class _Interrupts:
    """Those of this process: signals are no single run's."""

    def __init__(self) -> None:
        self.connections: WeakSet[Connection] = WeakSet()
        self.asked: KeyboardInterrupt | None = None
        self.in_vain = False

    def noting(self, handler: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], Any]:
        def note(number: int, frame: FrameType | None) -> None:
            timer = threading.Timer(LAST_CHANCE, self.break_off)
            timer.daemon = True
            timer.start()
            try:
                handler(number, frame)
            except KeyboardInterrupt as asked:
                self.asked = asked
                raise

        return note

    def break_off(self) -> None:
        for connection in list(self.connections):
            if self.asked is not None and not connection.closed and waits(connection):
                self.in_vain = True
                sever(connection)


_HERE: Final = _Interrupts()


def watched(connection: Connection) -> Connection:
    """The connection, which is broken off if it waits for an answer when this process was asked to end."""
    _HERE.connections.add(connection)
    return connection


def asked_to_end() -> bool:
    """Whether a signal asks for the end of the run: what is lost isn't to be connected again."""
    return _HERE.asked is not None


def answers_nothing() -> bool:
    """Whether the server was asked to cancel what it does, and didn't answer."""
    return _HERE.in_vain


@contextlib.contextmanager
def heeding_signals() -> Generator[None]:
    """For as long as a run lasts. Raises what the signal raised, whatever else came of it."""
    here, before = _HERE, _installed()
    here.asked, here.in_vain = None, False
    log = logging.getLogger("psycopg")
    log.addHandler(silent := logging.NullHandler())  # else it tells the terminal how it cancels
    try:
        yield
    except (psycopg.Error, MigplanError) as error:
        if here.asked is not None:
            raise here.asked from error
        raise
    finally:
        log.removeHandler(silent)
        here.asked = None
        for number, handler in before.items():
            signal.signal(number, handler)


def _installed() -> dict[int, Callable[[int, FrameType | None], Any]]:
    """The handlers that were there, and are told of now; only the main thread is asked by signals."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    found: dict[int, Callable[[int, FrameType | None], Any]] = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        handler = None if number is None else signal.getsignal(number)
        if number is not None and callable(handler):
            found[number] = handler
            signal.signal(number, _HERE.noting(handler))
    return found
