"""migplan export: a plan's windows as files of other runners, run as those would, up and down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.migrations import psql

from migplan.cli.main import run
from migplan.source.text.files import SourceText
from migplan.source.text.split import split

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

LIVE = """
CREATE TYPE mood AS ENUM ('sad');
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, n int NOT NULL, fax text, CONSTRAINT positive CHECK (n > 0));
CREATE INDEX users_n ON users (n);
INSERT INTO users VALUES (1, 'a', 1, NULL);
"""
DECLARED = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE users (
  id int PRIMARY KEY,
  full_name text NOT NULL, -- migplan: renamed-from name
  n bigint NOT NULL
);
CREATE INDEX users_n ON users (n);
CREATE INDEX users_name ON users (full_name);
"""


@pytest.fixture
def project(make_db: MakeDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder with a plan in ``plan``; every table with rows is a large one. Gives the live database's URL."""
    url = make_db(LIVE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.sql").write_text(DECLARED, encoding="utf-8")
    (tmp_path / "migplan.toml").write_text(
        f'schema = "schema.sql"\n[targets.live]\nurl = "{url}"\n[planning]\nsmall_table_rows = 0\n', encoding="utf-8"
    )
    assert run(["plan", "--out", "plan", "--name", "names"]) == 0
    return url


def as_flyway(url: str, file: Path) -> None:
    """In one transaction, or statement by statement where the file's configuration says so."""
    text = file.read_text(encoding="utf-8")
    alone = file.with_name(f"{file.name}.conf").is_file()
    with psycopg.connect(url, autocommit=True) as db:
        if not alone:
            db.execute(text.encode())
            return
        for statement in split(SourceText(file.name, text)).statements:
            db.execute(statement.text.encode())


@pytest.mark.pg(18)
def test_flyways_files_lead_there_and_back(project: str, tmp_path: Path) -> None:
    for window in ("0", "1"):
        assert run(["export", "plan", "--format", "flyway", "--window", window, "--out", "flyway"]) == 0
    files = sorted((tmp_path / "flyway").glob("*.sql"))
    ups = [f for f in files if f.name.startswith("V")]
    for file in ups:
        as_flyway(project, file)
    assert run(["diff", "--exit-code"]) == 0
    undos = [up.with_name(f"U{up.name[1:]}") for up in reversed(ups)]
    assert [
        len(re.findall("^ALTER.*CONSTRAINT positive", u.read_text(), re.M))
        for u in undos
        if "positive" in u.read_text()
    ] == [1, 1]
    for undo in undos:
        as_flyway(project, undo)
    assert run(["verify", "plan"]) == 0
    assert run(["drift", "plan", "--at", "start"]) == 0


@pytest.mark.pg(18)
def test_every_runner_gets_a_window_at_a_time(project: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["export", "plan", "--format", "supabase", "--out", "supabase"]) == 0
    printed = capsys.readouterr()
    assert "then deploy the application. From there on:\n  - The application " in printed.out
    assert "next: migplan export plan --format supabase --window 1 --out supabase" in printed.out
    assert "commits batch by batch, which 'supabase db push' can't" in printed.err
    migrations = sorted(p.name for p in (tmp_path / "supabase" / "migrations").iterdir())
    assert [name[14:27] for name in migrations[:1]] == ["_names_w0_1_e"]
    assert run(["export", "plan", "--format", "supabase", "--out", "supabase"]) == 1
    assert "exists" in capsys.readouterr().err

    for window in ("0", "1"):
        assert run(["export", "plan", "--format", "goose", "--window", window, "--out", "goose"]) == 0
    alone = [p for p in (tmp_path / "goose").iterdir() if "NO TRANSACTION" in p.read_text(encoding="utf-8")]
    assert all(
        "CONCURRENTLY" in p.read_text() or "DO $" in p.read_text() or "ADD VALUE" in p.read_text() for p in alone
    )
    for window in ("0", "1"):
        assert run(["export", "plan", "--format", "sqitch", "--window", window, "--out", "sqitch"]) == 0
    changes = [line.split()[0] for line in (tmp_path / "sqitch" / "sqitch.plan").read_text().splitlines()]
    for change in changes:
        psql(project, (tmp_path / "sqitch" / "deploy" / f"{change}.sql").read_text())
    assert run(["diff", "--exit-code"]) == 0

    [dropping] = [p for p in (tmp_path / "goose").iterdir() if "DROP COLUMN fax" in p.read_text()]
    assert "doesn't bring back the values of column public.users.fax" in dropping.read_text().partition("Down\n")[2]
    assert run(["export", "plan", "--window", "7"]) == 1
    assert "the plan has no window 7" in capsys.readouterr().err
