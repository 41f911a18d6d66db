"""Row security goes on and off together with its policies.

Enabled without them it would hide every row (manual: Row Security Policies); while it is off they mean nothing, so they
come and go in the transaction that switches it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds.policy import Policy
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy

_FIELDS = frozenset({"row_security", "force_row_security"})


class RowSecurity(Strategy):
    """Tables whose row security is switched."""

    name = "row_security"

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, fields in context.altered(Table):
            if "row_security" not in fields or new.id in context.rebuilds.items:
                continue
            policies = _creations(context, new.id) if new.row_security else _drops(context, new.id)
            switch = _switch(context, old, new)
            if new.row_security:
                switch = replace(
                    switch, after=tuple(After(p.id, "without it every row would be hidden") for p in policies)
                )
            else:
                policies = [replace(p, after=(After(switch.id, "it still means something"),)) for p in policies]
            claims = frozenset(p.object for p in policies)
            steps = [_in_company(s, switch) for s in (*policies, switch)]
            yield Expansion(tuple(steps), claims, fields={new.id: fields & _FIELDS})


def _in_company(step: Step, switch: Step) -> Step:
    return replace(
        step, phase=switch.phase, deploy=switch.deploy, why=switch.why, together=f"row security {switch.object}"
    )


def _switch(context: Context, old: Table, new: Table) -> Step:
    kind = kind_of(new.id)
    switched = replace(old, row_security=new.row_security, force_row_security=new.force_row_security)
    sentence = kind.contract(old, switched)
    return Step(
        id=step_id("secure" if new.row_security else "unsecure", new.id),
        title=f"{'enable' if new.row_security else 'disable'} row security on {new.id}",
        object=new.id,
        strategy=RowSecurity.name,
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="both versions of the application see every row" if sentence is None else f"the application {sentence}",
        up=tuple(kind.alter(old, switched, context.before, context.after) or ()),
        down=Down(tuple(kind.alter(switched, old, context.after, context.before) or ())),
        deploy=sentence,
    )


def _creations(context: Context, table: ObjectId) -> list[Step]:
    return [
        Step(
            id=step_id("create", policy.id),
            title=f"create {policy.id}",
            object=policy.id,
            strategy=RowSecurity.name,
            phase=Phase.CONTRACT,
            why="",
            up=part.create,
            down=Down(part.drop),
            creates=part.provides,
            uses=part.uses,
        )
        for policy in context.created(Policy)
        if policy.relation == table
        for part in context.pieces_after.of(policy.id)
    ]


def _drops(context: Context, table: ObjectId) -> list[Step]:
    return [
        Step(
            id=step_id("drop", policy.id),
            title=f"drop {policy.id}",
            object=policy.id,
            strategy=RowSecurity.name,
            phase=Phase.EXPAND,
            why="",
            up=part.drop,
            down=Down(part.create),
            destroys=part.provides,
            releases=part.uses,
        )
        for policy in context.dropped(Policy)
        if policy.relation == table
        for part in context.pieces_before.of(policy.id)
    ]


STRATEGY = RowSecurity()
