"""migplan drift: what changed on a database behind the declaration's back, or behind a plan's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg

from migplan.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.conftest import MakeDb


def test_of_a_declaration_and_of_a_plan(make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = make_db("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int);")
    schema, plan = tmp_path / "schema.sql", tmp_path / "plan"
    declared = ["--target", live, "--schema", str(schema)]
    schema.write_text("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int);", encoding="utf-8")
    assert run(["drift", *declared]) == 0
    assert capsys.readouterr().out == "no drift\n"

    schema.write_text("CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE u (id int);", encoding="utf-8")
    assert run(["plan", *declared, "--out", str(plan)]) == 0
    with psycopg.connect(live, autocommit=True) as db:
        db.execute("ALTER TABLE t ALTER id TYPE bigint; CREATE TABLE v (); DROP TABLE u")
    capsys.readouterr()
    assert run(["drift", *declared, "--format", "json"]) == 2
    assert json.loads(capsys.readouterr().out)["drift"] == [
        {"object": "column public.t.id", "is": "changed: type"},
        {"object": "column public.t.n", "is": "missing"},
        {"object": "column public.u.id", "is": "missing"},
        {"object": "table public.u", "is": "missing"},
        {"object": "table public.v", "is": "unexpected"},
    ]
    assert run(["drift", str(plan), "--target", live]) == 2
    printed = capsys.readouterr()
    assert printed.err == "held against the boundary start\n"
    assert printed.out.startswith("1 object of the database is otherwise:\n  column public.t.id is changed\n")
    assert run(["drift", str(plan), "--target", live, "--at", "w0"]) == 2
    assert "column public.t.n is missing" in capsys.readouterr().out
