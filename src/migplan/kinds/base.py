"""The contract of a kind of object, and what its reading has at hand.

A kind's module holds everything about one kind of database object: its model, the catalog query that reads it, and
the SQL that creates, drops and alters it. It offers its kinds as a module-level ``KINDS`` tuple.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Generic, LiteralString, NamedTuple

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, Grant, O
from migplan.core.records import record
from migplan.core.sql import Sql, ident, literal, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds._acl import NOTHING, Default, change_grants, grantees, grants_of, read_acl

PG_CLASS, PG_TYPE, PG_PROC, PG_NAMESPACE, PG_CONSTRAINT = 1259, 1247, 1255, 2615, 2606
PG_ATTRDEF, PG_REWRITE, PG_TRIGGER, PG_POLICY, PG_EXTENSION = 2604, 2618, 2620, 3256, 3079
PG_COLLATION, PG_CONVERSION, PG_OPERATOR, PG_OPCLASS, PG_OPFAMILY = 3456, 2607, 2617, 2616, 2753
PG_CAST, PG_LANGUAGE, PG_EVENT_TRIGGER, PG_DEFAULT_ACL, PG_AM = 2605, 2612, 3466, 826, 2601
PG_TS_CONFIG, PG_TS_DICT, PG_TS_PARSER, PG_TS_TEMPLATE = 3602, 3600, 3601, 3764
PG_FDW, PG_SERVER, PG_USER_MAPPING, PG_STATISTIC = 2328, 1417, 1418, 3381
PG_PUBLICATION, PG_PUBLICATION_REL, PG_PUBLICATION_NAMESPACE, PG_TRANSFORM = 6104, 6106, 6237, 3576


FIRST_OF_USERS = 16384
"""The least oid of an object that initdb didn't make (FirstNormalObjectId)."""


def made_by_users(catalog: LiteralString, condition: LiteralString = "true", oid: LiteralString = "oid") -> str:
    """A kind's :attr:`Kind.holds`: rows of a catalog that initdb didn't make."""
    return f"{catalog} WHERE {oid} >= {FIRST_OF_USERS} AND {condition}"


class Address(NamedTuple):
    """How PostgreSQL names an object in pg_depend and pg_description."""

    classid: int
    objid: int
    subid: int = 0


@record
class Reading:
    """What every kind may look up while its rows become objects: roles by oid, comments by address."""

    major: int
    roles: Mapping[int, str]
    comments: Mapping[tuple[int, int, int], str]
    _relations: dict[tuple[str, str, str], ObjectId] = field(default_factory=dict[tuple[str, str, str], ObjectId])

    def relation(self, kind: str, schema: str, name: str) -> ObjectId:
        """The id of a relation, one and the same for all that belongs to it."""
        key = (kind, schema, name)
        found = self._relations.get(key)
        if found is None:
            found = self._relations[key] = ObjectId(kind, (schema, name))
        return found

    def comment(self, classid: int, objid: int, subid: int = 0) -> str | None:
        """The object's COMMENT, or None."""
        return self.comments.get((classid, objid, subid))

    def grants(self, acl: Sequence[str] | None, owner: int | str, default: Default) -> tuple[Grant, ...] | None:
        """The grants of an ``aclitem[]::text[]``; None where they are PostgreSQL's default."""
        name = owner if isinstance(owner, str) else self.roles.get(owner, "")
        return read_acl(acl, name, default, self.major)


Found = tuple[tuple[int, int, int], O]
"""An object with its :class:`Address`; a plain tuple where there are many of the kind."""


class Kind(ABC, Generic[O]):
    """One kind of database object.

    ``name`` is the kind in object ids, ``keyword`` what ``COMMENT ON``, ``ALTER … OWNER TO`` and ``DROP`` call it.
    ``query`` yields rows for ``build``; it may use ``%(ns)s``, the oids of the schemas in scope (doubling other
    per cent signs), and must leave out what an extension owns (see :func:`not_of_extension`).
    """

    name: ClassVar[str]
    keyword: ClassVar[str]
    privileges: ClassVar[Default] = NOTHING
    grant_keyword: ClassVar[str] = ""
    since: ClassVar[int] = 14
    holds: ClassVar[str] = ""
    """Where to look for a row, as FROM says it, before the query is asked: without one there is nothing to read. Most
    databases have no objects of most kinds, and to plan a query takes longer than to run it. "" asks it always."""
    owned: ClassVar[bool] = False
    """Whether the object has an owner of its own that ``ALTER … OWNER TO`` sets."""
    printed: ClassVar[int | None] = None
    """The place of a row where an expression as PostgreSQL prints it stands; None: it may be anywhere."""
    settles: ClassVar[bool] = False
    """Whether :meth:`settle` does anything."""

    @abstractmethod
    def query(self, major: int) -> str:
        """The catalog query for one major version."""

    @abstractmethod
    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[O]]:
        """The objects of one row (mostly one), with their addresses."""

    @abstractmethod
    def parts(self, obj: O, catalog: Catalog) -> list[Part]:
        """The statements that create the object, and those that drop it, piece by piece.

        ``catalog`` is the world that the object lives in, where its members are looked up. Comments, grants and
        the owner are not part of it: they are added for every kind alike.
        """

    @abstractmethod
    def alter(self, old: O, new: O, before: Catalog, after: Catalog) -> list[Statement] | None:
        """Statements that turn ``old`` into ``new`` in place, or None when it must be dropped and re-created.

        Only compared fields other than comment, owner and grants are looked at. A field that the kind can't change
        in place gives None, never silence.
        """

    def contract(self, old: O, new: O) -> str | None:
        """What the application must do before this alteration, or None where both versions can live with it."""
        return None

    def create_contract(self, obj: O, before: Catalog) -> str | None:
        """What the application must do before the object exists, or None where an additional one can't hurt it."""
        return None

    def reshapes(self, old: O, new: O) -> bool:
        """Whether an in-place alteration is felt by dependants, which are then dropped before and created after it."""
        return True

    def reshaped(self, old: O, new: O) -> frozenset[ObjectId]:
        """What dependants see of an in-place alteration, where that is less than the whole object."""
        return frozenset({new.id}) if self.reshapes(old, new) else frozenset()

    def without_parts(self, obj: O, parts: frozenset[ObjectId]) -> O | None:
        """The object as it is while the parts that provide these are undone, or None where that can't be said (then
        an alteration beside their re-creation has nothing left to do)."""
        return None

    def alter_uses(self, old: O, new: O, after: Catalog) -> frozenset[ObjectId]:
        """What an in-place alteration needs beside what the object stands on."""
        return frozenset()

    def alter_releases(self, old: O, new: O) -> frozenset[ObjectId]:
        """What an in-place alteration lets go of beside what the object stood on."""
        return frozenset()

    def drop_contract(self, obj: O) -> str | None:
        """What the application must do before the drop, or None where no application can notice it."""
        return f"doesn't use {obj.id}"

    def drop_loses(self, obj: O) -> str | None:
        """Which data a drop destroys that its down can't bring back."""
        return None

    def settle(self, live: O | None, declared: O | None) -> O | None:
        """The declared object with what a declaration leaves open taken from the live one (one of them exists).

        A live object that isn't declared is dropped, unless this gives it back.
        """
        return declared

    def carried(self, old: O, new: O, before: Catalog) -> frozenset[ObjectId]:
        """Dependants (of ``before``) that must be dropped before an in-place alteration and re-created after it."""
        return frozenset()

    def follows(self, obj: O, lost: Iterable[ObjectId]) -> bool:
        """Whether the object can move in place from the old to the new incarnation of what it stands on (a column
        of a rebuilt type does: dropping it would lose its values)."""
        return False

    def follow(self, old: O, new: O) -> list[Statement]:
        """The statements of that move, from the incarnation that was set aside to the new one."""
        return []

    def below(self, obj: O, before: Catalog) -> frozenset[ObjectId]:
        """What PostgreSQL drops and makes along with the object: a column's of partitions and inheriting tables."""
        return frozenset()

    def carried_when_following(self, obj: O, before: Catalog) -> frozenset[ObjectId]:
        """Like :meth:`carried`, for that move."""
        return frozenset()

    def set_aside(self, obj: O, name: str) -> list[Statement] | None:
        """The renames that keep the old incarnation beside the new one under ``name``, or None where it can't be."""
        return None

    def refill(self, old: O, new: O, name: str, before: Catalog, after: Catalog) -> list[Statement]:
        """What brings the data of the incarnation that was set aside into the new one."""
        return []

    def drop_aside(self, obj: O, name: str) -> Statement:
        """The drop of the incarnation that was set aside."""
        return Statement(
            sql("DROP {} {}", Sql(self.keyword), ident(*obj.id.path[:-1], name)), LockMode.ACCESS_EXCLUSIVE
        )

    def sql_name(self, obj: O) -> Sql:
        """The object's name as ``DROP`` and ``ALTER`` write it."""
        return ident(*obj.id.path)

    def reference(self, obj: O) -> Sql:
        """The object as ``COMMENT ON`` names it: ``TABLE public.users``."""
        return sql("{} {}", Sql(self.keyword), self.sql_name(obj))

    def grant_target(self, obj: O) -> Sql:
        """The object as ``GRANT … ON`` names it."""
        return sql("{} {}", Sql(self.grant_keyword or self.keyword), self.sql_name(obj))

    def comment_statements(self, obj: O, comment: str | None) -> list[Statement]:
        """The command that sets or removes the comment."""
        value = Sql("NULL") if comment is None else literal(comment)
        return [Statement(sql("COMMENT ON {} IS {}", self.reference(obj), value), LockMode.SHARE_UPDATE_EXCLUSIVE)]

    def grant_statements(self, obj: O, old: Iterable[Grant], new: Iterable[Grant], owner: str) -> list[Statement]:
        """The commands that lead from one set of grants to the other."""
        return [Statement(s, LockMode.ACCESS_SHARE) for s in change_grants(self.grant_target(obj), old, new, owner)]

    def owner_statements(self, obj: O, owner: str) -> list[Statement]:
        """The command that gives the object to ``owner``."""
        command = sql("ALTER {} OWNER TO {}", self.reference(obj), ident(owner))
        return [Statement(command, LockMode.ACCESS_EXCLUSIVE)]

    def roles(self, obj: O) -> frozenset[str]:
        """The roles that the object's SQL names, its owner aside."""
        return grantees(obj.grants)

    def effective_grants(self, obj: O, major: int) -> tuple[Grant, ...]:
        """The object's grants, with None spelled out as what PostgreSQL gives it by itself."""
        return grants_of(self.privileges, major) if obj.grants is None else obj.grants

    def default_grants(self, major: int) -> tuple[Grant, ...]:
        """What PostgreSQL gives a new object of this kind."""
        return grants_of(self.privileges, major)


def not_of_extension(classid: int, oid: str) -> str:
    """The condition that an object isn't a member of an extension; ``oid`` is an SQL expression of ours.

    Nothing but extensions is depended on like that; to say so lets an index find the members in a large pg_depend.
    """
    return (
        f"NOT EXISTS (SELECT 1 FROM pg_depend member WHERE member.classid = {classid} AND member.objid = {oid}"
        f" AND member.refclassid = {PG_EXTENSION} AND member.deptype = 'e')"
    )


def column_names(relation: LiteralString, numbers: LiteralString) -> str:
    """An expression: the names of columns (a text array) by their numbers, without the 0 that stands for an expression.

    Each is looked up by itself: for keys of a column or two nothing is faster, and one needs no loop.
    """
    first = f"({numbers})[1]"
    only = f"(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = {relation} AND a.attnum = {first})"
    return f"""CASE WHEN {numbers} IS NULL THEN NULL
       WHEN cardinality({numbers}) = 1 AND {first} <> 0 THEN ARRAY[{only}]
       ELSE ARRAY(
         SELECT (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = {relation} AND a.attnum = key.number)
           FROM unnest({numbers}) key(number) WHERE key.number <> 0) END"""


def options(items: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """``reloptions`` and their like (``name=value`` texts) as sorted pairs."""
    if not items:
        return ()
    return tuple(sorted((k, v) for k, _, v in (item.partition("=") for item in items)))


def option_list(pairs: Iterable[tuple[str, str]]) -> Sql:
    """``name=value, …`` as WITH (…) and SET (…) take it; values are literals, which every option accepts."""
    return Sql(", ".join(f"{_option_name(k)}={literal(v)}" for k, v in pairs))


def _option_name(name: str) -> str:
    return ".".join(ident(part) for part in name.split("."))


def option_changes(
    target: Sql,
    old: tuple[tuple[str, str], ...],
    new: tuple[tuple[str, str], ...],
    lock: LockMode = LockMode.ACCESS_EXCLUSIVE,
) -> list[Statement]:
    """``ALTER target SET (…)`` and ``RESET (…)`` that lead from one set of options to the other."""
    before, after = dict(old), dict(new)
    reset = [k for k in before if k not in after]
    changed = [(k, v) for k, v in after.items() if before.get(k) != v]
    statements: list[Statement] = []
    if reset:
        names = Sql(", ".join(_option_name(k) for k in reset))
        statements.append(Statement(sql("ALTER {} RESET ({})", target, names), lock))
    if changed:
        statements.append(Statement(sql("ALTER {} SET ({})", target, option_list(changed)), lock))
    return statements


def simple_part(id: ObjectId, create: Iterable[Statement], drop: Iterable[Statement], uses: Iterable[ObjectId]) -> Part:
    """A part that provides just the object itself."""
    return Part(tuple(create), tuple(drop), frozenset({id}), frozenset(uses))
