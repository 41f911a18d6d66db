"""The applications of a plan, made out of the schemas that it passes through: one until each checkpoint, one after."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from typing import Final

from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.planfile.model import PlanModel
from migplan.rehearse.compliance import assignable, comparable
from migplan.rehearse.generated import SLOTS, GeneratedApplication
from migplan.rehearse.passage import Names, Stage
from migplan.rehearse.recipes import Cook
from migplan.rehearse.rows import parents_first
from migplan.rehearse.shapes import ColumnShape, TableShape, written
from migplan.rehearse.statistics import Statistics
from migplan.rehearse.tables import TableWork, Terms, table_work
from migplan.source.connect import Connection

_SAMPLE: Final = 200


def renamed_statistics(statistics: Statistics, names: Names) -> Statistics:
    """The same under the names that the plan gives."""
    columns = {names.get(old, old): known for old, known in statistics.columns.items()}
    tables = {old: new for (old, _), (new, _) in names.items()}
    return Statistics({tables.get(t, t): n for t, n in statistics.rows.items()}, columns)


def unstable(before: Connection, start: Stage, after: Connection, names: Names) -> set[tuple[str, str]]:
    """Columns of the start whose values read otherwise once the plan ran, by a sample of the filled rows."""
    found: set[tuple[str, str]] = set()
    for shape in written(start.shapes):
        pairs = [(c.name, names[shape.title, c.name]) for c in shape.columns if (shape.title, c.name) in names]
        mapped = dict(pairs)
        if shape.key is None or not pairs or any(c not in mapped for c in shape.key.columns):
            continue
        table = ident(*_path(after, pairs[0][1][0]))
        key = [(c, mapped[c][1]) for c in shape.key.columns]
        kinds = {c.name: c.kind for c in shape.columns}
        same = [sql("{} = {}", _comparable(there, kinds[c]), deparsed("%s")) for c, there in key]
        old = sql(
            "SELECT {} FROM {} ORDER BY {} LIMIT {}",
            join(", ", (sql("{}::text", ident(c)) for c, _ in [*((k, k) for k, _ in key), *pairs])),
            shape.sql_name,
            join(", ", (ident(c) for c, _ in key)),
            _SAMPLE,
        )
        for row in before.execute(old.encode()).fetchall():
            at, values = row[: len(key)], row[len(key) :]
            new = sql(
                "SELECT {} FROM {} WHERE {}",
                join(", ", (sql("{}::text", ident(t[1])) for _, t in pairs)),
                table,
                join(" AND ", same),
            )
            came = after.execute(new.encode(), at).fetchone()
            if came is not None:
                found |= {(shape.title, c) for (c, _), a, b in zip(pairs, values, came, strict=True) if a != b}
    return found


def _comparable(column: str, kind: str) -> Sql:
    """A composite value beside a parameter would make a record of no known type of that."""
    return sql("{}::text", ident(column)) if kind == "c" else ident(column)


def touched(plan: PlanModel, names: Names) -> set[str]:
    """The tables that the plan's steps lock, fill or change, by the titles of before and after."""
    found = {name for step in plan.steps if step.measured for name in step.measured.locks}
    found |= {".".join(c.path[:2]) for c in plan.changes}
    tables = {(old, new) for (old, _), (new, _) in names.items()}
    return found | {new for old, new in tables if old in found} | {old for old, new in tables if new in found}


@record(slots=False)
class Life:
    """When a version works, and on what rows: ``until`` is the schema that it begins on, where that is another one.

    ``starts`` are free row numbers by table, ``turn`` is which of how many versions this is, ``changing`` columns whose
    values it may not expect to find again, ``also`` what it writes beside its own schema, by table: column and
    expression.
    """

    starts: Mapping[str, int]
    turn: tuple[int, int] = (0, 1)
    until: Stage | None = None
    changing: Collection[tuple[str, str]] = ()
    also: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


def application(name: str, cook: Cook, about: Collection[str], sessions: int, life: Life) -> GeneratedApplication:
    """The application that the cook's schema is made for, on the tables ``about`` and their neighbours."""
    works, said = dict[int, TableWork](), list[str]()
    for shape in _near(cook.shapes, about):
        terms = Terms(
            life.starts.get(shape.title, 1),
            sessions * SLOTS,
            life.turn,
            unstable=frozenset(c for t, c in life.changing if t == shape.title),
            also=life.also.get(shape.title, {}),
        )
        if life.until is not None:
            terms = _both(cook.connection, shape, life.until.table(shape.title), terms)
        work = table_work(cook, shape, terms, works)
        if isinstance(work, str):
            said.append(f"{shape.title} left out: {work}")
            continue
        works[shape.oid] = work
        said.append(f"{shape.title}: {_does(work)}")
        for column in sorted(set(work.given) - work.kept):
            said.append(f"{shape.title}.{column} isn't compared: triggers or the plan change what is written")
        for column in sorted(terms.avoided):
            said.append(f"{shape.title}.{column} isn't written: at its two moments no value is taken by both")
    works, unsteady = _without_overwritten(works)
    return GeneratedApplication(name, sessions, list(works.values()), [*said, *unsteady])


def _without_overwritten(works: Mapping[int, TableWork]) -> tuple[dict[int, TableWork], list[str]]:
    """The work but on tables whose rows the schema's own triggers write under the same keys, or take away; where they
    only change rows, nobody knows what to find in them."""
    found, said = dict(works), list[str]()
    for writer in works.values():
        for oid, seen in writer.beside.items():
            work = found.get(oid)
            if work is None:
                continue
            title = work.shape.title
            numbered = any(work.shape.column(c).numbered or work.shape.column(c).identity for c in work.key)
            if seen.gone or (seen.came and not numbered):
                said.append(f"{title} left out: triggers of {writer.shape.title} write its rows")
                found = {o: w for o, w in found.items() if o != oid and w.of != title}
            elif seen.changed:
                said.append(f"{title} isn't compared: triggers of {writer.shape.title} change its rows")
                found[oid] = replace(work, kept=work.kept & set(work.key))
    return found, said


def _does(work: TableWork) -> str:
    """What is done with a table's rows."""
    texts = work.statements
    kinds = {"insert": True, "select": True, "update": texts.update, "upsert": texts.upsert, "delete": True}
    together = "" if work.of is None else f"; its rows together with those of {work.of}"
    return ", ".join(kind for kind, text in kinds.items() if text) + together


def _near(shapes: Mapping[int, TableShape], about: Collection[str]) -> Sequence[TableShape]:
    """The tables themselves and those that a foreign key ties to them; all where none is meant."""
    own = {s.oid for s in shapes.values() if s.title in about}
    own |= {s.root for s in shapes.values() if s.oid in own and s.root is not None}
    if not own:
        return list(parents_first(shapes))
    near = own | {k.target for s in shapes.values() if s.oid in own for k in s.foreign_keys}
    near |= {s.oid for s in shapes.values() if any(k.target in own for k in s.foreign_keys)}
    return [s for s in parents_first(shapes) if s.oid in near]


def _both(connection: Connection, shape: TableShape, earlier: TableShape | None, terms: Terms) -> Terms:
    """What a version keeps to that begins on the earlier form of a table."""
    if earlier is None:
        return terms
    old = {c.name: c for c in earlier.columns}
    casts, avoided, as_json = dict[str, str](), set[str](), set[str]()
    relabelled = dict[str, tuple[Sequence[str], Sequence[str]]]()
    keys = {c for k in (shape.key, earlier.key) if k is not None for c in k.columns}
    for column in shape.columns:
        before = old.get(column.name)
        if before is not None and _takes_none(before) and not _takes_none(column):
            avoided.add(column.name)
            continue
        if before is not None and _has_other_parts(before, column) and column.name not in keys:
            as_json.add(column.name)
            continue
        if before is None or (before.type == column.type and before.number == column.number):
            if before is not None and before.labels != column.labels and len(before.labels) == len(column.labels):
                if column.kind == "e":
                    relabelled[column.name] = (before.labels, column.labels)
                else:
                    avoided.add(column.name)
            continue
        if before.type == column.type:
            casts[column.name] = f"text::{column.type}"  # another type of that name: what is prepared knows its number
        elif assignable(connection, column.base, before.base):
            casts[column.name] = column.base
        elif assignable(connection, before.base, column.base):
            casts[column.name] = before.base
        else:
            avoided.add(column.name)
    key = shape.key
    upserts = key is not None and any(set(k.columns) == set(key.columns) for k in earlier.keys)
    changing = terms.unstable | {c for c in casts if not _reads_alike(old[c].base_name, shape.column(c).base_name)}
    as_text = frozenset(c for c in casts if not comparable(connection, old[c].type, shape.column(c).type))
    return replace(
        terms,
        casts=casts,
        as_text=as_text,
        relabelled=relabelled,
        as_json=frozenset(as_json),
        avoided=frozenset(avoided),
        upserts=upserts,
        unstable=changing | relabelled.keys() | as_json,
    )


def _has_other_parts(before: ColumnShape, now: ColumnShape) -> bool:
    """Whether a type is made of parts, and of others than that of the same sort before: neither's text fits both."""
    alike = (before.kind, before.category) == (now.kind, now.category)
    return alike and bool(before.parts) and _made_of(before) != _made_of(now)


def _made_of(column: ColumnShape) -> tuple[object, ...]:
    return tuple((p.name, p.type, _made_of(p)) for p in column.parts)


def _takes_none(column: ColumnShape) -> bool:
    """Whether the column refuses every value that is sent to it."""
    return bool(column.generated) or column.identity == "a"


def _reads_alike(old: str, new: str) -> bool:
    """Whether a value that fits both types is the same text in both."""
    alike = ({"int2", "int4", "int8"}, {"text", "varchar", "citext", "name"})
    return old == new or any({old, new} <= kind for kind in alike)


def _path(connection: Connection, title: str) -> tuple[str, str]:
    row = connection.execute(
        "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname || '.' || c.relname = %s",
        (title,),
    ).fetchone()
    assert row is not None
    return row[0], row[1]
