"""Tables renamed by directive: under both names between the deploys, with all that belongs to them, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.migrations import migration, proved, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

USERS = """
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL UNIQUE, status varchar(10) DEFAULT 'new' CHECK (status <> ''));
CREATE INDEX users_status_idx ON users (status);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int REFERENCES users);
CREATE VIEW names AS SELECT u.name, o.id FROM users u JOIN orders o ON o.user_id = u.id;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE STATISTICS users_stats ON name, status FROM users;
COMMENT ON TABLE users IS 'people';
GRANT SELECT ON users TO PUBLIC;
"""
ACCOUNTS = (
    USERS.replace("users", "accounts")
    .replace("CREATE TABLE accounts", "-- migplan: renamed-from users\nCREATE TABLE accounts")
    .replace("accounts_stats", "users_stats")
)


def _old_application(url: str) -> None:
    run(url, "INSERT INTO users (name) VALUES ('old')")
    run(
        url, "INSERT INTO users (name, status) VALUES ('old', 'again') ON CONFLICT (name) DO UPDATE SET status = 'kept'"
    )
    assert run(url, "UPDATE users SET status = 'seen' WHERE name = 'old' RETURNING status") == [("seen",)]
    assert run(url, "SELECT status FROM users WHERE name = 'old'") == [("seen",)]
    run(url, "DELETE FROM users WHERE name = 'old'")


def _new_application(url: str) -> None:
    _old_application_under(url, "accounts")


def _old_application_under(url: str, name: str) -> None:
    run(url, f"INSERT INTO {name} (name) VALUES ('new')")
    assert run(url, f"SELECT status FROM {name} WHERE name = 'new'") == [("new",)]
    run(url, f"DELETE FROM {name} WHERE name = 'new'")


def test_serves_both_applications(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, USERS, ACCOUNTS)
    assert len(found.plan.windows) == 2
    assert [c.contract for c in found.plan.checkpoints] == [
        ["The application uses only the new name public.accounts of table public.users."]
    ]

    def between(window: int) -> None:
        _new_application(found.live)
        if window == 0:
            _old_application(found.live)

    found.both_ways(between)


def test_keeps_its_rows_and_never_drops_it(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, USERS, ACCOUNTS)
    run(found.live, "INSERT INTO users (name) VALUES ('somebody')")
    found.both_ways()
    assert "DROP TABLE" not in found.up
    assert run(found.live, "SELECT name FROM users") == [("somebody",)]


def test_needs_no_stand_in_offline(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, USERS, ACCOUNTS, offline=True)
    assert len(found.plan.windows) == 1
    assert "CREATE VIEW" not in found.up
    found.both_ways()


def test_carries_names_that_create_table_makes_up(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, USERS, ACCOUNTS)
    assert "ALTER INDEX public.users_pkey RENAME TO accounts_pkey" in found.up
    assert "ALTER SEQUENCE public.users_id_seq RENAME TO accounts_id_seq" in found.up
    assert "ADD CONSTRAINT" not in found.up


CHANGED = """
-- migplan: renamed-from users
CREATE TABLE accounts (id serial PRIMARY KEY, name text, status varchar(20) DEFAULT 'new', born date);
CREATE INDEX born ON accounts (born);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int REFERENCES accounts);
CREATE VIEW names AS SELECT u.name, o.id, u.born FROM accounts u JOIN orders o ON o.user_id = u.id;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION stamp();
"""


@pytest.mark.parametrize("offline", [False, True])
def test_changes_in_the_same_plan(make_db: MakeDb, tmp_path: Path, *, offline: bool) -> None:
    old = USERS + "ALTER TABLE users ADD gone int NOT NULL DEFAULT 0;"
    found = proved(make_db, tmp_path, old, CHANGED, offline=offline)
    found.both_ways()


def test_moves_to_another_schema(make_db: MakeDb, tmp_path: Path) -> None:
    new = """
    CREATE SCHEMA app;
    -- migplan: renamed-from public.users
    CREATE TABLE app.accounts (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE INDEX accounts_idx ON app.accounts (name, id);
    CREATE TABLE other (id int REFERENCES app.accounts);
    -- migplan: renamed-from legacy.kept
    CREATE TABLE kept (id int PRIMARY KEY);
    """
    old = """
    CREATE SCHEMA legacy;
    CREATE TABLE legacy.kept (id int PRIMARY KEY);
    CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE INDEX users_idx ON users (name, id);
    CREATE TABLE other (id int REFERENCES users);
    """
    found = proved(make_db, tmp_path, old, new, config='manage.schemas = ["public", "app", "legacy"]')
    assert "SET SCHEMA app" in found.up

    def between(window: int) -> None:
        run(found.live, "INSERT INTO app.accounts (name) VALUES ('x'); DELETE FROM app.accounts")
        if window == 0:
            run(found.live, "INSERT INTO public.users (name) VALUES ('x'); DELETE FROM public.users")

    found.both_ways(between)


def test_moves_to_a_schema_together_with_what_prints_alike(make_db: MakeDb, tmp_path: Path) -> None:
    old = """
    CREATE TYPE side AS ENUM ('left');
    CREATE TYPE mood AS ENUM ('good');
    CREATE TABLE users (id int PRIMARY KEY, felt mood DEFAULT 'good');
    """
    new = """
    CREATE SCHEMA app;
    -- migplan: renamed-from public.side
    CREATE TYPE app.side AS ENUM ('left');
    CREATE TYPE app.mood AS ENUM ('good');
    -- migplan: renamed-from public.users
    CREATE TABLE app.users (id int PRIMARY KEY, felt app.mood DEFAULT 'good');
    """
    proved(make_db, tmp_path, old, new, config='manage.schemas = ["public", "app"]').both_ways()


def test_chain_takes_a_deploy_a_name(make_db: MakeDb, tmp_path: Path) -> None:
    old = "CREATE TABLE a (x int); CREATE TABLE b (y text);"
    new = "-- migplan: renamed-from a\nCREATE TABLE b (x int);\n-- migplan: renamed-from b\nCREATE TABLE c (y text);"
    found = proved(make_db, tmp_path, old, new)
    assert len(found.plan.windows) == 3
    statements = [
        ["INSERT INTO a VALUES (1)", "INSERT INTO b VALUES ('x')", "INSERT INTO c VALUES ('x')"],
        ["INSERT INTO a VALUES (1)", "INSERT INTO c VALUES ('x')", "INSERT INTO b VALUES (1)"],
        ["INSERT INTO b VALUES (1)", "INSERT INTO c VALUES ('x')"],
    ]

    def between(window: int) -> None:
        for statement in statements[window]:
            run(found.live, statement)

    found.both_ways(between)


@pytest.mark.pg(18)
def test_chain_through_kinds(make_db: MakeDb, tmp_path: Path) -> None:
    """A view goes, and a materialized view that reads it takes its name: both share one namespace."""
    old = """CREATE TABLE t (id int);
CREATE VIEW ids AS SELECT id FROM t;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM ids;
"""
    declared = """CREATE TABLE t (id int);
-- migplan: renamed-from ids
CREATE VIEW live_ids AS SELECT id FROM t;
-- migplan: renamed-from kept
CREATE MATERIALIZED VIEW ids AS SELECT id FROM live_ids;
"""
    found = proved(make_db, tmp_path, old, declared)
    assert len(found.plan.windows) == 3
    found.both_ways()


@pytest.mark.parametrize("offline", [False, True])
def test_swap_goes_through_a_temporary_name(make_db: MakeDb, tmp_path: Path, *, offline: bool) -> None:
    old = "CREATE TABLE a (x int PRIMARY KEY); CREATE TABLE b (y text PRIMARY KEY);"
    new = """
    -- migplan: renamed-from b
    CREATE TABLE a (y text PRIMARY KEY);
    -- migplan: renamed-from a
    CREATE TABLE b (x int PRIMARY KEY);
    """
    found = proved(make_db, tmp_path, old, new, offline=offline)
    run(found.live, "INSERT INTO a VALUES (1); INSERT INTO b VALUES ('text')")
    found.run(0)
    found = proved(make_db, tmp_path, old, new, offline=offline)
    found.both_ways()


@pytest.mark.parametrize("offline", [False, True])
def test_takes_the_name_of_a_dropped_table(make_db: MakeDb, tmp_path: Path, *, offline: bool) -> None:
    old = "CREATE TABLE users (id int PRIMARY KEY, a text); CREATE TABLE users_v2 (id int PRIMARY KEY, b text);"
    new = "-- migplan: renamed-from users_v2\nCREATE TABLE users (id int PRIMARY KEY, b text);"
    found = proved(make_db, tmp_path, old, new, offline=offline)
    run(found.live, "INSERT INTO users_v2 VALUES (1, 'kept')")
    for number in range(len(found.plan.windows)):
        found.run(number)
    assert run(found.live, "SELECT b FROM users") == [("kept",)]
    proved(make_db, tmp_path, old, new, offline=offline).both_ways()


def test_another_table_waits_for_the_old_name(make_db: MakeDb, tmp_path: Path) -> None:
    old = "CREATE TABLE users (id serial PRIMARY KEY, a text);"
    new = """
    -- migplan: renamed-from users
    CREATE TABLE accounts (id serial PRIMARY KEY, a text);
    CREATE TABLE users (id serial PRIMARY KEY, account int REFERENCES accounts);
    """
    found = proved(make_db, tmp_path, old, new)
    assert "CREATE TABLE" not in found.folder.files["w0_1_expand.up.sql"]
    found.both_ways()


@pytest.mark.parametrize("offline", [False, True])
def test_partitioned_table_and_partition(make_db: MakeDb, tmp_path: Path, *, offline: bool) -> None:
    old = """
    CREATE TABLE log (id int, at date, who int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
    CREATE INDEX log_who_idx ON log (who);
    ALTER TABLE log ADD CHECK (who > 0);
    """
    new = """
    -- migplan: renamed-from log
    CREATE TABLE events (id int, at date, who int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    -- migplan: renamed-from log_1
    CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    CREATE TABLE log_2 PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
    CREATE INDEX events_who_idx ON events (who);
    ALTER TABLE events ADD CHECK (who > 0);
    """
    proved(make_db, tmp_path, old, new, offline=offline).both_ways()


def test_row_security_without_security_invoker_is_blocked(make_db: MakeDb, tmp_path: Path, pg_major: int) -> None:
    old = "CREATE TABLE a (x int); ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (x > 0);"
    new = "-- migplan: renamed-from a\n" + old.replace("TABLE a ", "TABLE b ").replace("ON a ", "ON b ")
    found = migration(make_db, tmp_path, old, new)
    blocked = [f.message for f in found.plan.findings if f.severity == "blocked"]
    assert bool(blocked) == (pg_major < 15)
    if pg_major >= 15:
        found.both_ways()
