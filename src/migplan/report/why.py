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
    steps = {s.id: s for s in plan.steps}
    order = {s.id: number for number, s in enumerate(plan.steps)}
    links: list[Link] = []
    current = step
    while (edge := _decisive(current, steps, order)) is not None:
        links.append(Link(current, edge.reason, edge.deploy))
        if edge.after == START:
            break
        current = steps[edge.after]
    decisive = _decisive(step, steps, order)
    return Chain(
        step=step,
        first=current,
        links=tuple(reversed(links)),
        others=tuple(e for e in step.edges if e != decisive),
        waiting=tuple(s for s in plan.steps if any(e.after == step.id for e in s.edges)),
    )


def _decisive(step: StepModel, steps: dict[str, StepModel], order: dict[str, int]) -> EdgeModel | None:
    known = [e for e in step.edges if e.after == START or (e.after in steps and order[e.after] < order[step.id])]

    def weight(edge: EdgeModel) -> tuple[int, int]:
        window = 0 if edge.after == START else steps[edge.after].window
        return (window + edge.deploy, order.get(edge.after, -1))

    return max(known, key=weight, default=None)


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
