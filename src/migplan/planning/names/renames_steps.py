"""The steps of one rename: the rename itself, a stand-in under the old name, and its drop after the deploy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import After, Down, Name, Part, Phase, Step, step_id
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.default_privileges import in_force
from migplan.kinds.function import Routine
from migplan.kinds.names import borne_names
from migplan.kinds.sequence import Sequence
from migplan.strategies.names.rename import called_by_applications, name_of, rename_statements, under
from migplan.strategies.names.rename_alias import alias, limits, unsafe

STRATEGY = "rename"


@record
class Hop:
    """One rename from ``origin`` to ``to`` of what is called ``final`` in the end.

    ``gone`` objects aren't declared: they make room for one that is. ``taken`` says that the new name is taken in the
    old schema. ``inferred`` renames come with another one (a table's keys and sequences).
    """

    origin: ObjectId
    to: ObjectId
    final: ObjectId
    gone: bool = False
    taken: bool = False
    inferred: bool = False


@record(slots=False)
class HopSteps:
    """The steps of a hop. ``stands_on`` is what can't be altered while the stand-in is there."""

    hop: Hop
    rename: Step
    alias: Step | None = None
    drop: Step | None = None
    stands_on: frozenset[ObjectId] = frozenset()
    blocked: tuple[str, ...] = ()

    @property
    def steps(self) -> list[Step]:
        """Those that there are."""
        return [s for s in (self.rename, self.alias, self.drop) if s is not None]


def steps_of(
    hop: Hop, renamed: Catalog, after: Catalog, settings: Settings, columns: Mapping[ObjectId, str]
) -> HopSteps:
    """The steps of one hop; ``renamed`` holds its object under the final id, and ``columns`` are those that bear other
    names for as long as applications use them."""
    obj = renamed[hop.final]
    rename = _rename(hop, obj, after)
    frees = _names_at(obj, hop.origin) - _names_at(obj, hop.to)
    if settings.offline or not called_by_applications(obj):
        return HopSteps(hop, replace(rename, frees=frees))
    if hop.gone:
        sentence = f"doesn't use {hop.origin}"
        left = replace(rename, frees=frees, phase=Phase.CONTRACT, deploy=sentence, why=f"the application {sentence}")
        return HopSteps(hop, left)
    part = alias(obj, hop.origin, hop.to, renamed, settings, in_force(renamed, after), columns)
    if part is None:
        return _without_alias(hop, obj, replace(rename, frees=frees))
    reason = unsafe(obj, renamed.major)
    blocked = () if reason is None else (f"{hop.origin} can't be renamed while it is used: {reason}",)
    return _with_alias(hop, obj, rename, part, frees, blocked, renamed.major)


def _without_alias(hop: Hop, obj: DbObject, rename: Step) -> HopSteps:
    """A schema is blocked; a sequence inside a column is not named by applications; the rest waits for a deploy."""
    if obj.id.kind == "schema":
        reason = f"{hop.origin} can't be renamed while it is used: every name in it would change at once"
        hint = "make the plan with --offline, or move its objects one by one into a new schema"
        return HopSteps(hop, rename, blocked=(f"{reason}; {hint}",))
    if hop.inferred or (isinstance(obj, Sequence) and obj.owned_by is not None):
        note = f"nextval, currval and setval by the name {hop.origin.name} fail from here on"
        return HopSteps(hop, replace(rename, notes=(*rename.notes, note)))
    sentence = f"says neither the name {hop.origin} any more nor {hop.to} yet: PostgreSQL has no alias for it"
    waiting = replace(rename, phase=Phase.CONTRACT, deploy=sentence, why=f"the application {sentence}")
    return HopSteps(hop, waiting)


def _with_alias(
    hop: Hop, obj: DbObject, rename: Step, part: Part, frees: frozenset[Name], blocked: tuple[str, ...], major: int
) -> HopSteps:
    group = f"rename {hop.origin}"
    rename = replace(rename, together=group, notes=(*rename.notes, *limits(obj, major)))
    create = Step(
        id=step_id("alias", hop.origin),
        title=f"let {hop.origin} stand for {hop.to}",
        object=hop.to,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why="the running application still says the old name",
        up=part.create,
        down=Down(part.drop),
        after=(After(rename.id, "stands for the renamed one"),),
        together=group,
    )
    sentence = f"uses only the new name {hop.to.name} of {hop.origin}"
    drop = Step(
        id=step_id("leave", hop.origin),
        title=f"drop what stands for {hop.to} under its old name",
        object=hop.to,
        strategy=STRATEGY,
        phase=Phase.CONTRACT,
        why=f"the application {sentence}",
        up=part.drop,
        down=Down(part.create),
        releases=frozenset({ObjectId("schema", hop.origin.path[:1])}),
        frees=_names_at(obj, hop.origin) - _names_at(obj, hop.to),
        after=(After(create.id, "the application has left the old name", deploy=True, contract=sentence),),
    )
    return HopSteps(hop, rename, create, drop, part.uses, blocked)


def _rename(hop: Hop, obj: DbObject, after: Catalog) -> Step:
    there, here = under(obj, hop.origin), under(obj, hop.to)
    return Step(
        id=step_id("rename", hop.to),
        title=f"rename {hop.origin} to {hop.to.name}",
        object=hop.to,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why=_why(hop, obj),
        up=tuple(rename_statements(there, hop.to, hop.taken)),
        down=Down(tuple(rename_statements(here, hop.origin, not hop.taken))),
        uses=frozenset({ObjectId("schema", hop.to.path[:1])}) - {hop.to},
        releases=frozenset({ObjectId("schema", hop.origin.path[:1])}) - {hop.origin},
        takes=_names_at(obj, hop.to) - _names_at(obj, hop.origin)
        if hop.to == hop.final and not hop.gone
        else frozenset(),
        notes=tuple(_left_behind(hop, after)),
    )


def _why(hop: Hop, obj: DbObject) -> str:
    if hop.gone:
        return "another object takes its name"
    if hop.inferred:
        return "it bears the name that its renamed table gives it"
    if isinstance(obj, Constraint) and obj.type == PRIMARY_KEY:
        return "it is declared under another name, which no application sees"
    return "a directive says so" + ("" if called_by_applications(obj) else "; no application sees the name")


def _names_at(obj: DbObject, id: ObjectId) -> frozenset[Name]:
    return borne_names(under(obj, id))


def _left_behind(hop: Hop, after: Catalog) -> Iterable[str]:
    """Bodies that are strings don't follow a rename; a declared one that still says the old name fails in the end."""
    if hop.gone or not called_by_applications(after.objects.get(hop.final) or _nothing(hop)):
        return
    name = re.compile(rf"(?<![\w$]){re.escape(name_of(hop.origin))}(?![\w$])")
    users = sorted(r.id.name for r in after.of(Routine) if name.search(r.reads_body))
    if users and ObjectId(hop.origin.kind, hop.origin.path) not in after:
        yield f"these bodies may still say the old name, and don't follow: {', '.join(users[:5])}"


def _nothing(hop: Hop) -> DbObject:
    return DbObject(id=ObjectId("index", hop.final.path))
