"""The schemas that a plan passes through, and what each of them asks of rows that are made for another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from migplan.core.records import record
from migplan.core.sql import ident
from migplan.execute.apply import apply as run
from migplan.execute.journey import Stop, stops
from migplan.execute.manner import Manner
from migplan.execute.order import Intent, Order, Permissions
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import PlanModel
from migplan.rehearse.compliance import Made, Moment
from migplan.rehearse.shapes import ForeignKeyShape, TableShape, read_shapes, written
from migplan.rehearse.timeline import Timeline
from migplan.source.connect import Connection
from migplan.source.text.lexer import tokens

Names = dict[tuple[str, str], tuple[str, str]]


@record(slots=False)
class Stage:
    """The schema at one moment: at the start, or where a window ends."""

    shapes: Mapping[int, TableShape]

    def table(self, title: str) -> TableShape | None:
        """One of the tables that applications name, by ``schema.name``."""
        return next((s for s in written(self.shapes) if s.title == title), None)

    def any(self, title: str) -> TableShape | None:
        """The same, or a partition."""
        return next((s for s in self.shapes.values() if s.title == title), None)


def stage(connection: Connection) -> Stage:
    """The schema of the connected database."""
    return Stage(read_shapes(connection))


@record(slots=False)
class Renames:
    """What the plan renames: tables by their titles, columns by the title of before and their name."""

    tables: Mapping[str, str]
    columns: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, plan: PlanModel) -> Renames:
        """Those of a plan."""
        tables: dict[str, str] = {}
        columns: dict[tuple[str, str], str] = {}
        for change in plan.changes:
            if change.action == "rename" and change.renamed_from is not None:
                before = [t.name for t in tokens(change.renamed_from) if t.is_name]
                if change.kind == "table":
                    tables[".".join(before)] = ".".join(change.path)
                elif change.kind == "column":
                    columns[".".join(before[:-1]), before[-1]] = change.path[-1]
        return cls(tables, columns)

    def table(self, title: str) -> str:
        """What a table of the start is called at the end."""
        return self.tables.get(title, title)

    def column(self, title: str, name: str) -> str:
        """What a column of the start is called at the end."""
        return self.columns.get((title, name)) or self.columns.get((self.table(title), name)) or name


def renamings(renames: Renames, start: Stage, end: Stage) -> Names:
    """Each column of the start, by table's title and name, to where an application finds it at the end: a table that
    became a partition, under its parent. Dropped ones aren't in it."""
    found: Names = {}
    for shape in written(start.shapes):
        now = end.any(renames.table(shape.title))
        if now is not None and now.root is not None:
            now = end.shapes[now.root]
        for column in shape.columns:
            name = renames.column(shape.title, column.name)
            if now is not None and any(c.name == name for c in now.columns):
                found[shape.title, column.name] = (now.title, name)
    return found


def changing_hands(plan: PlanModel, start: Stage, end: Stage) -> list[str]:
    """Names that mean one column at the start and another one at the end: in between a schema may have both."""
    renames, found = Renames.of(plan), list[str]()
    for shape in written(start.shapes):
        now = end.any(renames.table(shape.title))
        names = {c.name for c in shape.columns}
        declared = set[str]() if now is None else {c.name for c in now.columns}
        for name in sorted(names & declared):
            if renames.column(shape.title, name) != name or any(
                renames.column(shape.title, other) == name for other in names - {name}
            ):
                found.append(f"{shape.title}.{name}")
    return found


def of_the_end(plan: PlanModel, start: Stage, end: Stage) -> Moment:
    """What the declared schema asks of rows that are there before the plan."""
    renames, made = Renames.of(plan), dict(assignments(plan, back=False))
    filled = frozenset(made)
    for shape in start.shapes.values():
        title = renames.table(shape.title)
        made |= {(title, renames.column(shape.title, c.name)): ident(c.name) for c in shape.columns}
    return Moment(end.shapes, made, renames.tables, filled)


def of_the_checkpoint(plan: PlanModel, checkpoint: Stage, end: Stage) -> Moment:
    """What still stands when a version begins to work asks of rows that are made for the declared schema."""
    renames = Renames.of(plan)
    back = {new: old for old, new in renames.tables.items()}
    tables = {new: old for new, old in back.items() if checkpoint.any(new) is None and checkpoint.any(old) is not None}
    made: dict[tuple[str, str], str] = {}
    for shape in end.shapes.values():
        here = tables.get(shape.title, shape.title)
        own = {c.name: ident(c.name) for c in shape.columns}
        assigned = {c: e for (t, c), e in assignments(plan, back=True).items() if t == shape.title}
        old = {c: ident(n) for (t, c), n in renames.columns.items() if t in (here, back.get(shape.title), shape.title)}
        made |= {(here, c): e for c, e in {**assigned, **old, **own}.items()}
    return Moment(checkpoint.shapes, made, tables)


def assignments(plan: PlanModel, *, back: bool) -> Made:
    """What the plan fills columns with, forwards or on its way back; those under temporary names aside."""
    models = (step.down.backfill if back else step.backfill for step in plan.steps)
    return {
        (model.table.partition(" ")[2], column): expression
        for model in models
        if model is not None
        for column, expression in model.assignments.items()
        if not column.startswith("~")
    }


def both_written(plan: PlanModel, before: Stage, after: Stage, end: Stage) -> Iterator[tuple[str, str, str]]:
    """Columns, by title and name, that an application writes beside the declared ones, with what it writes there: they
    are there for as long as it works, and no trigger is that would lead to them."""
    for (title, column), expression in assignments(plan, back=True).items():
        first, last, declared = before.any(title), after.any(title), end.any(title)
        if first is None or last is None or declared is None:
            continue
        names, used = {c.name for c in declared.columns}, {t.name for t in tokens(expression) if t.is_name}
        needed = {column, *(used & names)}
        if column not in names and all(needed <= {c.name for c in s.columns} for s in (first, last)):
            yield title, column, expression


def with_counterparts(plan: PlanModel, shapes: Mapping[int, TableShape]) -> dict[int, TableShape]:
    """The tables, each tied to the one whose every row must have one of its rows, as the plan will count."""
    by_title = {shape.title: shape for shape in shapes.values()}
    found = dict(shapes)
    for tie in (a.counterpart for step in plan.steps for a in step.assertions if a.counterpart is not None):
        source, target = by_title.get(".".join(tie.table)), by_title.get(".".join(tie.other))
        if source is None or target is None:
            continue
        key = ForeignKeyShape(tuple(tie.other_key), source.oid, tuple(tie.key))
        if not any(k.target == source.oid and set(k.columns) == set(key.columns) for k in target.foreign_keys):
            found[target.oid] = replace(target, foreign_keys=(*target.foreign_keys, key))
    return found


def limited(shapes: Mapping[int, TableShape], to: Stage) -> dict[int, TableShape]:
    """The tables and columns that are there at another moment as well; what isn't numbered by then wants a value."""
    found: dict[int, TableShape] = {}
    for oid, shape in shapes.items():
        there = to.any(shape.title)
        if there is None:
            continue
        names = {c.name: c.numbered for c in there.columns}
        found[oid] = replace(
            shape,
            columns=tuple(c if names[c.name] else replace(c, identity="") for c in shape.columns if c.name in names),
            keys=tuple(k for k in shape.keys if names.keys() >= set(k.columns)),
            foreign_keys=tuple(k for k in shape.foreign_keys if names.keys() >= set(k.columns)),
            checks=tuple(c for c in shape.checks if names.keys() >= set(c.columns)),
            unique_sets=tuple(u for u in shape.unique_sets if names.keys() >= set(u)),
        )
    return {
        oid: replace(s, foreign_keys=tuple(k for k in s.foreign_keys if k.target in found)) for oid, s in found.items()
    }


def window_ends(folder: PlanFolder) -> list[Stop]:
    """The last boundary of every window. The first one has nothing to do where the plan begins with a checkpoint."""
    found = {stop.window: stop for stop in stops(folder.plan)}
    return [found[window] for window in sorted(found)]


def run_to(folder: PlanFolder, url: str, manner: Manner, teller: Timeline, goal: Stop) -> None:
    """The plan up to a boundary, as if every application were deployed at its moment."""

    def agree(intent: Intent) -> None:
        """A rehearsal loses nothing."""

    if goal.phases == 0:
        return
    allowed = Permissions(data_loss=True, assume_deployed=True, despite_preflight=True)
    run(folder, Order(url, manner, teller, agree, allowed), goal)
