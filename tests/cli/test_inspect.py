"""migplan inspect: what migplan sees of a database, or of declared files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migplan.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.conftest import MakeDb

SCRIPT = """
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE user_logins (id int);
CREATE TABLE orders (id int);
CREATE VIEW names AS SELECT name FROM users;
"""


def test_summary_counts_by_kind(make_db: MakeDb, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", "--target", make_db(SCRIPT)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("PostgreSQL ")
    assert {"table        3", "view         1"} <= set(out.splitlines())


def test_sql_of_some_objects_comes_with_what_belongs_to_them(
    make_db: MakeDb, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", make_db(SCRIPT), "--only", "public.user*", "--format", "sql"]) == 0
    out = capsys.readouterr().out
    assert "CREATE TABLE public.users (\n  id integer NOT NULL,\n  name text,\n" in out
    assert "user_logins" in out
    assert "orders" not in out
    assert "VIEW" not in out


def test_the_sql_builds_the_same_again(make_db: MakeDb, capsys: pytest.CaptureFixture[str]) -> None:
    url = make_db(SCRIPT)
    assert run(["inspect", "--target", url, "--format", "sql"]) == 0
    again = make_db(capsys.readouterr().out)
    assert run(["inspect", "--target", url, "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert run(["inspect", "--target", again, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == first


def test_what_is_not_modelled_is_named(make_db: MakeDb, capsys: pytest.CaptureFixture[str]) -> None:
    url = make_db("CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)")
    try:
        assert run(["inspect", "--target", url]) == 0
        assert "not modelled: subscription s" in capsys.readouterr().out
    finally:
        _without_subscription(url)


def _without_subscription(url: str) -> None:
    """A database with a subscription can't be dropped."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as db:
        db.execute("ALTER SUBSCRIPTION s SET (slot_name = NONE)")
        db.execute("DROP SUBSCRIPTION s")


def test_a_name_that_nothing_bears_is_an_error(make_db: MakeDb, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", make_db(SCRIPT), "--only", "users"]) == 1
    assert "public.users" in capsys.readouterr().err


RELATED = """
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE);
CREATE TABLE "Or ders" (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, price numeric(10, 2)[]);
CREATE TABLE profiles (user_id int PRIMARY KEY REFERENCES users, at int DEFAULT 1);
"""


def test_declared_files_as_a_tree_and_as_a_diagram(
    pg_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "schema.sql").write_text(RELATED, encoding="utf-8")
    assert run(["inspect", str(tmp_path), "--target", pg_url, "--format", "tree"]) == 0
    assert capsys.readouterr().out.splitlines()[:7] == [
        "schema public",
        '  table "Or ders"',
        "    id  integer NOT NULL",
        "    user_id  integer NOT NULL",
        "    price  numeric(10,2)[]",
        '    constraint "Or ders_pkey"  PRIMARY KEY (id)',
        '    constraint "Or ders_user_id_fkey"  FOREIGN KEY (user_id) REFERENCES public.users(id)',
    ]
    assert run(["inspect", str(tmp_path), "--target", pg_url, "--format", "mermaid", "--only", "public.*"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "erDiagram",
        '  "Or ders" {',
        "    integer id PK",
        "    integer user_id FK",
        "    numeric_10_2 price",
        "  }",
        "  profiles {",
        "    integer user_id PK, FK",
        "    integer at",
        "  }",
        "  users {",
        "    integer id PK",
        "    text email UK",
        "  }",
        '  users ||--o{ "Or ders" : "user_id"',
        '  users ||--o| profiles : "user_id"',
    ]


def test_what_is_neither_target_nor_file_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", "nowhere.sql"]) == 1
    assert "no target 'nowhere.sql' (known: none), and no such file or folder" in capsys.readouterr().err
