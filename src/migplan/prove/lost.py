"""A shadow server that went away says nothing about a plan."""

from __future__ import annotations

from typing import Final

import psycopg

from migplan.core.errors import ShadowError

_STOPPED: Final = (
    psycopg.errors.AdminShutdown,
    psycopg.errors.CrashShutdown,
    psycopg.errors.DatabaseDropped,
    psycopg.errors.DiskFull,
    psycopg.errors.OutOfMemory,
    psycopg.errors.TooManyConnections,
)


def stop_if_lost(error: psycopg.Error) -> None:
    """Raises ``ShadowError`` where the error is the server's end, or its want of something, and not a refusal."""
    if error.sqlstate is None or isinstance(error, _STOPPED):
        raise ShadowError(
            f"the shadow server ended the proof: {' '.join(str(error).split())}",
            hint="Look into that server's log, then run it again.",
        ) from error
