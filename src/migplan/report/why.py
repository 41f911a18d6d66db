"""Why a step stands where it does: the chain of edges that leads from the start of the plan to it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from migplan.core.errors import ConfigError
from migplan.core.records import record
from migplan.planfile.model import EdgeModel, PlanModel, StepModel

START = "start"


@record
class Link:
    """One edge of the chain: ``step`` runs after what came before it, for ``reason``."""

    step: StepModel
    reason: str
    deploy: bool


@record
class Chain:
    """``links`` lead to ``step`` (the last link's); ``others`` are its further edges, ``waiting`` steps behind it."""

    step: StepModel
    first: StepModel
    links: tuple[Link, ...]
    others: tuple[EdgeModel, ...]
    waiting: tuple[StepModel, ...]


def find_step(plan: PlanModel, text: str) -> StepModel:
    """The step that ``text`` means: its id, or a part that only one id holds.

    Raises ``ConfigError`` with suggestions where no step or several match.
    """
    by_id = {s.id: s for s in plan.steps}
    if text in by_id:
        return by_id[text]
    wanted = text.casefold().strip()
    ends = [s for s in plan.steps if s.id.casefold().endswith(wanted)]
    matches = ends or [s for s in plan.steps if wanted in s.id.casefold() or wanted in s.title.casefold()]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ConfigError(f"{text!r} may mean {len(matches)} steps", hint=f"One of: {_names(matches)}")
    close = difflib.get_close_matches(wanted, [s.casefold() for s in by_id], n=5, cutoff=0.5)
    folded = {id.casefold(): s for id, s in by_id.items()}
    if close:
        raise ConfigError(f"the plan has no step {text!r}", hint=f"Did you mean: {_names([folded[c] for c in close])}")
    raise ConfigError(f"the plan has no step {text!r}", hint=f"Its steps: {_names(plan.steps)}")


def _names(steps: Sequence[StepModel], limit: int = 8) -> str:
    shown = [s.id for s in steps[:limit]]
    return ", ".join(shown) + (f", … ({len(steps)} in all)" if len(steps) > limit else "")


def chain_to(plan: PlanModel, step: StepModel) -> Chain:
    """The edges that decide the step's place: at each step the predecessor that comes last, deploys first."""
    places = _Places(plan)
    links: list[Link] = []
    current = step
    while (edge := places.decisive(current)) is not None:
        links.append(Link(current, edge.reason, edge.deploy))
        if edge.after == START:
            break
        current = places.steps[edge.after]
    decisive = places.decisive(step)
    return Chain(
        step=step,
        first=current,
        links=tuple(reversed(links)),
        others=tuple(e for e in step.edges if e != decisive),
        waiting=tuple(s for s in plan.steps if any(e.after == step.id for e in s.edges)),
    )


class _Places:
    """The steps of a plan by id, and what brings each where it stands."""

    def __init__(self, plan: PlanModel) -> None:
        self.steps = {s.id: s for s in plan.steps}
        self._order = {s.id: number for number, s in enumerate(plan.steps)}

    def decisive(self, step: StepModel) -> EdgeModel | None:
        """The edge that leads furthest; in a later window one from outside of its transaction, if need be of another
        step there, because all of them wait for what one waits for."""
        if step.window == 0:
            return max(self._known(step), key=self._weight, default=None)
        from_outside = self._from_outside(step)
        if from_outside is not None:
            return from_outside
        inside = [e for e in self._known(step) if e.after != START and self._is_beside(step, self.steps[e.after])]
        if inside:
            return max(inside, key=self._weight)
        others = (s for s in self.steps.values() if s is not step and self._is_beside(step, s))
        found = next((s for s in others if self._from_outside(s) is not None), None)
        return None if found is None else EdgeModel(after=found.id, reason="runs in one transaction with it")

    def _known(self, step: StepModel) -> list[EdgeModel]:
        order = self._order
        return [e for e in step.edges if e.after == START or (e.after in order and order[e.after] < order[step.id])]

    def _from_outside(self, step: StepModel) -> EdgeModel | None:
        edges = (e for e in self._known(step) if e.after == START or not self._is_beside(step, self.steps[e.after]))
        best = max(edges, key=self._weight, default=None)
        return best if best is not None and self._weight(best)[0] >= step.window else None

    def _is_beside(self, step: StepModel, other: StepModel) -> bool:
        return (step.window, step.phase, step.transaction) == (other.window, other.phase, other.transaction)

    def _weight(self, edge: EdgeModel) -> tuple[int, int]:
        window = 0 if edge.after == START else self.steps[edge.after].window
        return (window + edge.deploy, self._order.get(edge.after, -1))


def place(step: StepModel) -> str:
    """``window 1, contract``."""
    return f"window {step.window}, {step.phase}"


def why_text(plan: PlanModel, step: StepModel) -> str:
    """The chain as plain text, one edge a line."""
    chain = chain_to(plan, step)
    lines = [f"{step.id}: {step.title}", f"stands in {place(step)}: {step.why}.", ""]
    lines += _chain_lines(chain)
    if chain.others:
        lines += ["", "It also waits for:"]
        lines += [f"  {e.after}: {e.reason}" for e in chain.others]
    if chain.waiting:
        lines += ["", "Waiting for it:"]
        lines += [f"  {s.id}: {_reason(s, step)}" for s in chain.waiting]
    return "\n".join(lines) + "\n"


def _chain_lines(chain: Chain) -> list[str]:
    if not chain.links:
        return ["Nothing has to come before it: it runs in the first window, in the phase of its nature."]
    lines = ["start of the plan"]
    if chain.first is not chain.links[0].step:
        lines.append(f"  {chain.first.id} ({place(chain.first)})")
    for link in chain.links:
        if link.deploy:
            lines.append(f"  == checkpoint {link.step.window}: deploy the application ==")
        lines += [f"    because: {link.reason}", f"  {link.step.id} ({place(link.step)})"]
    return lines


def _reason(waiting: StepModel, step: StepModel) -> str:
    return next(e.reason for e in waiting.edges if e.after == step.id)
