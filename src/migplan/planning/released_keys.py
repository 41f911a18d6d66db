"""Primary keys of which a column goes that an INSERT can't leave out.

The next version of the application doesn't write the column any more, and while it belongs to the key, it can't lose
its NOT NULL. So a unique index over the same columns takes the key's place first: the running version finds its rows by
it (ON CONFLICT), and everything after that is planned for a table that has it instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace

from migplan.core.changes import Alter, Change, Create, Drop
from migplan.core.directives import Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, changed_fields
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.sql import deparsed, ident, join
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds._descendants import descendants, parents_of
from migplan.kinds.column import Column
from migplan.kinds.constraint import FOREIGN_KEY, PRIMARY_KEY, Constraint, drop_constraint, validate_constraint
from migplan.kinds.index import Index, create_index, drop_index
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.planning.names.renames import Renamed
from migplan.planning.unidentified import stuck
from migplan.strategies.constraints.add_constraint import include_clause, not_valid, using_index

STRATEGY = "drop_column"


@record
class Released:
    """The live catalog with indexes in place of the ``keys``, each told by its index, and the steps to there."""

    before: Catalog
    steps: tuple[Step, ...] = ()
    keys: Mapping[ObjectId, Constraint] = field(default_factory=dict[ObjectId, Constraint])


def release_keys(
    before: Catalog, after: Catalog, directives: Directives, settings: Settings, renamed: Renamed
) -> Released:
    """Let the keys go whose columns an application stops writing; those that something stands on stay."""
    if settings.offline or settings.dual_write == "application":
        return Released(before)
    wanted = {id for id in _left_out(before, after) if _is_plain(id, before, after)}
    renamed_tables = _renamed(renamed)
    wanted -= _kept_in_step(after, directives) | renamed_tables
    keys = [k for id in sorted(wanted) for k in before.members_of(id, Constraint) if k.type == PRIMARY_KEY]
    found = Released(before)
    for key in keys:
        released, users = _without(found.before, key, after), _foreign_keys(found.before, key)
        movable = users is not None and all(
            _is_plain(u.relation, before, before) and u.relation not in renamed_tables for u in users
        )
        if users is not None and movable and set(stuck(released)) <= set(stuck(before)):
            steps = (*found.steps, *_steps(before, key, users))
            found = Released(released, steps, {**found.keys, _index(key).id: key})
    return found


def _foreign_keys(catalog: Catalog, key: Constraint) -> list[Constraint] | None:
    """Those that hang on the key; None where something else does, or what can't be made again by itself."""
    found = [catalog[id] for id in sorted(catalog.used_by.get(key.id, ()))]
    users = [o for o in found if isinstance(o, Constraint) and o.type == FOREIGN_KEY]
    alone = all(u.enforced and u.clone_of is None and "PERIOD" not in u.definition for u in users)
    return users if alone and len(users) == len(found) else None


def _left_out(before: Catalog, after: Catalog) -> set[ObjectId]:
    """The tables of columns that go, or may be NULL from now on, and that no INSERT could leave out."""
    keys = [k for k in before.of(Constraint) if k.type == PRIMARY_KEY]
    keyed = {k.relation.child("column", name) for k in keys for name in k.columns}
    gone = [c for id in keyed if (c := before.get(id, Column)) is not None and _may_be_left_out(c, after)]
    filled = {c.id for c in gone if c.identity or c.generated or ObjectId("default", c.id.path) in before}
    return {c.relation for c in gone if c.relation in after and c.id not in filled}


def _may_be_left_out(old: Column, after: Catalog) -> bool:
    return old.id not in after or _only_loosened(old, after)


def _only_loosened(old: Column, after: Catalog) -> bool:
    """Whether it may be NULL from now on, and is the same otherwise."""
    new = after.get(old.id, Column)
    return new is not None and new.not_null is None and changed_fields(old, new) == frozenset({"not_null"})


def _is_plain(id: ObjectId, before: Catalog, after: Catalog) -> bool:
    """Neither partitioned nor inherited from, nor about to be."""
    old, new = before.get(id, Table), after.get(id, Table)
    if old is None or new is None or (old.partition_key or old.partition_of) != (new.partition_key or new.partition_of):
        return False
    related = (*parents_of(id, before), *parents_of(id, after), *descendants(id, before), *descendants(id, after))
    return old.partition_key is None and not related


def _kept_in_step(after: Catalog, directives: Directives) -> set[ObjectId]:
    """The tables where triggers write what the application leaves out."""
    told = {c.relation for c in after.of(Column) if c.using is not None}
    said = (d.target for d in directives.named("reverse") if d.target is not None)
    told |= {target.parent("table") if target.kind == "column" else target for target in said}
    moves = any(directives.named("moved-from"))
    return told | ({t.id for t in after.of(Table)} if moves else set[ObjectId]())


def _renamed(renamed: Renamed) -> set[ObjectId]:
    """The tables that are spoken of by names which they get later on."""
    columns = {*renamed.columns, *renamed.dual_written, *renamed.vacated}
    return {c.parent("table") for c in columns} | {r.new for r in renamed.renames}


def _without(catalog: Catalog, key: Constraint, after: Catalog) -> Catalog:
    """With the index in its place. A column that only loses its NOT NULL doesn't wait for that to go."""
    index = _index(key)
    columns = (catalog.get(key.relation.child("column", name), Column) for name in key.columns)
    loosened = {c.id for c in columns if c is not None and _only_loosened(c, after)}
    objects: dict[ObjectId, DbObject] = {id: o for id, o in catalog.objects.items() if id != key.id}
    uses = {id: _each(used, key.id, index.id) for id, used in catalog.uses.items() if id != key.id}
    uses[index.id] = catalog.uses.get(key.id, frozenset()) - loosened
    return replace(catalog, objects={**objects, index.id: index}, uses=uses)


def _each(used: frozenset[ObjectId], key: ObjectId, index: ObjectId) -> frozenset[ObjectId]:
    return used - {key} | {index} if key in used else used


def _index(key: Constraint) -> Index:
    columns = tuple(str(ident(c)) for c in key.columns)
    listed = join(", ", (ident(c) for c in key.columns))
    return Index(
        id=ObjectId("index", (key.id.path[0], temporary_name(key.name, "kept"))),
        owner=key.owner,
        relation=key.relation,
        unique=True,
        definition=f"USING btree ({listed}){include_clause(key)}",
        options=key.index_options,
        tablespace=key.index_tablespace,
        keys=columns,
    )


def _steps(before: Catalog, key: Constraint, users: Sequence[Constraint]) -> Iterable[Step]:
    index, part = _index(key), kind_of(key.id).parts(key, before)[0]
    again = Statement(using_index(key, index.id.path[-1]), LockMode.ACCESS_EXCLUSIVE)
    gone = tuple(drop_constraint(u) for u in users)
    come = tuple(s for u in users for s in (not_valid(u), *_extras(u, before)))
    checked_last = [_checked(u, "again", down=Down((validate_constraint(u),))) for u in users if u.validated]
    build = Step(
        id=step_id("keep", key.id),
        title=f"build an index that takes the place of {key.id}",
        object=key.id,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why="the running application finds rows by these columns; reads and writes go on while it is built",
        up=(create_index(index, concurrently=True),),
        down=Down((_if_exists(drop_index(index, concurrently=True)),)),
        releases=frozenset({index.id, *part.uses}),
    )
    release = Step(
        id=step_id("release", key.id),
        title=f"let go of {key.id}",
        object=key.id,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why="the next version of the application leaves out a column of it; while it is there, none may be NULL",
        up=(*gone, *part.drop, *come),
        down=Down((*gone, again, *_extras(key, before), *come)),
        destroys=part.provides,
        releases=frozenset({index.id, *part.uses, *(u.id for u in users)}),
        frees=names_of(key),
        after=(
            After(build.id, "the index must be complete"),
            *(After(s.id, "on the way back it is validated last") for s in checked_last),
        ),
        first=True,
    )
    behind = (After(release.id, "it was made again there"),)
    checked = [_checked(u, "recheck", up=(validate_constraint(u),), after=behind) for u in users if u.validated]
    return build, *checked_last, release, *checked


def _checked(
    user: Constraint,
    verb: str,
    *,
    up: tuple[Statement, ...] = (),
    down: Down | None = None,
    after: tuple[After, ...] = (),
) -> Step:
    """A foreign key that hangs on something else now is validated in a transaction of its own."""
    return Step(
        id=step_id(verb, user.id),
        title=f"validate {user.id} again" if up else f"on the way back: validate {user.id} again",
        object=user.id,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why="it was made again NOT VALID; the table is read under a lock that only DDL and vacuum feel",
        up=up,
        down=down or Down(()),
        releases=frozenset({user.id}),
        after=after,
    )


def _extras(constraint: Constraint, before: Catalog) -> tuple[Statement, ...]:
    """What ADD CONSTRAINT doesn't say."""
    kind = kind_of(constraint.id)
    told = kind.comment_statements(constraint, constraint.comment) if constraint.comment else []
    return (*kind.parts(constraint, before)[0].create[1:], *told)


def _if_exists(drop: Statement) -> Statement:
    """On the way back the key has taken it over."""
    return replace(drop, sql=deparsed(drop.sql.replace("CONCURRENTLY ", "CONCURRENTLY IF EXISTS ", 1)))


def behind_released(steps: Iterable[Step], released: Released, after: Catalog) -> list[Step]:
    """The steps, of which those that take NOT NULL off a former key's columns come behind the release, and those that
    drop an index in a key's place speak of the key: nobody knows the index."""
    behind = {
        id: After(step.id, "a primary key's column can't lose NOT NULL")
        for step in released.steps
        for id in step.releases
        if (c := released.before.get(id, Column)) is not None and _may_be_left_out(c, after)
    }
    told = (_told(s, released.keys[s.object]) if s.object in released.keys else s for s in steps)
    return [replace(s, after=(*s.after, behind[s.object])) if s.object in behind else s for s in told]


def _told(step: Step, key: Constraint) -> Step:
    of_index, of_key = kind_of(step.object).drop_contract(_index(key)) or "", kind_of(key.id).drop_contract(key) or ""
    title, why = f"drop the index in the place of {key.id} concurrently", step.why.replace(of_index, of_key)
    return replace(step, title=title, why=why, deploy=step.deploy and step.deploy.replace(of_index, of_key))


def of_the_keys(changes: Iterable[Change], released: Released) -> tuple[Change, ...]:
    """What the whole plan amounts to: the keys go, or are altered, and nobody hears of the indexes."""
    changes = tuple(changes)
    keys = {key.id: key for key in released.keys.values()}
    again = {c.id for c in changes if isinstance(c, Create) and c.id in keys}
    told: list[Change] = []
    for change in changes:
        key = released.keys.get(change.id) if isinstance(change, Drop) else None
        if key is not None and key.id not in again:
            told.append(Drop(key))
        elif key is None and isinstance(change, Create) and change.id in again:
            old = keys[change.id]
            told.append(Alter(old, change.new, changed_fields(old, change.new)))
        elif key is None:
            told.append(change)
    return tuple(told)
