"""Foreign data wrappers that users made; those of extensions are the extensions'."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, deparsed, sql
from migplan.core.steps import Part, Statement
from migplan.kinds import _acl
from migplan.kinds._catalog_names import function_name
from migplan.kinds._foreign_options import (
    Options,
    fdw_option_changes,
    hidden_names,
    may_be_secret,
    options_clause,
    readable,
)
from migplan.kinds.base import PG_FDW, Address, Found, Kind, Reading, not_of_extension, options, simple_part


@packed
class ForeignDataWrapper(DbObject):
    """A foreign data wrapper; ``handler`` and ``validator`` are qualified, quoted function names.

    ``hidden`` names options that may hold a secret: their values are neither read nor touched.
    """

    handler: str | None
    validator: str | None
    options: Options = ()
    hidden: tuple[str, ...] = field(default=(), compare=False)


class ForeignDataWrapperKind(Kind[ForeignDataWrapper]):
    """Rows of pg_foreign_data_wrapper."""

    name = "foreign_data_wrapper"
    keyword = "FOREIGN DATA WRAPPER"
    holds = "pg_foreign_data_wrapper"
    privileges = _acl.FOREIGN
    owned = True

    def query(self, major: int) -> str:
        secret = may_be_secret("o")
        return f"""
SELECT w.oid, w.fdwname::text, w.fdwowner, w.fdwacl::text[],
       {function_name("w.fdwhandler")}, {function_name("w.fdwvalidator")},
       {readable("w.fdwoptions", secret)}, {hidden_names("w.fdwoptions", secret)}
FROM pg_foreign_data_wrapper w
WHERE {not_of_extension(PG_FDW, "w.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[ForeignDataWrapper]]:
        oid, name, owner, acl, handler, validator, visible, hidden = row
        wrapper = ForeignDataWrapper(
            id=ObjectId("foreign_data_wrapper", (name,)),
            comment=reading.comment(PG_FDW, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            handler=handler,
            validator=validator,
            options=options(visible),
            hidden=tuple(hidden or ()),
        )
        yield Address(PG_FDW, oid), wrapper

    def parts(self, obj: ForeignDataWrapper, catalog: Catalog) -> list[Part]:
        functions = sql(
            "{}{}",
            _function("HANDLER", obj.handler) if obj.handler is not None else EMPTY,
            _function("VALIDATOR", obj.validator) if obj.validator is not None else EMPTY,
        )
        create = sql("CREATE {}{}{}", self.reference(obj), functions, options_clause(obj.options))
        drop = sql("DROP {}", self.reference(obj))
        return [simple_part(obj.id, [Statement(create)], [Statement(drop)], catalog.uses.get(obj.id, ()))]

    def alter(
        self, old: ForeignDataWrapper, new: ForeignDataWrapper, before: Catalog, after: Catalog
    ) -> list[Statement] | None:
        fields = changed_fields(old, new)
        clauses: list[Sql] = []
        if "handler" in fields:
            clauses.append(_function("HANDLER", new.handler))
        if "validator" in fields:
            clauses.append(_function("VALIDATOR", new.validator))
        if "options" in fields:
            clauses.append(sql(" {}", fdw_option_changes(old.options, new.options)))
        return [Statement(sql("ALTER {}{}", self.reference(new), Sql("".join(clauses))))] if clauses else []

    def reshapes(self, old: ForeignDataWrapper, new: ForeignDataWrapper) -> bool:
        return False

    def drop_loses(self, obj: ForeignDataWrapper) -> str | None:
        return f"the values of {', '.join(obj.hidden)} of {obj.id}" if obj.hidden else None


def _function(role: str, name: str | None) -> Sql:
    return sql(" NO {}", Sql(role)) if name is None else sql(" {} {}", Sql(role), deparsed(name))


KINDS = (ForeignDataWrapperKind(),)
