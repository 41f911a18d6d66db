"""A step that takes a stronger lock than its strategy promises, or rewrites or reads in silence, fails the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.plans import sides, unproved

from migplan.core.steps import LockMode
from migplan.prove.measure import Connections
from migplan.prove.proof import Outcome, prove
from migplan.source.reading.managed import Managed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MakeDb
    from tests.support.plans import Sides

    from migplan.planfile.model import PlanModel, StepModel

BEFORE = """
CREATE TYPE mood AS ENUM ('sad');
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text, p int, m mood);
CREATE INDEX gone ON t (b);
CREATE TABLE parts (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
INSERT INTO parent SELECT generate_series(1, 100);
INSERT INTO t SELECT i, i, 'x', i, 'sad' FROM generate_series(1, 100) i;
INSERT INTO parts SELECT generate_series(1, 9);
ANALYZE;
"""
AFTER = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text NOT NULL, p int REFERENCES parent, m mood, extra int,
  CONSTRAINT positive CHECK (a > 0), CONSTRAINT single UNIQUE (a));
CREATE INDEX come ON t (p);
CREATE TABLE parts (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE part1 (id int NOT NULL);
"""
WITHOUT_TRANSACTION = ("CREATE INDEX CONCURRENTLY", "DROP INDEX CONCURRENTLY", "DETACH PARTITION", "ADD VALUE")


@pytest.fixture
def found(make_db: MakeDb) -> Sides:
    """A plan with transactional and other steps, all tables large."""
    return sides(make_db, BEFORE, AFTER)


def run(found: Sides, plan: PlanModel, files: dict[str, str], make_db: MakeDb) -> Outcome:
    url = make_db()
    with psycopg.connect(url, autocommit=True) as work, psycopg.connect(url, autocommit=True) as watch:
        return prove(
            plan, files, found.before, found.after, Connections(work, watch), managed=Managed(), settings=found.settings
        )


def changed(plan: PlanModel, id: str, **fields: object) -> PlanModel:
    """The plan with one step that promises something else."""
    steps = [s.model_copy(update=fields) if s.id == id else s for s in plan.steps]
    return plan.model_copy(update={"steps": steps})


def weaker(lock: str) -> str:
    return str(LockMode(LockMode[lock.replace(" ", "_")] - 1))


def test_every_step_is_measured_and_keeps_its_promise(make_db: MakeDb, found: Sides) -> None:
    plan, files = unproved(found)
    outcome = run(found, plan, files, make_db)
    assert (outcome.proof.status, outcome.proof.error) == ("proved", None)
    up = "".join(text for name, text in files.items() if name.endswith(".up.sql"))
    assert "lock: SHARE UPDATE EXCLUSIVE, ACCESS EXCLUSIVE on public.part1 for a moment;" in up
    assert [command for command in (*WITHOUT_TRANSACTION, "VALIDATE CONSTRAINT") if command not in up] == []
    steps = {s.id: s for s in plan.steps}
    for id, measured in outcome.measured.items():
        assert not measured.unseen, id
        if not steps[id].new_objects and not steps[id].stronger:
            assert measured.lock == steps[id].lock or measured.lock in ("NONE", "ACCESS SHARE", "ROW SHARE"), id
    held = {m.lock for m in outcome.back.values()}
    assert held >= {"NONE", "SHARE UPDATE EXCLUSIVE", "ACCESS EXCLUSIVE"}
    assert [s.id for s in plan.steps if s.id not in outcome.back] == []
    unseen = [id for id, measured in outcome.back.items() if measured.unseen]
    assert unseen == ["build:constraint:public.t.single"], "whose index has gone with the constraint"
    index = outcome.back["drop:index:public.gone"]
    assert (index.locks, index.scan) == ({"public.t": "SHARE UPDATE EXCLUSIVE"}, True)
    alone = [outcome.measured[s.id] for s in plan.steps if not s.transactional]
    assert {m.lock for m in alone} == {"NONE", "SHARE UPDATE EXCLUSIVE", "ACCESS EXCLUSIVE"}


@pytest.mark.pg(18)
def test_a_promise_of_a_weaker_lock_fails(make_db: MakeDb, found: Sides) -> None:
    plan, files = unproved(found)
    measured = run(found, plan, files, make_db).measured
    felt = [s for s in plan.steps if s.id in measured and _mode(measured[s.id].lock) > LockMode.ACCESS_SHARE]
    assert {s.transactional for s in felt} == {True, False}
    for step in felt:
        lie = changed(plan, step.id, lock=weaker(measured[step.id].lock), stronger={})
        proof = run(found, lie, files, make_db).proof
        assert (proof.status, proof.step) == ("unproved", step.id)
        assert f"took {measured[step.id].lock} on public." in str(proof.error)


def _mode(lock: str) -> LockMode:
    return LockMode[lock.replace(" ", "_")]


def _scans(step: StepModel) -> bool:
    return step.scan and not step.rewrite


@pytest.mark.pg(18)
def test_a_scan_in_silence_fails(make_db: MakeDb, found: Sides) -> None:
    plan, files = unproved(found)
    measured = run(found, plan, files, make_db).measured
    scanning = [s for s in plan.steps if _scans(s) and s.id in measured and measured[s.id].scan]
    assert {s.transactional for s in scanning} == {True, False}
    for step in scanning:
        proof = run(found, changed(plan, step.id, scan=False), files, make_db).proof
        assert (proof.status, proof.step) == ("unproved", step.id)
        assert "reads a whole table and didn't say so" in str(proof.error)


EDITS: dict[str, Callable[[str], str]] = {
    "took SHARE on public.t": lambda text: text.replace("CREATE INDEX CONCURRENTLY come", "CREATE INDEX come"),
    "took ACCESS EXCLUSIVE on public.t": lambda text: text.replace("DROP INDEX CONCURRENTLY", "DROP INDEX"),
    "took ACCESS EXCLUSIVE on public.parts": lambda text: text.replace("part1 CONCURRENTLY", "part1"),
    "rewrites a table and didn't say so": lambda text: text.replace(
        "ADD COLUMN extra integer;",
        "ADD COLUMN extra integer DEFAULT (random() * 10)::int; ALTER TABLE public.t ALTER extra DROP DEFAULT;",
    ),
}


@pytest.mark.parametrize("said", EDITS)
def test_a_file_edited_for_the_worse_fails(make_db: MakeDb, found: Sides, said: str) -> None:
    plan, files = unproved(found)
    edited = {name: EDITS[said](text) if name.endswith(".up.sql") else text for name, text in files.items()}
    assert edited != files
    proof = run(found, plan, edited, make_db).proof
    assert proof.status == "unproved"
    assert said in str(proof.error)


AROUND = """
CREATE TABLE target (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE target_1 PARTITION OF target FOR VALUES IN (1);
CREATE TABLE p (id int PRIMARY KEY REFERENCES target) PARTITION BY LIST (id);
CREATE TABLE p_rest PARTITION OF p DEFAULT;
CREATE TABLE refers (id int REFERENCES p);
"""
INSIDE = "CREATE TABLE inner_2 (id int NOT NULL, CONSTRAINT inner_key PRIMARY KEY (id));"
NEW_PARTITION = """
CREATE TABLE p_2 PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (id);
CREATE TABLE inner_2 PARTITION OF p_2 FOR VALUES IN (2);
CREATE TABLE new (id int REFERENCES target);
"""


def test_new_tables_promise_what_they_take_on_those_that_are_there(make_db: MakeDb) -> None:
    found = sides(make_db, AROUND + INSIDE, AROUND + NEW_PARTITION)
    plan, files = unproved(found)
    outcome = run(found, plan, files, make_db)
    assert (outcome.proof.status, outcome.proof.error) == ("proved", None)
    steps = {s.id: s for s in plan.steps if s.new_objects and s.stronger}
    assert {"create:table:public.p_2:2", "create:constraint:public.new.new_id_fkey"} <= steps.keys()
    seen = {(id, t) for id, s in steps.items() for t in s.stronger if t in outcome.measured[id].locks}
    assert {t for _, t in seen} >= {"public.target", "public.target_1", "public.p_rest"}
    for id, table in seen:
        less = {t: mode for t, mode in steps[id].stronger.items() if t != table}
        error = run(found, changed(plan, id, stronger=less), files, make_db).proof.error or ""
        assert f"{id} promised SHARE UPDATE EXCLUSIVE and took" in error
