"""Access privileges: PostgreSQL's aclitem text read into grants, and the GRANTs that lead from one set to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Final, NamedTuple

from migplan.core.model import OWNER, PUBLIC, Grant
from migplan.core.sql import Sql, ident, join, sql

_PRIVILEGES: Final = {
    "a": "INSERT",
    "r": "SELECT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
    "c": "CONNECT",
    "T": "TEMPORARY",
    "s": "SET",
    "A": "ALTER SYSTEM",
}
_TABLE: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


class Default(NamedTuple):
    """The privileges that an object of some class has before anybody grants any (manual: 5.8)."""

    owner: tuple[str, ...]
    public: tuple[str, ...] = ()


TABLE: Final = Default(_TABLE)
SEQUENCE: Final = Default(("SELECT", "UPDATE", "USAGE"))
FUNCTION: Final = Default(("EXECUTE",), ("EXECUTE",))
TYPE: Final = Default(("USAGE",), ("USAGE",))
LANGUAGE: Final = Default(("USAGE",), ("USAGE",))
SCHEMA: Final = Default(("USAGE", "CREATE"))
FOREIGN: Final = Default(("USAGE",))
NOTHING: Final = Default(())


def default_for(default: Default, major: int) -> Default:
    """The same default on one major version: 17 brought MAINTAIN for tables."""
    if default is TABLE and major >= 17:
        return Default((*_TABLE, "MAINTAIN"))
    return default


@cache
def grants_of(default: Default, major: int) -> tuple[Grant, ...]:
    """The grants that PostgreSQL's built-in default amounts to."""
    resolved = default_for(default, major)
    owner = [Grant(OWNER, p) for p in resolved.owner]
    return tuple(sorted([*owner, *(Grant(PUBLIC, p) for p in resolved.public)]))


_NOBODY: Final = frozenset[str]()


def grantees(grants: Iterable[Grant] | None) -> frozenset[str]:
    """The roles that grants name."""
    return frozenset(g.grantee for g in grants) - {OWNER, PUBLIC} if grants else _NOBODY


def read_acl(items: Sequence[str] | None, owner: str, default: Default, major: int) -> tuple[Grant, ...] | None:
    """The grants of an ACL (``aclitem[]`` as text), or None where it says no more than the built-in default.

    Who granted is left out: a privilege that several roles granted counts once, with the grant option if any gave it.
    """
    if items is None:
        return None
    found = {g for item in items for g in _item(item, owner)}
    grants = tuple(sorted(g for g in found if g.grantable or replace(g, grantable=True) not in found))
    return None if grants == grants_of(default, major) else grants


def _item(item: str, owner: str) -> Iterable[Grant]:
    grantee, rest = _name(item)
    privileges = rest[1 : rest.index("/")]
    who = OWNER if grantee == owner else grantee
    for at, letter in enumerate(privileges):
        if letter != "*":
            grantable = privileges[at + 1 : at + 2] == "*"
            yield Grant(who, _PRIVILEGES[letter], grantable)


def _name(item: str) -> tuple[str, str]:
    """Split the grantee, quoted where it isn't plain, from the rest (``=privileges/grantor``)."""
    if not item.startswith('"'):
        name, _, rest = item.partition("=")
        return name, "=" + rest
    end = 1
    while item[end] != '"' or item[end + 1 : end + 2] == '"':
        end += 2 if item[end] == '"' else 1
    return item[1:end].replace('""', '"'), item[end + 1 :]


def role(name: str, owner: str) -> Sql:
    """A grantee in a GRANT: PUBLIC, the object's owner, or a quoted name."""
    if name == PUBLIC:
        return Sql("PUBLIC")
    if name == OWNER:
        return ident(owner) if owner else Sql("CURRENT_USER")
    return ident(name)


def change_grants(
    target: Sql, old: Iterable[Grant], new: Iterable[Grant], owner: str, columns: Sql | None = None
) -> list[Sql]:
    """GRANT and REVOKE commands on ``target`` (``TABLE public.t``) that turn one set of grants into the other."""
    before, after = set(old), set(new)
    held = {(g.grantee, g.privilege) for g in after}
    gone = sorted(g for g in before - after if (g.grantee, g.privilege) not in held)
    demoted = sorted(g for g in before - after if g.grantable and (g.grantee, g.privilege) in held)
    commands = [
        sql("REVOKE {} ON {} FROM {}", _list(privileges, columns), target, role(grantee, owner))
        for (grantee, _), privileges in _by_grantee(gone, ignore_option=True)
    ]
    commands += [
        sql(
            "REVOKE GRANT OPTION FOR {} ON {} FROM {}",
            _list(privileges, columns),
            target,
            role(grantee, owner),
        )
        for (grantee, _), privileges in _by_grantee(demoted)
    ]
    kept = set(demoted)
    added = sorted(g for g in after - before if Grant(g.grantee, g.privilege, True) not in kept)
    commands += [
        sql(
            "GRANT {} ON {} TO {}{}",
            _list(privileges, columns),
            target,
            role(grantee, owner),
            Sql(" WITH GRANT OPTION" if grantable else ""),
        )
        for (grantee, grantable), privileges in _by_grantee(added)
    ]
    return commands


def _by_grantee(grants: Iterable[Grant], *, ignore_option: bool = False) -> list[tuple[tuple[str, bool], list[str]]]:
    grouped: dict[tuple[str, bool], list[str]] = {}
    for g in grants:
        grouped.setdefault((g.grantee, g.grantable and not ignore_option), []).append(g.privilege)
    return list(grouped.items())


def _list(privileges: Iterable[str], columns: Sql | None) -> Sql:
    suffix = Sql("") if columns is None else sql(" ({})", columns)
    return join(", ", (Sql(p + suffix) for p in privileges))
