"""What function bodies that are only text name: PostgreSQL records no dependency for it, but runs it.

An index over ``f()`` calls ``f`` for every row, and ``f`` whatever its body says: what is named is best created first
and dropped last. A trigger calls its function wherever a row is written, also by what a way back fills again: it goes
before its table's columns do, and so comes back behind their values. sqlglot splits the bodies; what it can't read is
split in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Step
from migplan.kinds.function import Routine

_NOTHING: Final = frozenset[ObjectId]()
_WORDS: Final = re.compile(r"[^\W\d][\w$]*")
_NAMED: Final = frozenset(
    {
        "function",
        "procedure",
        "aggregate",
        "table",
        "view",
        "materialized_view",
        "foreign_table",
        "sequence",
        "ts_configuration",
        "ts_dictionary",
        "column",
    }
)
"""Kinds that a body can name; types are recorded where they matter. A column is named with its table, or with a trigger
on that."""

Name = tuple[str | None, str]
"""A schema where one was written, and a name."""


def with_mentions(steps: Sequence[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps with what the bodies that they create name of the plan's new objects, and what those that they drop
    name of the objects that go."""
    come = _by_name(id for s in steps for id in s.creates - s.destroys)
    go = _by_name(id for s in steps for id in s.destroys - s.creates)
    found: list[Step] = []
    for step in steps:
        mentions = (_mentioned(step.creates, after, come) if come else _NOTHING) | _callers(step.creates, after)
        mentioned = (_mentioned(step.destroys, before, go) if go else _NOTHING) | _callers(step.destroys, before)
        mentioned |= _written(step.destroys - step.creates, go)
        found.append(replace(step, mentions=mentions, forgets=mentioned) if mentions or mentioned else step)
    return found


def names_in(body: str) -> frozenset[Name]:
    """Every name in a body, also of the SQL in its strings; unquoted ones folded to lower case."""
    return frozenset(_names(body))


def named(body: str, ids: Iterable[ObjectId]) -> list[ObjectId]:
    """Those of the objects whose names a body holds."""
    names = names_in(body)
    return [id for id in ids if _is_named(id, names)]


def _mentioned(
    owned: Iterable[ObjectId], catalog: Catalog, candidates: Mapping[str, list[ObjectId]]
) -> frozenset[ObjectId]:
    bodies = [r for id in owned if (r := catalog.get(id, Routine)) is not None and r.reads_body]
    return frozenset(id for routine in bodies for id in _in_body(routine, catalog, candidates) if id != routine.id)


def _in_body(routine: Routine, catalog: Catalog, candidates: Mapping[str, list[ObjectId]]) -> Iterator[ObjectId]:
    names = names_in(routine.reads_body)
    fired = {id.path[1] for id in catalog.used_by.get(routine.id, ()) if id.kind == "trigger"}
    tables = fired | {name for _, name in names}
    for schema, name in names:
        for id in candidates.get(name, ()):
            if id.path[1] in tables if id.kind == "column" else schema in (None, id.path[0]):
                yield id


def _written(owned: Iterable[ObjectId], candidates: Mapping[str, list[ObjectId]]) -> frozenset[ObjectId]:
    """The columns that go of tables whose triggers are among these."""
    tables = {id.path[:2] for id in owned if id.kind == "trigger"}
    if not tables:
        return _NOTHING
    return frozenset(id for ids in candidates.values() for id in ids if id.kind == "column" and id.path[:2] in tables)


def _callers(owned: Iterable[ObjectId], catalog: Catalog) -> frozenset[ObjectId]:
    """What calls another routine of the name in a way that fits this one too: read before this one is there, the call
    isn't ambiguous."""
    routines = [r for id in owned if (r := catalog.get(id, Routine)) is not None]
    twins = {t.id for r in routines for t in catalog.of(Routine) if _share_a_call(r, t)}
    return frozenset(user for twin in twins for user in catalog.used_by.get(twin, ())) - {r.id for r in routines}


def _share_a_call(one: Routine, other: Routine) -> bool:
    return one.id != other.id and one.id.path[:2] == other.id.path[:2] and not set(one.calls).isdisjoint(other.calls)


def _by_name(ids: Iterable[ObjectId]) -> dict[str, list[ObjectId]]:
    found: dict[str, list[ObjectId]] = {}
    for id in ids:
        if id.kind in _NAMED:
            found.setdefault(id.path[-1] if id.kind == "column" else id.path[1], []).append(id)
    return found


def _is_named(id: ObjectId, names: frozenset[Name]) -> bool:
    return (None, id.path[1]) in names or (id.path[0], id.path[1]) in names


def _names(body: str) -> Iterator[Name]:
    from sqlglot.dialects.postgres import Postgres  # takes a third of a second, which most plans don't need
    from sqlglot.errors import SqlglotError

    try:
        tokens = Postgres().tokenize(body)
    except SqlglotError:
        yield from ((None, word.lower()) for word in _WORDS.findall(body))
        return
    for at, token in enumerate(tokens):
        if token.token_type.name.endswith("STRING"):
            if token.text.strip() != body.strip():
                yield from _names(token.text)
            continue
        name = _name(token.text, quoted=token.token_type.name == "IDENTIFIER")
        if name is None:
            continue
        qualified = at >= 2 and tokens[at - 1].token_type.name == "DOT"
        schema = tokens[at - 2] if qualified else None
        yield (
            None if schema is None else _name(schema.text, quoted=schema.token_type.name == "IDENTIFIER"),
            name,
        )


def _name(text: str, *, quoted: bool) -> str | None:
    if quoted:
        return text
    return text.lower() if _WORDS.fullmatch(text) else None
