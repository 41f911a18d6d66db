"""Foreign keys that no index serves: every DELETE on the parent then reads the whole child."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.findings.serving_index import is_served
from migplan.kinds.constraint import FOREIGN_KEY, INDEXED, Constraint
from migplan.kinds.index import Index
from migplan.strategies.sizing import Size


class ForeignKeyWithoutIndex(Rule):
    """New keys without an index, and keys that lose theirs."""

    id = "foreign-key-without-index"
    severity = "warning"
    condition = (
        "A foreign key is added that no index of its table begins with, or the index of one is dropped; a note where "
        "the table isn't large."
    )
    effect = "Every DELETE of a parent's row, and every change of its key, reads all of the child's table."
    advice = "Declare an index that begins with the key's columns."
    example = Example(
        before=(
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int);"
            " INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1); ANALYZE;"
        ),
        bad="CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p);",
        good=(
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p);"
            " CREATE INDEX ON c (p, id);"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        poorer = _losing_an_index(subject)
        for key in subject.after.of(Constraint):
            if key.type != FOREIGN_KEY or key.clone_of is not None or not _is_news(key, poorer, subject):
                continue
            if is_served(key, subject.after):
                continue
            columns = ", ".join(key.columns)
            message = f"no index of {key.relation} begins with {columns}: each DELETE on {key.target} reads all of it"
            severity = None if subject.size(key.relation) is Size.LARGE else "note"
            yield Found(message, key.id, severity=severity)


def _is_news(key: Constraint, poorer: set[ObjectId], subject: Subject) -> bool:
    """Whether the key is new, or was served so far by an index that may go."""
    known = subject.before.get(key.id, Constraint)
    if known is None or known.columns != key.columns:
        return True
    return key.relation in poorer and is_served(known, subject.before)


def _losing_an_index(subject: Subject) -> set[ObjectId]:
    """Tables of which an index goes or changes, also that of a key."""
    indexes = [*subject.dropped(Index), *(old for old, _ in subject.altered(Index))]
    keys = [*subject.dropped(Constraint), *(old for old, _ in subject.altered(Constraint))]
    return {i.relation for i in indexes} | {k.relation for k in keys if k.type in INDEXED}


RULE = ForeignKeyWithoutIndex()
