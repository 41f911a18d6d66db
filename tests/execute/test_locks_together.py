"""Transactions that lock several tables hold none of them while they wait for another."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.live import LARGE, back_to, to_the_end
from tests.support.migrations import proved, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import MakeDb

OLD = """
CREATE TABLE item (id bigint PRIMARY KEY, note text);
CREATE TABLE sale (id bigint PRIMARY KEY, item bigint, amount int);
"""
ROWS = """
INSERT INTO item SELECT g, 'n' FROM generate_series(1, 20) g;
INSERT INTO sale SELECT g, g, g FROM generate_series(1, 20) g;
ANALYZE;
"""
NEW = OLD.replace("item bigint,", "item bigint REFERENCES item,")
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid <> {} AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
HAS_KEY = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = 'sale_item_fkey' AND convalidated)"


def _meets(url: str, held: str, wanted: str, work: Callable[[], object]) -> None:
    """An application holds one relation by what it says, and comes for the other, for which the plan may wait behind
    somebody else's ``id = 20``."""
    with psycopg.connect(url) as slow, psycopg.connect(url) as application, ThreadPoolExecutor() as pool:
        application.execute(held.encode())
        slow.execute(wanted.encode())
        runs = pool.submit(work)
        for _ in range(500):
            if run(url, WAITS.format(application.info.backend_pid)) == [(True,)]:
                break
            time.sleep(0.01)
        comes = pool.submit(application.execute, wanted.replace("20", "1").encode())
        time.sleep(0.5)
        slow.commit()
        comes.result()
        application.commit()
        runs.result()


@pytest.mark.pg(18)
def test_an_application_is_no_victim(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, OLD + ROWS, NEW, config=LARGE.replace("500", "2000"))
    item, sale = "UPDATE item SET id = id WHERE id = 1", "UPDATE sale SET id = id WHERE id = 20"
    _meets(found.live, item, sale, lambda: to_the_end(found.folder, found.live))
    assert run(found.live, HAS_KEY) == [(True,)]
    _meets(found.live, sale, item, lambda: back_to(found.folder, found.live))
    assert run(found.live, HAS_KEY) == [(False,)]


VIEWS = """
CREATE TABLE item (id bigint PRIMARY KEY, note text, kind text);
CREATE VIEW goods AS SELECT id, kind, note FROM item;
CREATE VIEW best AS SELECT id, note FROM goods WHERE id < 10;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM best;
"""


@pytest.mark.pg(18)
@pytest.mark.parametrize(("held", "wanted"), [("goods", "best"), ("best", "counted")])
def test_a_reader_of_views_is_no_victim(make_db: MakeDb, tmp_path: Path, held: str, wanted: str) -> None:
    found = proved(make_db, tmp_path, VIEWS, VIEWS.replace("id, kind, note", "id, note"))
    for work in (lambda: to_the_end(found.folder, found.live), lambda: back_to(found.folder, found.live)):
        _meets(found.live, f"SELECT FROM {held}", f"SELECT FROM {wanted}", work)
