"""How many windows a plan needs at least, found in another way than it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migplan.planning.plan import Draft


def longest_chain(draft: Draft) -> int:
    """The windows that the longest chain of deploys asks for: every edge is looked at until none moves its target."""
    transactions = {s.id: number for number, segment in enumerate(draft.segments) for s in segment.steps}
    earliest = dict.fromkeys(transactions.values(), 0)
    edges = [(transactions.get(e.source), transactions[e.target], e.deploy) for e in draft.edges]
    moved = True
    while moved:
        moved = False
        for source, target, deploy in edges:
            window = (0 if source is None else earliest[source]) + deploy
            if source != target and window > earliest[target]:
                earliest[target], moved = window, True
    return max(earliest.values(), default=-1) + 1
