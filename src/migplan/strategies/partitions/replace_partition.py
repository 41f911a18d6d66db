"""Partitions that are dropped while new ones take their bounds: split, merged, or made again under another name.

PostgreSQL refuses the new ones as long as the old one hangs on the parent, and the parent refuses rows as long as none
does. So they change places in one transaction, behind the checkpoint, and the rows go over in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds.attachment import attachment
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.partitions.partition_rows import given, given_back, whole

NAME: Final = "replace_partition"


class ReplacePartition(Strategy):
    """Rows of dropped partitions that fit new ones."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for table in context.dropped(Table):
            if table.id in context.rebuilds.items:
                continue
            heirs = [h for h in context.successions.heirs(table.id) if h.id not in context.before]
            if heirs:
                step = _hand_on(context, table, heirs)
                after = After(step.id, f"the rows of {table.id} are in it by then, and no trigger of its parent fires")
                yield Expansion(
                    (step,), behind={attachment(h.id): after for h in heirs}, company=_dropped_at_once(context, table)
                )


def _dropped_at_once(context: Context, table: Table) -> dict[ObjectId, str]:
    """What held the rows goes in the same transaction: whoever led back from in between would write them twice."""
    group = context.successions.exchanges.get(attachment(table.id))
    return {} if group is None else dict.fromkeys(_emptied(context, table), group)


def _emptied(context: Context, table: Table) -> frozenset[ObjectId]:
    """What rows are read from: not those of its partitions that stay, which go over to others with their rows."""
    stay = {attachment(t.id) for t in context.before.of(Table) if t.id in context.after}
    return frozenset(whole(context.before, table.id)) - stay


def _hand_on(context: Context, table: Table, heirs: list[Table]) -> Step:
    letting_go = step_id("drop", table.id, _detaching_part(context, table))
    names = ", ".join(h.id.name for h in heirs)
    return Step(
        id=step_id("hand_on", table.id),
        title=f"give the rows of {table.id} to {names}",
        object=table.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="rows stay where a new partition takes them; nobody sees it, because the parent is locked",
        up=tuple(given(context, table)),
        down=Down(tuple(given_back(context, table))),
        uses=frozenset(id for h in heirs for id in whole(context.after, h.id)),
        releases=_emptied(context, table),
        after=(After(letting_go, "nobody writes into it any more"),),
    )


def _detaching_part(context: Context, table: Table) -> int:
    """The number of the dropped table's part that hangs it on its parent."""
    parts = context.pieces_before.of(table.id)
    return next(n for n, part in enumerate(parts) if attachment(table.id) in part.provides)


STRATEGY = ReplacePartition()
