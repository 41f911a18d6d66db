"""A role from which policies hide rows fills nothing, counts nothing and copies nothing by halves: the run stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.support.live import large
from tests.support.migrations import psql

from migplan.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import MakeDb
    from tests.support.migrations import Migration

ROWS = "INSERT INTO doc SELECT g, g % 3, g FROM generate_series(1, 300) g; ANALYZE;"
OLD = """
CREATE TABLE doc (id int PRIMARY KEY, tenant int NOT NULL, size text);
CREATE TABLE apart (id int PRIMARY KEY);
ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
ALTER TABLE doc FORCE ROW LEVEL SECURITY;
ALTER TABLE apart ENABLE ROW LEVEL SECURITY;
ALTER TABLE apart FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON doc USING (tenant = current_setting('app.tenant', true)::int);
"""
TYPE_CHANGED = OLD.replace("size text", "size int -- migplan: using size::int\n")
ONLY_DEFINITIONS = OLD.replace("tenant int NOT NULL,", "tenant int NOT NULL, note text,").replace(
    "apart (id int PRIMARY KEY)", "apart (id int PRIMARY KEY, note text)"
)
OWNER: Final = "migplan_test_owner"


@pytest.fixture
def owner(pg_url: str) -> Iterator[str]:
    """A role without more rights than its tables give."""
    with psycopg.connect(pg_url, autocommit=True) as db:
        db.execute(f"DROP ROLE IF EXISTS {OWNER}")
        db.execute(f"CREATE ROLE {OWNER} LOGIN")
        yield OWNER
        db.execute(f"DROP ROLE IF EXISTS {OWNER}")


@pytest.fixture
def handed(
    make_db: MakeDb, tmp_path: Path, owner: str, request: pytest.FixtureRequest
) -> Iterator[tuple[Migration, str]]:
    """A plan for a database whose tables belong to that role, and the URL with which it comes."""
    made = large(make_db, tmp_path, OLD + ROWS, request.param)
    name = urlsplit(made.live).path[1:]
    with psycopg.connect(made.live, autocommit=True) as db:
        db.execute(f"ALTER TABLE doc OWNER TO {owner}; ALTER TABLE apart OWNER TO {owner}".encode())
        db.execute(f'GRANT CREATE ON DATABASE "{name}" TO {owner}; GRANT CREATE ON SCHEMA public TO {owner}'.encode())
        yield made, made.live.replace("//postgres@", f"//{owner}@")
        db.execute(f"SET SESSION AUTHORIZATION DEFAULT; DROP OWNED BY {owner} CASCADE".encode())


@pytest.mark.parametrize("handed", [TYPE_CHANGED], indirect=True)
def test_nothing_is_filled_from_rows_that_are_hidden(
    handed: tuple[Migration, str], capsys: pytest.CaptureFixture[str]
) -> None:
    made, url = handed
    command = ["apply", str(made.folder.path), "--yes", "--target", url, "--allow-data-loss"]
    assert run(command) == 3
    said = capsys.readouterr().err
    assert "the policies of table public.doc hide rows from the role migplan_test_owner" in said
    assert "BYPASSRLS" in said
    assert "apart" not in said
    assert _columns(made) == {"id", "tenant", "size"}
    assert run([*command, "--despite-preflight"]) == 1
    assert 'query would be affected by row-level security policy for table "doc"' in capsys.readouterr().err
    assert run(["rollback", str(made.folder.path), "--yes", "--target", url]) == 0
    assert _columns(made) == {"id", "tenant", "size"}


@pytest.mark.parametrize("handed", [TYPE_CHANGED], indirect=True)
def test_under_psql_neither(handed: tuple[Migration, str]) -> None:
    made, url = handed
    expand, fill, *_ = made.phases
    psql(url, made.folder.files[expand.up])
    with pytest.raises(AssertionError, match="query would be affected by row-level security policy"):
        psql(url, made.folder.files[fill.up])


@pytest.mark.parametrize("handed", [ONLY_DEFINITIONS], indirect=True)
def test_what_reads_no_rows_runs(handed: tuple[Migration, str]) -> None:
    made, url = handed
    assert run(["apply", str(made.folder.path), "--yes", "--target", url]) == 0


def _columns(made: Migration) -> set[str]:
    with psycopg.connect(made.live) as db:
        rows = db.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'doc'::regclass AND attnum > 0 AND NOT attisdropped"
        )
        return {str(name) for (name,) in rows}
