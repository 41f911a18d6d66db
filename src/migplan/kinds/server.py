"""Foreign servers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, ident, literal, sql
from migplan.core.steps import Part, Statement
from migplan.kinds import _acl
from migplan.kinds._foreign_options import (
    Options,
    fdw_option_changes,
    hidden_names,
    may_be_secret,
    options_clause,
    readable,
)
from migplan.kinds.base import PG_SERVER, Address, Found, Kind, Reading, not_of_extension, options, simple_part


@packed
class Server(DbObject):
    """A foreign server of the foreign data wrapper ``wrapper`` (its raw name).

    ``hidden`` names options that may hold a secret: their values are neither read nor touched.
    """

    wrapper: str
    type: str | None = None
    version: str | None = None
    options: Options = ()
    hidden: tuple[str, ...] = field(default=(), compare=False)


class ServerKind(Kind[Server]):
    """Rows of pg_foreign_server."""

    name = "server"
    keyword = "SERVER"
    holds = "pg_foreign_server"
    grant_keyword = "FOREIGN SERVER"
    privileges = _acl.FOREIGN
    owned = True

    def query(self, major: int) -> str:
        secret = may_be_secret("o")
        return f"""
SELECT s.oid, s.srvname::text, s.srvowner, s.srvacl::text[], w.fdwname::text, s.srvtype, s.srvversion,
       {readable("s.srvoptions", secret)}, {hidden_names("s.srvoptions", secret)}
FROM pg_foreign_server s
JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
WHERE {not_of_extension(PG_SERVER, "s.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Server]]:
        oid, name, owner, acl, wrapper, type, version, visible, hidden = row
        server = Server(
            id=ObjectId("server", (name,)),
            comment=reading.comment(PG_SERVER, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            wrapper=wrapper,
            type=type,
            version=version,
            options=options(visible),
            hidden=tuple(hidden or ()),
        )
        yield Address(PG_SERVER, oid), server

    def parts(self, obj: Server, catalog: Catalog) -> list[Part]:
        create = sql(
            "CREATE SERVER {}{}{} FOREIGN DATA WRAPPER {}{}",
            self.sql_name(obj),
            sql(" TYPE {}", literal(obj.type)) if obj.type is not None else EMPTY,
            sql(" VERSION {}", literal(obj.version)) if obj.version is not None else EMPTY,
            ident(obj.wrapper),
            options_clause(obj.options),
        )
        drop = sql("DROP SERVER {}", self.sql_name(obj))
        return [simple_part(obj.id, [Statement(create)], [Statement(drop)], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Server, new: Server, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new)
        if fields & {"wrapper", "type"}:
            return None
        clauses: list[Sql] = []
        if "version" in fields:
            clauses.append(sql(" VERSION {}", Sql("NULL") if new.version is None else literal(new.version)))
        if "options" in fields:
            clauses.append(sql(" {}", fdw_option_changes(old.options, new.options)))
        return [Statement(sql("ALTER SERVER {}{}", self.sql_name(new), Sql("".join(clauses))))] if clauses else []

    def reshapes(self, old: Server, new: Server) -> bool:
        return False

    def drop_loses(self, obj: Server) -> str | None:
        return f"the values of {', '.join(obj.hidden)} of {obj.id}" if obj.hidden else None


KINDS = (ServerKind(),)
