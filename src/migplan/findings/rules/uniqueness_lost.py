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
    condition = "A primary key, UNIQUE or unique index goes, and no other key is over the same columns."
    effect = "INSERT … ON CONFLICT on these columns fails, and duplicates that nothing else forbids close the way back."
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
            keys = [other for other in members if _keeps_unique(other) and _covers(other, obj)]
            if not any(_key(other)[0] == _key(obj)[0] for other in keys):
                yield _narrowed(obj, keys) if keys else _lost(obj)


def _lost(obj: Constraint | Index) -> Found:
    return Found(f"nothing keeps ({_columns(obj)}) of {obj.relation} unique any more", obj.id)


def _narrowed(obj: Constraint | Index, keys: Iterable[Constraint | Index]) -> Found:
    """One of fewer columns keeps the rows apart, but PostgreSQL wants all of a key's columns named in ON CONFLICT."""
    kept = min(keys, key=lambda other: other.id)
    return Found(
        f"({_columns(obj)}) of {obj.relation} is kept unique only by {kept.id}, which is over fewer columns",
        obj.id,
        advice=f"Make sure that statements with ON CONFLICT name ({_columns(kept)}).",
    )


def _covers(other: Constraint | Index, obj: Constraint | Index) -> bool:
    """Whether no two rows can agree in ``obj`` where ``other`` is unique: it has no more columns, and speaks of all its
    rows."""
    columns, condition = _key(other)
    wanted, told = _key(obj)
    return columns <= wanted and condition in ("", told) and (_nulls_alike(other) or not _nulls_alike(obj))


def _nulls_alike(obj: Constraint | Index) -> bool:
    return "NULLS NOT DISTINCT" in obj.definition


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
