"""The directive ``phase``: what a user knows better about an object's change than migplan can tell."""

from __future__ import annotations

from typing import Final

from migplan.core.ids import ObjectId
from migplan.strategies.base import Context

CHOOSABLE: Final = frozenset(
    "function procedure aggregate trigger event_trigger policy rule view default sequence".split()
)
"""Kinds whose change is one step that may stand on either side of a checkpoint."""


def contract_of(context: Context, id: ObjectId, sentence: str | None) -> str | None:
    """What the checkpoint before the change says, or None where none is needed; ``sentence`` is the kind's own answer.

    A default's directive stands at its column.
    """
    if context.settings.offline:
        return None
    at = ObjectId("column", id.path) if id.kind == "default" else id
    chosen = context.directives.get(at, "phase") if id.kind in CHOOSABLE else None
    if chosen == "contract":
        return sentence or f"is ready for {id} as it is declared now"
    return None if chosen == "expand" else sentence


def obeyed(context: Context, target: ObjectId) -> bool:
    """Whether the directive on ``target`` speaks of a change that it can move."""
    return target.kind in CHOOSABLE or (target.kind == "column" and ObjectId("default", target.path) in context.changes)
