"""``dual_write = "application"``: four versions of an application, each writing for good in its own window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.migrations import migration, proved, psql

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

CONFIG = '[planning]\nsmall_table_rows = 0\ndual_write = "application"\n'
LIVE = """
CREATE TABLE t (id int PRIMARY KEY, price int NOT NULL UNIQUE);
CREATE VIEW prices AS SELECT id, price FROM t;
INSERT INTO t SELECT g, g FROM generate_series(1, 100) g;
"""
DECLARED = """
CREATE TABLE t (
  id int PRIMARY KEY,
  -- migplan: renamed-from price
  -- migplan: using price * 100
  -- migplan: reverse (cents / 100)::int
  cents bigint NOT NULL UNIQUE
);
CREATE VIEW prices AS SELECT id, (cents / 100)::int AS price FROM t;
"""
OLD = "INSERT INTO t (id, price) VALUES ({0}, {0}); UPDATE t SET price = 2000 + id WHERE id = {0} - 100"
BOTH = (
    "INSERT INTO t (id, price, cents) VALUES ({0}, {0}, {0} * 100);"
    " UPDATE t SET price = 2000 + id, cents = (2000 + id) * 100 WHERE id = {0} - 100"
)
NEW = "INSERT INTO t (id, cents) VALUES ({0}, {0} * 100); UPDATE t SET cents = (2000 + id) * 100 WHERE id = {0} - 100"
APPLICATIONS = (OLD, BOTH, BOTH, NEW)


def test_every_write_of_every_version_is_kept(make_db: MakeDb, tmp_path: Path) -> None:
    found = migration(make_db, tmp_path, LIVE, DECLARED, config=CONFIG)
    assert [c.contract for c in found.plan.checkpoints] == [
        [
            "The application handles the errors of constraint public.t.t_cents_key (duplicates, conflicts).",
            "The application writes cents wherever it writes price in table public.t, and still reads price.",
        ],
        ["The application reads cents instead of price in table public.t, and still writes both."],
        ["The application neither reads nor writes price in table public.t."],
    ]
    key = 100
    for window, application in zip(found.plan.windows, APPLICATIONS, strict=True):
        for phase in window.phases:
            key += 1
            psql(found.live, application.format(key))
            psql(found.live, found.folder.files[phase.up])
        key += 1
        psql(found.live, application.format(key))
    assert found.second() == ([], [])
    wanted = [(g, (2000 + g) * 100 if g <= key - 100 else g * 100) for g in range(1, key + 1)]
    with psycopg.connect(found.live) as db:
        assert db.execute("SELECT id, cents FROM t ORDER BY id").fetchall() == wanted
    for window, application in reversed(list(zip(found.plan.windows, APPLICATIONS, strict=True))):
        for phase in reversed(window.phases):
            psql(found.live, found.folder.files[phase.down])
            key += 1
            psql(found.live, (OLD if window.number == 0 and phase == window.phases[0] else application).format(key))
    with psycopg.connect(found.live) as db:
        rows = db.execute("SELECT id, price FROM t ORDER BY id").fetchall()
    assert rows == [(g, 2000 + g if g <= key - 100 else g) for g in range(1, key + 1)]


KEYS = {
    "renamed": (
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100);",
        "CREATE TABLE t (\n  -- migplan: renamed-from id\n  key int CONSTRAINT t_pkey PRIMARY KEY);",
        "CREATE TABLE r (t int CONSTRAINT f REFERENCES t); INSERT INTO r SELECT generate_series(1, 100);",
    ),
    "split": (
        "CREATE TABLE t (id text PRIMARY KEY); INSERT INTO t SELECT g || '-' || g FROM generate_series(1, 100) g;",
        "CREATE TABLE t (\n  -- migplan: using split_part(id, '-', 1)\n  -- migplan: reverse id = a || '-' || b\n"
        "  a text,\n  -- migplan: using split_part(id, '-', 2)\n  b text,\n  CONSTRAINT t_pkey PRIMARY KEY (a, b));",
        "",
    ),
}


@pytest.mark.parametrize("change", KEYS)
def test_keys_go_over(make_db: MakeDb, tmp_path: Path, change: str) -> None:
    live, declared, child = KEYS[change]
    found = proved(
        make_db, tmp_path, f"{live}{child}ANALYZE;", f"{declared}{child.partition(' INSERT')[0]}", config=CONFIG
    )
    assert len(found.plan.checkpoints) == 3
    found.both_ways()


@pytest.mark.pg(18)
@pytest.mark.parametrize(
    ("live", "declared", "reason"),
    [
        (
            "CREATE TABLE t (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);",
            "CREATE TABLE t (id int PRIMARY KEY,\n  -- migplan: renamed-from n\n  m int GENERATED ALWAYS AS IDENTITY);",
            "column public.t.n is computed by PostgreSQL itself",
        ),
        (
            "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1);",
            "CREATE TABLE t (id int PRIMARY KEY, n bigint);",
            "declare the new one under another name, with renamed-from",
        ),
    ],
)
def test_what_an_application_cannot_keep_in_step_is_said(
    live: str, declared: str, reason: str, make_db: MakeDb, tmp_path: Path
) -> None:
    found = migration(make_db, tmp_path, live, declared, config=CONFIG)
    assert any(reason in f.message for f in found.plan.findings if f.severity == "blocked"), found.plan.findings
