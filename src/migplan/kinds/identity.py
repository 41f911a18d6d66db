"""GENERATED … AS IDENTITY of a column: its options, its sequence, and the SQL that makes and changes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Grant
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import LockMode, Statement
from migplan.kinds import _acl
from migplan.kinds.base import PG_CLASS, Reading
from migplan.kinds.default_privileges import NOTHING_AT_BIRTH, DefaultPrivileges, at_birth, grants_at_birth
from migplan.kinds.sequence import within_bounds

AX = LockMode.ACCESS_EXCLUSIVE
FOLLOWING = 15
"""The first major version where a sequence is unlogged, or logged, as its table."""


@record
class Identity:
    """GENERATED … AS IDENTITY: ``always`` or by default, and the options of its sequence (schema, name).

    ``apart``: the sequence is unlogged and its table isn't, or the reverse.
    """

    always: bool
    sequence: tuple[str, str]
    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycle: bool
    unlogged: bool = False
    apart: bool = False
    grants: tuple[Grant, ...] | None = None
    comment: str | None = None


def read_identity(letter: str, sequence: list[Any], owner: str, reading: Reading) -> Identity:
    """Out of pg_attribute.attidentity and the row of its sequence, whose ``owner`` is the table's."""
    schema, name, type, start, increment, minimum, maximum, cache, cycle, persistence, apart, acl, oid = sequence
    return Identity(
        always=letter == "a",
        sequence=(schema, name),
        type=type,
        start=start,
        increment=increment,
        minimum=minimum,
        maximum=maximum,
        cache=cache,
        cycle=cycle,
        unlogged=persistence == "u",
        apart=apart and reading.major >= FOLLOWING,
        grants=reading.grants(acl, owner, _acl.SEQUENCE),
        comment=reading.comment(PG_CLASS, oid),
    )


def identity_clause(identity: Identity, type: str) -> Sql:
    """``GENERATED … AS IDENTITY (…)``: its sequence's name, and the options that aren't its type's own.

    The name always, for PostgreSQL chooses another one where that of table and column is taken. The sequence gets the
    column's ``type``: ``identity_extras`` says another one, and options with it.
    """
    mode = Sql("ALWAYS" if identity.always else "BY DEFAULT")
    name = sql("SEQUENCE NAME {}", ident(*identity.sequence))
    usual = identity.type != type or _options_of(identity) == _usual_options(type)
    options = () if usual else (_sequence_options(identity),)
    return sql("GENERATED {} AS IDENTITY ({})", mode, join(" ", [name, *options]))


def _usual_options(type: str) -> tuple[object, ...]:
    """What ``CREATE SEQUENCE`` sets where nothing is said (manual: CREATE SEQUENCE)."""
    maximum = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}[type] - 1
    return (1, 1, 1, maximum, 1, False)


def _sequence_options(identity: Identity) -> Sql:
    return sql(
        "START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} CACHE {}{}",
        identity.start,
        identity.increment,
        identity.minimum,
        identity.maximum,
        identity.cache,
        Sql(" CYCLE" if identity.cycle else ""),
    )


def numbering(identity: Identity, table: Sql, column: Sql) -> tuple[str, Statement, Statement, Statement]:
    """A sequence that stands in for an identity's while rows are numbered: the default that does it, what makes and
    drops it, and what lets the identity go on behind the rows."""
    name = ident(*identity.sequence)
    made = sql("CREATE SEQUENCE {} AS {} {}", name, deparsed(identity.type), _sequence_options(identity))
    behind = sql(
        "SELECT setval({}, max({}) + 1, false) FROM {} HAVING max({}) IS NOT NULL", literal(name), column, table, column
    )
    return (
        f"nextval({literal(name)}::regclass)",
        Statement(made),
        Statement(sql("DROP SEQUENCE {}", name)),
        Statement(behind),
    )


def change_identity(old: Identity | None, new: Identity, type: str, head: Sql) -> list[Statement]:
    """What makes one identity of the other; ``head`` is ``ALTER TABLE … ALTER COLUMN …``, ``type`` the column's."""
    if old is None:
        return [Statement(sql("{} ADD {}", head, identity_clause(new, type)), AX), *identity_extras(new, type)]
    statements: list[Statement] = []
    if old.always != new.always:
        mode = Sql("ALWAYS" if new.always else "BY DEFAULT")
        statements.append(Statement(sql("{} SET GENERATED {}", head, mode), AX))
    sequence = ident(*old.sequence)
    follows = new.type == type  # ALTER TYPE takes the sequence along
    if not follows or (old.type, _options_of(old)) != (new.type, _options_of(new)):
        statements += [*within_bounds(sequence, old, new), Statement(_set_options(new, sequence))]
    if old.sequence[0] != new.sequence[0]:
        statements.append(Statement(sql("ALTER SEQUENCE {} SET SCHEMA {}", sequence, ident(new.sequence[0]))))
    if old.sequence[1] != new.sequence[1]:
        moved = ident(new.sequence[0], old.sequence[1])
        statements.append(Statement(sql("ALTER SEQUENCE {} RENAME TO {}", moved, ident(new.sequence[1]))))
    return statements + _attributes(old, new)


def _set_options(identity: Identity, sequence: Sql) -> Sql:
    cycle = Sql("" if identity.cycle else " NO CYCLE")
    return sql("ALTER SEQUENCE {} AS {} {}{}", sequence, deparsed(identity.type), _sequence_options(identity), cycle)


def sequence_grants(identity: Identity, in_force: Collection[DefaultPrivileges]) -> list[Statement]:
    """What sets right the grants of a new identity column's sequence where default privileges speak of sequences."""
    built_in = _acl.grants_of(_acl.SEQUENCE, 14)
    wanted = built_in if identity.grants is None else identity.grants
    target = sql("SEQUENCE {}", ident(*identity.sequence))
    id = ObjectId("sequence", identity.sequence)
    if at_birth(id, in_force, built_in) == NOTHING_AT_BIRTH:
        return []

    def change(old: Iterable[Grant], new: Iterable[Grant]) -> list[Statement]:
        return [Statement(command) for command in _acl.change_grants(target, old, new, "")]

    return grants_at_birth(id, in_force, built_in, wanted, change)


def _options_of(identity: Identity) -> tuple[int | bool, ...]:
    i = identity
    return (i.start, i.increment, i.minimum, i.maximum, i.cache, i.cycle)


def set_persistence(identity: Identity) -> Statement:
    """What makes its sequence logged, or unlogged: a new one is as its table."""
    logged = Sql("UNLOGGED" if identity.unlogged else "LOGGED")
    return Statement(sql("ALTER SEQUENCE {} SET {}", ident(*identity.sequence), logged))


def identity_extras(identity: Identity, type: str) -> list[Statement]:
    """What ``GENERATED … AS IDENTITY`` can't say of the sequence of a column of ``type``.

    Its own type among that: ``LIKE … INCLUDING IDENTITY`` makes a bigint one whatever the column is.
    """
    retyped = [] if identity.type == type else [Statement(_set_options(identity, ident(*identity.sequence)))]
    return retyped + _attributes(None, identity)


def _attributes(old: Identity | None, new: Identity) -> list[Statement]:
    """Grants, comment and persistence of an identity column's sequence."""
    name = ident(*new.sequence)
    statements: list[Statement] = []
    before = _acl.grants_of(_acl.SEQUENCE, 14) if old is None or old.grants is None else old.grants
    after = _acl.grants_of(_acl.SEQUENCE, 14) if new.grants is None else new.grants
    target = sql("SEQUENCE {}", name)
    statements += [Statement(s, LockMode.ACCESS_SHARE) for s in _acl.change_grants(target, before, after, "")]
    if (old.comment if old else None) != new.comment:
        text = Sql("NULL") if new.comment is None else literal(new.comment)
        statements.append(Statement(sql("COMMENT ON SEQUENCE {} IS {}", name, text)))
    if new.apart if old is None else old.unlogged != new.unlogged:
        statements.append(set_persistence(new))
    return statements
