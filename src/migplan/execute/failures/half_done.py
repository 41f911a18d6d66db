"""What an interrupted statement outside of a transaction leaves: recognised, completed or cleaned, then run again."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from migplan.core.sql import Sql, ident, sql
from migplan.source.connect import Connection

_NAME: Final = r'((?:"(?:[^"]|"")+"|[^\s."(]+)(?:\.(?:"(?:[^"]|"")+"|[^\s."(]+))?)'
_PART: Final = re.compile(r'"((?:[^"]|"")+)"|([^\s."]+)')


_PLAIN: Final = re.compile(
    r"(?:create|alter|drop|truncate|insert|update|delete|with|comment|grant|revoke)\b(?!.*\bconcurrently\b)"
    r"(?!\s+(?:database|tablespace|subscription|system)\b)(?!.*\badd\s+value\b)",
    re.I | re.S,
)


class Verdict(Enum):
    """What is known of a statement that may have run before: it has, it has not (any more), or it can run again."""

    DONE = "done"
    ABSENT = "absent"
    AGAIN = "again"


def recover(connection: Connection, command: str) -> Verdict:
    """Complete or clean up what an earlier, interrupted run of a statement left, and tell which it was."""
    for pattern, handler in _HANDLERS:
        found = pattern.match(command.strip())
        if found is not None:
            return handler(connection, found)
    return Verdict.AGAIN


def holds_together(command: str) -> bool:
    """Whether a statement that stands outside of a transaction can be in one, with what says that it has happened."""
    return _PLAIN.match(command.strip()) is not None


def _create_index(connection: Connection, found: re.Match[str]) -> Verdict:
    index, table = found[1], found[2]
    row = _index(connection, [*_schema_of(connection, table), _parts(index)[-1]])
    if row is None:
        return Verdict.ABSENT
    if row[1]:
        return Verdict.DONE
    _drop(connection, row[0])
    return Verdict.ABSENT


def _drop_index(connection: Connection, found: re.Match[str]) -> Verdict:
    row = _index(connection, _parts(found[1]))
    if row is None:
        return Verdict.DONE
    if row[1]:
        return Verdict.ABSENT
    _drop(connection, row[0])  # it was under way: nobody reads the index any more
    return Verdict.DONE


def _reindex(connection: Connection, found: re.Match[str]) -> Verdict:
    """Copies that a failed REINDEX CONCURRENTLY left: ``_ccnew`` never came in, ``_ccold`` never went."""
    rows = connection.execute(_COPIES, (found[1],)).fetchall()
    for (oid,) in rows:
        _drop(connection, oid)
    return Verdict.AGAIN


def _add_value(connection: Connection, found: re.Match[str]) -> Verdict:
    row = connection.execute(
        "SELECT 1 FROM pg_enum WHERE enumtypid = to_regtype(%s) AND enumlabel = %s",
        (found[1], found[2].replace("''", "'")),
    ).fetchone()
    return Verdict.ABSENT if row is None else Verdict.DONE


def _detach(connection: Connection, found: re.Match[str]) -> Verdict:
    parent, child = found[1], found[2]
    row = connection.execute(
        "SELECT inhdetachpending FROM pg_inherits WHERE inhparent = to_regclass(%s) AND inhrelid = to_regclass(%s)",
        (parent, child),
    ).fetchone()
    if row is None:
        return Verdict.DONE
    if row[0]:
        names = Sql(parent), Sql(child)
        connection.execute(sql("ALTER TABLE {} DETACH PARTITION {} FINALIZE", *names).encode())
        return Verdict.DONE
    return Verdict.ABSENT


def _parts(name: str) -> list[str]:
    return [quoted.replace('""', '"') if quoted else plain for quoted, plain in _PART.findall(name)]


def _schema_of(connection: Connection, table: str) -> list[str]:
    row = connection.execute(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(%s)",
        (table,),
    ).fetchone()
    return [str(row[0])] if row else []


def _index(connection: Connection, path: list[str]) -> tuple[Any, ...] | None:
    return connection.execute(
        "SELECT indexrelid, indisvalid AND indisready FROM pg_index WHERE indexrelid = to_regclass(%s)",
        (ident(*path),),
    ).fetchone()


def _drop(connection: Connection, oid: int) -> None:
    row = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = %s",
        (oid,),
    ).fetchone()
    if row is not None:
        connection.execute(sql("DROP INDEX CONCURRENTLY {}", ident(*row)).encode())


_COPIES: Final = r"""
SELECT c.oid
FROM pg_class base
JOIN pg_index mine ON mine.indrelid = base.oid OR mine.indexrelid = base.oid
JOIN pg_index i ON i.indrelid = mine.indrelid AND NOT i.indisvalid
JOIN pg_class c ON c.oid = i.indexrelid AND c.relname ~ '_cc(new|old)[0-9]*$'
WHERE base.oid = to_regclass(%s)
GROUP BY c.oid
"""
"""Invalid copies of the table's indexes: a REINDEX that failed left them."""

_HANDLERS: Final[tuple[tuple[re.Pattern[str], Callable[[Connection, re.Match[str]], Verdict]], ...]] = (
    (
        re.compile(
            rf"create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?{_NAME}\s+on\s+(?:only\s+)?{_NAME}",
            re.I,
        ),
        _create_index,
    ),
    (re.compile(rf"drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?{_NAME}\s*$", re.I), _drop_index),
    (re.compile(rf"reindex\s+(?:index|table)\s+concurrently\s+{_NAME}", re.I), _reindex),
    (
        re.compile(rf"alter\s+type\s+{_NAME}\s+add\s+value\s+(?:if\s+not\s+exists\s+)?'((?:[^']|'')*)'", re.I),
        _add_value,
    ),
    (
        re.compile(rf"alter\s+table\s+(?:only\s+)?{_NAME}\s+detach\s+partition\s+{_NAME}\s+concurrently", re.I),
        _detach,
    ),
)
