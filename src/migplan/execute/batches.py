"""Backfills on the live database: short transactions along the key, each with its position in it, so that a killed
run goes on at the very row; as many rows at a time as half a second takes, fewer where somebody has to wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import Any, Final

import psycopg

from migplan.core.errors import ExecutionError
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.execute.ledger import Direction, FencedError, Ledger, Position
from migplan.execute.operator import open_worker
from migplan.planfile.model import BackfillModel
from migplan.source.connect import Connection

TARGET_SECONDS: Final = 0.5
FEWEST, MOST = 100, 200_000
_PAGES_FEWEST, _PAGES_MOST = 8, 20_000
_PASSES: Final = 3
_SAMPLE: Final = 4_000
_LOOK_EVERY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """What a backfill gives way to. ``max_lag`` is in seconds, of the slowest replica's replay."""

    rows: int = 5_000
    workers: int = 1
    max_lag: float | None = 10.0
    lock_timeout: int = 2_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: rows read of about so many, and how many of them were changed."""

    rows: int
    changed: int
    of: int


@dataclass
class _Shared:
    """What the workers of one backfill tell each other."""

    rows: int = 0
    changed: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Backfiller:
    """Runs one step's backfill to its end, whatever was done of it before.

    ``fenced`` raises where the run was taken over, ``say`` tells the operator why it waits, ``show`` how far it is.
    """

    target: str
    ledger: Ledger
    run: int
    step: str
    direction: Direction
    model: BackfillModel
    pace: Pace
    fenced: Callable[[], None]
    say: Callable[[str], None]
    show: Callable[[Progress], None]

    def finish(self) -> None:
        """Fill what is left, then compare the whole table, and fill again what was missed.

        Raises ``ExecutionError`` where rows still need it after that: somebody writes what the fill takes back.
        """
        left = 0
        for _ in range(_PASSES):
            self._pass()
            left = self._left()
            if left == 0:
                return
            self.say(f"{left} rows of {self.model.relation} still need filling; once more")
            self.ledger.forget_backfill(self.step, self.direction)
        raise ExecutionError(
            f"{left} rows of {self.model.relation} still need filling after {_PASSES} passes",
            hint="Is an application still running that the last checkpoint says is gone? Run it again then.",
        )

    def _pass(self) -> None:
        parts = self.ledger.positions(self.step, self.direction)
        if not parts:
            self.ledger.begin_backfill(self.step, self.direction, self._bounds())
            parts = self.ledger.positions(self.step, self.direction)
        shared = _Shared(rows=sum(p.rows for p in parts))
        todo = [p for p in parts if not p.finished]
        with ThreadPoolExecutor(max_workers=max(1, min(self.pace.workers, len(todo)))) as pool:
            tasks = [pool.submit(self._part, part, shared) for part in todo]
            try:
                for task in as_completed(tasks):
                    task.result()
            except BaseException:
                shared.stop.set()
                raise

    def _part(self, part: Position, shared: _Shared) -> None:
        connection = open_worker(self.target, f"backfill of {self.model.relation}")
        try:
            _Worker(self, connection, part, shared).work()
        finally:
            connection.close()

    def _left(self) -> int:
        row = self.ledger.connection.execute(
            sql("SELECT count(*) FROM {} WHERE {}", deparsed(self.model.relation), deparsed(self.model.where)).encode()
        ).fetchone()
        return int(row[0]) if row else 0

    def estimated_rows(self) -> int:
        """About how many rows the table has."""
        row = self.ledger.connection.execute(
            "SELECT greatest(sum(c.reltuples), 0)::bigint FROM pg_class c WHERE c.oid = to_regclass(%(t)s)"
            " OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(t)s)) WHERE isleaf)",
            {"t": self.model.relation},
        ).fetchone()
        return int(row[0]) if row else 0

    def _bounds(self) -> list[list[str] | None]:
        """The last keys of each worker's range; only the last part has no end, so that new rows are in it."""
        if not self.model.key:
            return [None]
        if self.pace.workers <= 1:
            return [None]
        return [*_quantiles(self.ledger.connection, self.model, self.pace.workers), None]


def _quantiles(connection: Connection, model: BackfillModel, parts: int) -> list[list[str]]:
    """Keys that cut the table in parts of about one size, from a sample of its pages."""
    key = join(", ", map(ident, model.key))
    texts = join(", ", (sql("{}::text", ident(c)) for c in model.key))
    table = deparsed(model.relation)
    rows = connection.execute(
        sql(
            "SELECT ARRAY[{texts}] FROM (SELECT {key} FROM {table} TABLESAMPLE SYSTEM (least(100, greatest(0.01,"
            " 100.0 * {sample} / greatest((SELECT sum(reltuples) FROM pg_class WHERE oid = '{table}'::regclass), 1)"
            ")))) sampled ORDER BY {key}",
            texts=texts,
            key=key,
            table=table,
            sample=_SAMPLE,
        ).encode()
    ).fetchall()
    cuts = [rows[len(rows) * n // parts][0] for n in range(1, parts)] if len(rows) > parts else []
    return [cut for at, cut in enumerate(cuts) if at == 0 or cut != cuts[at - 1]]


class _Worker:
    """One part of a backfill, on a connection of its own."""

    def __init__(self, backfiller: Backfiller, connection: Connection, part: Position, shared: _Shared) -> None:
        self._all = backfiller
        self._connection = connection
        self._part = part
        self._shared = shared
        model = backfiller.model
        self._keyed = bool(model.key)
        self._types = _key_types(connection, model) if self._keyed else ()
        self._size = backfiller.pace.rows if self._keyed else _PAGES_FEWEST * 16
        self._looked = 0.0
        self._estimate = backfiller.estimated_rows() if part.part == 0 else 0

    def work(self) -> None:
        """Batch after batch to the part's end. Raises what the server says, ``FencedError`` where taken over."""
        while not self._shared.stop.is_set():
            self._give_way()
            began = time.monotonic()
            try:
                done = self._batch() if self._keyed else self._pages()
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                self._connection.rollback()
                self._size = max(FEWEST, self._size // 2)
                self._all.say(f"a batch gives way: {error.diag.message_primary}")
                time.sleep(TARGET_SECONDS)
                continue
            if done:
                return
            self._steer(time.monotonic() - began)

    def _batch(self) -> bool:
        """One batch along the key; True when there was nothing left."""
        connection, position = self._connection, self._part.position
        parameters: list[Any] = [*(position or ()), *(self._part.upper or ()), self._size]
        self._begin()
        row = connection.execute(self._statement(position is not None).encode(), parameters).fetchone()
        assert row is not None
        read, changed, last = int(row[0]), int(row[1]), row[2]
        return self._settle(None if last is None else tuple(last), read, changed, done=read < self._size)

    def _pages(self) -> bool:
        """One batch along the table's pages; rows that come meanwhile are the application's, which writes both."""
        connection, model = self._connection, self._all.model
        page = int(self._part.position[0]) if self._part.position else 0
        self._begin()
        row = connection.execute(
            "SELECT pg_relation_size(to_regclass(%s)) / current_setting('block_size')::bigint", (model.relation,)
        ).fetchone()
        pages = int(row[0]) if row else 0
        result = connection.execute(
            sql(
                "UPDATE {} SET {} WHERE ctid >= format('(%%s,0)', %s::bigint)::tid"
                " AND ctid < format('(%%s,0)', %s::bigint)::tid AND ({})",
                deparsed(_escaped(model.relation)),
                deparsed(_escaped(_assignments(model))),
                deparsed(_escaped(model.where)),
            ).encode(),
            (page, page + self._size),
        )
        changed = max(result.rowcount, 0)
        return self._settle((str(page + self._size),), changed, changed, done=page + self._size > pages)

    def _begin(self) -> None:
        self._connection.execute("BEGIN")
        self._connection.execute(
            "SELECT set_config('migplan.sync', 'off', true), set_config('lock_timeout', %s, true)",
            (f"{self._all.pace.lock_timeout}ms",),
        )

    def _statement(self, beyond: bool) -> Sql:
        model = self._all.model
        names = [deparsed(_escaped(ident(c))) for c in model.key]
        marks = [ident(f"~key_{n}") for n in range(1, len(names) + 1)]
        key = join(", ", names)
        values = join(", ", (sql("%s::text::{}", deparsed(t)) for t in self._types))
        conditions = [sql("({}) > ({})", key, values)] if beyond else []
        conditions += [sql("({}) <= ({})", key, values)] if self._part.upper else []
        table = deparsed(_escaped(model.relation))
        return sql(
            "WITH batch AS MATERIALIZED (SELECT {marked} FROM {table}{where} ORDER BY {key} LIMIT %s"
            " FOR NO KEY UPDATE), changed AS (UPDATE {table} SET {assignments} FROM batch b"
            " WHERE {match} AND ({needed}) RETURNING 1)"
            " SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM changed),"
            " (SELECT ARRAY[{texts}] FROM batch ORDER BY {descending} LIMIT 1)",
            marked=join(", ", (sql("{} AS {}", n, m) for n, m in zip(names, marks, strict=True))),
            table=table,
            where=sql(" WHERE {}", join(" AND ", conditions)) if conditions else Sql(""),
            key=key,
            assignments=deparsed(_escaped(_assignments(model))),
            match=join(" AND ", (sql("{}.{} = b.{}", table, n, m) for n, m in zip(names, marks, strict=True))),
            needed=deparsed(_escaped(model.where)),
            texts=join(", ", (sql("{}::text", m) for m in marks)),
            descending=join(", ", (sql("{} DESC", m) for m in marks)),
        )

    def _settle(self, position: tuple[str, ...] | None, read: int, changed: int, *, done: bool) -> bool:
        """Write the position down in the batch's transaction, and commit."""
        reached = position or self._part.position
        row = self._connection.execute(
            _POSITION,
            {
                "run": self._all.run,
                "plan": self._all.ledger.plan,
                "step": self._all.step,
                "direction": self._all.direction,
                "part": self._part.part,
                "position": reached and list(reached),
                "read": read,
                "changed": changed,
                "done": done,
            },
        ).fetchone()
        if row is None or row[0] != 1:
            self._connection.rollback()
            raise FencedError("another operator has taken over this database since")
        self._connection.execute("COMMIT")
        self._part = replace(self._part, position=reached)
        with self._shared.guard:
            self._shared.rows += read
            self._shared.changed += changed
            shown = Progress(self._shared.rows, self._shared.changed, self._estimate)
        if self._part.part == 0 or self._estimate:
            self._all.show(shown)
        return done

    def _steer(self, took: float) -> None:
        fewest, most = (FEWEST, MOST) if self._keyed else (_PAGES_FEWEST, _PAGES_MOST)
        wanted = self._size * TARGET_SECONDS / max(took, 0.001)
        self._size = int(max(fewest, min(most, wanted, self._size * 2)))

    def _give_way(self) -> None:
        """Wait while replicas lag, while sessions wait for us, while a pause was asked for."""
        if time.monotonic() - self._looked < _LOOK_EVERY:
            return
        said = False
        while not self._shared.stop.is_set():
            self._all.fenced()
            reason = self._reason_to_wait()
            self._looked = time.monotonic()
            if reason is None:
                return
            if not said:
                self._all.say(f"the backfill of {self._all.model.relation} waits: {reason}")
            said = True
            time.sleep(_LOOK_EVERY)

    def _reason_to_wait(self) -> str | None:
        row = self._connection.execute(_LOOK, (self._all.ledger.plan, self._connection.info.backend_pid)).fetchone()
        assert row is not None
        paused_by, lag, waiting = row
        if paused_by is not None:
            return f"{paused_by} paused it ('migplan resume' goes on)"
        limit = self._all.pace.max_lag
        if limit is not None and lag is not None and lag > limit:
            return f"a replica is {lag:.0f} s behind"
        if waiting:
            self._size = max(FEWEST, self._size // 2)
        return None


def _assignments(model: BackfillModel) -> str:
    return ", ".join(f"{ident(column)} = {expression}" for column, expression in model.assignments.items())


def _escaped(text: str) -> str:
    """Text between psycopg's placeholders."""
    return text.replace("%", "%%")


def _key_types(connection: Connection, model: BackfillModel) -> Sequence[str]:
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
        (model.relation,),
    ).fetchall()
    types: dict[str, str] = dict(rows)
    return [types[name] for name in model.key]


_LOOK: Final = """
SELECT (SELECT paused_by FROM migplan.plan WHERE id = %s AND paused_at IS NOT NULL),
       (SELECT extract(epoch FROM max(replay_lag))::float8 FROM pg_stat_replication),
       EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND %s = ANY(pg_blocking_pids(pid)))
"""
_POSITION: Final = """
WITH backfill AS (
  UPDATE migplan.backfill SET position = %(position)s, rows_read = rows_read + %(read)s,
         rows_changed = rows_changed + %(changed)s, batches = batches + 1, updated = clock_timestamp(),
         finished = CASE WHEN %(done)s THEN clock_timestamp() END
  WHERE plan = %(plan)s AND step = %(step)s AND direction = %(direction)s AND part = %(part)s
), fence AS (
  UPDATE migplan.run SET heartbeat = clock_timestamp() WHERE id = %(run)s AND outcome = 'running' RETURNING 1
)
SELECT count(*) FROM fence
"""
