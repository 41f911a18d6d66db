"""The applications of a plan, made out of the schemas that it passes through: one until each checkpoint, one after."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from migplan.core.sql import deparsed, ident, join, sql
from migplan.planfile.model import PlanModel
from migplan.rehearse.generated import SLOTS, GeneratedApplication
from migplan.rehearse.recipes import Cook
from migplan.rehearse.shapes import TableShape, read_shapes, written
from migplan.rehearse.statistics import Statistics
from migplan.rehearse.tables import TableWork, Terms, table_work
from migplan.source.connect import Connection
from migplan.source.lexer import tokens

Names = dict[tuple[str, str], tuple[str, str]]
_SAMPLE: Final = 200
_ASSIGNABLE: Final = """
SELECT a.t = b.t OR b.category = 'S' OR EXISTS (
  SELECT FROM pg_cast c WHERE c.castsource = a.t AND c.casttarget = b.t AND c.castcontext IN ('a', 'i'))
FROM (SELECT %s::regtype::oid AS t) a,
     (SELECT oid AS t, typcategory AS category FROM pg_type WHERE oid = %s::regtype) b
"""


@dataclass(frozen=True)
class Stage:
    """The schema at one moment: at the start, or where a window ends, in a database that is there."""

    shapes: Mapping[int, TableShape]

    def table(self, title: str) -> TableShape | None:
        """One of its tables, by ``schema.name``."""
        return next((s for s in written(self.shapes) if s.title == title), None)


def stage(connection: Connection) -> Stage:
    """The schema of the connected database."""
    return Stage(read_shapes(connection))


def renamings(plan: PlanModel, start: Stage, end: Stage) -> Names:
    """Each column of the start, by table's title and name, to what the plan makes of it; dropped ones aren't in it."""
    tables: dict[str, str] = {}
    columns: dict[tuple[str, str], str] = {}
    for change in plan.changes:
        if change.action == "rename" and change.renamed_from is not None:
            before = [t.name for t in tokens(change.renamed_from) if t.is_name]
            if change.kind == "table":
                tables[".".join(before)] = ".".join(change.path)
            elif change.kind == "column":
                columns[".".join(before[:-1]), before[-1]] = change.path[-1]
    found: Names = {}
    for shape in written(start.shapes):
        now = end.table(tables.get(shape.title, shape.title))
        for column in shape.columns:
            old_table = tables.get(shape.title, shape.title)
            name = columns.get((shape.title, column.name)) or columns.get((old_table, column.name)) or column.name
            if now is not None and any(c.name == name for c in now.columns):
                found[shape.title, column.name] = (now.title, name)
    return found


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
                join(" AND ", (sql("{} = {}", ident(t), deparsed("%s")) for _, t in key)),
            )
            came = after.execute(new.encode(), at).fetchone()
            if came is not None:
                found |= {(shape.title, c) for (c, _), a, b in zip(pairs, values, came, strict=True) if a != b}
    return found


def touched(plan: PlanModel, names: Names) -> set[str]:
    """The tables that the plan's steps lock, fill or change, by the titles of before and after."""
    found = {name for step in plan.steps if step.measured for name in step.measured.locks}
    found |= {".".join(c.path[:2]) for c in plan.changes}
    tables = {(old, new) for (old, _), (new, _) in names.items()}
    return found | {new for old, new in tables if old in found} | {old for old, new in tables if new in found}


def application(
    name: str,
    cook: Cook,
    about: Collection[str],
    sessions: int,
    starts: Mapping[str, int],
    *,
    until: Stage | None = None,
    changing: Collection[tuple[str, str]] = (),
) -> GeneratedApplication:
    """The application that the cook's schema is made for, on the tables ``about`` and their neighbours.

    ``until`` is the schema that it begins on, where that is another one; ``changing`` are columns whose values it may
    not expect to find again. ``starts`` are free row numbers by table.
    """
    works, said = list[TableWork](), list[str]()
    for shape in _near(cook.shapes, about):
        terms = Terms(starts.get(shape.title, 1), sessions * SLOTS)
        terms = replace(terms, unstable=frozenset(c for t, c in changing if t == shape.title))
        if until is not None:
            terms = _both(cook.connection, shape, until.table(shape.title), terms)
        work = table_work(cook, shape, terms)
        if isinstance(work, str):
            said.append(f"{shape.title} left out: {work}")
            continue
        works.append(work)
        missing = [n for n, s in (("update", work.statements.update), ("upsert", work.statements.upsert)) if s is None]
        said.append(f"{shape.title}: insert, select, delete{''.join(f', no {m}' for m in missing)}")
        for column in sorted(set(work.given) - work.kept):
            said.append(f"{shape.title}.{column} isn't compared: triggers or the plan change what is written")
        for column in sorted(terms.avoided):
            said.append(f"{shape.title}.{column} isn't written: neither of its types can be assigned to the other")
    return GeneratedApplication(name, sessions, works, said)


def _near(shapes: Mapping[int, TableShape], about: Collection[str]) -> Sequence[TableShape]:
    """The tables themselves and those that a foreign key ties to them; all where none is meant."""
    own = {s.oid for s in shapes.values() if s.title in about}
    own |= {s.root for s in shapes.values() if s.oid in own and s.root is not None}
    if not own:
        return written(shapes)
    near = own | {k.target for s in shapes.values() if s.oid in own for k in s.foreign_keys}
    near |= {s.oid for s in shapes.values() if any(k.target in own for k in s.foreign_keys)}
    return [s for s in written(shapes) if s.oid in near]


def _both(connection: Connection, shape: TableShape, earlier: TableShape | None, terms: Terms) -> Terms:
    """What a version keeps to that begins on the earlier form of a table."""
    if earlier is None:
        return terms
    old = {c.name: c for c in earlier.columns}
    casts, avoided = dict[str, str](), set[str]()
    for column in shape.columns:
        before = old.get(column.name)
        if before is None or before.type == column.type:
            continue
        if _assignable(connection, column.base, before.base):
            casts[column.name] = column.base
        elif _assignable(connection, before.base, column.base):
            casts[column.name] = before.base
        else:
            avoided.add(column.name)
    key = shape.key
    upserts = key is not None and any(set(k.columns) == set(key.columns) for k in earlier.keys)
    changing = terms.unstable | {c for c in casts if not _reads_alike(old[c].base_name, shape.column(c).base_name)}
    return replace(terms, casts=casts, avoided=frozenset(avoided), upserts=upserts, unstable=changing)


def _reads_alike(old: str, new: str) -> bool:
    """Whether a value that fits both types is the same text in both."""
    alike = ({"int2", "int4", "int8"}, {"text", "varchar", "citext", "name"})
    return old == new or any({old, new} <= kind for kind in alike)


def _assignable(connection: Connection, source: str, target: str) -> bool:
    row = connection.execute(_ASSIGNABLE, (_plain(source), _plain(target))).fetchone()
    return row is not None and bool(row[0])


def _plain(type: str) -> str:
    """A type without its length."""
    head, open, rest = type.partition("(")
    return head + rest.partition(")")[2] if open else type


def _path(connection: Connection, title: str) -> tuple[str, str]:
    row = connection.execute(
        "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname || '.' || c.relname = %s",
        (title,),
    ).fetchone()
    assert row is not None
    return row[0], row[1]
