"""Why a step is where it is, and what it locks, in one line each."""

from __future__ import annotations

from collections.abc import Sequence

from migplan.core.wording import listed
from migplan.planfile.locks import lock_mode
from migplan.planfile.model import StepModel


def placed(step: StepModel) -> str:
    """``behind checkpoint 1, because …; after create:table:public.t (uses it)``."""
    parts = [f"behind checkpoint {step.window}, because {e.reason}" for e in step.edges if e.deploy][:1]
    order = [e for e in step.edges if not e.deploy]
    if order:
        parts.append(f"after {listed([f'{e.after} ({e.reason})' for e in order])}")
    return "; ".join(parts) or "nothing has to come before it"


def lock_line(step: StepModel) -> str:
    """The promised lock, its cost, and what was measured."""
    return f"{promised(step)} ({measured(step)})"


def promised(step: StepModel) -> str:
    """``ACCESS EXCLUSIVE for a moment``."""
    others = [f"{mode} on {relation} for a moment" for relation, mode in sorted(step.stronger.items())]
    if step.new_objects:
        return "; ".join((*others, "none on its own objects, which are new"))
    if step.lock == "NONE":
        return "no table lock"
    if step.rewrite:
        return f"{step.lock} while it rewrites the table"
    return ", ".join((f"{step.lock} {'while it reads the table' if step.scan else 'for a moment'}", *others))


def measured(step: StepModel) -> str:
    """What the proof saw, table by table."""
    seen = step.measured
    if seen is None:
        return "promised, not measured"
    if seen.unseen:
        return "promised; outside of a transaction it couldn't be measured"
    held = {table: mode for table, mode in seen.locks.items() if lock_mode(mode) > lock_mode("ACCESS SHARE")}
    if not held:
        promises = step.lock != "NONE" and not step.new_objects
        return f"measured: none {'beyond what its transaction holds' if promises else 'on existing tables'}"
    return "measured: " + listed([f"{mode} on {table}" for table, mode in _strongest_first(held)], limit=4)


def _strongest_first(locks: dict[str, str]) -> Sequence[tuple[str, str]]:
    return sorted(locks.items(), key=lambda item: (-lock_mode(item[1]), item[0]))


def checks(step: StepModel) -> list[str]:
    """What the step makes sure of before it does anything."""
    return [f"stops if {a.message}" for a in step.assertions]
