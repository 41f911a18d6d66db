"""Sequences of steps that are mirrored: what was made aside goes again, what a swap dropped is made on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from migplan.core.steps import After, Down, Phase, Step

AGAIN: Final = "again:"
"""What the ids of steps begin with that do nothing but on the way back."""


def chain(steps: Sequence[Step], first: tuple[After, ...] = ()) -> list[Step]:
    """Each step relies on the one before it."""
    chained = [replace(steps[0], after=(*steps[0].after, *first))]
    for step in steps[1:]:
        chained.append(replace(step, after=(*step.after, After(chained[-1].id, "relies on it"))))
    return chained


def undone(step: Step) -> Step:
    """A step that takes away what ``step`` makes, and whose way back makes it."""
    assert isinstance(step.down, Down)
    return replace(
        step,
        id=f"retire:{step.id}",
        title=_title_undone(step),
        phase=Phase.CONTRACT,
        why="nobody uses it any more; the way back makes it again",
        up=step.down.statements,
        down=Down(step.up),
        uses=frozenset(),
        releases=step.releases | {id for id in step.uses if id.kind == "column"},
        backfill=None,
        undo_backfill=step.backfill,
        batches=None,
        undo_batches=step.batches,
        asserts=(),
        after=(),
    )


def _title_undone(step: Step) -> str:
    assert isinstance(step.down, Down)
    if not step.down.statements:
        return f"on the way back: {step.title}"
    verb, _, rest = step.title.partition(" ")
    match verb:
        case "refuse" | "log":
            return f"no longer {step.title}"
        case "build" | "add":
            made, _, _ = rest.partition(", kept in step by a trigger")
            return f"drop {made.removesuffix(', not validated').replace(' to the ', ' of the ')}"
        case "make":
            return f"drop {rest.replace(' aside, as ', ', ')}"
        case _:
            return f"drop what was made aside: {rest}"


def only_on_the_way_back(step: Step, sentence: str | None, group: str | None = None) -> Step:
    """What a swap drops, a way back through it has to make again.

    It counts as done together with the swap, if that is of the ``group``: whoever leads back from between the two would
    make what is there, or miss what isn't.
    """
    return replace(
        step,
        id=f"{AGAIN}{step.id}",
        title=f"on the way back: {step.title}",
        phase=Phase.CONTRACT,
        why="the swap drops it; whoever leads back needs it again",
        up=(),
        down=Down(step.up),
        deploy=sentence,
        together=group,
    )
