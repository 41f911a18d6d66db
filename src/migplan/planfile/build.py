"""From a draft to the models of plan.json and the texts of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import migplan
from migplan.core.changes import Alter, Change, Create, Drop, Rename
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.core.sql import ident
from migplan.core.steps import Assertion, Backfill, Batches, Down, Irreversible, Step
from migplan.findings.model import FindingModel
from migplan.planfile.model import (
    AssertionModel,
    BackfillModel,
    BatchesModel,
    ChangeModel,
    CheckpointModel,
    CounterpartModel,
    DownModel,
    EdgeModel,
    MarkModel,
    PhaseModel,
    PlanModel,
    ProofModel,
    SideModel,
    SizeModel,
    StepModel,
    WindowModel,
)
from migplan.planfile.render import PhaseFiles, render
from migplan.planfile.squawk import Waivers
from migplan.planning.graph import START, Edge
from migplan.planning.plan import Draft


def build(
    draft: Draft,
    before: Catalog,
    after: Catalog,
    settings: Settings,
    *,
    name: str,
    created: str,
    proof: ProofModel,
    findings: Sequence[FindingModel] = (),
    notes: Sequence[str] = (),
    renamed: Catalog | None = None,
) -> tuple[PlanModel, dict[str, str]]:
    """The plan's model (not sealed yet) and its SQL files by name. ``created`` is an ISO 8601 time in UTC.

    ``renamed`` is ``before`` with every object under its declared name, where the plan renames any.
    """
    known = renamed or before
    phases = render(draft.segments, settings, Waivers(known, after, settings, _made(draft)))
    files = {n: t for p in phases for n, t in ((p.up_name, p.up), (p.down_name, p.down))}
    plan = PlanModel(
        tool_version=migplan.__version__,
        name=name,
        created=created,
        server_version=before.server_version,
        source=SideModel(fingerprint=before.fingerprint, description="live database"),
        target=SideModel(fingerprint=after.fingerprint, description="declared schema"),
        offline=settings.offline,
        changes=[*map(_renamed, draft.renames), *changes_of(draft.changes)],
        windows=_windows(phases),
        steps=_steps(draft, phases),
        checkpoints=_checkpoints(draft),
        findings=list(findings),
        sizes=_sizes(draft, known, after),
        small=SizeModel(rows=settings.small_rows, bytes=settings.small_bytes),
        unmodelled=sorted({f"{u.what} {u.name}" for u in (*before.unmodelled, *after.unmodelled)}),
        notes=list(notes),
        proof=proof,
    )
    return plan, files


def _made(draft: Draft) -> frozenset[ObjectId]:
    """Relations that the plan creates, or drops and creates."""
    created = (step.object for step in draft.steps if step.object in step.creates and step.id.startswith("create:"))
    return frozenset(id for id in created if id.kind in ("table", "materialized_view"))


def changes_of(changes: Sequence[Change]) -> list[ChangeModel]:
    """The changes as plan.json tells them, in their order."""
    wholes = {c.id for c in changes if not isinstance(c, Alter)}
    return [_change(c, wholes) for c in changes]


def _renamed(rename: Rename) -> ChangeModel:
    return ChangeModel(
        action="rename",
        object=str(rename.new),
        kind=rename.new.kind,
        path=list(rename.new.path),
        renamed_from=rename.old.name,
    )


def _change(change: Change, wholes: set[ObjectId]) -> ChangeModel:
    match change:
        case Create(new):
            action, obj, fields = "create", new, frozenset[str]()
        case Alter(_, new, fields):
            action, obj = "alter", new
        case Drop(old):
            action, obj, fields = "drop", old, frozenset[str]()
    owners = (obj.table, ObjectId("column", obj.id.path))
    whole = next((o for o in owners if o in wholes and o != obj.id), None)
    return ChangeModel(
        action=action,
        object=str(obj.id),
        kind=obj.id.kind,
        path=list(obj.id.path),
        fields=sorted(fields),
        part_of=None if whole is None else str(whole),
    )


def _windows(phases: Sequence[PhaseFiles]) -> list[WindowModel]:
    return [
        WindowModel(
            number=window,
            phases=[
                PhaseModel(name=str(p.phase), up=p.up_name, down=p.down_name, steps=[s.id for s in p.steps])  # pyright: ignore[reportArgumentType] - the phase's name is one of the three
                for p in members
            ],
        )
        for window, members in groupby(phases, key=lambda p: p.window)
    ]


def _steps(draft: Draft, phases: Sequence[PhaseFiles]) -> list[StepModel]:
    transactions = {s.id: number for number, segment in enumerate(draft.segments) for s in segment.steps}
    edges: dict[str, list[Edge]] = {}
    for edge in draft.edges:
        edges.setdefault(edge.target, []).append(edge)
    return [
        _step(step, phase, transactions[step.id], edges.get(step.id, [])) for phase in phases for step in phase.steps
    ]


def _step(step: Step, phase: PhaseFiles, transaction: int, edges: Sequence[Edge]) -> StepModel:
    return StepModel(
        id=step.id,
        title=step.title,
        object=str(step.object),
        kind=step.object.kind,
        path=list(step.object.path),
        strategy=step.strategy,
        window=phase.window,
        phase=str(phase.phase),  # pyright: ignore[reportArgumentType] - one of the three names
        transaction=transaction,
        transactional=step.transactional,
        lock=str(step.lock),
        stronger={name: str(mode) for name, mode in sorted(step.stronger.items())},
        rewrite=step.rewrite,
        scan=step.scan,
        why=step.why,
        new_objects=step.new_objects,
        up=MarkModel(file=phase.up_name, mark=step.id),
        down=_down(step, phase),
        edges=[EdgeModel(after=e.source, reason=e.reason, deploy=e.deploy) for e in edges],
        assertions=[_assertion(a) for a in step.asserts],
        backfill=_backfill(step.backfill),
        batches=_batches(step.batches),
        loses=step.loses,
        notes=list(step.notes),
    )


def _down(step: Step, phase: PhaseFiles) -> DownModel:
    match step.down:
        case Irreversible(reason):
            return DownModel(irreversible=reason)
        case Down(_, loses):
            return DownModel(
                file=phase.down_name,
                mark=step.id,
                loses=loses,
                backfill=_backfill(step.undo_backfill),
                batches=_batches(step.undo_batches),
            )


def _assertion(asserted: Assertion) -> AssertionModel:
    found = asserted.counterpart
    counterpart = found and CounterpartModel(
        table=list(found.table.path),
        key=list(found.key),
        other=list(found.other.path),
        other_key=list(found.other_key),
    )
    return AssertionModel(
        count=asserted.count, message=asserted.message, sample=asserted.sample, counterpart=counterpart
    )


def _backfill(batches: Backfill | None) -> BackfillModel | None:
    if batches is None:
        return None
    return BackfillModel(
        table=str(batches.table),
        relation=ident(*batches.table.path),
        assignments=dict(batches.assignments),
        where=batches.where,
        key=list(batches.key),
    )


def _batches(batches: Batches | None) -> BatchesModel | None:
    if batches is None:
        return None
    return BatchesModel(
        table=str(batches.table),
        relation=batches.relation,
        key=list(batches.key),
        statements=list(batches.statements),
        otherwise=list(batches.otherwise),
        first=list(batches.first),
        settings=dict(batches.settings),
        left=batches.left,
        enough=batches.enough,
        alone=batches.alone,
    )


def _checkpoints(draft: Draft) -> list[CheckpointModel]:
    """A checkpoint lies before every window but the first; its contract is what the deploy edges into it say."""
    window_of = {s.id: segment.window for segment in draft.segments for s in segment.steps}
    last = max(window_of.values(), default=0)
    sentences: Mapping[int, set[str]] = {n: set() for n in range(1, last + 1)}
    for edge in draft.edges:
        if edge.deploy and edge.contract:
            after = 0 if edge.source == START else window_of[edge.source]
            sentences[after + 1].add(edge.contract)
    return [
        CheckpointModel(number=n, after=n - 1, contract=[f"The application {s}." for s in sorted(sentences[n])])
        for n in range(1, last + 1)
    ]


def _sizes(draft: Draft, before: Catalog, after: Catalog) -> dict[str, SizeModel]:
    tables = {
        table
        for step in draft.steps
        for side in (before, after)
        for table in (step.object, side.objects[step.object].table if step.object in side else None)
    }
    return {
        str(id): SizeModel(rows=size.rows, bytes=size.bytes)
        for id, size in sorted(before.sizes.items())
        if id in tables
    }
