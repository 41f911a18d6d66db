"""Who stands on an object without being managed: the plan says so, instead of failing when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.migrations import proved, psql

from migplan.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

OLD = """
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE TABLE gone (id int PRIMARY KEY, key int UNIQUE);
CREATE TABLE item (id int PRIMARY KEY, amount int, price int, note text) PARTITION BY RANGE (id);
CREATE TABLE narrow (id int PRIMARY KEY, size int);
CREATE TYPE place AS (x int, y int);
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * n';
CREATE PUBLICATION rows FOR TABLE gone;
CREATE VIEW audit_narrow AS SELECT size FROM narrow;
CREATE VIEW audit_count AS SELECT count(*) FROM gone;
"""
BESIDE = """
CREATE SCHEMA other;
CREATE TABLE other.u (id int PRIMARY KEY, gone_id int REFERENCES gone, gone_key int REFERENCES gone (key),
  narrow_id int REFERENCES narrow, mood mood, place place, n int DEFAULT twice(2));
CREATE VIEW other.v AS SELECT id, amount FROM item;
CREATE VIEW other."All" AS SELECT * FROM other.v;
CREATE FUNCTION other.f(m mood) RETURNS text LANGUAGE sql AS 'SELECT m::text';
CREATE TABLE other.part PARTITION OF item FOR VALUES FROM (0) TO (10);
"""
CONFIG = '[manage]\nschemas = ["public"]\nignore = ["view public.audit_*", "publication *"]\n'


def plan_exit(make_db: MakeDb, path: Path, new: str) -> int:
    """What ``migplan plan`` says of the way to ``new``, proof and all."""
    (path / "schema.sql").write_text(new)
    (path / "migplan.toml").write_text(CONFIG)
    schema = ["--schema", str(path / "schema.sql"), "--config", str(path / "migplan.toml")]
    return run(["plan", "--target", make_db(OLD + BESIDE), *schema, "--out", str(path / "plan")])


def test_each_one_is_named_and_blocks(make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = """
    CREATE TYPE mood AS ENUM ('calm');
    CREATE TABLE narrow (id bigint PRIMARY KEY, size bigint);
    CREATE TYPE place AS (x int, y bigint);
    """
    assert plan_exit(make_db, tmp_path, new) == 3
    said = {line for line in capsys.readouterr().err.splitlines() if line.startswith("blocked: ")}
    hint = "and is not managed: declare it and add its schema to [manage] schemas, or drop it first"
    reshapes = f"one of whose attributes the plan gives another type, {hint}"
    drops, retypes = f"which the plan drops or makes anew, {hint}", f"whose type the plan changes, {hint}"
    expected = {
        f"blocked: table constraint u_gone_id_fkey on other.u depends on column public.gone.id, {drops}",
        f"blocked: table constraint u_gone_key_fkey on other.u depends on column public.gone.key, {drops}",
        f"blocked: view other.v depends on column public.item.amount, {drops}",
        f"blocked: table other.part depends on table public.item, {drops}",
        f"blocked: table column other.u.mood depends on enum public.mood, {drops}",
        f"blocked: table column other.u.place depends on composite type public.place, {reshapes}",
        f"blocked: function other.f(public.mood) depends on enum public.mood, {drops}",
        f"blocked: default value for other.u.n depends on function public.twice(integer), {drops}",
        f"blocked: view public.audit_count depends on table public.gone, {drops}",
        f"blocked: view public.audit_narrow depends on column public.narrow.size, {retypes}",
    }
    assert expected <= said
    assert not any(word in line for word in ("All", "u_narrow_id_fkey", "publication") for line in said)


def test_who_bears_a_change_stands_in_nobodys_way(make_db: MakeDb, tmp_path: Path) -> None:
    new = OLD.replace("price int, note text", "price numeric, more text").replace(
        "id int PRIMARY KEY, size", "id bigint PRIMARY KEY, size"
    )
    new = (
        new.replace("'wild'", "'wild', 'new'")
        .replace("2 * n", "n + n")
        .replace("x int, y int", "x int, y int, z int")
        .replace("CREATE VIEW audit", "-- ")
        .replace("CREATE PUB", "-- ")
    )
    found = proved(make_db, tmp_path, OLD + BESIDE, new, config=CONFIG)
    for phase in found.phases:
        psql(found.live, found.folder.files[phase.up])
    assert found.second() == ([], [])
