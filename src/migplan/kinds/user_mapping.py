"""User mappings of foreign servers. They hold passwords, which migplan neither reads nor writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import PUBLIC, Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import Sql, ident, sql
from migplan.core.steps import Part, Statement
from migplan.kinds import _acl
from migplan.kinds._foreign_options import (
    Options,
    fdw_option_changes,
    hidden_names,
    not_known_harmless,
    options_clause,
    readable,
)
from migplan.kinds.base import PG_USER_MAPPING, Address, Found, Kind, Reading, not_of_extension, options, simple_part


@packed
class UserMapping(DbObject):
    """The mapping of one role on one server; its path is (server, role), role "" for PUBLIC.

    ``options`` are those known to be harmless, None where the connected role may not read them; ``hidden`` names
    the others (the password), whose values are neither read nor touched.
    """

    options: Options | None
    hidden: tuple[str, ...] = field(default=(), compare=False)


class UserMappingKind(Kind[UserMapping]):
    """Rows of pg_user_mappings, which shows options only to those who may see them (manual: 54.38)."""

    name = "user_mapping"
    keyword = "USER MAPPING"
    holds = "pg_foreign_server"
    settles = True

    def query(self, major: int) -> str:
        secret = not_known_harmless("o")
        return f"""
SELECT m.umid, s.srvname::text, m.umuser,
       m.umoptions IS NOT NULL
         OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
         OR (pg_has_role(s.srvowner, 'USAGE') AND (m.umuser = 0 OR m.usename = current_user))
         OR (m.usename = current_user AND has_server_privilege(s.oid, 'USAGE')),
       {readable("m.umoptions", secret)}, {hidden_names("m.umoptions", secret)}
FROM pg_user_mappings m
JOIN pg_foreign_server s ON s.oid = m.srvid
WHERE {not_of_extension(PG_USER_MAPPING, "m.umid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[UserMapping]]:
        oid, server, role, may_read, visible, hidden = row
        name = reading.roles.get(role, "") if role else PUBLIC
        mapping = UserMapping(
            id=ObjectId("user_mapping", (server, name)),
            options=options(visible) if may_read else None,
            hidden=tuple(hidden or ()),
        )
        yield Address(PG_USER_MAPPING, oid), mapping

    def settle(self, live: UserMapping | None, declared: UserMapping | None) -> UserMapping | None:
        """Who may not read a mapping's options may not change them either."""
        if live is not None and declared is not None and live.options is None:
            return replace(declared, options=None)
        return declared

    def roles(self, obj: UserMapping) -> frozenset[str]:
        return frozenset({obj.id.path[-1]}) - {PUBLIC}

    def parts(self, obj: UserMapping, catalog: Catalog) -> list[Part]:
        create = sql("CREATE {}{}", self.reference(obj), options_clause(obj.options or ()))
        drop = sql("DROP {}", self.reference(obj))
        return [simple_part(obj.id, [Statement(create)], [Statement(drop)], catalog.uses.get(obj.id, ()))]

    def alter(self, old: UserMapping, new: UserMapping, before: Catalog, after: Catalog) -> list[Statement] | None:
        if old.options == new.options:
            return []
        changes = fdw_option_changes(old.options or (), new.options or ())
        return [Statement(sql("ALTER {} {}", self.reference(new), changes))]

    def reshapes(self, old: UserMapping, new: UserMapping) -> bool:
        return False

    def drop_loses(self, obj: UserMapping) -> str | None:
        return f"the {', '.join(obj.hidden)} of {obj.id}" if obj.hidden else None

    def reference(self, obj: UserMapping) -> Sql:
        server, user = obj.id.path
        return sql("USER MAPPING FOR {} SERVER {}", _acl.role(user, ""), ident(server))


KINDS = (UserMappingKind(),)
