"""The ledger's tables: one list of upgrades, each run once, in order, in one transaction."""

from __future__ import annotations

from typing import Final, LiteralString

VERSIONS: Final[tuple[LiteralString, ...]] = (
    """
CREATE TABLE migplan.plan (
  id text PRIMARY KEY,
  name text NOT NULL,
  digest text NOT NULL,
  made timestamptz NOT NULL,
  steps integer NOT NULL,
  checkpoints integer NOT NULL,
  first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
  paused_by text,
  paused_at timestamptz
);
CREATE TABLE migplan.run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  plan text NOT NULL REFERENCES migplan.plan,
  direction text NOT NULL CHECK (direction IN ('up', 'down')),
  goal text NOT NULL,
  operator text NOT NULL,
  host text NOT NULL,
  stage text,
  started timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended timestamptz,
  outcome text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'reached', 'failed', 'interrupted')),
  error text
);
CREATE TABLE migplan.step (
  plan text NOT NULL REFERENCES migplan.plan,
  step text NOT NULL,
  state text NOT NULL CHECK (state IN ('applying', 'applied', 'undoing')),
  commands integer NOT NULL DEFAULT 0,
  run bigint NOT NULL REFERENCES migplan.run,
  changed timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (plan, step)
);
CREATE TABLE migplan.attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL REFERENCES migplan.run,
  unit text NOT NULL,
  steps text[] NOT NULL,
  number integer NOT NULL,
  started timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended timestamptz,
  duration interval GENERATED ALWAYS AS (ended - started) STORED,
  outcome text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'done', 'failed')),
  error text,
  sqlstate text,
  blocked_by text
);
CREATE INDEX attempt_run ON migplan.attempt (run);
CREATE TABLE migplan.backfill (
  plan text NOT NULL REFERENCES migplan.plan,
  step text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('up', 'down')),
  part integer NOT NULL,
  upper_bound text[],
  position text[],
  rows_read bigint NOT NULL DEFAULT 0,
  rows_changed bigint NOT NULL DEFAULT 0,
  batches bigint NOT NULL DEFAULT 0,
  started timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished timestamptz,
  PRIMARY KEY (plan, step, direction, part)
);
CREATE TABLE migplan.checkpoint (
  plan text NOT NULL REFERENCES migplan.plan,
  number integer NOT NULL,
  confirmed_by text NOT NULL,
  confirmed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (plan, number)
);
CREATE TABLE migplan.event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  plan text REFERENCES migplan.plan,
  run bigint REFERENCES migplan.run,
  kind text NOT NULL,
  message text NOT NULL
);
CREATE VIEW migplan.plan_progress AS
SELECT p.id, p.name, p.steps, p.checkpoints,
       (SELECT count(*) FROM migplan.step s WHERE s.plan = p.id AND s.state = 'applied') AS steps_applied,
       (SELECT count(*) FROM migplan.checkpoint c WHERE c.plan = p.id) AS checkpoints_confirmed,
       p.paused_at IS NOT NULL AS paused,
       r.id AS last_run, r.direction, r.operator, r.started, r.heartbeat, r.ended, r.outcome, r.error
FROM migplan.plan p
LEFT JOIN LATERAL (SELECT * FROM migplan.run r WHERE r.plan = p.id ORDER BY r.id DESC LIMIT 1) r ON true;
CREATE VIEW migplan.backfill_progress AS
SELECT b.plan, b.step, b.direction, sum(b.rows_read) AS rows_read, sum(b.rows_changed) AS rows_changed,
       sum(b.batches) AS batches, min(b.started) AS started, max(b.updated) AS updated,
       bool_and(b.finished IS NOT NULL) AS finished,
       round(sum(b.rows_read) / greatest(extract(epoch FROM max(b.updated) - min(b.started)), 0.001)) AS rows_per_second
FROM migplan.backfill b GROUP BY b.plan, b.step, b.direction;
CREATE VIEW migplan.attempt_history AS
SELECT r.plan, a.run, r.direction, r.operator, a.unit, a.steps, a.number, a.started, a.ended, a.duration, a.outcome,
       a.error, a.sqlstate, a.blocked_by
FROM migplan.attempt a JOIN migplan.run r ON r.id = a.run;
""",
    """
ALTER TABLE migplan.plan ADD COLUMN folder text;
CREATE TABLE migplan.restore_point (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  plan text NOT NULL REFERENCES migplan.plan,
  run bigint NOT NULL REFERENCES migplan.run,
  before_window integer NOT NULL,
  name text,
  lsn pg_lsn NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX restore_point_run ON migplan.restore_point (run);
""",
    """
ALTER TABLE migplan.backfill ADD COLUMN seconds double precision NOT NULL DEFAULT 0;
UPDATE migplan.backfill SET seconds = greatest(0, extract(epoch FROM updated - started));
CREATE OR REPLACE VIEW migplan.backfill_progress AS
SELECT b.plan, b.step, b.direction, sum(b.rows_read) AS rows_read, sum(b.rows_changed) AS rows_changed,
       sum(b.batches) AS batches, min(b.started) AS started, max(b.updated) AS updated,
       bool_and(b.finished IS NOT NULL) AS finished,
       round(sum(b.rows_read) / greatest(max(b.seconds)::numeric, 0.001)) AS rows_per_second
FROM migplan.backfill b GROUP BY b.plan, b.step, b.direction;
""",
    """
ALTER TABLE migplan.plan ADD COLUMN steps_before integer[];
CREATE OR REPLACE VIEW migplan.plan_progress AS
WITH counted AS (
  SELECT p.*, (SELECT count(*) FROM migplan.step s WHERE s.plan = p.id AND s.state = 'applied') AS applied,
         (SELECT count(*) FROM migplan.checkpoint c WHERE c.plan = p.id) AS confirmed
  FROM migplan.plan p
)
SELECT p.id, p.name, p.steps, p.checkpoints, p.applied AS steps_applied, p.confirmed AS checkpoints_confirmed,
       p.paused_at IS NOT NULL AS paused,
       r.id AS last_run, r.direction, r.operator, r.started, r.heartbeat, r.ended, r.outcome, r.error,
       CASE WHEN r.outcome = 'reached' AND p.applied >= p.steps_before[p.confirmed + 1]
            THEN p.confirmed + 1 END AS waits_for_checkpoint
FROM counted p
LEFT JOIN LATERAL (SELECT * FROM migplan.run r WHERE r.plan = p.id ORDER BY r.id DESC LIMIT 1) r ON true;
""",
    # Whoever writes there has found the run's row and locked it: three foreign keys would look again for it, and for
    # its plan, at each step.
    """
ALTER TABLE migplan.step DROP CONSTRAINT step_run_fkey, DROP CONSTRAINT step_plan_fkey;
ALTER TABLE migplan.attempt DROP CONSTRAINT attempt_run_fkey;
""",
)
