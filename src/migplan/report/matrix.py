"""The testing matrix: for every sort of operation in the plan, where it must be tried before production."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from migplan.core.records import record
from migplan.planfile.model import StepModel
from migplan.report.facts import Facts, verb

COLUMNS: Final = ("Local", "Staging", "Prod copy", "Low traffic")


@record
class Row:
    """One operation; ``cells`` follow COLUMNS: True done, False to do, None not needed."""

    operation: str
    steps: tuple[str, ...]
    cells: tuple[bool | None, ...]


@record
class _Operation:
    name: str
    matches: Callable[[Facts, StepModel], bool]


def _is(kinds: str, *verbs: str) -> Callable[[Facts, StepModel], bool]:
    wanted = kinds.split()
    return lambda _, step: step.kind in wanted and verb(step) in verbs


def _of(*strategies: str) -> Callable[[Facts, StepModel], bool]:
    return lambda _, step: step.strategy in strategies


def _renames_table(facts: Facts, step: StepModel) -> bool:
    return step.kind == "table" and " RENAME TO " in " ".join(facts.up(step))


def _retypes(facts: Facts, step: StepModel) -> bool:
    swaps = step.strategy in ("swap_column", "swap_type", "widen_type")
    return swaps or (step.kind == "column" and " TYPE " in " ".join(facts.up(step)))


def _fills(_: Facts, step: StepModel) -> bool:
    return step.backfill is not None or verb(step) == "fill"


def _tightens(_: Facts, step: StepModel) -> bool:
    return verb(step) in ("tighten", "guard") and step.kind == "column"


def _other(facts: Facts, step: StepModel) -> bool:
    return facts.felt(step)


_OPERATIONS: Final[Sequence[_Operation]] = (
    _Operation("Large update", _fills),
    _Operation("Column rename", _of("rename_column")),
    _Operation("Split or merge columns", _of("reshape_columns")),
    _Operation("Modify type", _retypes),
    _Operation("Table rename", _renames_table),
    _Operation("Add column", _is("column", "create")),
    _Operation("Drop column", _is("column", "drop")),
    _Operation("Set NOT NULL", _tightens),
    _Operation("Add table", _is("table foreign_table", "create")),
    _Operation("Drop table", _is("table foreign_table", "drop")),
    _Operation("Add index", _is("index", "create", "build", "replace", "swap")),
    _Operation("Drop index", _is("index", "drop")),
    _Operation("Add constraint", _is("constraint", "create", "build", "validate")),
    _Operation("Drop constraint", _is("constraint", "drop")),
    _Operation("Change an enum", lambda _, s: s.kind == "enum"),
    _Operation("Change a policy", lambda _, s: s.kind == "policy"),
    _Operation("Other change of an existing table", _other),
)


def matrix(facts: Facts) -> list[Row]:
    """A row for every operation that occurs, in the order of the table above; each step counts once."""
    found: dict[str, list[StepModel]] = {}
    for step in facts.plan.steps:
        operation = next((o for o in _OPERATIONS if o.matches(facts, step)), None)
        if operation is not None:
            found.setdefault(operation.name, []).append(step)
    names = [o.name for o in _OPERATIONS if o.name in found]
    return [Row(name, tuple(s.id for s in found[name]), _cells(facts, found[name])) for name in names]


def _cells(facts: Facts, steps: Sequence[StepModel]) -> tuple[bool | None, ...]:
    """The shadow stands for the local database. What neither reads rows nor makes anybody wait needs no more.

    What has run somewhere is ticked there, needed or not; ``Low traffic`` when it ran on production in its hours.
    """
    reads_rows = any(s.assertions or s.backfill or s.scan or s.rewrite or s.loses for s in steps if not s.new_objects)
    waits = any(facts.felt(s) and not (s.id.startswith("create:column") and not s.rewrite) for s in steps)
    careful = False if reads_rows or waits else None
    live = facts.trials.reached("production")
    quiet = live is not None and live.hours is not None and facts.ran("production", steps)
    return (facts.proved, facts.ran("staging", steps), facts.ran("copy", steps) or careful, quiet or careful)
