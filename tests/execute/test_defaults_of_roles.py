"""What ALTER ROLE and ALTER DATABASE set for every session stands in nobody's way, and changes nothing of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.support.dumps import difference, schema
from tests.support.live import LARGE

from migplan.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import MakeDb

OLD: Final = """
CREATE TABLE seen (at timestamptz NOT NULL, day date, what text) PARTITION BY RANGE (at);
CREATE TABLE seen_1 PARTITION OF seen FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE item (id int PRIMARY KEY, size int, since timestamptz DEFAULT '2026-03-01' CHECK (since > '2020-01-01'));
"""
NEW: Final = OLD.replace("what text", "what text, more text").replace("size int,", "size bigint,")
ROLE: Final = "migplan_test_defaults"


@pytest.fixture
def url(make_db: MakeDb, pg_url: str) -> Iterator[str]:
    """A database of a superuser of its own, whose defaults may be changed."""
    with psycopg.connect(pg_url, autocommit=True) as db:
        db.execute(f"DROP ROLE IF EXISTS {ROLE}")
        db.execute(f"CREATE ROLE {ROLE} SUPERUSER LOGIN")
    made = make_db("")
    yield made
    with psycopg.connect(made, autocommit=True) as db:
        db.execute(f"SET statement_timeout = 0; SET search_path = public; REASSIGN OWNED BY {ROLE} TO CURRENT_USER")
        db.execute(f"DROP ROLE {ROLE}")


@pytest.mark.parametrize("whose", ["ROLE", "DATABASE"])
@pytest.mark.parametrize(
    "default",
    [
        "timezone = 'Europe/Berlin'",
        "datestyle = 'German, DMY'",
        "default_transaction_isolation = 'serializable'",
        "statement_timeout = '40ms'",
        "idle_in_transaction_session_timeout = '40ms'",
        "idle_session_timeout = '1s'",
        "search_path = ''",
    ],
)
def test_plan_apply_and_rollback(url: str, tmp_path: Path, whose: str, default: str) -> None:
    name = urlsplit(url).path[1:]
    changed = ROLE if whose == "ROLE" else f'"{name}"'
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"ALTER {whose} {changed} SET {default}".encode())
        db.execute(f'ALTER DATABASE "{name}" OWNER TO {ROLE}'.encode())
    mine = url.replace("//postgres@", f"//{ROLE}@")
    with psycopg.connect(mine, autocommit=True) as db:
        db.execute("SET search_path = public; SET statement_timeout = 0")
        db.execute(OLD)
        db.execute("INSERT INTO item SELECT g, g FROM generate_series(1, 300) g")
    (tmp_path / "schema.sql").write_text(NEW)
    (tmp_path / "migplan.toml").write_text(f'schema = ["schema.sql"]\n[targets.live]\nurl = "{mine}"\n{LARGE}')
    config = ["--config", str(tmp_path / "migplan.toml")]
    plan, first = str(tmp_path / "plan"), schema(url, "--exclude-schema=migplan")
    assert run(["plan", "--out", plan, *config]) == 0
    assert run(["apply", plan, "--yes", "--assume-deployed", *config]) == 0
    assert run(["status", *config]) == 0
    assert run(["diff", "--exit-code", *config]) == 0
    assert run(["rollback", plan, "--yes", "--to", "start", *config]) == 0
    assert difference(schema(url, "--exclude-schema=migplan"), first) == []
