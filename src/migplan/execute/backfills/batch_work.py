"""What the batches of a step do: a backfill's UPDATE, the copying of a table, the replaying of its log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from migplan.core.records import record
from migplan.core.sql import deparsed, ident, join, sql
from migplan.core.steps import WITHIN
from migplan.planfile.model import BackfillModel, BatchesModel

_FILLS: Final = 3
_REPLAYS: Final = 100


@record(slots=False)
class BatchWork:
    """``statements`` are run for each batch of ``relation``, with WITHIN for its rows; ``otherwise`` where a unique key
    keeps one out.

    ``left`` counts what another pass is for, at most ``passes`` times. ``must`` is what to tell the operator where more
    than ``enough`` is left then."""

    relation: str
    key: tuple[str, ...]
    statements: tuple[str, ...]
    left: str | None
    enough: int = 0
    passes: int = 1
    must: str | None = None
    otherwise: tuple[str, ...] = ()
    alone: bool = False
    first: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_felt(self) -> bool:
        """Whether applications wait for the rows: a copy's, which a key may keep out, none of them knows."""
        return not self.otherwise and not self.alone

    @classmethod
    def of(cls, model: BackfillModel | BatchesModel) -> BatchWork:
        """The work that a plan's step writes down."""
        return _fill(model) if isinstance(model, BackfillModel) else _other(model)


def _fill(model: BackfillModel) -> BatchWork:
    relation, where = deparsed(model.relation), deparsed(model.where)
    values = (sql("{} = {}", ident(column), deparsed(value)) for column, value in model.assignments.items())
    return BatchWork(
        relation=model.relation,
        key=tuple(model.key),
        statements=(sql("UPDATE {} SET {} WHERE {} AND ({})", relation, join(", ", values), WITHIN, where),),
        left=sql("SELECT count(*) FROM {} WHERE {}", relation, where),
        passes=_FILLS,
        must="Is an application still running that the last checkpoint says is gone? Run it again then.",
        settings={"migplan.sync": "off"},
    )


def _other(model: BatchesModel) -> BatchWork:
    return BatchWork(
        relation=model.relation,
        key=tuple(model.key),
        statements=tuple(model.statements),
        left=model.left,
        enough=model.enough,
        passes=_REPLAYS if model.left else 1,
        otherwise=tuple(model.otherwise),
        alone=model.alone,
        first=tuple(model.first),
        settings=model.settings,
    )
