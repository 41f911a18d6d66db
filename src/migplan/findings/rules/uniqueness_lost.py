"""Uniqueness that goes: ON CONFLICT has nothing to stand on, and duplicates close the way back."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.sql import ident
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.index import Index


class UniquenessLost(Rule):
    """Keys and unique indexes that vanish or change, and no other one covers their columns."""

    id = "uniqueness-lost"
    severity = "warning"
    condition = "A primary key, UNIQUE or unique index goes, and nothing keeps the same columns unique any more."
    effect = "INSERT … ON CONFLICT on these columns fails, and once there are duplicates the way back fails too."
    advice = "Make sure that no statement names these columns in ON CONFLICT, and that duplicates are wanted."
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY, mail text UNIQUE);",
        bad="CREATE TABLE t (id int PRIMARY KEY, mail text);",
        good="CREATE TABLE t (id int PRIMARY KEY, mail text); CREATE UNIQUE INDEX t_mail ON t (mail);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        gone = [*subject.dropped(Constraint), *(old for old, _ in subject.altered(Constraint))]
        gone_indexes = [*subject.dropped(Index), *(old for old, _ in subject.altered(Index))]
        for obj in (*gone, *gone_indexes):
            if not _is_own(obj) or obj.relation not in subject.after or _columns_gone(obj, subject):
                continue
            members = (
                *subject.after.members_of(obj.relation, Constraint),
                *subject.after.members_of(obj.relation, Index),
            )
            if _key(obj) not in {_key(other) for other in members if _keeps_unique(other)}:
                yield Found(f"nothing keeps ({_columns(obj)}) of {obj.relation} unique any more", obj.id)


def _keeps_unique(obj: Constraint | Index) -> bool:
    return obj.unique if isinstance(obj, Index) else obj.type in (PRIMARY_KEY, UNIQUE)


def _is_own(obj: Constraint | Index) -> bool:
    """Whether it is a key by itself, not a partition's share in one."""
    parent = obj.parent if isinstance(obj, Index) else obj.index_parent
    return _keeps_unique(obj) and parent is None


def _columns_gone(obj: Constraint | Index, subject: Subject) -> bool:
    used = subject.before.uses.get(obj.id, frozenset())
    return any(id.kind == "column" and id not in subject.after for id in used)


def _columns(obj: Constraint | Index) -> str:
    """The key's columns and expressions as text."""
    if isinstance(obj, Constraint):
        return ", ".join(ident(c) for c in obj.columns)
    text = obj.definition.partition(" WHERE ")[0].partition(") INCLUDE (")[0].removesuffix(" NULLS NOT DISTINCT")
    return text.partition(" (")[2].removesuffix(")")


def _key(obj: Constraint | Index) -> tuple[frozenset[str], str]:
    """The columns in any order, and an index's condition."""
    condition = obj.definition.partition(" WHERE ")[2] if isinstance(obj, Index) else ""
    return frozenset(_columns(obj).split(", ")), condition


RULE = UniquenessLost()
