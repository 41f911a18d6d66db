"""Sessions under way: each on a connection of its own, every operation timed, every error kept with its kind."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg

from migplan.core.records import record
from migplan.rehearse.application import Actor, Application
from migplan.source.connect import APPLICATION_NAME, Connection

_PREPARED_AFTER: Final = 2
_PATIENCE: Final = 60.0
"""Seconds after which a session that was told to stop is given up."""


@record
class Sample:
    """One operation: when it began and ended (``time.monotonic``), and the error that it met, if any."""

    began: float
    ended: float
    application: str
    operation: str
    error: str | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


@dataclass
class Client:
    """One session. ``rate`` are operations a second, 0 for as many as it can."""

    url: str
    application: str
    actor: Actor
    rate: float
    samples: list[Sample] = field(default_factory=list[Sample])
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work, or go on, in a thread."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._work, name=f"rehearsal {self.application}", daemon=True)
        self._thread.start()

    def tell(self) -> None:
        """Stop after the operation that is under way."""
        self._stop.set()

    def join(self) -> None:
        """Wait until it has stopped."""
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _work(self) -> None:
        connection: Connection | None = None
        while not self._stop.is_set():
            began, operation = time.monotonic(), "connect"
            error: str | None = None
            try:
                if connection is None or connection.closed:
                    connection = _session(self.url, self.application)
                    self.actor.connected()
                operation = "work"
                operation = self.actor.act(connection)
            except psycopg.Error as failure:
                error = kind_of(failure)
                connection = self._mended(connection)
            self.samples.append(Sample(began, time.monotonic(), self.application, operation, error))
            self._wait(began, error)
        if connection is not None:
            connection.close()

    def _mended(self, connection: Connection | None) -> Connection | None:
        if connection is None:
            return None
        if connection.closed or connection.broken:
            self.actor.unsure()
            return None
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.rollback()
        return connection

    def _wait(self, began: float, error: str | None) -> None:
        """Keep to the rate; after an error not more than ten operations a second."""
        pause = 0.1 if error is not None else 1 / self.rate if self.rate else 0.0
        left = began + pause - time.monotonic()
        if left > 0:
            self._stop.wait(left)


@dataclass
class Crowd:
    """The sessions of one application."""

    application: Application
    clients: Sequence[Client]

    @classmethod
    def of(cls, application: Application, url: str, sessions: int, rate: float) -> Crowd:
        """So many sessions, not started yet."""
        clients = [Client(url, application.name, application.actor(n), rate) for n in range(sessions)]
        return cls(application, clients)

    @property
    def actors(self) -> list[Actor]:
        """What the sessions remember."""
        return [client.actor for client in self.clients]

    def start(self) -> None:
        """Let all of them work."""
        for client in self.clients:
            client.start()

    def stop(self) -> None:
        """End them all, each after its operation."""
        for client in self.clients:
            client.tell()
        for client in self.clients:
            client.join()


def kind_of(error: psycopg.Error) -> str:
    """An error's class and message: ``42703 UndefinedColumn: column "name" does not exist``."""
    message = error.diag.message_primary or " ".join(str(error).split())
    return f"{error.sqlstate or 'no SQLSTATE'} {type(error).__name__}: {message}"


def _session(url: str, application: str) -> Connection:
    return psycopg.connect(
        url,
        autocommit=True,
        client_encoding="utf8",
        prepare_threshold=_PREPARED_AFTER,
        application_name=f"{APPLICATION_NAME} rehearsal {application}",
    )
