"""What a database may hold that migplan doesn't model: found and named, never touched."""

from __future__ import annotations

from typing import Final

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
)


def queries(major: int) -> tuple[str, ...]:
    """One query a kind of thing; each yields (what it is, its name)."""
    return _QUERIES
