"""An enum's label renamed in place, on request: ``rename-value OLD => NEW``. No row is written and no lock is felt, but
from one moment to the next the old label is unknown; ``values OLD => NEW`` gives both versions theirs instead."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.sql import ident, literal, sql
from migplan.core.steps import After, Down, Phase, Statement, Step, step_id
from migplan.strategies.base import Context, Expansion, Strategy

NAME = "rename_label"


class RenameLabel(Strategy):
    """Expands ``context.renamed_labels``; the catalogs have the new ones on both sides."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for enum, labels in sorted(context.renamed_labels.items()):
            step = _step(context, enum, labels)
            yield Expansion((step,), behind={enum: After(step.id, "says the new label")})


def _step(context: Context, enum: ObjectId, labels: tuple[tuple[str, str], ...]) -> Step:
    said = ", ".join(f"{literal(old)} and {literal(new)}" for old, new in labels)
    return Step(
        id=step_id("relabel", enum),
        title=f"rename in {enum}: {', '.join(f'{old} to {new}' for old, new in labels)}",
        object=enum,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="asked for in place: metadata only, and rows, defaults and checks follow",
        up=tuple(rename_label(enum, old, new) for old, new in labels),
        down=Down(tuple(rename_label(enum, new, old) for old, new in reversed(labels))),
        deploy=None
        if context.settings.offline
        else f"takes {said} of {enum} for the same, and writes the one that the database knows",
    )


def rename_label(enum: ObjectId, old: str, new: str) -> Statement:
    """ALTER TYPE RENAME VALUE: whatever stores or names the label follows, for it does so by number."""
    return Statement(sql("ALTER TYPE {} RENAME VALUE {} TO {}", ident(*enum.path), literal(old), literal(new)))


STRATEGY = RenameLabel()
