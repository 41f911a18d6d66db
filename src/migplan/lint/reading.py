"""Hand-written migrations as statements: what psql and other runners put around them is understood or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from migplan.core.errors import SourceError
from migplan.core.records import record
from migplan.source.text.files import SourceText
from migplan.source.text.split import Comment, SourceStatement, split

_DOWN: Final = re.compile(r"^--[ \t]*(migrate:down|\+goose Down|\+migrate Down|rollback\b).*", re.M | re.I)
"""Where dbmate, goose, sql-migrate and Liquibase begin the way back in the same file."""
_ALLOW: Final = re.compile(r'--\s*migplan:\s*allow\s+(?P<rule>[a-z][a-z0-9-]*)\s+"(?P<reason>[^"]+)"\s*')
_SKIPPED: Final = frozenset({"\\echo", "\\encoding", "\\pset", "\\restrict", "\\set", "\\timing", "\\unrestrict"})
_CONTROL: Final = {"BEGIN": "begin", "START": "begin", "COMMIT": "commit", "END": "commit"}
_CONTROL_LATER: Final = {"ROLLBACK": "rollback", "ABORT": "rollback"}


@record(slots=False)
class Migration:
    """One file's statements forwards, without what only psql reads."""

    name: str
    statements: tuple[SourceStatement, ...]


def read_migration(text: SourceText) -> Migration:
    """The file's statements. Raises ``SourceError`` for what can't be split and for psql's commands."""
    down = _DOWN.search(text.text)
    forwards = SourceText(text.name, text.text if down is None else text.text[: down.start()])
    return Migration(text.name, tuple(_run(split(forwards).statements)))


def _run(statements: tuple[SourceStatement, ...]) -> Iterator[SourceStatement]:
    for statement in statements:
        if statement.meta:
            _refuse_unknown(statement)
        elif not statement.begins("COPY") or "STDIN" not in statement.words:
            yield statement


def _refuse_unknown(statement: SourceStatement) -> None:
    command = statement.text.split()[0]
    if command not in _SKIPPED:
        raise SourceError(
            f"psql's command {command} is not run here",
            place=statement.place,
            hint="Name the files that it includes beside this one; leave the rest to psql.",
        )


def control_of(statement: SourceStatement) -> str | None:
    """``begin``, ``commit`` or ``rollback`` where the statement is that; a savepoint's ROLLBACK TO is none."""
    first, *others = statement.words
    if first in _CONTROL and (first != "START" or others[:1] == ["TRANSACTION"]):
        return _CONTROL[first]
    return _CONTROL_LATER.get(first) if "TO" not in others else None


def allowances(statement: SourceStatement) -> dict[str, str]:
    """The reasons of ``-- migplan: allow RULE "why"`` before the statement, by rule."""
    return dict(_allowance(comment) for comment in statement.comments if _ALLOW.match(comment.text))


def _allowance(comment: Comment) -> tuple[str, str]:
    found = _ALLOW.match(comment.text)
    assert found is not None
    return found["rule"], found["reason"]
