"""Indexes on large tables: built, replaced and dropped without blocking writes (manual: 11.11, CREATE INDEX)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, LockMode, Name, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds.index import (
    Index,
    create_index,
    drop_index,
    index_extras,
    is_still_inferred,
    is_tightened,
    set_clustered,
)
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.constraints.offending_rows import rows_in_the_way
from migplan.strategies.indexes.attached_back import part_back
from migplan.strategies.relations.retire_table import is_retired

SUE = LockMode.SHARE_UPDATE_EXCLUSIVE


class IndexConcurrently(Strategy):
    """CREATE INDEX CONCURRENTLY in the migrate phase, DROP INDEX CONCURRENTLY in the contract phase."""

    name = "index_concurrently"

    def expand(self, context: Context) -> Iterable[Expansion]:
        for index in context.created(Index):
            if _concurrent(context, index):
                yield Expansion(tuple(_create(context, index)), frozenset({index.id}))
        for index in context.dropped(Index):
            retired = is_retired(context, index.relation)
            if _concurrent(context, index) and index.parent is None and not retired:
                yield Expansion((_drop(context, index),), frozenset({index.id}))
        for old, new in replaced_beside(context):
            yield Expansion(tuple(_replace(context, old, new)), frozenset({new.id}))


def replaced_beside(context: Context) -> Iterable[tuple[Index, Index]]:
    """The indexes that stay until another one, built concurrently, takes their name."""
    if context.settings.offline:
        return
    for old, new, _ in context.altered(Index):
        rebuild = context.rebuilds.items.get(new.id)
        alone = rebuild is not None and rebuild.root and rebuild.whole and _only_member(context, rebuild.group)
        moved = old.relation != new.relation or old.parent != new.parent
        if alone and not context.swapped(new.id) and _concurrent(context, new) and not moved:
            yield old, new


def _concurrent(context: Context, index: Index) -> bool:
    """Partitioned indexes have no rows of their own (ON ONLY is instant); small tables don't need it."""
    return not index.partitioned and Size.LARGE in (context.size(index.relation), context.size(_asking(context, index)))


def _asking(context: Context, index: Index) -> ObjectId:
    """The table whose new index asks for it: on the way back it goes with that one, so it comes in the same phase."""
    parent = context.after.get(index.parent, Index) if index.parent is not None else None
    if parent is None or parent.id in context.before or index.relation not in context.before:
        return index.relation
    return _asking(context, parent)


def _only_member(context: Context, group: str) -> bool:
    return sum(1 for g in context.rebuilds.groups.values() if g == group) == 1


def _create(context: Context, index: Index) -> list[Step]:
    parts = context.pieces_after.of(index.id)
    sentence = kind_of(index.id).create_contract(index, context.before)
    build = Step(
        id=step_id("create", index.id),
        title=f"build {index.id} concurrently",
        object=index.id,
        strategy=IndexConcurrently.name,
        phase=Phase.MIGRATE if sentence is None else Phase.CONTRACT,
        why="reads and writes go on while it is built",
        up=(create_index(index, concurrently=True),),
        down=Down((drop_index(index, concurrently=index.parent is None),)),
        creates=parts[0].provides,
        uses=parts[0].uses,
        takes=frozenset({Name("relation", index.id.path)}),
        deploy=sentence,
        asserts=rows_in_the_way(context, index),
    )
    steps = [build]
    extras = parts[0].create[1:]
    if extras:
        steps.append(_finish(index, extras, build))
    steps += [
        Step(
            id=step_id("create", index.id, number),
            title=f"attach {index.id}",
            object=index.id,
            strategy=IndexConcurrently.name,
            phase=build.phase,
            why="instant: the index is there",
            up=part.create,
            down=part_back(context, index, part),
            creates=part.provides,
            uses=part.uses,
        )
        for number, part in enumerate(parts[1:], start=1)
    ]
    return steps


def _finish(index: Index, extras: tuple[Statement, ...], build: Step) -> Step:
    return Step(
        id=step_id("complete", index.id),
        title=f"comment and options of {index.id}",
        object=index.id,
        strategy=IndexConcurrently.name,
        phase=build.phase,
        why="metadata only",
        up=extras,
        down=Down((set_clustered(replace(index, clustered=False)),) if index.clustered else ()),
        uses=frozenset({index.id}),
        takes=names_of(index) - {Name("relation", index.id.path)},
        after=(After(build.id, "the index must be there"),),
    )


def _drop(context: Context, index: Index) -> Step:
    sentence = kind_of(index.id).drop_contract(index)
    return Step(
        id=step_id("drop", index.id),
        title=f"drop {index.id} concurrently",
        object=index.id,
        strategy=IndexConcurrently.name,
        phase=Phase.CONTRACT,
        why="waits for readers instead of stopping them",
        up=(drop_index(index, concurrently=True),),
        down=Down((create_index(index, concurrently=True), *index_extras(index), *_comment(index))),
        destroys=frozenset({index.id}),
        releases=context.before.uses.get(index.id, frozenset()) | {index.relation},
        frees=names_of(index),
        deploy=sentence,
    )


def _comment(index: Index) -> list[Statement]:
    return kind_of(index.id).comment_statements(index, index.comment) if index.comment is not None else []


def _replace(context: Context, old: Index, new: Index) -> list[Step]:
    """The new one is built under a temporary name, then takes the place of the old one in one transaction."""
    schema, name = new.id.path
    building = temporary_name(name, "new")
    staged = replace(new, id=ObjectId("index", (schema, building)))
    sentence = kind_of(new.id).contract(old, new) if is_tightened(old, new) else None
    build = Step(
        id=step_id("build", new.id),
        title=f"build the new {new.id} concurrently",
        object=new.id,
        strategy=IndexConcurrently.name,
        phase=Phase.MIGRATE if sentence is None else Phase.CONTRACT,
        why="reads and writes go on, and the old one serves queries until the swap",
        up=(create_index(staged, concurrently=True),),
        down=Down((drop_index(staged, concurrently=True),)),
        uses=context.after.uses.get(new.id, frozenset()),
        deploy=sentence,
        asserts=rows_in_the_way(context, new),
    )
    gone = temporary_name(name, "old")
    swap_up = (
        _rename(schema, name, gone),
        _rename(schema, building, name),
        *([set_clustered(new)] if old.clustered and not new.clustered else []),
        *index_extras(new),
        *_comment(new),
    )
    swap_down = (
        _rename(schema, name, building),
        _rename(schema, gone, name),
        *([set_clustered(old)] if old.clustered or new.clustered else []),
    )
    swap = Step(
        id=step_id("swap", new.id),
        title=f"let the new {new.id} take its name",
        object=new.id,
        strategy=IndexConcurrently.name,
        phase=build.phase,
        why="two renames in one transaction; queries find an index at every moment",
        up=swap_up,
        down=Down(swap_down),
        creates=frozenset({new.id}),
        destroys=frozenset({new.id}),
        takes=names_of(new) - names_of(old),
        frees=names_of(old) - names_of(new),
        after=(After(build.id, "the new index must be complete"),),
    )
    retired = replace(old, id=ObjectId("index", (schema, gone)), clustered=False)
    drop = Step(
        id=step_id("drop", new.id),
        title=f"drop the old {new.id} concurrently",
        object=new.id,
        strategy=IndexConcurrently.name,
        phase=Phase.CONTRACT,
        why="nothing uses it any more",
        deploy=_last_use(context, old, new),
        up=(drop_index(retired, concurrently=True),),
        down=Down((create_index(retired, concurrently=True), *index_extras(retired), *_comment(retired))),
        releases=context.before.uses.get(old.id, frozenset()) - context.after.uses.get(new.id, frozenset()),
        after=(After(swap.id, "the new one has taken over"),),
    )
    return [build, swap, drop]


def _last_use(context: Context, old: Index, new: Index) -> str | None:
    """What the running application still needs the old one for: ON CONFLICT, queries by columns that go."""
    read = context.before.uses.get(old.id, frozenset())
    if any(id.kind == "column" and id not in context.after for id in read):
        return kind_of(old.id).drop_contract(old)
    behind_it = is_tightened(old, new)
    return None if behind_it or is_still_inferred(old, new) else kind_of(old.id).contract(old, new)


def _rename(schema: str, name: str, to: str) -> Statement:
    return Statement(sql("ALTER INDEX {} RENAME TO {}", ident(schema, name), ident(to)), SUE)


STRATEGY = IndexConcurrently()
