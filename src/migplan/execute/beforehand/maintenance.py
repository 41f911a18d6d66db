"""Maintenance windows at work: a step that holds up an application runs in them, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from migplan.core.errors import BlockedError
from migplan.core.hours import Hours, next_opening, open_window
from migplan.core.records import record
from migplan.source.connect import Connection

_LOOK_EVERY: Final = 5.0


@record
class Maintenance:
    """The hours in which locking steps may run, none for always; whether to ``wait`` for them."""

    windows: tuple[Hours, ...] = ()
    wait: bool = False


def admit(desk: Connection, maintenance: Maintenance, tables: Sequence[str], say: Callable[[str], None]) -> None:
    """Let a unit pass on which the applications of ``tables`` wait; by the server's clock, which all operators share.

    Raises ``BlockedError`` outside of the hours, unless the operator wants to wait for them.
    """
    if not maintenance.windows or not tables:
        return
    said = False
    while open_window(maintenance.windows, now := server_time(desk)) is None:
        opens = next_opening(maintenance.windows, now)
        what = f"applications may wait for {', '.join(tables)}, and no maintenance window is open until {_shown(opens)}"
        if not maintenance.wait:
            raise BlockedError(what, hint="Run it again then, let it --wait, or say --now.")
        if not said:
            say(f"{what}; waiting")
        said = True
        time.sleep(min(_LOOK_EVERY, max(0.1, (opens - now).total_seconds())))


def server_time(connection: Connection) -> datetime:
    """The server's clock, in UTC."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def _shown(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M} UTC"
