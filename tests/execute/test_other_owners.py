"""What a run makes anew must not change hands: the application that owns it would be locked out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import psycopg
import pytest
from tests.support.live import large

from migplan.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import MakeDb

OLD: Final = """
CREATE TABLE item (id int PRIMARY KEY, size int);
CREATE VIEW sizes AS SELECT id, size FROM item;
CREATE VIEW plain AS SELECT id FROM item;
"""
ROWS: Final = "INSERT INTO item SELECT g, g FROM generate_series(1, 300) g; ANALYZE;"
NEW: Final = OLD.replace("size int", "size bigint, note text")
OWNER: Final = "migplan_test_keeper"


@pytest.fixture
def url(make_db: MakeDb, pg_url: str) -> Iterator[str]:
    """A database with the old tables, views and rows, all of which belong to a role without more rights."""
    with psycopg.connect(pg_url, autocommit=True) as db:
        db.execute(f"DROP ROLE IF EXISTS {OWNER}")
        db.execute(f"CREATE ROLE {OWNER} LOGIN")
    made = make_db(OLD + ROWS)
    with psycopg.connect(made, autocommit=True) as db:
        for name in ("TABLE item", "VIEW sizes", "VIEW plain", f'DATABASE "{db.info.dbname}"', "SCHEMA public"):
            db.execute(f"ALTER {name} OWNER TO {OWNER}".encode())
        yield made
        db.execute(f"REASSIGN OWNED BY {OWNER} TO CURRENT_USER; DROP OWNED BY {OWNER}")
        db.execute(f"DROP ROLE {OWNER}")


def test_whoever_is_not_the_owner_stops_before(
    url: str, make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = str(large(make_db, tmp_path, OLD + ROWS, NEW).folder.path)
    assert run(["apply", plan, "--yes", "--target", url]) == 3
    said = capsys.readouterr().err
    assert f"view public.sizes belongs to {OWNER}, and would belong to postgres once it is made anew" in said
    assert f"?options=-crole%3D{OWNER}" in said
    assert "plain" not in said
    as_owner = f"{url}?options=-crole%3D{OWNER}"
    assert run(["apply", plan, "--yes", "--assume-deployed", "--target", as_owner]) == 1
    grants = [s.strip() for s in capsys.readouterr().err.split("lets this one in:")[1].split(";")]
    with psycopg.connect(url, autocommit=True) as db:
        for grant in grants:
            db.execute(grant.replace("…", OWNER).encode())
    assert run(["apply", plan, "--yes", "--assume-deployed", "--target", as_owner]) == 0
    with psycopg.connect(url) as db:
        owners = db.execute(
            "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relkind IN ('r', 'v')"
            " AND relnamespace = 'public'::regnamespace"
        ).fetchall()
    assert owners == [(OWNER,)]
    assert run(["rollback", plan, "--yes", "--to", "start", "--target", as_owner]) == 0


@pytest.mark.pg(14, 18)
def test_what_is_made_by_several_steps_is_looked_for_by_its_name(make_db: MakeDb, tmp_path: Path) -> None:
    old = "CREATE FUNCTION fits(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';"
    new = old + "CREATE DOMAIN mail AS text CHECK (fits(VALUE)); CREATE TABLE t (id int PRIMARY KEY, m mail);"
    found = large(make_db, tmp_path, old, new)
    assert "create:domain:public.mail:2" in {s.id for s in found.plan.steps}
    assert run(["apply", str(found.folder.path), "--yes", "--target", found.live]) == 0
