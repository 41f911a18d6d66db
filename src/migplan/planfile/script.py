"""A plan's SQL file as a sequence of statements, each with the step that it belongs to (by the marks in it)."""

from __future__ import annotations

import re
from typing import Final

from migplan.core.records import record
from migplan.planfile.marks import Marks
from migplan.source.text.files import SourceText
from migplan.source.text.split import split


@record
class ScriptStatement:
    """One statement; ``step`` is None for what stands around the steps: SET, BEGIN, COMMIT."""

    sql: str
    step: str | None
    place: str
    """``file:line:column``."""

    @property
    def controls(self) -> str | None:
        """``begin`` or ``commit`` where it is that."""
        word = self.sql.strip().lower()
        return word if word in ("begin", "commit") else None


def read_script(name: str, text: str) -> list[ScriptStatement]:
    """The file's statements in order. Raises ``SourceError`` where it can't be split."""
    marks = Marks.of(text)
    statements: list[ScriptStatement] = []
    for statement in split(SourceText(name, text)).statements:
        found = ScriptStatement(statement.text, marks.before(statement.start), statement.place)
        statements.append(_without_step(found) if _is_control(found.sql) else found)
    return statements


_CONTROL: Final = re.compile(
    r"(begin|commit|set\s+(local\s+)?"
    r"(lock_timeout|statement_timeout|client_min_messages|check_function_bodies|row_security)\b.*)",
    re.I | re.S,
)


def _is_control(sql: str) -> bool:
    return _CONTROL.fullmatch(sql.strip()) is not None


def _without_step(statement: ScriptStatement) -> ScriptStatement:
    return ScriptStatement(statement.sql, None, statement.place)
