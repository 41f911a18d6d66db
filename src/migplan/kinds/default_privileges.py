"""Default privileges: what objects that a role creates from now on are granted at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import field
from typing import Any, Final, NamedTuple

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, Grant
from migplan.core.packed import packed
from migplan.core.sql import EMPTY, Sql, ident, sql
from migplan.core.steps import Part, Statement
from migplan.kinds import _acl
from migplan.kinds.base import PG_DEFAULT_ACL, Address, Found, Kind, Reading, simple_part

_OBJECT_TYPES: Final = {
    "r": "tables",
    "S": "sequences",
    "f": "functions",
    "T": "types",
    "n": "schemas",
    "L": "large objects",
}
_BUILT_IN: Final = {
    "tables": _acl.TABLE,
    "sequences": _acl.SEQUENCE,
    "functions": _acl.FUNCTION,
    "types": _acl.TYPE,
    "schemas": _acl.SCHEMA,
    "large objects": _acl.Default(("SELECT", "UPDATE")),
}

_OBJECT_TYPE_OF: Final = {
    **dict.fromkeys(("table", "view", "materialized_view", "foreign_table"), "tables"),
    **dict.fromkeys(("function", "procedure", "aggregate"), "functions"),
    **dict.fromkeys(("enum", "domain", "composite_type", "range", "base_type"), "types"),
    "sequence": "sequences",
    "schema": "schemas",
}


@packed
class DefaultPrivileges(DbObject):
    """Default privileges of a role; the path is (role, schema or "" for all, tables or another sort of objects).

    ``privileges`` for all schemas are the whole of what a new object is granted, in place of the built-in default;
    those for one schema are granted on top (manual: ALTER DEFAULT PRIVILEGES). ``reachable`` tells whether the
    connected role is a member of the role and so may change them.
    """

    privileges: tuple[Grant, ...]
    reachable: bool = field(default=True, compare=False)

    @property
    def role(self) -> str:
        """The role whose new objects are meant."""
        return self.id.path[0]

    @property
    def schema(self) -> str:
        """The schema, "" for all."""
        return self.id.path[1]

    @property
    def object_type(self) -> str:
        """tables, sequences, functions, types, schemas or large objects."""
        return self.id.path[2]


class DefaultPrivilegesKind(Kind[DefaultPrivileges]):
    """Rows of pg_default_acl: those for all schemas, and those for schemas in scope."""

    name = "default_privileges"
    keyword = "DEFAULT PRIVILEGES"
    settles = True

    def query(self, major: int) -> str:
        return """
SELECT d.oid, d.defaclrole, coalesce(n.nspname::text, ''), d.defaclobjtype::text, d.defaclacl::text[],
       pg_has_role(d.defaclrole, 'USAGE')
FROM pg_default_acl d
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
WHERE d.defaclnamespace = 0 OR d.defaclnamespace = ANY(%(ns)s::oid[])
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[DefaultPrivileges]]:
        oid, role_oid, schema, letter, acl, reachable = row
        role = reading.roles.get(role_oid, "")
        privileges = DefaultPrivileges(
            id=ObjectId("default_privileges", (role, schema, _OBJECT_TYPES[letter])),
            privileges=_acl.read_acl(acl, role, _acl.NOTHING, reading.major) or (),
            reachable=reachable,
        )
        yield Address(PG_DEFAULT_ACL, oid), privileges

    def settle(self, live: DefaultPrivileges | None, declared: DefaultPrivileges | None) -> DefaultPrivileges | None:
        """Those of a role out of reach stay where nobody declares them: a platform's own, mostly."""
        if declared is None and live is not None and not live.reachable:
            return live
        return declared

    def roles(self, obj: DefaultPrivileges) -> frozenset[str]:
        return _acl.grantees(obj.privileges) | {obj.role}

    def parts(self, obj: DefaultPrivileges, catalog: Catalog) -> list[Part]:
        """They come last: what the same plan creates has grants of its own, and an extension's members keep theirs."""
        nothing = _without_entry(obj, catalog.major)
        create = _changes(obj, nothing, obj.privileges)
        drop = _changes(obj, obj.privileges, nothing)
        return [simple_part(obj.id, create, drop, _concerned(obj, catalog))]

    def alter(
        self, old: DefaultPrivileges, new: DefaultPrivileges, before: Catalog, after: Catalog
    ) -> list[Statement] | None:
        return _changes(new, old.privileges, new.privileges)

    def alter_uses(self, old: DefaultPrivileges, new: DefaultPrivileges, after: Catalog) -> frozenset[ObjectId]:
        return _concerned(new, after)

    def reshapes(self, old: DefaultPrivileges, new: DefaultPrivileges) -> bool:
        return False

    def drop_contract(self, obj: DefaultPrivileges) -> str | None:
        """No object that exists is affected."""
        return None


def in_force(*catalogs: Catalog) -> tuple[DefaultPrivileges, ...]:
    """All that are in force in one of the catalogs, managed or not."""
    unmanaged = (o for catalog in catalogs for o in catalog.left_alone if isinstance(o, DefaultPrivileges))
    return (*(o for catalog in catalogs for o in catalog.of(DefaultPrivileges)), *unmanaged)


class AtBirth(NamedTuple):
    """What default privileges may do to a new object, depending on who creates it: ``added`` are grants that it may
    have, ``withheld`` those of the built-in default that it may lack."""

    added: frozenset[Grant]
    withheld: frozenset[Grant]


NOTHING_AT_BIRTH: Final = AtBirth(frozenset(), frozenset())


def at_birth(id: ObjectId, in_force: Iterable[DefaultPrivileges], built_in: Iterable[Grant]) -> AtBirth:
    """What any of the default privileges may do to a new object whose built-in default is ``built_in``."""
    added: set[Grant] = set()
    withheld: set[Grant] = set()
    for entry in in_force:
        if entry.object_type != _OBJECT_TYPE_OF.get(id.kind) or entry.schema not in ("", id.path[0]):
            continue
        added |= set(entry.privileges).difference(built_in)
        if not entry.schema:
            withheld |= set(built_in).difference(entry.privileges)
    return AtBirth(frozenset(added), frozenset(withheld))


Change = Callable[[Iterable[Grant], Iterable[Grant]], list[Statement]]
"""Renders the commands that lead from one set of grants to another."""


def grants_at_birth(
    id: ObjectId,
    in_force: Collection[DefaultPrivileges],
    built_in: tuple[Grant, ...],
    wanted: tuple[Grant, ...],
    change: Change,
) -> list[Statement]:
    """From what a new object may bear at once to what it must: what default privileges may have given is taken back
    where it isn't wanted, and what they may have kept back is granted or, where it came, taken back as well."""
    if not in_force and wanted == built_in:
        return []
    born = at_birth(id, in_force, built_in)
    doubtful = born.added | born.withheld
    concerned = {(g.grantee, g.privilege) for g in doubtful}
    taken_back = change(doubtful, [g for g in wanted if (g.grantee, g.privilege) in concerned])
    given = change(set(built_in) - born.withheld, wanted)
    return list(dict.fromkeys([*taken_back, *given]))


def _without_entry(obj: DefaultPrivileges, major: int) -> tuple[Grant, ...]:
    return () if obj.schema else _acl.grants_of(_BUILT_IN[obj.object_type], major)


def _concerned(obj: DefaultPrivileges, catalog: Catalog) -> frozenset[ObjectId]:
    """Objects that would be granted something if they were created now; an extension's members may be any of them."""
    kinds = {kind for kind, type in _OBJECT_TYPE_OF.items() if type == obj.object_type}
    schemas = {obj.schema} if obj.schema else set[str]()
    return frozenset(
        id
        for id in catalog.objects
        if id.kind == "extension"
        or (id.kind in kinds and (not schemas or id.path[0] in schemas))
        or (id.kind == "schema" and id.path[0] in schemas)
    )


def _changes(obj: DefaultPrivileges, old: Iterable[Grant], new: Iterable[Grant]) -> list[Statement]:
    in_schema = sql(" IN SCHEMA {}", ident(obj.schema)) if obj.schema else EMPTY
    head = sql("ALTER DEFAULT PRIVILEGES FOR ROLE {}{}", ident(obj.role), in_schema)
    commands = _acl.change_grants(Sql(obj.object_type.upper()), old, new, obj.role)
    return [Statement(sql("{} {}", head, command)) for command in commands]


KINDS = (DefaultPrivilegesKind(),)
