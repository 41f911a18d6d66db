"""migplan inspect: what migplan sees of a database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migplan.cli.main import run

if TYPE_CHECKING:
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
    assert run(["inspect", "public.user*", "--target", make_db(SCRIPT), "--format", "sql"]) == 0
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
    assert run(["inspect", "users", "--target", make_db(SCRIPT)]) == 1
    assert "public.users" in capsys.readouterr().err
