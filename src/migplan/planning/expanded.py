"""The steps that strategies make of changes, with those of plain changes, and how they wait for each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.errors import PlanningError
from migplan.core.ids import ObjectId
from migplan.core.steps import After, Step
from migplan.planning.heirs.attachments import Attachments
from migplan.planning.heirs.passed_down_triggers import one_trigger_at_a_time
from migplan.planning.plain import plain_steps
from migplan.strategies.base import Context, Expansion
from migplan.strategies.registry import strategies
from migplan.strategies.steps_undone import AGAIN


def expansions_of(context: Context) -> list[Expansion]:
    """Every strategy's expansions; two that claim one change are a bug and stop the plan."""
    found: list[Expansion] = []
    claimed: dict[object, str] = {}
    chosen = [s for s in strategies() if s.offline or not context.settings.offline]
    for strategy in chosen:
        for expansion in strategy.expand(context):
            for claim in _claims(expansion):
                if claim in claimed:
                    raise PlanningError(f"{strategy.name} and {claimed[claim]} both want {claim}")
                claimed[claim] = strategy.name
            found.append(expansion)
    return found


def _claims(expansion: Expansion) -> Iterable[object]:
    yield from expansion.claims
    for id, fields in expansion.fields.items():
        yield from ((id, f) for f in fields)


def steps_of(context: Context, expansions: Sequence[Expansion]) -> list[Step]:
    """The steps of the expansions and of all that none of them claims, each behind what it has to wait for."""
    claims = frozenset(id for e in expansions for id in e.claims)
    fields: dict[ObjectId, frozenset[str]] = {}
    for e in expansions:
        for id, names in e.fields.items():
            fields[id] = fields.get(id, frozenset()) | names
    steps = [*(s for e in expansions for s in e.steps), *plain_steps(context, claims, fields)]
    detached = frozenset(id for step in steps for id in step.destroys)
    remade = frozenset(context.rebuilds.items)
    attachments = Attachments(context.before, context.after, context.successions, detached, remade)
    steps = one_trigger_at_a_time((attachments.in_order(s) for s in steps), context.before, context.after)
    for e in expansions:
        steps = [_waiting(s, e) for s in steps] if e.behind or e.company else steps
        steps = [replace(s, after=(*s.after, e.single[s.id])) if s.id in e.single else s for s in steps]
        steps = _led(steps, e) if e.ahead else steps
    return _bracketed(steps, [e.brackets for e in expansions if e.brackets is not None])


def _bracketed(steps: list[Step], brackets: Sequence[tuple[str, str]]) -> list[Step]:
    """The steps, with the first and the last of some transactions before and behind all others of them; what only the
    way back does needs no such locks there."""
    by_id = {s.id: s for s in steps}
    for first, last in brackets:
        members = [s.id for s in steps if s.together == by_id[first].together and s.id not in (first, last)]
        inner = [id for id in members if not id.startswith(AGAIN)]
        for id in inner:
            by_id[id] = replace(by_id[id], after=(*by_id[id].after, After(first, "under its lock")))
        by_id[last] = replace(by_id[last], after=(*by_id[last].after, *(After(id, "comes last") for id in inner)))
    return list(by_id.values())


def _led(steps: list[Step], expansion: Expansion) -> list[Step]:
    """The steps, with those of the expansion behind whatever goes ahead of them."""
    own = {s.id for s in expansion.steps}
    waits: dict[str, set[After]] = {}
    for step in steps:
        for id in (step.creates | step.destroys | {step.object}) & expansion.ahead.keys():
            if step.id not in own:
                said = expansion.ahead[id]
                waits.setdefault(said.step, set()).add(replace(said, step=step.id))
    return [replace(s, after=(*s.after, *sorted(waits.get(s.id, ()), key=lambda a: a.step))) for s in steps]


def _waiting(step: Step, expansion: Expansion) -> Step:
    """The step behind what it has to wait for, unless it belongs to the expansion itself. One that changes none of the
    objects, but only uses one, goes ahead where the rest of the plan wants that.
    """
    if any(step.id == own.id for own in expansion.steps) or step.together in expansion.within:
        return step
    early = expansion.early.get(step.object)
    if early is not None:
        return replace(step, uses=step.uses - expansion.behind.keys(), after=(*step.after, early))
    group = expansion.company.get(step.object)
    if group is not None and step.together is None and step.transactional:
        step = replace(step, together=group)
    if step.object in expansion.told:
        step = replace(step, deploy=None)
    behind, made = expansion.behind, step.creates | step.destroys | {step.object}
    must = {behind[id] for id in made & behind.keys()}
    used = {behind[id] for id in (step.uses | step.releases) & behind.keys()} - must
    waits = must | {replace(after, wished=not after.deploy) for after in used}
    waits = {after for after in waits if after.step != step.id}
    return replace(step, after=(*step.after, *sorted(waits, key=lambda a: a.step))) if waits else step
