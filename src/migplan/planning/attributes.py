"""Comment, owner and privileges of what stays: altered by steps of their own, for nothing of an application waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.changes import Alter
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, Grant
from migplan.core.steps import Down, Phase, Statement, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.registry import kind_of
from migplan.kinds.view_column import ViewColumn
from migplan.strategies.base import PLAIN, Context

GENERIC = frozenset({"comment", "grants", "owner"})


def attribute_steps(context: Context, change: Alter) -> list[Step]:
    """A step for each of them that changes, two for privileges that come and go."""
    kind = kind_of(change.id)
    old, new, fields = change.old, change.new, change.fields
    steps: list[Step] = []
    if "comment" in fields:
        up, down = kind.comment_statements(new, new.comment), kind.comment_statements(old, old.comment)
        steps.append(_attribute_step(change, "comment", up, down, Phase.EXPAND))
    if "owner" in fields and kind.owned:
        up, down = kind.owner_statements(new, new.owner), kind.owner_statements(old, old.owner)
        steps.append(_attribute_step(change, "owner", up, down, Phase.EXPAND))
    if "grants" in fields:
        steps += _grant_steps(context, change)
    return steps


def _grant_steps(context: Context, change: Alter) -> list[Step]:
    """What is granted comes with the expansion, what is revoked with the contraction."""
    kind = kind_of(change.id)
    old = frozenset(kind.effective_grants(change.old, context.before.major))
    new = frozenset(kind.effective_grants(change.new, context.after.major))
    both = old | new
    owner = change.old.owner
    steps: list[Step] = []
    if both != old:
        up = kind.grant_statements(change.new, old, both, owner)
        down = [
            *kind.grant_statements(change.new, both, old, owner),
            *_of_columns(context.before, change.id, both - old),
        ]
        steps.append(_attribute_step(change, "grant", up, down, Phase.EXPAND))
    if both != new:
        up = [*kind.grant_statements(change.new, both, new, owner), *_of_columns(context.after, change.id, both - new)]
        down = kind.grant_statements(change.new, new, both, owner)
        step = _attribute_step(change, "revoke", up, down, Phase.CONTRACT)
        sentence = None if context.settings.offline else f"doesn't need what is revoked on {change.id}"
        steps.append(replace(step, deploy=sentence))
    return steps


def _of_columns(catalog: Catalog, table: ObjectId, revoked: Iterable[Grant]) -> list[Statement]:
    """What columns keep of the privileges that are revoked on their table: PostgreSQL takes those as well."""
    gone = {(g.grantee, g.privilege) for g in revoked}
    columns = (*catalog.members_of(table, Column), *catalog.members_of(table, ViewColumn))
    kept = ((c, [g for g in c.grants or () if (g.grantee, g.privilege) in gone]) for c in columns)
    return [s for c, grants in kept if grants for s in kind_of(c.id).grant_statements(c, (), grants, c.owner)]


def _attribute_step(change: Alter, verb: str, up: Iterable[Statement], down: Iterable[Statement], phase: Phase) -> Step:
    return Step(
        id=step_id(verb, change.id),
        title=f"{verb} on {change.id}",
        object=change.id,
        strategy=PLAIN,
        phase=phase,
        why="no statement of an application waits for it or fails by it",
        up=tuple(up),
        down=Down(tuple(down)),
        uses=frozenset({change.id}),
    )
