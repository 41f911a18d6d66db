"""What a rehearsal found, as a document and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from migplan.rehearse.clients import Sample
from migplan.rehearse.timeline import Period, PeriodKind

FORMAT_VERSION = 1


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PeriodModel(_Model):
    """One unit of the plan, one deploy, or the baseline before. Times in seconds, ``wal_bytes`` of everybody.

    ``p99_before`` is the baseline's; None where nothing was measured.
    """

    kind: PeriodKind
    name: str
    title: str
    steps: list[str]
    seconds: float
    operations: int
    longest_stall: float | None
    p99_before: float | None
    p99: float | None
    wal_bytes: int
    errors: dict[str, int]


class TableModel(_Model):
    """How many rows a table had in the rehearsal, and how many the target has (-1 where nobody knows)."""

    name: str
    rows: int
    live_rows: int


class RehearsalModel(_Model):
    """The whole of it. ``errors`` count by application and kind, ``lost_writes`` by what was lost."""

    format_version: int = FORMAT_VERSION
    plan: str
    server: str
    passed: bool
    failure: str | None
    max_stall: float
    longest_stall: float | None
    operations: int
    errors: dict[str, int]
    lost_writes: dict[str, int]
    periods: list[PeriodModel]
    tables: list[TableModel]
    applications: dict[str, list[str]]
    gaps: list[str]
    said: list[str]


def measured(periods: Sequence[Period], samples: Iterable[Sample]) -> list[PeriodModel]:
    """Every period with the operations that lay in it for the longest part of their time."""
    sorted_in: list[list[Sample]] = [[] for _ in periods]
    for sample in samples:
        shared = [min(sample.ended, p.ended) - max(sample.began, p.began) for p in periods]
        best = max(range(len(periods)), key=lambda n: shared[n], default=None)
        if best is not None and shared[best] > 0:
            sorted_in[best].append(sample)
    before = next((_p99(s) for p, s in zip(periods, sorted_in, strict=True) if p.kind == "baseline"), None)
    return [_period(p, found, before) for p, found in zip(periods, sorted_in, strict=True)]


def _period(period: Period, samples: Sequence[Sample], before: float | None) -> PeriodModel:
    return PeriodModel(
        kind=period.kind,
        name=period.name,
        title=period.title,
        steps=list(period.steps),
        seconds=round(period.ended - period.began, 4),
        operations=len(samples),
        longest_stall=round(max(s.seconds for s in samples), 4) if samples else None,
        p99_before=before,
        p99=_p99(samples),
        wal_bytes=period.wal,
        errors=dict(Counter(f"{s.application}: {s.error}" for s in samples if s.error is not None)),
    )


def _p99(samples: Sequence[Sample]) -> float | None:
    ordered = sorted(s.seconds for s in samples)
    return round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 4) if ordered else None


def text(found: RehearsalModel) -> str:
    """The report for a terminal."""
    lines = [f"rehearsal of {found.plan} on {found.server}"]
    lines += [f"  {t.name}: {t.rows:,} rows{_live(t)}" for t in found.tables]
    for name, about in found.applications.items():
        lines += [f"{name} application:", *(f"  {line}" for line in about)]
    lines += ["", f"{'seconds':>8} {'stall':>8} {'p99':>8} {'before':>8} {'WAL':>9} {'ops':>7}  step"]
    for period in found.periods:
        lines.append(_row(period))
        lines += [f"{'':>40} {count} x {error}" for error, count in period.errors.items()]
    if found.gaps:
        lines += ["", "not rehearsed:", *(f"  {gap}" for gap in found.gaps)]
    if found.said:
        lines += ["", "the run said:", *(f"  {message}" for message in found.said[:20])]
    lines += ["", *_verdict(found)]
    return "\n".join(lines)


def _verdict(found: RehearsalModel) -> list[str]:
    stall = found.longest_stall
    lines = [f"error: {count} x {error}" for error, count in found.errors.items()]
    lines += [f"lost write: {count} x {what}" for what, count in found.lost_writes.items()]
    if stall is not None and stall > found.max_stall:
        lines.append(f"stall: an operation took {stall:.2f} s, more than {found.max_stall:.2f} s")
    if found.failure is not None:
        lines.append(f"the plan stopped: {found.failure}")
    if found.passed:
        lines.append(
            f"passed: {found.operations:,} operations, no error, no lost write, longest stall {stall or 0:.2f} s"
            f" (limit {found.max_stall:.2f} s)"
        )
    else:
        lines.append("failed")
    return lines


def _row(period: PeriodModel) -> str:
    cells = [_seconds(period.longest_stall), _seconds(period.p99), _seconds(period.p99_before)]
    name = period.title if period.kind != "step" else f"{period.name}: {period.title}"
    return f"{period.seconds:>8.2f} {' '.join(cells)} {_bytes(period.wal_bytes):>9} {period.operations:>7,}  {name}"


def _seconds(value: float | None) -> str:
    return f"{'-' if value is None else f'{value:.3f}':>8}"


def _bytes(count: int) -> str:
    return f"{count / 1024**2:.1f} MB" if count >= 1024**2 // 10 else f"{count / 1024:.1f} kB"


def _live(table: TableModel) -> str:
    return "" if table.live_rows == table.rows else f" (live {table.live_rows:,})" if table.live_rows >= 0 else ""
