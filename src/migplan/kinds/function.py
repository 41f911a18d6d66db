"""Functions and procedures, in every language; aggregates are a kind of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any, ClassVar, NamedTuple

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import LockMode, Part, Statement
from migplan.kinds import _acl
from migplan.kinds.base import PG_PROC, Address, Found, Kind, Reading, made_by_users, simple_part

_NOT_CALLED_BY_APPLICATIONS = frozenset({"trigger", "event_trigger"})
_NO_SOURCE = frozenset({"c", "internal"})


class Output(NamedTuple):
    """One OUT, INOUT or TABLE argument; ``name`` is empty where it has none."""

    name: str
    type: str


@packed
class Routine(DbObject):
    """A function or procedure; its path ends in its argument types (``"integer, text"``).

    ``definition`` is pg_get_functiondef from ``FUNCTION`` or ``PROCEDURE`` on: every attribute is in it. The other
    fields are facts taken out of it. ``returns`` is the plain result type (``record`` for several outputs), ``set``
    whether there are many of them; ``input_names`` has "" for unnamed arguments. ``calls`` are the lists of argument
    types that a call may have: more than one with defaults. ``signature`` is what ``DROP`` takes in parentheses.
    ``reads_body`` is the body of a function whose body is a string, "" for the SQL-standard bodies, whose references
    PostgreSQL records itself (``standard_body``).
    """

    definition: str
    language: str = field(compare=False)
    returns: str = field(compare=False)
    set: bool = field(default=False, compare=False)
    window: bool = field(default=False, compare=False)
    input_names: tuple[str, ...] = field(default=(), compare=False)
    outputs: tuple[Output, ...] = field(default=(), compare=False)
    default_count: int = field(default=0, compare=False)
    defaults: str | None = field(default=None, compare=False)
    calls: tuple[str, ...] = field(compare=False)
    signature: str = field(compare=False)
    reads_body: str = field(default="", compare=False)
    standard_body: bool = field(default=False, compare=False)


class RoutineKind(Kind[Routine]):
    """Rows of pg_proc of some ``prokinds``."""

    prokinds: ClassVar[str]
    privileges = _acl.FUNCTION
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT p.oid, n.nspname::text, p.proname::text, oidvectortypes(p.proargtypes), p.proowner, p.proacl::text[],
       pg_get_functiondef(p.oid), l.lanname::text, format_type(p.prorettype, NULL), p.proretset, p.prokind = 'w',
       p.proargnames, p.proargmodes::text[],
       CASE WHEN p.proallargtypes IS NOT NULL THEN
         (SELECT array_agg(format_type(x.type, NULL) ORDER BY x.n)
            FROM unnest(p.proallargtypes) WITH ORDINALITY x(type, n)) END,
       p.pronargs::int, p.pronargdefaults::int, pg_get_expr(p.proargdefaults, 0),
       CASE WHEN p.pronargdefaults > 0 THEN
         (SELECT array_agg(format_type(x.type, NULL) ORDER BY x.n)
            FROM unnest(p.proargtypes) WITH ORDINALITY x(type, n)) END,
       CASE WHEN p.prokind = 'p' THEN pg_get_function_identity_arguments(p.oid) END,
       p.prosrc, p.prosqlbody IS NOT NULL
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
WHERE p.prokind IN ({self.prokinds}) AND n.oid = ANY(%(ns)s::oid[])
  AND NOT EXISTS (SELECT 1 FROM pg_depend d
                  WHERE d.classid = {PG_PROC} AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[Routine]]:
        oid, schema, name, argument_types, owner, acl, definition, language, returns, returns_set, window = row[:11]
        names, modes, all_types, inputs, default_count, defaults, input_types, identity, source, standard = row[11:]
        routine = Routine(
            id=ObjectId(self.name, (schema, name, argument_types)),
            comment=reading.comment(PG_PROC, oid),
            owner=reading.roles.get(owner, ""),
            grants=reading.grants(acl, owner, self.privileges),
            definition=definition.removeprefix("CREATE OR REPLACE ").rstrip("\n"),
            language=language,
            returns=returns,
            set=returns_set,
            window=window,
            input_names=_input_names(names, modes, inputs),
            outputs=_outputs(names, modes, all_types),
            default_count=default_count,
            defaults=defaults,
            calls=_calls(input_types, default_count) if default_count else (argument_types,),
            signature=argument_types if identity is None else identity,
            reads_body="" if standard or language in _NO_SOURCE else source,
            standard_body=standard,
        )
        yield Address(PG_PROC, oid), routine

    def parts(self, obj: Routine, catalog: Catalog) -> list[Part]:
        create = Statement(sql("CREATE {}", deparsed(obj.definition)), _lock(obj))
        drop = Statement(sql("DROP {} {}", Sql(self.keyword), self.sql_name(obj)))
        return [simple_part(obj.id, [create], [drop], catalog.uses.get(obj.id, ()))]

    def alter(self, old: Routine, new: Routine, before: Catalog, after: Catalog) -> list[Statement] | None:
        if not replaceable(old, new):
            return None
        return [Statement(sql("CREATE OR REPLACE {}", deparsed(new.definition)), _lock(new))]

    def contract(self, old: Routine, new: Routine) -> str | None:
        if replaceable(old, new) or old.returns in _NOT_CALLED_BY_APPLICATIONS:
            return None
        if not same_result(old, new):
            return f"accepts what {new.id} returns as it is declared now"
        if not _keeps_names(old, new):
            return f"calls {new.id} with the argument names declared now, or by position"
        if new.default_count < old.default_count:
            return f"passes the arguments of {new.id} that lose their defaults"
        return f"calls {new.id} as it is declared now"

    def drop_contract(self, obj: Routine) -> str | None:
        """A trigger function can't be called: its triggers' own drops speak for it."""
        return None if obj.returns in _NOT_CALLED_BY_APPLICATIONS else f"doesn't call {obj.id}"

    def sql_name(self, obj: Routine) -> Sql:
        return sql("{}({})", ident(*obj.id.path[:2]), deparsed(obj.signature))


class FunctionKind(RoutineKind):
    """Plain and window functions."""

    name = "function"
    keyword = "FUNCTION"
    holds = made_by_users("pg_proc", "prokind IN ('f', 'w')")
    prokinds = "'f', 'w'"


class ProcedureKind(RoutineKind):
    """Procedures."""

    name = "procedure"
    keyword = "PROCEDURE"
    holds = made_by_users("pg_proc", "prokind = 'p'")
    prokinds = "'p'"


def replaceable(old: Routine, new: Routine) -> bool:
    """Whether CREATE OR REPLACE leads from one to the other: it keeps the result and the names of the inputs, and
    takes no default away (manual: CREATE FUNCTION, Notes). Both have the same argument types, which are in the id."""
    return (
        old.window == new.window
        and same_result(old, new)
        and _keeps_names(old, new)
        and new.default_count >= old.default_count
        and (old.defaults == new.defaults or "any" not in old.id.path[-1])
    )


def same_result(old: Routine, new: Routine) -> bool:
    """Whether callers get the same type, set or not, with the same columns."""
    return _result(old) == _result(new)


def _result(routine: Routine) -> tuple[str, bool, tuple[Output, ...]]:
    """What callers get; a single output's name isn't part of it."""
    return routine.returns, routine.set, routine.outputs if routine.returns == "record" else ()


def _keeps_names(old: Routine, new: Routine) -> bool:
    """A nameless input may get a name; a name may neither change nor go."""
    pairs = zip(old.input_names, new.input_names, strict=True)
    return all(before in ("", after) for before, after in pairs)


def _lock(routine: Routine) -> LockMode:
    """A SQL-standard body is parsed at once, which locks its tables as its statements would."""
    return LockMode.ROW_EXCLUSIVE if routine.standard_body else LockMode.NONE


def _input_names(names: list[str] | None, modes: list[str] | None, count: int) -> tuple[str, ...]:
    if names is None:
        return ("",) * count
    if modes is None:
        return tuple(names)
    return tuple(name for name, mode in zip(names, modes, strict=True) if mode in "ibv")


def _calls(types: list[str], default_count: int) -> tuple[str, ...]:
    return tuple(", ".join(types[:count]) for count in range(len(types) - default_count, len(types) + 1))


def _outputs(names: list[str] | None, modes: list[str] | None, types: list[str] | None) -> tuple[Output, ...]:
    if modes is None or types is None:
        return ()
    all_names = names or [""] * len(types)
    columns = zip(all_names, modes, types, strict=True)
    return tuple(Output(name, type) for name, mode, type in columns if mode in "obt")


KINDS = (FunctionKind(), ProcedureKind())
