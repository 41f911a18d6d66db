"""Privileges: built-in defaults, grantees of every name, and the way from one set to another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from migplan.core.model import OWNER, PUBLIC, Grant
from migplan.core.sql import deparsed
from migplan.kinds import _acl

if TYPE_CHECKING:
    from tests.conftest import MakeDb

PREFIX = f"migplan_acl_{os.getpid()}"
ROLES = [f"{PREFIX}{tail}" for tail in ("", ' "q"', " Up", "=x", "/y", ",z", "ä", "\\b", "*st", "{}")]
CLASSES = {
    "TABLE": (_acl.TABLE, "CREATE TABLE x ()", "pg_class", "rel", "r"),
    "SEQUENCE": (_acl.SEQUENCE, "CREATE SEQUENCE x", "pg_class", "rel", "s"),
    "TYPE": (_acl.TYPE, "CREATE TYPE x AS ENUM ()", "pg_type", "typ", "T"),
    "DOMAIN": (_acl.TYPE, "CREATE DOMAIN x AS int", "pg_type", "typ", "T"),
    "SCHEMA": (_acl.SCHEMA, "CREATE SCHEMA x", "pg_namespace", "nsp", "n"),
    "FUNCTION": (_acl.FUNCTION, "CREATE FUNCTION x() RETURNS int LANGUAGE sql AS '1'", "pg_proc", "pro", "f"),
    "FOREIGN DATA WRAPPER": (_acl.FOREIGN, "CREATE FOREIGN DATA WRAPPER x", "pg_foreign_data_wrapper", "fdw", "F"),
}


@pytest.fixture(scope="module")
def roles(pg_url: str) -> Iterator[list[str]]:
    names = [sql.Identifier(role) for role in ROLES]
    with psycopg.connect(pg_url, autocommit=True) as db:
        for name in names:
            db.execute(sql.SQL("CREATE ROLE {}").format(name))
        yield ROLES
        for name in names:
            db.execute(sql.SQL("DROP ROLE {}").format(name))


@pytest.mark.parametrize("keyword", CLASSES)
def test_any_set_of_grants_is_reached(make_db: MakeDb, roles: list[str], keyword: str) -> None:
    default, create, catalog, prefix, letter = CLASSES[keyword]
    query = (
        f"SELECT {prefix}acl::text[], {prefix}owner::regrole::text, acldefault('{letter}', {prefix}owner)::text[]"
        f" FROM {catalog} WHERE {prefix}name = 'x'"
    )
    with psycopg.connect(make_db(f"SET check_function_bodies = off; {create}"), autocommit=True) as db:
        major = db.info.server_version // 10000
        acl, owner, built_in = db.execute(query.encode()).fetchone() or (None, "", None)
        assert acl is None
        assert _acl.read_acl(built_in, owner, default, major) is None
        initial = _acl.grants_of(default, major)
        granted = {Grant(role, default.owner[0], number % 2 == 1) for number, role in enumerate(roles)}
        turned = {Grant(g.grantee, g.privilege, not g.grantable) for g in granted}
        own = {g for g in initial if g.grantee == OWNER}
        reached: tuple[Grant, ...] = initial
        for wanted in (own | granted, own | turned, {Grant(PUBLIC, default.owner[0])}, set[Grant](), set(initial)):
            target = deparsed(f"{keyword} x{'()' if keyword == 'FUNCTION' else ''}")
            for command in _acl.change_grants(target, reached, wanted, owner):
                db.execute(str(command).encode())
            acl, *_ = db.execute(query.encode()).fetchone() or (None,)
            reached = tuple(sorted(wanted))
            expected = None if reached == initial else reached
            assert _acl.read_acl(acl, owner, default, major) == expected


def test_a_privilege_granted_by_two_roles_counts_once() -> None:
    items = ["me=r/me", "you=r*/me", "them=r/me", "them=r*/you", "all=r/me", "all=r/you"]
    assert _acl.read_acl(items, "me", _acl.TABLE, 18) == (
        Grant(OWNER, "SELECT"),
        Grant("all", "SELECT"),
        Grant("them", "SELECT", grantable=True),
        Grant("you", "SELECT", grantable=True),
    )
