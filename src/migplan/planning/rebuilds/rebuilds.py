"""Which objects must be dropped and re-created because of what they stand on, and in whose company.

An object is rebuilt when its own change can't be made in place, when something that it stands on is rebuilt or
dropped away, or when an in-place change of something that it stands on doesn't bear it (a view on a column whose
type changes). Rebuilding goes part by part: a sequence owned by a rebuilt column keeps its value, only its
ownership is given up and taken again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from migplan.core.changes import Alter, Change
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds.constraint import Constraint, local_below, only_inherited
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.planning.heirs.attached_children import losing_children, needs_statements
from migplan.strategies.base import Rebuild, Rebuilds
from migplan.strategies.pieces import Pieces


@dataclass
class _Search:
    before: Catalog
    after: Catalog
    changes: Mapping[ObjectId, Change]
    pieces: Pieces
    parents: dict[ObjectId, ObjectId] = field(default_factory=dict[ObjectId, ObjectId])
    lost: dict[ObjectId, set[ObjectId]] = field(default_factory=dict[ObjectId, set[ObjectId]])
    roots: set[ObjectId] = field(default_factory=set[ObjectId])
    followers: dict[ObjectId, set[ObjectId]] = field(default_factory=dict[ObjectId, set[ObjectId]])

    def find(self, id: ObjectId) -> ObjectId:
        """The representative of the group that ``id`` is in."""
        while self.parents.setdefault(id, id) != id:
            self.parents[id] = self.parents[self.parents[id]]
            id = self.parents[id]
        return id

    def join(self, one: ObjectId, other: ObjectId) -> None:
        """Both belong into one transaction."""
        a, b = sorted((self.find(one), self.find(other)))
        self.parents[b] = a


def find_rebuilds(
    before: Catalog,
    after: Catalog,
    changes: Mapping[ObjectId, Change],
    pieces: Pieces,
    pieces_after: Pieces,
    forced: frozenset[ObjectId] = frozenset(),
    passed_on: frozenset[ObjectId] = frozenset(),
    replaced: frozenset[ObjectId] = frozenset(),
    staged: frozenset[ObjectId] = frozenset(),
) -> Rebuilds:
    """Everything that must be rebuilt; ``pieces`` are those of ``before``; ``forced`` are rebuilt in any case,
    ``passed_on`` come anew with what they belong to, and for ``replaced`` columns a second one takes over;
    ``staged`` types are made aside for those."""
    search = _Search(before, after, changes, pieces)
    for id in sorted(replaced):
        _carry_over(search, id, replaced)
    for id, change in sorted(changes.items()):
        if isinstance(change, Alter):
            _judge_alteration(search, change, id in forced)
    for id in sorted(i for i in forced if i.kind == "index"):
        _join_gone(search, id)
    must = forced | losing_children(before, after, changes)
    for id in sorted(must - search.lost.keys()):
        search.roots.add(id)
        _lose(search, id, id, _provided(search, id))
    for id, lost in _orphaned(search, passed_on):
        search.roots.add(id)
        _lose(search, id, id, lost)
    for id in sorted(i for i, lost in search.lost.items() if i in lost and i.kind == "table"):
        _lose_left_out(search, id, pieces_after)
    for id in sorted(replaced):
        _join_types(search, id, staged)
    for id in {*search.lost, *(id for lost in search.lost.values() for id in lost)}:
        search.followers.pop(id, None)
    rebuilds = {
        id: Rebuild(
            id,
            _label(search.find(id)),
            root=id in search.roots,
            whole=id in parts,
            parts=frozenset(parts),
        )
        for id, parts in search.lost.items()
    }
    groups = {id: _label(search.find(id)) for id in [*search.parents]}
    followers = {id: frozenset(causes) for id, causes in search.followers.items() if id not in replaced}
    return Rebuilds(rebuilds, groups, followers)


def _lose_left_out(search: _Search, table: ObjectId, pieces_after: Pieces) -> None:
    """The constraints that went with the table, and that its creation doesn't write any more: keys of one that becomes
    partitioned, checks that get a comment."""
    made = {p for part in pieces_after.of(table) for p in part.provides}
    for id in sorted(_provided(search, table) - made - search.lost.keys()):
        new = search.after.get(id, Constraint) if id.kind == "constraint" else None
        if new is not None and new.clone_of is None and not only_inherited(new):
            _lose(search, id, table, _provided(search, id))


def _judge_alteration(search: _Search, change: Alter, forced: bool) -> None:
    kind = kind_of(change.id)
    if not needs_statements(change):
        return
    if forced or kind.alter(change.old, change.new, search.before, search.after) is None:
        search.roots.add(change.id)
        _lose(search, change.id, change.id, _provided(search, change.id))
        for key in sorted(_referring_above(change.id, search.before)):
            if key in search.after:
                _lose(search, key, change.id, _provided(search, key))
        return
    for id in sorted(kind.carried(change.old, change.new, search.before)):
        if id in search.after:
            search.join(change.id, id)
            _lose(search, id, change.id, _standing_on(search, id, change.id))


def _referring_above(partition: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """The foreign keys to what the partition hangs on: PostgreSQL detaches none whose rows they refer to."""
    table = catalog.get(partition, Table)
    while table is not None and table.partition_of is not None:
        parent = table.partition_of
        yield from (k.id for k in catalog.of(Constraint) if k.target == parent and k.clone_of is None)
        table = catalog.get(parent, Table)


def _carry_over(search: _Search, column: ObjectId, replaced: frozenset[ObjectId]) -> None:
    """What would stay with the old column while it goes aside; the columns of one table change places together."""
    for other in replaced:
        if other.path[:2] == column.path[:2]:
            search.join(column, other)
    for id in sorted(search.before.used_by.get(column, frozenset())):
        if id in search.after and id.kind in ("statistics", "publication"):
            search.join(column, id)
            _lose(search, id, column, _standing_on(search, id, column))


def _join_gone(search: _Search, index: ObjectId) -> None:
    """An index that can't be built beside the old one goes and comes with what it stands on, in one transaction."""
    for id in sorted(search.before.uses.get(index, frozenset())):
        if id not in search.after:
            search.join(index, id)


def _join_types(search: _Search, column: ObjectId, staged: frozenset[ObjectId]) -> None:
    """A column that goes from or to a type that is made aside, to or from another one, swaps as that type does."""
    used = frozenset(u for c in (search.before, search.after) for u in c.uses.get(column, ()))
    for id in sorted(used & staged):
        search.join(column, id)


def _orphaned(search: _Search, passed_on: frozenset[ObjectId]) -> list[tuple[ObjectId, set[ObjectId]]]:
    """Objects that stand on something that is dropped, with the parts that do: their text is the same, what it means
    is not. Of an object that is altered in place only what its later parts provide."""
    gone = search.before.compared_with(search.after).gone
    users = {user for id in gone for user in search.before.used_by.get(id, frozenset())}
    found: list[tuple[ObjectId, set[ObjectId]]] = []
    users = {u for u in users - passed_on if u in search.after and not _follows_parent(search.before[u])}
    for user in sorted(u for u in users if u not in search.lost):
        parts = [p for p in search.pieces.of(user) if p.uses & gone]
        if user in search.changes:
            parts = [p for p in parts if user not in p.provides]
        lost = {id for part in parts for id in part.provides}
        if user not in search.changes and not lost:
            lost = _provided(search, user)
        if lost:
            found.append((user, lost))
    return found


def _follows_parent(obj: DbObject) -> bool:
    """An inherited column or constraint changes with its parent's."""
    return bool(getattr(obj, "inherited", False))


def _provided(search: _Search, id: ObjectId) -> set[ObjectId]:
    return {p for part in search.pieces.of(id) for p in part.provides}


def _standing_on(search: _Search, id: ObjectId, used: ObjectId) -> set[ObjectId]:
    """What those parts of ``id`` provide that use ``used`` (one table of a publication), or all where none says so."""
    return {p for part in search.pieces.of(id) if used in part.uses for p in part.provides} or _provided(search, id)


def _lose(search: _Search, id: ObjectId, cause: ObjectId, lost: set[ObjectId]) -> None:
    """``id`` loses the parts that provide ``lost``; so does everything that uses those."""
    search.join(id, cause)
    known = search.lost.setdefault(id, set())
    new = lost - known
    if not new:
        return
    known |= new
    for lost_id in sorted(new):
        along = going_along(lost_id, search.before)
        users = {user for i in (lost_id, *along) for user in search.before.used_by.get(i, ())} - along
        for user in sorted({*users, *_identified_by(search, lost_id)}):
            _lose_user(search, user, id, known | along)
        for child in sorted(search.before.index_children.get(lost_id, frozenset())):
            if child in search.after:
                _lose(search, child, id, _provided(search, child))
        lost_check = search.before.get(lost_id, Constraint)
        for child in sorted(local_below(lost_check, search.before)) if lost_check else ():
            if child in search.after:
                _lose(search, child, id, _provided(search, child))
    for user in _users_of_pseudo(search, id, new):
        _lose_user(search, user, id, known)


def going_along(lost: ObjectId, catalog: Catalog) -> frozenset[ObjectId]:
    """What PostgreSQL drops and makes along with it: it needs no steps, but what uses it does."""
    return kind_of(lost).below(catalog[lost], catalog) if lost in catalog else frozenset()


def _identified_by(search: _Search, lost: ObjectId) -> Iterable[ObjectId]:
    """The table whose replica identity was lost with its key or index: PostgreSQL records no such dependency."""
    table = search.before[lost].table if lost in search.before else None
    if table is not None and getattr(search.before[table], "replica_identity", None) == lost:
        yield table


def _users_of_pseudo(search: _Search, id: ObjectId, lost: set[ObjectId]) -> Iterable[ObjectId]:
    """The object itself may have later parts that use what was lost."""
    return [id] if any(part.uses & lost for part in search.pieces.of(id)) else []


def _lose_user(search: _Search, user: ObjectId, cause: ObjectId, lost: set[ObjectId]) -> None:
    if user not in search.after or getattr(search.before[user], "clone_of", None) is not None:
        return
    obj = search.before[user]
    if kind_of(user).follows(obj, [cause]) and user not in search.lost:
        _follow(search, user, cause)
        return
    owner = _absorber(search, user, cause)
    above = _bringing(search.before, search.after, obj) if owner == user else []
    if above:
        for parent in above:
            _lose_user(search, parent, cause, {*lost, *search.before.uses.get(parent, ())})
        return
    touched: set[ObjectId] = set()
    for part in search.pieces.of(owner):
        if part.uses & (lost | touched):
            touched |= part.provides
    if touched:
        _lose(search, owner, cause, touched)


def _bringing(catalog: Catalog, other: Catalog, obj: DbObject) -> list[ObjectId]:
    """For a check that a table only inherits, those that it comes and goes with; not where it is its own once they are
    gone."""
    if not isinstance(obj, Constraint) or not obj.inherited or obj.local:
        return []
    table = catalog.get(obj.relation, Table)
    parents = () if table is None else (*table.inherits, *((table.partition_of,) if table.partition_of else ()))
    found = [id for p in parents if (id := p.child("constraint", obj.name)) in catalog]
    kept = table is not None and table.partition_of is None and not any(id in other for id in found)
    return [] if kept else found


def _follow(search: _Search, follower: ObjectId, cause: ObjectId) -> None:
    """``follower`` moves in place to the new incarnation of ``cause``; what doesn't bear that is rebuilt around it."""
    search.join(follower, cause)
    search.followers.setdefault(follower, set()).add(cause)
    for id in sorted(kind_of(follower).carried_when_following(search.before[follower], search.before)):
        if id in search.after:
            search.join(follower, id)
            _lose(search, id, follower, _standing_on(search, id, follower))


def _absorber(search: _Search, user: ObjectId, cause: ObjectId) -> ObjectId:
    """A table's column or key is lost with its table, and made again in its company."""
    for part in search.pieces.of(cause):
        if user in part.provides:
            search.join(user, cause)
            return cause
    return user


def _label(id: ObjectId) -> str:
    return f"rebuild {id}"
