"""What a database may hold that migplan doesn't model: found and named, never touched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from migplan.core.model import DbObject, Unmodelled
from migplan.kinds.base import (
    FIRST_OF_USERS,
    PG_AM,
    PG_CLASS,
    PG_LANGUAGE,
    PG_OPERATOR,
    PG_TRANSFORM,
    PG_TYPE,
    made_by_users,
    not_of_extension,
)
from migplan.kinds.user_mapping import UserMapping

_QUERIES: Final = (
    ("", "SELECT 'subscription', subname::text FROM pg_stat_subscription WHERE subname IS NOT NULL"),
    (
        made_by_users("pg_language"),
        f"""SELECT 'language', lanname::text FROM pg_language l
            WHERE l.oid >= {FIRST_OF_USERS} AND {not_of_extension(PG_LANGUAGE, "l.oid")}""",
    ),
    (
        "pg_transform",
        f"""SELECT 'transform', format_type(t.trftype, NULL) || ' for ' || l.lanname
            FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
            WHERE {not_of_extension(PG_TRANSFORM, "t.oid")}""",
    ),
    (
        "(SELECT FROM pg_seclabel UNION ALL SELECT FROM pg_shseclabel) label",
        "SELECT 'security label', objtype || ' ' || objname FROM pg_seclabels WHERE objname IS NOT NULL",
    ),
    (
        made_by_users("pg_am"),
        f"""SELECT 'access method', amname::text FROM pg_am a
            WHERE a.oid >= {FIRST_OF_USERS} AND {not_of_extension(PG_AM, "a.oid")}""",
    ),
    (
        "",
        f"""SELECT CASE WHEN t.typisdefined THEN 'base type' ELSE 'type without a definition' END,
                   format_type(t.oid, NULL)
            FROM pg_type t
            WHERE t.typnamespace = ANY(%(ns)s::oid[]) AND (t.typtype = 'b' OR NOT t.typisdefined)
              AND NOT EXISTS (SELECT 1 FROM pg_type element WHERE element.typarray = t.oid)
              AND {not_of_extension(PG_TYPE, "t.oid")}""",
    ),
    (
        made_by_users("pg_range", oid="rngtypid"),
        f"""SELECT 'range type with a canonical function', format_type(t.oid, NULL)
            FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid
            WHERE r.rngcanonical <> 0 AND t.typnamespace = ANY(%(ns)s::oid[])
              AND {not_of_extension(PG_TYPE, "t.oid")}""",
    ),
    (
        made_by_users("pg_operator"),
        f"""SELECT 'operator without a definition', n.nspname || '.' || o.oprname
            FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
            WHERE o.oprcode = 0 AND n.oid = ANY(%(ns)s::oid[])
              AND {not_of_extension(PG_OPERATOR, "o.oid")}""",
    ),
    (
        "",
        f"""SELECT 'privilege on a system column', n.nspname || '.' || c.relname || '.' || a.attname
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE a.attnum < 0 AND a.attacl IS NOT NULL AND n.oid = ANY(%(ns)s::oid[])
              AND {not_of_extension(PG_CLASS, "c.oid")}""",
    ),
    (
        "",
        f"""SELECT 'identity of a partition alone', n.nspname || '.' || c.relname || '.' || a.attname
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE current_setting('server_version_num')::int < 170000 AND c.relispartition AND a.attidentity <> ''
              AND n.oid = ANY(%(ns)s::oid[]) AND {not_of_extension(PG_CLASS, "c.oid")}""",
    ),
)
"""Where to look for such things at all (see :attr:`Kind.holds <migplan.kinds.base.Kind.holds>`), and the query."""


NEEDED: Final = frozenset({"access method", "base type", "language", "range type with a canonical function"})
"""Things that objects stand on, which can't be made without them."""

_NAMED: Final = re.compile(r"(?:^SELECT|THEN|ELSE) '([^']+)'")


def things() -> list[str]:
    """What the queries look for, in words."""
    return sorted({name for _, query in _QUERIES for name in _NAMED.findall(query)})


def queries() -> tuple[tuple[str, str], ...]:
    """A place to look for rows and a query for each kind of thing; the latter yields (what it is, its name)."""
    return _QUERIES


_WITH_SECRETS: Final = frozenset({"foreign_data_wrapper", "foreign_table", "server", "user_mapping"})


def unread_options(objects: Iterable[DbObject]) -> Iterable[Unmodelled]:
    """Options of foreign data objects that stay on the server: those that may hold a secret, and those of user
    mappings that this role may not see."""
    for obj in (o for o in objects if o.id.kind in _WITH_SECRETS):
        hidden: tuple[str, ...] = getattr(obj, "hidden", ())
        yield from (Unmodelled("option that may hold a secret", f"{option} of {obj.id}") for option in hidden)
        if isinstance(obj, UserMapping) and obj.options is None:
            yield Unmodelled("options that this role may not read", str(obj.id))
