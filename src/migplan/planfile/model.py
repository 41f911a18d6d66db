"""plan.json: the plan without its SQL, as pydantic models. Its JSON Schema is published in docs/."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from migplan.core.settings import Settings
from migplan.findings.model import FindingModel

FORMAT_VERSION = 1
_USUAL: Final = Settings()


class Model(BaseModel):
    """Frozen; unknown keys are an error, so that a newer plan isn't half understood."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EdgeModel(Model):
    """Why a step stands behind another one (``after`` is a step's id, or ``start``)."""

    after: str
    reason: str
    deploy: bool = False


class MeasuredModel(Model):
    """What the proof saw a step do on the shadow: its strongest lock, and whether it rewrote or scanned a table.

    ``locks`` are mode by relation, of relations that existed before the step's transaction. ``unseen`` says that some
    statement ran in no transaction and waited for nobody, so that its locks could not be read.
    """

    lock: str
    locks: dict[str, str] = Field(default_factory=dict)
    rewrite: bool
    scan: bool
    unseen: bool = False


FileName = Annotated[str, Field(pattern=r"^w\d+_\d_[a-z]+\.(up|down)\.sql$")]
"""A file in the plan's own folder: a path that led out of it would be read, and written by verify."""


class MarkModel(Model):
    """Where a step's SQL stands: the file in the plan's folder and the mark ``-- migplan:step ID`` in it."""

    file: FileName
    mark: str


class BackfillModel(Model):
    """A keyset backfill: ``assignments`` are column = expression over the row, ``where`` finds what is left to do.

    ``relation`` is the table's name as SQL writes it; ``key`` is empty where batches run along the table's pages.
    """

    table: str
    relation: str
    assignments: dict[str, str]
    where: str
    key: list[str]


class BatchesModel(Model):
    """Other work along ``relation`` in batches: ``statements`` for each, with ``/*~batch*/ true`` for its rows.

    Without a ``key`` they run along its pages. ``first`` comes before all, ``settings`` begin each transaction.
    ``left`` counts what is left for another pass, of which ``enough`` may be. Where a unique key keeps rows out, the
    batch is run by the statements ``otherwise``, or with more rows, if ``alone`` (by one worker).
    """

    table: str
    relation: str
    key: list[str]
    statements: list[str]
    otherwise: list[str] = Field(default_factory=list[str])
    first: list[str] = Field(default_factory=list[str])
    settings: dict[str, str] = Field(default_factory=dict)
    left: str | None = None
    enough: int = 0
    alone: bool = False


class DownModel(Model):
    """The way back. ``irreversible`` says why there is none; ``loses`` which data it can't bring back.

    ``measured`` is what the proof saw it do.
    """

    file: FileName | None = None
    mark: str | None = None
    irreversible: str | None = None
    loses: str | None = None
    backfill: BackfillModel | None = None
    batches: BatchesModel | None = None
    measured: MeasuredModel | None = None


class CounterpartModel(Model):
    """Every row of ``table`` (schema and name) must have one of ``other``, found by the columns of both."""

    table: list[str]
    key: list[str]
    other: list[str]
    other_key: list[str]


class AssertionModel(Model):
    """``count`` is a read-only query that must yield 0; ``sample`` shows some of the offenders. ``counterpart`` is what
    it asks of two tables, where that is what it counts."""

    count: str
    message: str
    sample: str | None = None
    counterpart: CounterpartModel | None = None


_NO_LONGER: Final = "no longer "
_BACK: Final = "on the way back: "


class StepModel(Model):
    """One step: where it stands, what it promises, what was measured.

    ``lock`` is the strongest one on existing relations, but for the ``stronger`` ones on single relations
    (``schema.name``). ``new_objects`` says that it works on what the plan itself created, so that nobody waits for its
    locks, but for the ``stronger`` ones.
    """

    id: str
    title: str
    object: str
    kind: str
    path: list[str]
    strategy: str
    window: int
    phase: Literal["expand", "migrate", "contract"]
    transaction: int
    transactional: bool
    lock: str
    stronger: dict[str, str] = Field(default_factory=dict)
    rewrite: bool
    scan: bool
    why: str
    new_objects: bool = False
    up: MarkModel
    down: DownModel
    edges: list[EdgeModel] = Field(default_factory=list[EdgeModel])
    assertions: list[AssertionModel] = Field(default_factory=list[AssertionModel])
    backfill: BackfillModel | None = None
    batches: BatchesModel | None = None
    loses: str | None = None
    notes: list[str] = Field(default_factory=list[str])
    measured: MeasuredModel | None = None

    @property
    def title_back(self) -> str:
        """What the way back does: it undoes the step, unless the step exists for the way back alone."""
        own = self.title.removeprefix(_BACK).removeprefix(_NO_LONGER)
        return own if own != self.title else f"undo: {own}"

    @property
    def in_batches(self) -> bool:
        """Whether it writes a table's rows in many short transactions."""
        return self.backfill is not None or self.batches is not None


class PhaseModel(Model):
    """One phase of a window and its two files."""

    name: Literal["expand", "migrate", "contract"]
    up: FileName
    down: FileName
    steps: list[str]


class WindowModel(Model):
    """The time between two deploys."""

    number: int
    phases: list[PhaseModel]


class CheckpointModel(Model):
    """A deploy of the application after window ``after``: what the deployed version must do, in sentences."""

    number: int
    after: int
    contract: list[str]


class SideModel(Model):
    """One side of the plan: the fingerprint of its catalog (managed objects only)."""

    fingerprint: str
    description: str = ""


class BoundaryModel(Model):
    """The catalog's fingerprint after a phase, as the proof saw it."""

    window: int
    phase: str
    fingerprint: str


class ProofModel(Model):
    """``unproved`` says why: not asked for, failed (then ``step`` and ``error``), or edited since.

    ``objects`` are the objects that the plan touches, each with its digest at the start and after every phase (null
    where it doesn't exist): what the live database is held against before each window. ``schemas`` are those that are
    managed (null: all), ``ignored`` the patterns of objects that migplan.toml leaves alone.
    """

    status: Literal["proved", "unproved"]
    reason: str = ""
    step: str | None = None
    error: str | None = None
    server_version: int | None = None
    at: str | None = None
    boundaries: list[BoundaryModel] = Field(default_factory=list[BoundaryModel])
    objects: dict[str, list[str | None]] = Field(default_factory=dict)
    schemas: list[str] | None = None
    ignored: list[str] = Field(default_factory=list[str])


class ChangeModel(Model):
    """What differs between both sides: one object. ``fields`` are the names of what an altered one differs in.

    ``part_of`` is the object that is created or dropped as a whole, this one with it (a new table's columns).
    ``renamed_from`` is the name that a renamed one has on the live side.
    """

    action: Literal["create", "alter", "drop", "rename"]
    object: str
    kind: str
    path: list[str]
    fields: list[str] = Field(default_factory=list[str])
    part_of: str | None = None
    renamed_from: str | None = None


_KIND: Final = re.compile(r"^(?:table|materialized view) ")
_QUOTED: Final = re.compile(r'"((?:[^"]|"")*)"')


class SizeModel(Model):
    """What the live server knew of a table when the plan was made."""

    rows: int
    bytes: int


class PlanModel(Model):
    """The whole of plan.json. ``digest`` covers everything else in it and every SQL file.

    ``small`` is what the size of a table had to be within to count as small.
    """

    format_version: int = FORMAT_VERSION
    tool_version: str
    name: str
    created: str
    server_version: int
    source: SideModel
    target: SideModel
    offline: bool = False
    changes: list[ChangeModel] = Field(default_factory=list[ChangeModel])
    windows: list[WindowModel]
    steps: list[StepModel]
    checkpoints: list[CheckpointModel]
    findings: list[FindingModel] = Field(default_factory=list[FindingModel])
    sizes: dict[str, SizeModel] = Field(default_factory=dict)
    small: SizeModel | None = None
    unmodelled: list[str] = Field(default_factory=list[str])
    notes: list[str] = Field(default_factory=list[str])
    proof: ProofModel
    digest: str = ""

    def known_sizes(self) -> dict[str, SizeModel]:
        """``sizes`` by ``schema.table``, as locks name what they are held on: ids quote names that have to be."""
        found = ((_KIND.sub("", id), size) for id, size in self.sizes.items())
        return {_QUOTED.sub(lambda name: name[1].replace('""', '"'), id): size for id, size in found}

    def is_small(self, size: SizeModel) -> bool:
        """By what was small when the plan was made (an older one doesn't say); uncounted rows leave it to the bytes."""
        rows, bytes = (self.small.rows, self.small.bytes) if self.small else (_USUAL.small_rows, _USUAL.small_bytes)
        return size.rows <= rows and size.bytes <= bytes
