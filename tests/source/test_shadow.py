"""Scratch databases come, go, and are swept; the shadow is chosen in order; roles exist there."""

from __future__ import annotations

import contextlib
import secrets
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from migplan.core.errors import ShadowError
from migplan.source.connect import connect, with_database
from migplan.source.shadow.scratch import PREFIX, locale_of, scratch_database, sweep
from migplan.source.shadow.shadow import choose_shadow, read_setup
from migplan.source.text.files import SourceText
from migplan.source.text.psqlfile import PsqlFile, ReadingRules, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migplan.source.connect import Connection

HOLDER = """
import sys, time
from migplan.source.shadow.scratch import scratch_database
with scratch_database(sys.argv[1]) as database:
    print(database.name, flush=True)
    time.sleep(60)
"""


def databases(url: str) -> set[str]:
    with contextlib.closing(connect(url)) as connection:
        query = "SELECT datname::text FROM pg_database WHERE datname ^@ %s"
        return {name for (name,) in connection.execute(query, [PREFIX]).fetchall()}


def test_a_scratch_database_is_gone_after_use_and_after_an_error(pg_url: str) -> None:
    with scratch_database(pg_url) as database, contextlib.closing(database.connect()) as connection:
        connection.execute("CREATE TABLE t ()")
        assert database.name in databases(pg_url)
    assert database.name not in databases(pg_url)
    with pytest.raises(ZeroDivisionError), scratch_database(pg_url) as second:
        raise ZeroDivisionError
    assert second.name not in databases(pg_url)


def test_what_a_killed_process_left_is_swept_and_what_is_held_is_not(pg_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, f"{pg_url}?application_name=holder"], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    with holder, holder.stdout:
        name = holder.stdout.readline().strip()
        with contextlib.closing(connect(pg_url)) as connection:
            assert name not in sweep(connection)
            assert name in databases(pg_url)
            holder.send_signal(signal.SIGKILL)
            holder.wait()
            _until_unheld(connection, "holder")
            sweep(connection)
        assert name not in databases(pg_url)


def _until_unheld(connection: Connection, name: str) -> None:
    """The server notices the end of a client after a moment."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    for _ in range(100):
        if connection.execute(query, [name]).fetchone() == (0,):
            return
        time.sleep(0.05)
    pytest.fail("the killed client is still connected")


def test_a_database_with_another_comment_is_not_ours(pg_url: str) -> None:
    name = f"{PREFIX}{secrets.token_hex(6)}"
    with contextlib.closing(connect(pg_url)) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS 'mine'").format(sql.Identifier(name)))
        assert name not in sweep(connection)
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


@pytest.fixture
def poor_url(pg_url: str) -> Iterator[str]:
    """A role that may log in and nothing else."""
    role = f"migplan_poor_{secrets.token_hex(4)}"
    with contextlib.closing(connect(pg_url)) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        yield pg_url.replace("postgres@", f"{role}@")
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def grants_to(role: str) -> PsqlFile:
    """A file that names a role."""
    return read_file(SourceText("f.sql", f"GRANT SELECT ON t TO {role}"))


def test_the_targets_server_is_chosen_where_its_role_may_create_databases(pg_url: str, pg_major: int) -> None:
    shadow = choose_shadow(pg_url)
    assert (shadow.major, shadow.own) == (pg_major, False)
    with contextlib.closing(connect(pg_url)) as target:
        locale = locale_of(target)
    with shadow.scratch() as database, contextlib.closing(database.connect()) as connection:
        assert locale_of(connection) == locale


def test_else_a_server_of_our_own(poor_url: str) -> None:
    shadow = choose_shadow(poor_url)
    assert shadow.own
    with shadow.scratch() as database, contextlib.closing(database.connect()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_explicit_server_must_let_us_create_databases(poor_url: str) -> None:
    with pytest.raises(ShadowError, match="may not create databases"):
        choose_shadow(None, url=poor_url)


def test_missing_roles_are_created_on_our_own_server_and_an_error_on_the_targets(pg_url: str) -> None:
    role = f"migplan_{secrets.token_hex(4)}"
    with pytest.raises(ShadowError, match=role) as error:
        choose_shadow(pg_url).ensure_roles([grants_to(role)])
    assert error.value.place == "f.sql:1:1"
    assert f"CREATE ROLE {role};" in (error.value.hint or "")
    shadow = choose_shadow(None, url=pg_url)
    shadow.ensure_roles([grants_to(role)])
    shadow.ensure_roles([grants_to(role)])
    with contextlib.closing(connect(pg_url)) as connection:
        query = "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s"
        assert connection.execute(query, [role]).fetchall() == [(False,)]
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_set_up_is_loaded_and_known(pg_url: str) -> None:
    text = """
    CREATE SCHEMA auth; CREATE TABLE auth.users (id int); CREATE TABLE helper (id int); INSERT INTO helper VALUES (1);
    """
    setup = [read_file(SourceText("setup.sql", text), ReadingRules(data=True))]
    shadow = choose_shadow(pg_url, setup=setup)
    with shadow.scratch() as database, contextlib.closing(database.connect()) as connection:
        found = read_setup(connection, shadow)
    assert found.schemas == {"auth"}
    assert {str(id) for id in found.objects} >= {"table public.helper", "column public.helper.id"}
    assert not any(id.path[0] == "auth" for id in found.objects)


def test_another_database_of_the_same_server(pg_url: str) -> None:
    with contextlib.closing(connect(with_database(pg_url, "template1"))) as connection:
        assert connection.info.dbname == "template1"
