"""migplan lint: hand-written migrations judged by what they do on a copy of a real server's schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from migplan.cli.main import run
from migplan.lint.registry import statement_rules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

    from migplan.lint.base import StatementRule

CAREFUL = "[planning]\nsmall_table_rows = 0\n"
LIVE = """
CREATE TABLE users (id int PRIMARY KEY, name text, fax text, country text);
INSERT INTO users VALUES (1, 'a', 'b', 'c');
"""


class Lint:
    """Lints texts, each a file of its own, against a live schema whose tables with rows are all large."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys, self.err = folder, capsys, ""

    def __call__(
        self, live: str, *migrations: str, status: int, options: tuple[str, ...] = ()
    ) -> list[tuple[str, int]]:
        """The rules that speak and are not answered, each with its line."""
        (self.folder / "migplan.toml").write_text(CAREFUL, encoding="utf-8")
        names = [f"{n:03}.sql" for n, _ in enumerate(migrations)]
        for name, text in zip(names, migrations, strict=True):
            (self.folder / name).write_text(text + "\n", encoding="utf-8")
        files = [str(self.folder / name) for name in names]
        config = ["--config", str(self.folder / "migplan.toml"), "--format", "json"]
        assert run(["lint", *files, "--target", live, *config, *options]) == status
        printed = self.capsys.readouterr()
        self.err = printed.err
        found = json.loads(printed.out)["findings"]
        return [(f["rule"], f["line"]) for f in found if f["allowed"] is None]


@pytest.fixture
def lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Lint:
    return Lint(tmp_path, capsys)


@pytest.mark.pg(18)
@pytest.mark.parametrize("rule", statement_rules().values(), ids=statement_rules())
def test_a_rule_speaks_of_its_example_and_is_silent_on_the_near_miss(
    rule: StatementRule, make_db: MakeDb, lint: Lint
) -> None:
    live, example = make_db(rule.example.before), rule.example
    bad = lint(live, example.bad, status=3 if rule.severity == "danger" else 0)
    assert [r for r, _ in bad].count(rule.id) == 1
    assert rule.id not in [r for r, _ in lint(live, example.good, status=0)]


def test_what_the_running_application_feels_is_said_at_its_statement(make_db: MakeDb, lint: Lint) -> None:
    migration = """\
SET lock_timeout = '1s';
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users ADD COLUMN n int;
-- migplan: allow data-loss "nobody has a fax"
ALTER TABLE users DROP COLUMN fax;
-- migrate:down
not SQL at all;
"""
    assert set(lint(make_db(LIVE), migration, status=3)) == {("needs-deploy", 2), ("needs-deploy", 5)}


def test_tables_of_the_files_themselves_are_nobodys(make_db: MakeDb, lint: Lint) -> None:
    first = "CREATE TABLE logs (id int); INSERT INTO logs VALUES (1); CREATE INDEX ON logs (id);"
    second = "ALTER TABLE logs ALTER COLUMN id TYPE bigint; UPDATE logs SET id = 2; DROP TABLE logs;"
    assert lint(make_db(LIVE), first, second, status=0) == []


def test_a_statement_that_fails_is_an_error_at_its_place(make_db: MakeDb, lint: Lint) -> None:
    concurrently = "\\set ON_ERROR_STOP on\nSET lock_timeout = '1s';\nCREATE INDEX CONCURRENTLY ON users (name);"
    live = make_db(LIVE)
    assert lint(live, concurrently, status=0) == []
    assert lint(live, concurrently, status=1, options=("--single-transaction",)) == [("fails", 3)]
    assert lint(live, "SET lock_timeout = '1s';\nBEGIN;\nTRUNCATE users;", status=1) == [
        ("mass-write", 3),
        ("fails", 3),
    ]


@pytest.mark.pg(18)
def test_files_may_make_the_schema_before(tmp_path: Path, capsys: pytest.CaptureFixture[str], pg_url: str) -> None:
    base, migration = tmp_path / "base.sql", tmp_path / "next.sql"
    base.write_text(LIVE, encoding="utf-8")
    migration.write_text("DROP TABLE users;\n", encoding="utf-8")
    assert run(["lint", str(migration), "--base", str(base), "--target", pg_url]) == 1
    assert "--target and --base" in capsys.readouterr().err
    config = tmp_path / "migplan.toml"
    config.write_text(f'[shadow]\nurl = "{pg_url}"\n', encoding="utf-8")
    assert run(["lint", str(migration), "--base", str(base), "--config", str(config)]) == 3
    out = capsys.readouterr().out
    assert f"{migration}:1:1: danger: the running application must be one that" in out
    assert "[data-loss]" in out
    config.write_text(f'[shadow]\nurl = "{pg_url}"\n[policy.severity]\nneeds-deploy = "off"\n', encoding="utf-8")
    assert run(["lint", str(migration), "--base", str(base), "--config", str(config)]) == 3
    assert "must be one that" not in capsys.readouterr().out


def test_what_is_not_understood_is_refused_with_its_place(lint: Lint) -> None:
    unknown = '-- migplan: allow data-los "x"\nSELECT 1;\n'
    assert run(["lint", _file(lint, unknown), "--base", _file(lint, unknown)]) == 1
    assert "x.sql:2:1: there is no finding 'data-los' to allow" in lint.capsys.readouterr().err
    assert run(["lint", _file(lint, "SELECT 1;\n\\i other.sql\n")]) == 1
    assert "x.sql:2:1: psql's command \\i is not run here" in lint.capsys.readouterr().err


def _file(lint: Lint, text: str) -> str:
    (lint.folder / "x.sql").write_text(text, encoding="utf-8")
    return str(lint.folder / "x.sql")
