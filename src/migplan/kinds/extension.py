"""Extensions. What they own is theirs: it is neither read nor touched, and whoever uses it uses the extension."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from typing import Any

from migplan.core.errors import UnsupportedError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, ident, literal, sql
from migplan.core.steps import Part, Statement
from migplan.kinds.base import PG_EXTENSION, Address, Found, Kind, Reading, simple_part


@packed
class Extension(DbObject):
    """An extension in ``schema``.

    ``version`` is the installed one, which differs from server to server; only ``pinned``, the one that a declaration
    names in ``VERSION …``, makes a difference. ``comment`` is None where it is ``default_comment``, that of the
    extension's control file, and "" where it was removed. ``holds_data`` tells of tables among its members,
    ``in_scope`` whether its schema is managed.
    """

    schema: str
    version: str = field(compare=False)
    pinned: str | None = None
    relocatable: bool = field(compare=False)
    holds_data: bool = field(compare=False)
    in_scope: bool = field(compare=False)
    default_comment: str | None = field(default=None, compare=False)


class ExtensionKind(Kind[Extension]):
    """Rows of pg_extension but plpgsql's, which every database has."""

    name = "extension"
    keyword = "EXTENSION"
    settles = True

    def query(self, major: int) -> str:
        return """
SELECT x.oid, x.extname::text, x.extowner, n.nspname::text, x.extversion, x.extrelocatable,
       n.oid = ANY(%(ns)s::oid[]), control.comment, m.classids, m.objids, m.holds_data
FROM pg_extension x
JOIN pg_namespace n ON n.oid = x.extnamespace
LEFT JOIN pg_available_extensions() control ON control.name = x.extname
LEFT JOIN (
  SELECT d.refobjid, array_agg(d.classid) AS classids, array_agg(d.objid) AS objids,
         bool_or(c.relkind IN ('r', 'p')) AS holds_data
  FROM pg_depend d
  LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
  WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  GROUP BY d.refobjid
) m ON m.refobjid = x.oid
WHERE x.extname <> 'plpgsql'
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Extension]]:
        oid, name, owner, schema, version, relocatable, in_scope, control_comment, classids, objids, data = row
        extension = Extension(
            id=ObjectId("extension", (name,)),
            comment=_comment(reading.comment(PG_EXTENSION, oid), control_comment),
            owner=reading.roles.get(owner, ""),
            schema=schema,
            version=version,
            relocatable=relocatable,
            holds_data=bool(data),
            in_scope=in_scope,
            default_comment=control_comment,
        )
        yield Address(PG_EXTENSION, oid), extension
        for classid, objid in zip(classids or (), objids or (), strict=True):
            yield Address(classid, objid), extension

    def settle(self, live: Extension | None, declared: Extension | None) -> Extension | None:
        """Any installed version will do unless one is pinned, and any comment unless one is declared. An extension
        in a schema that isn't managed stays where nobody declares it."""
        if declared is None:
            return None if live is None or live.in_scope else live
        if live is None:
            return declared
        pinned = None if declared.pinned == live.version else declared.pinned
        comment = live.comment if declared.comment is None else declared.comment
        return replace(declared, pinned=pinned, comment=comment, default_comment=live.default_comment)

    def parts(self, obj: Extension, catalog: Catalog) -> list[Part]:
        version = sql(" VERSION {}", literal(obj.pinned)) if obj.pinned is not None else EMPTY
        create = sql("CREATE EXTENSION {} WITH SCHEMA {}{}", self.sql_name(obj), ident(obj.schema), version)
        drop = sql("DROP EXTENSION {}", self.sql_name(obj))
        uses = {*catalog.uses.get(obj.id, ()), ObjectId("schema", (obj.schema,))}
        return [simple_part(obj.id, [Statement(create)], [Statement(drop)], uses)]

    def alter(self, old: Extension, new: Extension, before: Catalog, after: Catalog) -> list[Statement] | None:
        fields = changed_fields(old, new)
        name = self.sql_name(new)
        statements: list[Statement] = []
        if "schema" in fields:
            if not old.relocatable:
                return _only_if_unused(old, before)
            statements.append(Statement(sql("ALTER EXTENSION {} SET SCHEMA {}", name, ident(new.schema))))
        if "pinned" in fields:
            version = literal(new.pinned or new.version)
            statements.append(Statement(sql("ALTER EXTENSION {} UPDATE TO {}", name, version)))
        return statements

    def reshapes(self, old: Extension, new: Extension) -> bool:
        return False

    def drop_loses(self, obj: Extension) -> str | None:
        return f"what the tables of {obj.id} hold" if obj.holds_data else None

    def comment_statements(self, obj: Extension, comment: str | None) -> list[Statement]:
        text = obj.default_comment if comment is None else comment
        return super().comment_statements(obj, text or None)


def pin_versions(declared: Catalog, names: Iterable[str]) -> Catalog:
    """The declared catalog with the versions of these extensions pinned: their CREATE EXTENSION says VERSION."""
    wanted = {ObjectId("extension", (name,)) for name in names}
    pinned = {e.id: replace(e, pinned=e.version) for e in declared.of(Extension) if e.id in wanted}
    return replace(declared, objects={**declared.objects, **pinned})


def _comment(comment: str | None, of_control_file: str | None) -> str | None:
    return None if comment == of_control_file else comment or ""


def _only_if_unused(extension: Extension, before: Catalog) -> None:
    """Dropping and re-creating it would take along the columns of its types: only the user can decide that."""
    users = sorted(before.used_by.get(extension.id, ()))
    if users or extension.holds_data:
        raise UnsupportedError(
            f"it can't be moved out of schema {extension.schema!r}: its author made it not relocatable",
            place=str(extension.id),
            hint=f"Declare it WITH SCHEMA {extension.schema}, or drop and re-create it by hand with what uses it"
            f" ({', '.join(map(str, users[:3])) or 'its own tables'}).",
        )


KINDS = (ExtensionKind(),)
