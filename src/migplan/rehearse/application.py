"""What stands for one version of an application: sessions that act, and remember every acknowledged write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from migplan.source.connect import Connection


class Actor(Protocol):
    """What one session does."""

    def act(self, connection: Connection) -> str:
        """One operation; gives its name. Raises psycopg's error, after which nothing of it may count as written."""
        ...

    def connected(self) -> None:
        """The next operation is the first one on a new connection."""
        ...

    def unsure(self) -> None:
        """The connection broke in the last operation: nobody knows whether it was written."""
        ...

    def lost(self) -> Sequence[str]:
        """Writes that the session itself didn't find again, in sentences."""
        ...


class Application(Protocol):
    """One version of the application: what its sessions do, and whether their writes are still there."""

    @property
    def name(self) -> str:
        """``old``, ``new``, or the file it was read from."""
        ...

    @property
    def about(self) -> Sequence[str]:
        """What it does, and what it leaves out, in sentences."""
        ...

    def actor(self, session: int) -> Actor:
        """What session number ``session`` does."""
        ...

    def missing(self, connection: Connection, actors: Iterable[Actor]) -> list[str]:
        """Rows that are not what these sessions, of this version or another one, wrote last, as this version reads."""
        ...
