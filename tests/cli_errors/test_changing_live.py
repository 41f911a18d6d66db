"""A live database that others change while it is read."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.support.command import Command

pytestmark = pytest.mark.pg(18)


@contextlib.contextmanager
def meanwhile(url: str, command: Callable[[int], str]) -> Generator[None]:
    """Another session that runs one command after the other."""
    ended = threading.Event()

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as db:
            for number in itertools.count():
                if ended.is_set():
                    return
                db.execute(command(number).encode())
                ended.wait(0.005)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_schema_that_keeps_changing(migplan: Command, live: str, wanted: str) -> None:
    with meanwhile(live, lambda n: f"CREATE TABLE new{n} (id int PRIMARY KEY); CREATE VIEW v{n} AS SELECT {n} AS n"):
        ended = migplan("plan", "--target", live, "--schema", wanted)
    ended.refused("the schema changed while it was read", "no other migration is running")
    assert migplan.left() == [wanted]


def test_an_object_that_comes_and_goes(migplan: Command, live: str, wanted: str) -> None:
    """Half an object is never taken for one: a plan that is made speaks of the column alone."""
    with meanwhile(live, lambda n: "DROP VIEW v" if n % 2 else "CREATE VIEW v AS SELECT id FROM users"):
        ended = migplan("diff", "--target", live, "--schema", wanted)
    if ended.status:
        ended.refused("the schema changed while it was read")
    else:
        assert {line[:3] for line in ended.out.splitlines() if "public.v" in line} <= {"  -", "  d"}


def test_what_changes_no_schema_is_no_error(migplan: Command, live: str, wanted: str) -> None:
    with meanwhile(live, lambda n: f"TRUNCATE users; CREATE TEMP TABLE scratch{n} (id int); DROP TABLE scratch{n}"):
        ended = migplan("diff", "--target", live, "--schema", wanted)
    assert (ended.status, ended.err) == (0, "")
    assert "+ column public.users.email" in ended.out
