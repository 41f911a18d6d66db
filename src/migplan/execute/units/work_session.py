"""The session in which a run's statements are carried out, with the settings that hold in it."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from migplan.execute.operator import open_worker
from migplan.planfile.units import Command
from migplan.source.connect import Connection


class WorkSession:
    """A connection for the work of one run; ``what`` it is for shows in pg_stat_activity."""

    def __init__(self, target: str, what: str) -> None:
        self._target, self._what = target, what
        self._settings: tuple[str, ...] = ()
        self.connection: Connection = open_worker(target, what)

    def close(self) -> None:
        """End the session."""
        self.connection.close()

    def connect_again(self) -> None:
        """A new connection in place of one that was lost and is closed."""
        self._settings = ()
        self.connection = open_worker(self._target, self._what)

    def set(self, settings: tuple[str, ...]) -> None:
        """The session's settings at a place of the file, where they aren't set yet."""
        if settings != self._settings:
            for setting in settings:
                self.connection.execute(setting.encode())
            self._settings = settings

    def begin(self, commands: Sequence[Command]) -> None:
        """BEGIN, the settings and the first statement in one message: with thousands of steps a round trip counts."""
        text = ";\n".join(["BEGIN", *(c.sql for c in commands)])
        try:
            self.connection.execute(text.encode())
        except psycopg.Error as error:
            error.add_note(commands[-1].place if commands else "")
            raise

    def execute(self, command: Command) -> None:
        """One statement; what the server says of it bears the statement's place."""
        try:
            self.connection.execute(command.sql.encode())
        except psycopg.Error as error:
            error.add_note(command.place)
            raise
