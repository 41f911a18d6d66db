"""Renames as part of a plan: the catalog after them, and the steps that make them.

Everything else of the plan is drafted from the renamed catalog, where every text has followed the names as
PostgreSQL makes it follow (``renamed`` reads it in the shadow). So the rest speaks of objects by
their new names and runs after their renames.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import field, replace

from migplan.core.changes import Alter, Rename
from migplan.core.directives import Directives
from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.sql import ident
from migplan.core.steps import After, Down, Phase, Step
from migplan.kinds._descendants import ancestors, descendants
from migplan.kinds.column import Column
from migplan.planning.names.relabelled import LABEL
from migplan.planning.names.renames_inferred import owner_of
from migplan.planning.names.renames_steps import Hop, HopSteps, steps_of
from migplan.strategies.columns.name_of_not_null import NameOfNotNull
from migplan.strategies.columns.renaming import NAME as RENAME_COLUMN


@record(slots=False)
class Renamed:
    """``before`` is the live catalog with every object under its declared name, ``hops`` the renames that lead there,
    in their order (an object may go by way of a temporary name), ``renames`` what they amount to. ``notes`` are
    directives whose work is done. ``columns`` are those that applications use, by their declared names, with the names
    they have now; ``dual_written`` likewise, where the application itself writes both; ``vacated`` are those that go
    and make room for another, by the names that they get for that. ``earlier`` are the stages before this one, where
    names change hands. ``not_nulls`` are renamed with them. ``moved`` are extensions that move ahead of all else.
    ``blocked`` says which renames can't be made."""

    before: Catalog
    hops: tuple[Hop, ...] = ()
    renames: tuple[Rename, ...] = ()
    notes: tuple[str, ...] = ()
    columns: Mapping[ObjectId, str] = field(default_factory=dict[ObjectId, str])
    blocked: tuple[str, ...] = ()
    dual_written: Mapping[ObjectId, str] = field(default_factory=dict[ObjectId, str])
    vacated: Mapping[ObjectId, Column] = field(default_factory=dict[ObjectId, Column])
    earlier: tuple[Stage, ...] = ()
    not_nulls: tuple[NameOfNotNull, ...] = ()
    moved: tuple[Alter, ...] = ()

    def behind(self, moves: tuple[Alter, ...]) -> Renamed:
        """The same with extensions that move ahead of all else."""
        if not moves or not self.earlier:
            return replace(self, moved=moves)
        first, *others = self.earlier
        return replace(self, earlier=(replace(first, renamed=first.renamed.behind(moves)), *others))

    @property
    def left(self) -> Mapping[ObjectId, Column]:
        """What earlier stages have vacated: columns as they were, by the names that no application says."""
        return {id: column for stage in self.earlier for id, column in stage.renamed.vacated.items()}

    @property
    def aside(self) -> tuple[Rename, ...]:
        """Who isn't declared and makes room for others: no change of its own."""
        gone = (Rename(hop.origin, hop.final) for each in (self, *self._stages) for hop in each.hops if hop.gone)
        return (*gone, *(Rename(column.id, id) for id, column in self.left.items()))

    @property
    def _stages(self) -> Iterator[Renamed]:
        return (stage.renamed for stage in self.earlier)

    @property
    def labels(self) -> Mapping[ObjectId, tuple[tuple[str, str], ...]]:
        """The labels among the renames, old and new, by their enum."""
        found: dict[ObjectId, tuple[tuple[str, str], ...]] = {}
        for rename in self.renames:
            if rename.new.kind == LABEL:
                enum = rename.new.parent("enum")
                found[enum] = (*found.get(enum, ()), (rename.old.path[-1], rename.new.path[-1]))
        return found


@record(slots=False)
class Stage:
    """A part of a plan that ends, with a deploy, before the next one begins: its renames, the catalog behind it, and
    what directives say of its other changes."""

    renamed: Renamed
    after: Catalog
    directives: Directives = field(default_factory=Directives)


@record(slots=False)
class Joined:
    """The steps of a plan with those of its renames, and why the renames can't be made."""

    steps: list[Step]
    blocked: tuple[str, ...]


def with_renames(renamed: Renamed, after: Catalog, steps: list[Step], settings: Settings) -> Joined:
    """The steps of the rest of the plan, ordered behind the renames that they speak of, together with those."""
    steps = [_of_left(step, renamed) for step in steps] if renamed.earlier else steps
    if not renamed.hops:
        return Joined(steps, ())
    columns = _with_inherited(renamed.columns, renamed.before)
    made = [steps_of(hop, renamed.before, after, settings, columns) for hop in renamed.hops]
    made = _with_not_nulls(made, [n for n in renamed.not_nulls if n.column not in renamed.columns])
    made = [_behind_earlier(m, made[:number], renamed.before) for number, m in enumerate(made)]
    made = [_stands_behind(m, made) for m in made]
    rest = [_without_own_deploy(step, made) for step in steps]
    for number, each in enumerate(made):
        last = all(later.hop.final != each.hop.final for later in made[number + 1 :])
        touching = {s.id for s in rest if last and _speaks_of(s, each.hop.final, renamed.before)}
        rest = [_behind(s, each.rename, each.hop) if s.id in touching else s for s in rest]
        made[number], rest = _around_alias(each, rest, renamed.before)
    return Joined([*(s for m in made for s in m.steps), *rest], tuple(b for m in made for b in m.blocked))


def _with_not_nulls(made: list[HopSteps], names: Sequence[NameOfNotNull]) -> list[HopSteps]:
    """The last rename of a column, else of its table, with that of its NOT NULL."""
    for name in names:
        own = [n for n, m in enumerate(made) if m.hop.final == name.column]
        owner = [n for n, m in enumerate(made) if m.hop.final == name.column.parent("table")]
        for number in (own or owner)[-1:]:
            step = made[number].rename
            assert isinstance(step.down, Down)
            down = replace(step.down, statements=(name.back, *step.down.statements))
            made[number] = replace(made[number], rename=replace(step, up=(*step.up, name.there), down=down))
    return made


def _behind_earlier(made: HopSteps, earlier: Sequence[HopSteps], catalog: Catalog) -> HopSteps:
    """A rename runs after those of what it belongs to, and after the earlier ones of the same object."""
    rename = made.rename
    owner = owner_of(catalog[made.hop.final])
    for other in earlier:
        same = other.hop.final in (made.hop.final, owner)
        if same or _is_under(made.hop.origin, other.hop.to) or _mentions(rename, other.hop.to):
            rename = _behind(rename, other.rename, other.hop)
    return replace(made, rename=rename)


def _with_inherited(columns: Mapping[ObjectId, str], catalog: Catalog) -> Mapping[ObjectId, str]:
    """The names that columns have for as long as applications use them, those of partitions and heirs as well."""
    inherited = {
        relation.child("column", id.path[-1]): name
        for id, name in columns.items()
        for relation in descendants(id.parent("table"), catalog)
    }
    return {**inherited, **columns}


def _stands_behind(made: HopSteps, others: Sequence[HopSteps]) -> HopSteps:
    """What stands for it says other objects by their new names as well; the name that it bears itself is none."""
    alias = made.alias
    if alias is None:
        return made
    free = (o for o in others if o is not made and o.rename.deploy is None and o.hop.to.path != made.hop.origin.path)
    for other in [o for o in free if _mentions(alias, o.hop.to)]:
        alias = _behind(alias, other.rename, other.hop)
    return replace(made, alias=alias)


def _behind(step: Step, rename: Step, hop: Hop) -> Step:
    return replace(step, after=(*step.after, After(rename.id, f"speaks of {hop.to} by its new name")))


def _without_own_deploy(step: Step, made: Sequence[HopSteps]) -> Step:
    """What is left of an object that made room for another waits for that rename, whose contract says it."""
    gone = any(m.hop.gone and m.rename.deploy and _is_under(step.object, m.hop.final) for m in made)
    return replace(step, deploy=None) if gone else step


def _of_left(step: Step, renamed: Renamed) -> Step:
    """What is left of a column that an earlier stage has vacated goes behind the deploy of that stage."""
    used = {id for id in renamed.before.uses.get(step.object, frozenset()) if id.kind == "column"}
    about = {id for id in (step.object, *step.destroys) if id.kind == "column"} or used
    return replace(step, deploy=None) if about and about <= renamed.left.keys() else step


def _around_alias(made: HopSteps, rest: list[Step], catalog: Catalog) -> tuple[HopSteps, list[Step]]:
    """Where the stand-in would be in the way of a change, it comes after it, or goes before it."""
    if made.alias is None or made.drop is None:
        return made, rest
    alias = made.alias
    late = {s.id for s in rest if s.phase is Phase.CONTRACT}
    above = {made.hop.final, *ancestors(made.hop.final, catalog)}
    result: list[Step] = []
    for step in rest:
        if step.strategy == RENAME_COLUMN and step.object in above and step.phase is Phase.CONTRACT:
            reason = f"{made.hop.origin} shows the columns under their old names"
            result.append(replace(step, after=(*step.after, After(made.drop.id, reason))))
        elif not step.destroys & made.stands_on:
            result.append(_around_labels(step, made.hop, alias))
        elif made.hop.to == made.hop.final and _can_be_shown(made, whole := _whole(step, rest), late):
            shown = (After(s.id, "shows what has been changed") for s in whole)
            alias = replace(alias, after=(*alias.after, *shown))
            result.append(step)
        else:
            reason = f"{made.hop.origin} would be in its way"
            result.append(replace(step, after=(*step.after, After(made.drop.id, reason))))
    return replace(made, alias=alias), result


def _around_labels(step: Step, hop: Hop, alias: Step) -> Step:
    """Labels are added in place, and taken back by making the enum anew: nothing stands for the former one then."""
    adds = step.object == hop.to == hop.final and hop.final.kind == "enum" and not step.transactional
    if not adds or not isinstance(step.down, Down) or not isinstance(alias.down, Down):
        return step
    statements = (*alias.down.statements, *step.down.statements, *alias.up)
    return replace(step, down=replace(step.down, statements=statements))


def _whole(step: Step, rest: Sequence[Step]) -> list[Step]:
    """The transaction of the step."""
    return [s for s in rest if s is step or (step.together is not None and s.together == step.together)]


def _can_be_shown(made: HopSteps, whole: Sequence[Step], late: Container[str]) -> bool:
    """Whether what changes together can share the transaction of the rename, and leaves what the stand-in shows."""
    come = {id for step in whole for id in step.creates}
    concerned = [step for step in whole if step.destroys & made.stands_on]
    return all(_is_early(s, late) and s.destroys & made.stands_on <= come for s in concerned)


def _is_early(step: Step, late: Container[str]) -> bool:
    """Whether the step can share the transaction of the rename."""
    waits = step.deploy is not None or any(a.deploy or a.step in late for a in step.after)
    return step.phase is Phase.EXPAND and step.transactional and not waits


def _speaks_of(step: Step, id: ObjectId, catalog: Catalog) -> bool:
    ids = {step.object, *step.creates, *step.destroys, *step.uses, *step.releases}
    if any(_is_under(i, id) for i in ids):
        return True
    tables = (catalog[i].table for i in ids if i in catalog)
    return any(t is not None and _is_under(t, id) for t in tables) or _mentions(step, id)


def _is_under(id: ObjectId, owner: ObjectId) -> bool:
    """Whether ``id`` is ``owner``, or belongs to it by its path."""
    if id == owner or owner.kind in CALLABLE:
        return id == owner
    return id.path[: len(owner.path)] == owner.path


def _mentions(step: Step, id: ObjectId) -> bool:
    """Whether some text of the step, one way or the other, says the name."""
    path = id.path[:2] if id.kind in CALLABLE else id.path
    name = re.compile(rf'(?<![\w"$.]){re.escape(ident(*path))}(?![\w"$])')
    down = step.down.statements if isinstance(step.down, Down) else ()
    return any(name.search(s.sql) for s in (*step.up, *down))
