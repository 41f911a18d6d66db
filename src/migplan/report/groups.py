"""Steps of a phase put together for reading: boring ones of one sort become one line, dangerous ones stand alone."""

from __future__ import annotations

from collections.abc import Sequence

from migplan.core.records import record
from migplan.core.wording import plural
from migplan.planfile.model import StepModel
from migplan.report.facts import Facts, loses_for_good, verb

_SMALLEST = 3
_DOING = {
    "create": "creates",
    "drop": "drops",
    "alter": "alters",
    "fill": "fills",
    "validate": "validates",
    "guard": "refuses new NULLs in",
    "tighten": "tightens",
    "loosen": "loosens",
    "build": "builds the indexes of",
    "comment": "comments on",
    "grant": "grants on",
    "revoke": "revokes on",
    "owner": "gives a new owner to",
    "replace": "replaces",
    "finish": "drops the old incarnations of",
    "swap": "swaps in",
    "complete": "completes",
    "again": "prepares the way back for",
    "retire": "drops what was made aside for",
}


_OF_SEVERAL = {
    "nothing uses it yet": "nothing uses them yet",
    "no application notices": "no application notices",
    "both versions of the application can live with it": "both versions of the application can live with that",
    "it can't be changed in place": "they can't be changed in place",
    "it stands on something that is changed": "they stand on something that is changed",
    "the application neither reads nor writes it": "the application neither reads nor writes them",
}


@record
class Group:
    """Steps that are told as one. ``title`` is a verb's phrase; a lone step keeps its own title. ``why`` is empty where
    each has its own reason."""

    title: str
    why: str
    steps: tuple[StepModel, ...]

    @property
    def alone(self) -> StepModel | None:
        """The step of a group of one."""
        return self.steps[0] if len(self.steps) == 1 else None


def grouped(facts: Facts, steps: Sequence[StepModel]) -> list[Group]:
    """The steps in reading order. Dangerous ones never hide in a group, and nothing crosses them."""
    groups: list[Group] = []
    run: list[StepModel] = []
    for step in steps:
        if _stands_alone(facts, step):
            groups += [*_run_groups(facts, run), _lone(step)]
            run = []
        else:
            run.append(step)
    return groups + _run_groups(facts, run)


def _stands_alone(facts: Facts, step: StepModel) -> bool:
    grave = any(f.severity in ("danger", "blocked") and f.allowed is None for f in facts.findings.get(step.id, ()))
    special = step.assertions or step.backfill or step.down.irreversible is not None
    return bool(special or grave or loses_for_good(step) or facts.long_under_lock(step))


def _run_groups(facts: Facts, run: Sequence[StepModel]) -> list[Group]:
    kinds: dict[tuple[str, str, bool], list[StepModel]] = {}
    for step in run:
        kinds.setdefault((verb(step), step.kind, facts.felt(step)), []).append(step)
    groups: list[Group] = []
    for (doing, kind, _), members in kinds.items():
        if len(members) < _SMALLEST:
            groups += [_lone(s) for s in members]
        else:
            groups.append(Group(_title(doing, kind, len(members)), _why(members), tuple(members)))
    places = {step.id: place for place, step in enumerate(run)}
    return sorted(groups, key=lambda group: places[group.steps[0].id])


def _lone(step: StepModel) -> Group:
    return Group(step.title, step.why, (step,))


def _why(steps: Sequence[StepModel]) -> str:
    """The reason that all of them have, said of several."""
    reasons = {s.why for s in steps}
    return _OF_SEVERAL.get(reasons.pop(), "") if len(reasons) == 1 else ""


def _title(doing: str, kind: str, number: int) -> str:
    return f"{_DOING.get(doing, doing + ':')} {number} {plural(kind.replace('_', ' '))}"
