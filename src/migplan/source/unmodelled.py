"""What a database may hold that migplan doesn't model: found and named, never touched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from migplan.core.model import DbObject, Unmodelled
from migplan.kinds.user_mapping import UserMapping

_QUERIES: Final = (
    "SELECT 'subscription', subname::text FROM pg_stat_subscription WHERE subname IS NOT NULL",
    """SELECT 'language', lanname::text FROM pg_language l
       WHERE l.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM pg_depend e
             WHERE e.classid = 2612 AND e.objid = l.oid AND e.deptype = 'e')""",
    """SELECT 'transform', format_type(t.trftype, NULL) || ' for ' || l.lanname
       FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
       WHERE NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 3576 AND e.objid = t.oid AND e.deptype = 'e')""",
    "SELECT 'security label', objtype || ' ' || objname FROM pg_seclabels WHERE objname IS NOT NULL",
    """SELECT 'access method', amname::text FROM pg_am a
       WHERE a.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM pg_depend e
             WHERE e.classid = 2601 AND e.objid = a.oid AND e.deptype = 'e')""",
    """SELECT CASE WHEN t.typisdefined THEN 'base type' ELSE 'type without a definition' END, format_type(t.oid, NULL)
       FROM pg_type t
       WHERE t.typnamespace = ANY(%(ns)s::oid[]) AND (t.typtype = 'b' OR NOT t.typisdefined)
         AND NOT EXISTS (SELECT 1 FROM pg_type element WHERE element.typarray = t.oid)
         AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 1247 AND e.objid = t.oid AND e.deptype = 'e')""",
    """SELECT 'range type with a canonical function', format_type(t.oid, NULL)
       FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid
       WHERE r.rngcanonical <> 0 AND t.typnamespace = ANY(%(ns)s::oid[])
         AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 1247 AND e.objid = t.oid AND e.deptype = 'e')""",
    """SELECT 'operator without a definition', n.nspname || '.' || o.oprname
       FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
       WHERE o.oprcode = 0 AND n.oid = ANY(%(ns)s::oid[])
         AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 2617 AND e.objid = o.oid AND e.deptype = 'e')""",
)


_NAMED: Final = re.compile(r"(?:^SELECT|THEN|ELSE) '([^']+)'")


def things() -> list[str]:
    """What the queries look for, in words."""
    return sorted({name for query in _QUERIES for name in _NAMED.findall(query)})


def queries(major: int) -> tuple[str, ...]:
    """One query a kind of thing; each yields (what it is, its name)."""
    return _QUERIES


def unread_options(objects: Iterable[DbObject]) -> Iterable[Unmodelled]:
    """Options of foreign data objects that stay on the server: those that may hold a secret, and those of user
    mappings that this role may not see."""
    for obj in objects:
        hidden: tuple[str, ...] = getattr(obj, "hidden", ())
        yield from (Unmodelled("option that may hold a secret", f"{option} of {obj.id}") for option in hidden)
        if isinstance(obj, UserMapping) and obj.options is None:
            yield Unmodelled("options that this role may not read", str(obj.id))
