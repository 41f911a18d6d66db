"""Syntax errors in the bodies of functions, which are loaded unchecked because they may name what comes later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import psycopg

from migplan.core.errors import SourceError
from migplan.source.connect import Connection
from migplan.source.shadow.batches import Failure
from migplan.source.shadow.load_errors import error_of
from migplan.source.text.psqlfile import Loadable

_FIND: Final = """
SET check_function_bodies = on;
DO $migplan$
DECLARE
  candidate record;
  broken text := '';
BEGIN
  FOR candidate IN
    SELECT p.oid, l.lanvalidator::regproc AS validator
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE l.lanname IN ('plpgsql', 'sql') AND p.prosqlbody IS NULL
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 1255 AND e.objid = p.oid AND e.deptype = 'e')
    ORDER BY p.oid
  LOOP
    BEGIN
      EXECUTE format('SELECT %s(%s)', candidate.validator, candidate.oid);
    EXCEPTION
      WHEN syntax_error THEN broken := broken || candidate.oid || ' ';
      WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  PERFORM set_config('migplan.broken', broken, false);
END
$migplan$
"""
"""What a body names may be missing (another search_path, temporary tables), its syntax may not be wrong."""
_BROKEN: Final = "SELECT unnest(string_to_array(trim(current_setting('migplan.broken')), ' ')::int8[])"
_ONE: Final = """
SELECT p.prosrc, p.proname, l.lanvalidator::regproc::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid = %s
"""
_TYPE_OF: Final = re.compile(r"%\s*(?:row)?type\b", re.IGNORECASE)
"""Until 16 that is where PL/pgSQL reports a syntax error if what ``x.y%TYPE`` names isn't on the search_path."""


def check_bodies(connection: Connection, loadables: Sequence[Loadable]) -> None:
    """Raises ``SourceError`` with file, line and column for the first body that PostgreSQL can't parse.

    Bodies that none of ``loadables`` holds are left alone. The session's settings change.
    """
    written = [x for x in loadables if {"FUNCTION", "PROCEDURE"} & set(x.statement.words[1:4])]
    if not written or connection.execute("SELECT FROM pg_language WHERE lanname = 'plpgsql'").fetchone() is None:
        return
    connection.execute(_FIND)
    for oid in connection.execute(_BROKEN).fetchall():
        error = _error(connection, oid[0], written)
        if error is not None:
            raise error


def _error(connection: Connection, oid: int, loadables: Sequence[Loadable]) -> SourceError | None:
    row = connection.execute(_ONE, [oid]).fetchone()
    if row is None:  # pragma: no cover - it was there a moment ago
        return None
    body, name, validator = row
    try:
        connection.execute(f"SELECT {validator}({oid})".encode())
    except psycopg.Error as error:
        at = int(error.diag.internal_position or 1) - 1
        if _TYPE_OF.match(body, at):
            return None
        message = f"in the body of {name}: {error.diag.message_primary}"
        return _placed(body, at, message, loadables)
    return None


def _placed(body: str, at: int, message: str, loadables: Sequence[Loadable]) -> SourceError | None:
    """The error where the body is written: as it is between dollar quotes, or with doubled quotes."""
    for written, position in ((body, at), (body.replace("'", "''"), at + body.count("'", 0, at))):
        for loadable in reversed(loadables):
            start = loadable.text.find(written)
            if start >= 0:
                return error_of(loadable, Failure(sqlstate="42601", message=message, position=start + position))
    return None
