"""The measurements run, at a small size; how fast anything is stands in bench/README.md, not in a test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.live import main as live
from bench.run import main
from bench.schemas import schema

from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, FOREIGN_KEY, Constraint
from migplan.kinds.index import Index
from migplan.source.connect import connect
from migplan.source.reading.introspect import introspect

if TYPE_CHECKING:
    import pytest
    from tests.conftest import MakeDb


def test_the_schema_holds_what_it_promises(make_db: MakeDb) -> None:
    with connect(make_db(schema(100))) as before, connect(make_db(schema(100, changed=True))) as after:
        old, new = introspect(before), introspect(after)
    kinds = [id.kind for id in old.objects]
    assert [kinds.count(kind) for kind in ("table", "trigger", "view", "enum")] == [100, 10, 5, 2]
    assert len(list(old.of(Column))) == 1200
    assert len(list(old.of(Index))) == 200
    constraints = [c.type for c in old.of(Constraint)]
    assert (constraints.count(CHECK), constraints.count(FOREIGN_KEY)) == (100, 99)
    assert [id.name for id in new.objects if id not in old] == ["public.t_7.added"]


def test_the_runner_prints_every_ratio(pg_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--url", pg_url, "--tables", "10", "--rounds", "1", "--large", "--plan"])
    printed = capsys.readouterr().out
    assert len(re.findall(r": \d+\.\d\d \(at most ", printed)) == 6
    assert re.search(r"^plan +wall", printed, re.M)
    assert re.search(r"^memory of that diff: \d+ MB", printed, re.M)


def test_runs_of_plans_are_measured(pg_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    live(["--url", pg_url, "--only", "fill", "copy", "--rows", "500", "--rounds", "1"])
    printed = capsys.readouterr().out
    assert len(re.findall(r"^backfill of 500 rows by [12] workers?, to one UPDATE: \d", printed, re.M)) == 2
    assert printed.count("longest transaction that held row locks") == 2
    assert len(re.findall(r"^copy of 500 rows by [12] workers?, to one INSERT … SELECT: \d", printed, re.M)) == 2
