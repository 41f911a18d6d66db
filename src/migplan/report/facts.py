"""What the parts of a review ask of a plan, worked out once from its folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from migplan.core.records import record
from migplan.findings.model import FindingModel
from migplan.planfile.folder import PlanFolder
from migplan.planfile.locks import PlanLocks, own_table
from migplan.planfile.model import PhaseModel, PlanModel, SizeModel, StepModel
from migplan.planfile.script import read_script
from migplan.planfile.trials import Trials, trials_of


def loses_for_good(step: StepModel) -> str | None:
    """Which data is gone once the step ran, way back or not."""
    return step.loses or step.down.loses


def verb(step: StepModel) -> str:
    """The first word of the step's id: create, drop, alter, fill, validate, …"""
    return step.id.partition(":")[0]


@record(slots=False)
class Facts:
    """A plan's folder with what is worked out from it."""

    folder: PlanFolder

    @property
    def plan(self) -> PlanModel:
        """The plan's model."""
        return self.folder.plan

    @cached_property
    def steps(self) -> Mapping[str, StepModel]:
        """The steps by id, in their order."""
        return {s.id: s for s in self.plan.steps}

    @cached_property
    def phases(self) -> list[tuple[int, PhaseModel]]:
        """Every phase with its window, in order."""
        return [(w.number, p) for w in self.plan.windows for p in w.phases]

    @cached_property
    def losing(self) -> list[StepModel]:
        """Steps after which some data is gone."""
        return [s for s in self.plan.steps if loses_for_good(s)]

    @cached_property
    def irreversible(self) -> list[StepModel]:
        """Steps without a way back."""
        return [s for s in self.plan.steps if s.down.irreversible is not None]

    @cached_property
    def measured(self) -> list[StepModel]:
        """Steps whose lock was seen on the shadow."""
        return [s for s in self.plan.steps if s.measured is not None and not s.measured.unseen]

    @cached_property
    def proved(self) -> bool:
        """Whether the plan as it stands ran up and down on the shadow."""
        return self.plan.proof.status == "proved"

    @cached_property
    def trials(self) -> Trials:
        """Where this very plan has run, and which backups were vouched for."""
        return trials_of(self.folder)

    def ran(self, stage: str, steps: Iterable[StepModel]) -> bool:
        """Whether the plan came at least as far on a stage as these steps."""
        found = self.trials.reached(stage)
        reached = {id for _, phase in self.phases[: found.phases if found else 0] for id in phase.steps}
        return all(s.id in reached for s in steps)

    @cached_property
    def findings(self) -> Mapping[str | None, list[FindingModel]]:
        """Findings by the step that they speak of; None for the plan as a whole."""
        found: dict[str | None, list[FindingModel]] = {}
        for finding in self.plan.findings:
            found.setdefault(finding.step if finding.step in self.steps else None, []).append(finding)
        return found

    @cached_property
    def sql(self) -> Mapping[tuple[str, str], list[str]]:
        """The statements of a step by (file, mark), as the files hold them."""
        found: dict[tuple[str, str], list[str]] = {}
        for name, text in self.folder.files.items():
            for statement in read_script(name, text):
                if statement.step is not None:
                    found.setdefault((name, statement.step), []).append(statement.sql.strip())
        return found

    def up(self, step: StepModel) -> list[str]:
        """The step's statements forwards."""
        return self.sql.get((step.up.file, step.up.mark), [])

    def down(self, step: StepModel) -> list[str]:
        """The step's statements backwards; empty where there is nothing to undo, or no way back."""
        file, mark = step.down.file, step.down.mark
        return self.sql.get((file, mark), []) if file is not None and mark is not None else []

    def does_something(self, step: StepModel) -> bool:
        """Whether any statement runs for the step, up or down."""
        return bool(self.up(step) or self.down(step) or step.down.irreversible)

    @cached_property
    def _locks(self) -> PlanLocks:
        return PlanLocks(self.plan)

    def locked(self, step: StepModel) -> list[str]:
        """``schema.table`` of the existing tables on which reads or writes wait for the step."""
        return self._locks.felt(step)

    def felt(self, step: StepModel) -> bool:
        """Whether reads or writes of an existing table wait for the step."""
        return bool(self.locked(step))

    def small(self, table: str) -> bool:
        """Whether the table was known to be small when the plan was made."""
        size = self.sizes.get(table)
        return size is not None and size.rows >= 0 and self.plan.is_small(size)

    @cached_property
    def sizes(self) -> Mapping[str, SizeModel]:
        """What was known of tables when the plan was made, by ``schema.table``."""
        return self.plan.known_sizes()

    def long_under_lock(self, step: StepModel) -> list[str]:
        """The tables because of which the step lasts, rewriting or reading, while reads or writes wait for it or for an
        earlier step of its transaction: small ones aside."""
        if self.plan.offline or step.new_objects or not (step.rewrite or step.scan):
            return []
        own = [t for t in (own_table(step),) if t in self.sizes and step.id in self._behind_locks]
        return [t for t in self.locked(step) or own if not self.small(t)]

    @cached_property
    def _behind_locks(self) -> frozenset[str]:
        """The steps whose transaction keeps somebody waiting already."""
        found, holding = set[str](), set[tuple[int, str, int]]()
        for step in self.plan.steps:
            transaction = (step.window, step.phase, step.transaction)
            if step.transactional and transaction in holding:
                found.add(step.id)
            if self.felt(step):
                holding.add(transaction)
        return frozenset(found)

    def tables(self, steps: Iterable[StepModel]) -> list[str]:
        """The tables that the steps lock."""
        return sorted({t for s in steps for t in self.locked(s)})
