"""Targets that can't be had: servers, passwords, databases, privileges, versions. No password is shown."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.support import servers as test_servers
from tests.support.command import SECRET

from migplan.core.errors import TargetError
from migplan.source import connect as connecting
from migplan.source.shadow import servers

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.conftest import MakeDb
    from tests.support.command import Command

pytestmark = pytest.mark.pg(18)


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """A server of our own that asks for passwords; its URL without one. Role ``asked`` has ``SECRET``."""
    server = servers.start(test_servers.binaries(18))
    try:
        with psycopg.connect(server.url, autocommit=True) as db:
            db.execute(f"CREATE ROLE asked LOGIN PASSWORD '{SECRET}'".encode())
            db.execute("CREATE TABLE users (id int PRIMARY KEY, name text)")
            rules = Path(str(conninfo_to_dict(server.url)["host"])) / "data/pg_hba.conf"
            rules.write_text("local all asked scram-sha-256\n")
            db.execute("SELECT pg_reload_conf()")
        yield server.url.replace("postgres@", "asked@")
    finally:
        server.stop()


def with_password(url: str, password: str) -> str:
    return url.replace("@", f":{password}@", 1)


def test_an_unreachable_server(migplan: Command, wanted: str) -> None:
    for url in (f"postgresql://me:{SECRET}@127.0.0.1:1/d", f"host=127.0.0.1 port=1 password={SECRET}"):
        migplan("plan", "--target", url, "--schema", wanted).refused("port=1", "Connection refused", "Check host")
    migplan("plan", "--target", f"postgresql://me:{SECRET}@no-such-host.invalid/d", "--schema", wanted).refused(
        "no-such-host.invalid"
    )
    assert migplan.left() == [wanted]


@pytest.mark.parametrize(
    "target",
    [
        f"postgresql://me:x@{SECRET}@127.0.0.1:1/d",
        f"postgresql://me:x/{SECRET}@127.0.0.1:1/d",
        f"postgresql://me:x#{SECRET}@127.0.0.1:1/d",
        f"postgresql://me:x?{SECRET}@127.0.0.1:1/d",
        f"postgresql://me:x%zz{SECRET}@127.0.0.1:1/d",
        f"postgresql://me:x%40{SECRET}@127.0.0.1:1/d",
        f"postgresql://me@127.0.0.1:1/d?password={SECRET}",
        f"mysql://me:{SECRET}@h/d",
        f"host=127.0.0.1 port=1 password=x {SECRET}",
    ],
)
def test_special_characters_in_a_password(migplan: Command, wanted: str, target: str) -> None:
    migplan("diff", "--target", target, "--schema", wanted).refused()
    migplan("diff", env={"MIGPLAN_TARGET_URL": target}).refused()
    migplan("init", "--from", target).refused()


def test_wrong_and_right_passwords(migplan: Command, guarded: str, wanted: str, tmp_path: Path) -> None:
    what = ("plan", "--schema", wanted, "--out", "plan", "--target")
    migplan(*what, with_password(guarded, f"{SECRET}x")).refused("password authentication failed", "PGPASSWORD")
    migplan(*what, guarded).refused("no password supplied", "PGPASSWORD")
    migplan(*what, guarded, env={"PGPASSWORD": f"{SECRET}-no"}).refused("password authentication failed")
    migplan(*what, guarded.replace("asked@", "stranger@")).refused("pg_hba.conf")
    assert migplan.left() == [wanted]
    assert migplan(*what, with_password(guarded, SECRET)).status == 0
    for path in migplan.folder.rglob("plan/*"):
        assert SECRET not in path.read_text()
    assert migplan(*what, guarded, env={"PGPASSWORD": SECRET}).status == 0
    parts = conninfo_to_dict(guarded)
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:{parts['port']}:*:asked:{SECRET}\n")
    passwords.chmod(0o600)
    assert migplan(*what, guarded, env={"PGPASSFILE": str(passwords)}).status == 0
    services = tmp_path / "services"
    services.write_text("[shop]\n" + "".join(f"{k}={v}\n" for k, v in parts.items() if v) + f"password={SECRET}\n")
    service = {"PGSERVICEFILE": str(services), "PGSERVICE": "shop"}
    assert migplan(*what[:-1], env=service).status == 0
    assert migplan(*what, "service=shop", env={"PGSERVICEFILE": str(services)}).status == 0
    migplan(*what, "service=shed", env=service).refused('service "shed" not found', "PGSERVICE")


def test_init_writes_no_password(migplan: Command, guarded: str) -> None:
    assert migplan("init", "--from", with_password(guarded, SECRET)).status == 0
    for path in migplan.folder.rglob("*"):
        assert path.is_dir() or SECRET not in path.read_text()


def test_unknown_database_and_role(migplan: Command, live: str, wanted: str) -> None:
    base, _, _ = live.rpartition("/")
    migplan("plan", "--target", f"{base}/no_such_database", "--schema", wanted).refused(
        'database "no_such_database" does not exist', "Check the database's name"
    )
    stranger = live.replace("postgres@", "no_such_role@")
    migplan("plan", "--target", stranger, "--schema", wanted).refused('role "no_such_role"', "Check the user's name")


@contextmanager
def role(url: str, attributes: str = "") -> Generator[str]:
    """A role that may log in, for as long as the database is there."""
    name = f"migplan_test_{os.getpid()}_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"CREATE ROLE {name} LOGIN {attributes}".encode())
        try:
            yield name
        finally:
            db.execute(f"DROP OWNED BY {name}".encode())
            db.execute(f"DROP ROLE {name}".encode())


def test_a_role_that_may_only_read_plans_with_another_shadow(migplan: Command, make_db: MakeDb, pg_url: str) -> None:
    url = make_db(
        "CREATE SCHEMA app; CREATE TABLE app.users (id int PRIMARY KEY, name text); CREATE TABLE app.secret (id int);"
        "INSERT INTO app.users SELECT i, 'x' FROM generate_series(1, 100) i; INSERT INTO app.secret VALUES (1);"
        "CREATE VIEW app.v AS SELECT * FROM app.users; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    schema = migplan.write(
        "s.sql",
        "CREATE SCHEMA app; CREATE TABLE app.users (id int PRIMARY KEY, name text NOT NULL, email text);"
        "CREATE TABLE app.secret (id int NOT NULL); CREATE VIEW app.v AS SELECT id, name FROM app.users;"
        "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    )
    toml = migplan.write("migplan.toml", f'[shadow]\nurl = "{pg_url}"\n[manage]\ngrants = false\n')
    with role(url) as name:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(f"GRANT USAGE ON SCHEMA app TO {name}; GRANT SELECT ON app.users TO {name}".encode())
        target = url.replace("postgres@", f"{name}@")
        planned = migplan("plan", "--target", target, "--schema", schema, "--config", toml, "--out", "plan")
        assert (planned.status, planned.err) == (0, "")
        assert "; proved" in planned.out
        assert migplan("diff", "--target", target, "--schema", schema, "--config", toml).status == 0
        assert migplan("inspect", "--target", target).status == 0


def test_missing_privileges(migplan: Command, make_db: MakeDb, wanted: str) -> None:
    url = make_db("CREATE TABLE users (id int PRIMARY KEY); REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC")
    with role(url) as name:
        target = url.replace("postgres@", f"{name}@")
        migplan("diff", "--target", target, "--schema", wanted).refused("may not read the catalogs", "pg_proc")
        toml = migplan.write("migplan.toml", f'[shadow]\nurl = "{target}"\n')
        migplan("diff", "--target", url, "--schema", wanted, "--config", toml).refused(
            "may not create databases on the shadow server", f"ALTER ROLE {name} CREATEDB"
        )
        with psycopg.connect(url, autocommit=True) as db:
            database = db.info.dbname
            db.execute(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC".encode())
        migplan("diff", "--target", target, "--schema", wanted).refused("permission denied for database")


@pytest.mark.parametrize(("oldest", "newest"), [(19, 20), (10, 13)])
def test_an_unsupported_version(live: str, monkeypatch: pytest.MonkeyPatch, oldest: int, newest: int) -> None:
    """There is no such server here: a real connection is judged by bounds that leave it out."""
    monkeypatch.setattr(connecting, "OLDEST", oldest)
    monkeypatch.setattr(connecting, "NEWEST", newest)
    with pytest.raises(TargetError, match="is PostgreSQL 18, which is not supported") as error:
        connecting.connect(live)
    assert error.value.hint == f"migplan works with PostgreSQL {oldest} to {newest}."


def test_roles_of_both_sides_exist_on_another_shadow(migplan: Command, make_db: MakeDb) -> None:
    """Also when the declaration comes out of the cache, and where only the live side names a role."""
    names = [f"migplan_test_{os.getpid()}_{secrets.token_hex(4)}" for _ in range(3)]
    _, _, declared = names
    url = make_db()
    with role(url) as name, psycopg.connect(url, autocommit=True) as db:
        for each in names:
            db.execute(f"CREATE ROLE {each}".encode())
        try:
            live = (
                "CREATE TABLE t (id int); GRANT SELECT ON t TO {0}; ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
                "CREATE POLICY p ON t TO {1} USING (true); GRANT UPDATE (id) ON t TO {1};"
            )
            db.execute(live.format(*names).encode())
            schema = migplan.write("s.sql", f"CREATE TABLE t (id int, n int); GRANT SELECT ON t TO {declared};")
            target = url.replace("postgres@", f"{name}@")
            for out in ("first", "second"):
                planned = migplan("plan", "--target", target, "--schema", schema, "--out", out)
                assert planned.status == 0, planned.err
                assert "; proved" in planned.out
        finally:
            db.execute("DROP TABLE t")
            for each in names:
                db.execute(f"DROP OWNED BY {each}; DROP ROLE {each}".encode())
