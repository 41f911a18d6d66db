"""Changes that a parent table's change makes by itself: PostgreSQL carries them down to partitions and children."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from migplan.core.changes import Alter, Change, Create, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.records import record
from migplan.core.steps import Down, Statement, Step
from migplan.kinds._descendants import ancestors, parents_of
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, Constraint, root_of
from migplan.kinds.default import Default, set_default
from migplan.kinds.registry import kind_of
from migplan.kinds.stricter_not_null import stricter
from migplan.kinds.table import Table
from migplan.planning.heirs.followers_own import names_of_own_not_nulls, own_attributes
from migplan.planning.heirs.validated_below import with_validated_below
from migplan.strategies.pieces import Pieces

_RECURSING = frozenset({"type", "collation", "not_null", "generated", "virtual"})


@record
class Followed:
    """The changes that need steps of their own, and for those left out the change that brings them about."""

    changes: tuple[Change, ...]
    leaders: Mapping[ObjectId, ObjectId]

    def with_rebuilt(self, rebuilt: Iterable[ObjectId], before: Catalog, after: Catalog) -> Followed:
        """Also those that come anew with a check that is made again where its text is the same."""
        anew = set(rebuilt)
        found = ((c.id, parents_check(c.id, before, after)) for c in before.of(Constraint) if anew and c.inherited)
        leaders = {id: parent for id, parent in found if parent is not None and _led(parent, anew, before, after)}
        return replace(self, leaders={**leaders, **self.leaders})

    def extended(self, steps: Iterable[Step], before: Pieces, after: Pieces) -> list[Step]:
        """The steps, each also speaking for what follows it: what comes gets its own comments, grants and settings."""
        followers: dict[ObjectId, set[ObjectId]] = {}
        for follower in self.leaders:
            followers.setdefault(_first(follower, self.leaders), set()).add(follower)
        if not followers:
            return list(steps)
        made_anew = frozenset(f for f in self.leaders if f.kind == "constraint")
        come = {id: own_attributes(f, before.catalog, after, made_anew) for id, f in followers.items()}
        gone = {id: own_attributes(f, after.catalog, before, made_anew) for id, f in followers.items()}
        extended = (_extended(s, followers, come, gone, before.catalog, after.catalog) for s in steps)
        made = [_with_defaults(s, self.leaders, before.catalog, after.catalog) for s in extended]
        return with_validated_below(made, self.leaders, before.catalog, after.catalog)


def without_followers(changes: Sequence[Change], before: Catalog, after: Catalog) -> Followed:
    """The changes without those of inherited columns and checks that their parents' changes bring about."""
    by_id = {c.id: c for c in changes}
    kept: list[Change] = []
    leaders: dict[ObjectId, ObjectId] = {}
    for change in changes:
        own = _own(change, by_id, before, after)
        if own is not None:
            kept.append(own)
        if own is not change and (leader := _leader(change, by_id, before, after)) is not None:
            leaders[change.id] = leader
    return Followed(tuple(kept), leaders)


def parents_check(id: ObjectId, before: Catalog, after: Catalog) -> ObjectId | None:
    """The check of a parent that stays one, which a check comes and goes with that is only inherited."""
    old, new = before.get(id, Constraint), after.get(id, Constraint)
    if old is None or new is None or old.type != CHECK or not (_only_inherited(old) and _only_inherited(new)):
        return None
    parents = (p for p in parents_of(old.relation, before) if p in parents_of(old.relation, after))
    found = (p.child("constraint", old.name) for p in parents)
    return next((c for c in found if c in before and c in after), None)


def _led(check: ObjectId, rebuilt: set[ObjectId], before: Catalog, after: Catalog) -> bool:
    above = parents_check(check, before, after)
    return check in rebuilt or (above is not None and _led(above, rebuilt, before, after))


def _only_inherited(check: Constraint) -> bool:
    return check.inherited and not check.local


def _leader(change: Change, by_id: dict[ObjectId, Change], before: Catalog, after: Catalog) -> ObjectId | None:
    """The parent's member whose change this one follows."""
    catalog = before if isinstance(change, Drop) else after
    member = catalog[change.id]
    if not isinstance(member, Column | Constraint | Default):
        return None
    found = (p.child(member.id.kind, member.id.path[-1]) for p in parents_of(member.relation, catalog))
    return next((id for id in found if id in by_id), None)


def _first(id: ObjectId, leaders: Mapping[ObjectId, ObjectId]) -> ObjectId:
    while id in leaders:
        id = leaders[id]
    return id


def _extended(
    step: Step,
    followers: Mapping[ObjectId, set[ObjectId]],
    come: Mapping[ObjectId, tuple[Statement, ...]],
    gone: Mapping[ObjectId, tuple[Statement, ...]],
    before: Catalog,
    after: Catalog,
) -> Step:
    creates = {f for id in step.creates for f in followers.get(id, ())}
    destroys = {f for id in step.destroys for f in followers.get(id, ())}
    if not creates and not destroys:
        return step
    up = tuple(s for id in sorted(step.creates) for s in come.get(id, ()))
    back = tuple(s for id in sorted(step.destroys) for s in gone.get(id, ()))
    down = replace(step.down, statements=(*step.down.statements, *back)) if isinstance(step.down, Down) else step.down
    return replace(
        step,
        up=(*step.up, *up),
        down=down,
        creates=step.creates | creates,
        destroys=step.destroys | destroys,
        takes=step.takes | names_of_own_not_nulls(creates, after, before),
        frees=step.frees | names_of_own_not_nulls(destroys, before, after),
    )


def _with_defaults(step: Step, leaders: Mapping[ObjectId, ObjectId], before: Catalog, after: Catalog) -> Step:
    """The step; where it sets a new column's default by itself, it does so for those below as well."""
    up = _set_below(step.up, step.creates & leaders.keys(), leaders, after)
    if not isinstance(step.down, Down):
        return replace(step, up=up)
    back = _set_below(step.down.statements, step.destroys & leaders.keys(), leaders, before)
    return replace(step, up=up, down=replace(step.down, statements=back))


def _set_below(
    statements: tuple[Statement, ...], ids: Iterable[ObjectId], leaders: Mapping[ObjectId, ObjectId], catalog: Catalog
) -> tuple[Statement, ...]:
    defaults = (catalog.get(id, Default) for id in sorted(ids))
    pairs = ((d, catalog.get(_first(d.id, leaders), Default)) for d in defaults if d is not None)
    below = tuple(set_default(d) for d, above in pairs if above is not None and set_default(above) in statements)
    return (*statements, *below)


def _comes_with_another(old: Constraint, new: Constraint, by_id: Mapping[ObjectId, Change], before: Catalog) -> bool:
    """Whether a partition's part of one foreign key goes with that, and it gets one of another key by the same name."""
    root = root_of(old, before)
    return root is not None and new.clone_of not in (None, old.clone_of) and isinstance(by_id.get(root), Drop)


def _own(change: Change, by_id: dict[ObjectId, Change], before: Catalog, after: Catalog) -> Change | None:
    match change:
        case Create(new) if isinstance(new, Constraint) and new.clone_of is not None:
            return None
        case Drop(old) if isinstance(old, Constraint) and old.clone_of is not None:
            stands_alone = old.relation in after and not _stays_attached(old.relation, before, after)
            root = root_of(old, before)
            return change if stands_alone and not (root and isinstance(by_id.get(root), Drop)) else None
        case Create(new) if isinstance(new, Column | Constraint) and new.inherited and not new.local:
            parents = _staying(new.relation, by_id, before, after)
            return None if _parents_do(new, by_id, parents, Create) else change
        case Drop(old) if isinstance(old, Column | Constraint) and old.inherited and not old.local:
            left = (p for p in _left(old, before, after) if not _is_made_anew(by_id.get(p), before, after))
            parents = [*_staying(old.relation, by_id, before, after), *left]
            return None if _parents_do(old, by_id, parents, Drop) else change
        case Create(new) if isinstance(new, Default):
            return None if _comes_with_its_column(new, by_id, before, after, Create) else change
        case Drop(old) if isinstance(old, Default):
            return None if _comes_with_its_column(old, by_id, before, after, Drop) else change
        case Alter(old, new, fields) if isinstance(new, Column) and new.inherited and isinstance(old, Column):
            return _rest(old, new, fields, by_id, _staying(new.relation, by_id, before, after, whole=True))
        case Alter(old, new, fields) if isinstance(new, Constraint) and isinstance(old, Constraint):
            if _comes_with_another(old, new, by_id, before):
                return None
            parents = _staying(new.relation, by_id, before, after)
            return None if _follows(old, new, fields, by_id, parents) else change
        case _:
            return change


def _comes_with_its_column(
    default: Default, by_id: dict[ObjectId, Change], before: Catalog, after: Catalog, what: type
) -> bool:
    """Whether ADD COLUMN of a parent brings the default with the column, going forwards or back."""
    catalog = after if what is Create else before
    column = catalog.get(default.column, Column)
    if column is None or column.local or not isinstance(by_id.get(column.id), what):
        return False
    parents = [p for p in _staying(default.relation, by_id, before, after) if p.child("column", column.name) in by_id]
    above = [catalog.get(p.child("default", column.name), Default) for p in parents]
    brought = any(d is not None and d.expression == default.expression for d in above)
    return brought and _parents_do(column, by_id, parents, what)


def _follows(
    old: Constraint, new: Constraint, fields: frozenset[str], by_id: dict[ObjectId, Change], parents: list[ObjectId]
) -> bool:
    """Whether a check that is only inherited changes as a parent's does; one that comes anew gets its comment again,
    and is validated."""
    if not (_only_inherited(old) and _only_inherited(new)):
        return False
    found = (by_id.get(p.child("constraint", new.name)) for p in parents)
    own = fields - {"comment", "validated"} if "definition" in fields else fields
    return "comment" not in own and any(isinstance(c, Alter) and own <= c.fields for c in found)


def _rest(
    old: Column, new: Column, fields: frozenset[str], by_id: dict[ObjectId, Change], parents: list[ObjectId]
) -> Change | None:
    followed = fields & _RECURSING & _fields_of_parents(old, new, by_id, parents)
    if not followed:
        return Alter(old, new, fields)
    rest = fields - followed
    if not rest:
        return None
    return Alter(replace(old, **{f: getattr(new, f) for f in followed}), new, rest)


def _fields_of_parents(
    old: Column, new: Column, by_id: dict[ObjectId, Change], parents: list[ObjectId]
) -> frozenset[str]:
    """Fields in which a parent's column changes to the same value."""
    found: set[str] = set()
    for parent in parents:
        change = by_id.get(parent.child("column", new.name))
        if isinstance(change, Alter):
            found |= {f for f in change.fields if _same(f, change.new, new)}
            if not _as_strict(change.old, old) or not _as_strict(change.new, new):
                found -= {"not_null"}
    return frozenset(found)


def _same(field: str, parent: object, child: object) -> bool:
    one, other = getattr(parent, field), getattr(child, field)
    return (one is None) == (other is None) if field == "not_null" else one == other


def _as_strict(parent: DbObject, child: Column) -> bool:
    """Whether a child's NOT NULL isn't valid beside a parent's that isn't: what recurses would not be."""
    return isinstance(parent, Column) and not stricter(child, parent)


def _staying(
    table: ObjectId, by_id: dict[ObjectId, Change], before: Catalog, after: Catalog, *, whole: bool = False
) -> list[ObjectId]:
    """The parents that the table has before and after, and all the time in between: those that aren't made anew. A
    partition that goes over to another parent in the same tree stays below what both stand under; the ``whole`` of the
    tree in between must stay where types change, which waits for whatever comes or goes there."""
    if table not in before or table not in after:
        return []
    both = [p for p in parents_of(table, before) if p in parents_of(table, after)]
    if both:
        return [p for p in both if not _is_made_anew(by_id.get(p), before, after)]
    found = _above_both(table, by_id, before, after)
    path = {*ancestors(table, before), *ancestors(table, after)}
    return found if not whole or all(p in before and p in after for p in path) else []


def _above_both(table: ObjectId, by_id: dict[ObjectId, Change], before: Catalog, after: Catalog) -> list[ObjectId]:
    old, new = before.get(table, Table), after.get(table, Table)
    if old is None or new is None or old.partition_of is None or new.partition_of is None:
        return []
    above, then = list(ancestors(table, before)), list(ancestors(table, after))
    if any(_is_made_anew(by_id.get(p), before, after) for p in {*above, *then}):
        return []
    return [p for p in above if p in then]


def _left(member: Column | Constraint, before: Catalog, after: Catalog) -> list[ObjectId]:
    """The parent that a partition leaves, where it loses a check beforehand."""
    old, new = before.get(member.relation, Table), after.get(member.relation, Table)
    if old is None or new is None or old.partition_of is None or new.partition_of is not None:
        return []
    return [old.partition_of] if isinstance(member, Constraint) and old.partition_of in after else []


def _is_made_anew(change: Change | None, before: Catalog, after: Catalog) -> bool:
    return isinstance(change, Alter) and kind_of(change.id).alter(change.old, change.new, before, after) is None


def _parents_do(obj: Column | Constraint, by_id: dict[ObjectId, Change], parents: list[ObjectId], what: type) -> bool:
    """Whether some parent's member of that name has the same sort of change."""
    return any(_comes_or_goes(by_id.get(p.child(obj.id.kind, obj.name)), what) for p in parents)


def _comes_or_goes(change: Change | None, what: type) -> bool:
    """Whether the change is of that sort for those below: a check comes to them where it takes the name of a key."""
    if isinstance(change, Alter) and isinstance(change.old, Constraint) and isinstance(change.new, Constraint):
        old, new = (change.old, change.new) if what is Create else (change.new, change.old)
        return _passed_down(new) and not _passed_down(old)
    return isinstance(change, what)


def _passed_down(constraint: Constraint) -> bool:
    return constraint.type == CHECK and not constraint.no_inherit


def _stays_attached(table: ObjectId, before: Catalog, after: Catalog) -> bool:
    return bool(set(parents_of(table, before)) & set(parents_of(table, after)))
