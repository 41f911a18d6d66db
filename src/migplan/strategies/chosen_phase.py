"""The directive ``phase``: what a user knows better about an object's change than migplan can tell."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.directives import PHASED
from migplan.core.ids import ObjectId
from migplan.strategies.base import Context


def contract_of(context: Context, id: ObjectId, sentence: str | None) -> str | None:
    """What the checkpoint before the change says, or None where none is needed; ``sentence`` is the kind's own answer.

    A default's directive stands at its column.
    """
    if context.settings.offline:
        return None
    at = ObjectId("column", id.path) if id.kind == "default" else id
    chosen = context.directives.get(at, "phase") if id.kind in PHASED else None
    if chosen == "contract":
        return sentence or f"is ready for {id} as it is declared now"
    return None if chosen == "expand" else sentence


def unmoved(context: Context) -> Iterable[str]:
    """Directives that stand at columns whose change they can't move: only a default's can be."""
    for directive in context.directives.named("phase"):
        column = directive.target
        if column is None or column.kind != "column" or ObjectId("default", column.path) in context.changes:
            continue
        is_changed = any(c.id == column for c in context.all_changes)
        if is_changed and column.parent("table") in context.before:
            yield (
                f"{directive.place}: phase beside {column} says when its default changes, and it is the column itself "
                "that does"
            )
