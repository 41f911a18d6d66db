"""A good plan passes its rehearsal; one that was edited for the worse is caught: by an error, a lost write, a stall."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.migrations import Migration, proved

from migplan.cli.main import run
from migplan.planfile.folder import write_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

OLD = """
CREATE TABLE customer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE CHECK (email ~ '^[^@]+@[^@]+$')
);
CREATE TABLE item (
  id int PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customer,
  amount int NOT NULL CHECK (amount >= 0)
);
INSERT INTO customer (name, email) SELECT 'n' || g, g || '@example.com' FROM generate_series(1, 500) g;
INSERT INTO item SELECT g, 1 + g % 500, g % 9 FROM generate_series(1, 500) g;
ANALYZE;
"""
SCHEMA = OLD[: OLD.index("INSERT")]
RENAMED = SCHEMA.replace("  name text", "  -- migplan: renamed-from name\n  full_name text")
WIDER = RENAMED.replace("id int PRIMARY", "id bigint PRIMARY").replace("amount int", "amount bigint")
EXPAND, CONTRACT = "w0_1_expand.up.sql", "w1_3_contract.up.sql"


def test_a_good_plan_passes(make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = proved(make_db, tmp_path, OLD, WIDER, config="[planning]\nsmall_table_rows = 0\n")
    status, report = rehearse(found, make_db(), capsys)
    assert (status, report["passed"]) == (0, True), report
    assert report["gaps"] == []
    assert [(t["name"], t["rows"]) for t in report["tables"]] == [("public.customer", 500), ("public.item", 500)]
    kinds = [p["kind"] for p in report["periods"]]
    assert kinds[0] == "baseline"
    assert kinds.count("deploy") == 2
    assert {s for p in report["periods"] for s in p["steps"]} == {s.id for s in found.plan.steps}
    assert all(p["wal_bytes"] > 0 for p in report["periods"] if p["kind"] == "step")
    assert report["operations"] > 100


@pytest.mark.pg(14)
def test_a_trigger_that_goes_before_its_column_is_caught_by_errors(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = proved(make_db, tmp_path, OLD, RENAMED)
    compare = "-- migplan:step compare:table:public.customer:copy"
    dropped = 'DROP TRIGGER "~migplan_sync" ON public.customer;'
    text = found.folder.files[CONTRACT]
    begin, end = text.index("BEGIN;\nSET LOCAL"), text.index(dropped) + len(dropped)
    head = text[begin:end].replace(dropped, "")
    apart = f"BEGIN;\n{compare}\n{dropped}\nCOMMIT;\n{head.replace(compare, '')}SELECT pg_sleep(0.7);"
    worse = {**found.folder.files, CONTRACT: text[:begin] + apart + text[end:]}
    write_folder(found.folder.path, found.plan, worse, {})
    status, report = rehearse(found, make_db(), capsys)
    assert (status, report["passed"]) == (1, False)
    assert any(error.startswith("new: 23502") for error in report["errors"]), report["errors"]


@pytest.mark.pg(18)
def test_rows_keep_to_what_the_plan_asks_for(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tighter in every way at once: the target's own rows comply, and nothing but its schema says that to the rest."""
    old = """
    CREATE TABLE handed_on (pk int PRIMARY KEY, v text);
    CREATE TABLE handed_back (pk text PRIMARY KEY, v text);
    INSERT INTO handed_back SELECT g, 'v' FROM generate_series(1, 5) g;
    ANALYZE handed_back;
    CREATE TABLE day (id int UNIQUE, k int) PARTITION BY LIST (id);
    CREATE TABLE day_1 (id int NOT NULL, k int);
    CREATE TABLE day_2 PARTITION OF day FOR VALUES IN (2);
    CREATE TABLE ruled (id int PRIMARY KEY, v text);
    CREATE RULE noted AS ON UPDATE TO ruled DO ALSO NOTHING;
    CREATE TYPE grade AS ENUM ('good', 'bad');
    CREATE TABLE ranked (grade grade NOT NULL, note text);
    CREATE TABLE place (id int PRIMARY KEY);
    CREATE TABLE item (id int, code text, size bigint, name varchar(80), price numeric(12, 2), place int, note text);
    INSERT INTO place VALUES (1);
    INSERT INTO ranked VALUES ('good'), ('bad');
    INSERT INTO ruled VALUES (1, 'v');
    INSERT INTO item VALUES (1, '1', 1000, 'n', 9.99, 1, '');
    """
    new = """
    CREATE TABLE handed_on (pk text PRIMARY KEY, v text);
    CREATE TABLE handed_back (pk int PRIMARY KEY, v text);
    CREATE TABLE day (id int UNIQUE, k int) PARTITION BY LIST (id);
    CREATE TABLE day_1 PARTITION OF day (PRIMARY KEY (id)) FOR VALUES IN (1);
    CREATE TABLE day_2 PARTITION OF day FOR VALUES IN (2);
    CREATE TABLE ruled (id int PRIMARY KEY, v text);
    CREATE RULE noted AS ON UPDATE TO ruled DO ALSO NOTHING;
    CREATE TYPE grade AS ENUM ('good', 'bad');
    CREATE TABLE ranked (grade grade PRIMARY KEY, note text);
    CREATE TABLE place (id int PRIMARY KEY);
    CREATE TABLE item (
      id int PRIMARY KEY, code int NOT NULL UNIQUE, size int CHECK (size > 300), name varchar(8), price numeric(4, 2),
      place int REFERENCES place, note text NOT NULL
    );
    CREATE INDEX item_place ON item (place);
    """
    found = proved(make_db, tmp_path, old, new, config="[planning]\nsmall_table_rows = 0\n")
    status, report = rehearse(found, make_db(), capsys)
    assert (status, report["errors"], report["lost_writes"], report["failure"]) == (0, {}, {}, None), report
    assert report["gaps"] == ["public.ranked: 2 rows instead of 1000: its constraints refuse the others"]
    assert "public.ranked left out: none of its rows could be inserted" in report["applications"]["new"]
    rows = {t["name"]: t["rows"] for t in report["tables"]}
    assert (rows["public.place"], rows["public.item"], rows["public.ruled"]) == (1000, 1000, 1000)


@pytest.mark.pg(18)
def test_the_old_application_stops_before_what_its_checkpoint_forbids(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that begins with a checkpoint has nothing to run before it."""
    old = """
    CREATE TABLE item (id int PRIMARY KEY, name text);
    CREATE TABLE sale (id int PRIMARY KEY, item_id int REFERENCES item);
    """
    new = "CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL);"
    seed = "INSERT INTO item SELECT g, 'n' FROM generate_series(1, 300) g; ANALYZE;"
    found = proved(make_db, tmp_path, old + seed, new, config="[planning]\nsmall_table_rows = 0\n")
    assert [w.number for w in found.plan.windows] == [1]
    status, report = rehearse(found, make_db(), capsys)
    assert (status, report["errors"], report["lost_writes"]) == (0, {}, {}), report
    assert [p["name"] for p in report["periods"] if p["kind"] == "deploy"] == ["checkpoint 1", "end"]


@pytest.mark.pg(18)
def test_a_default_left_on_the_new_column_is_caught_by_lost_writes(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = proved(make_db, tmp_path, OLD, RENAMED)
    down = CONTRACT.replace(".up.", ".down.")
    for file, column in ((down, '"~full_name~copy" text'), (EXPAND, "full_name text")):
        edit(found, file, f"ADD COLUMN {column}", f"ADD COLUMN {column} DEFAULT 'nobody'")
    prove(found)
    status, report = rehearse(found, make_db(), capsys)
    assert status == 1
    assert any("public.customer: name reads another value" in lost for lost in report["lost_writes"]), report


@pytest.mark.pg(14)
def test_a_setting_that_is_never_reset_is_caught_by_errors(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What switches the triggers off for the backfill stays switched off for whoever connects later."""
    found = proved(make_db, tmp_path, OLD, RENAMED)
    switched = "EXECUTE format('ALTER DATABASE %I SET migplan.sync = off', current_database());"
    edit(found, EXPAND, "COMMIT;", f"DO $$ BEGIN {switched} END $$;\nCOMMIT;")
    prove(found)
    status, report = rehearse(found, make_db(), capsys)
    assert (status, report["passed"]) == (1, False)
    assert any(error.startswith("new: 23502") for error in report["errors"]), report


@pytest.mark.pg(18)
def test_a_lock_that_is_held_too_long_is_caught_by_the_stall(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = proved(make_db, tmp_path, OLD, RENAMED)
    edit(found, EXPAND, "COMMIT;", "SELECT pg_sleep(1.5);\nCOMMIT;")
    prove(found)
    status, report = rehearse(found, make_db(), capsys, "--max-stall", "1")
    assert status == 1
    assert (report["errors"], report["lost_writes"]) == ({}, {})
    assert report["longest_stall"] > 1
    slow = max((p for p in report["periods"]), key=lambda p: p["longest_stall"] or 0)
    assert slow["name"].startswith(EXPAND)


@pytest.mark.pg(18)
def test_applications_of_ones_own(make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = proved(make_db, tmp_path, OLD, RENAMED)
    old, new, wrong = (tmp_path / name for name in ("old.sql", "new.sql", "wrong.sql"))
    old.write_text(APPLICATION)
    new.write_text(APPLICATION.replace("name", "full_name"))
    wrong.write_text("SELECT nothing FROM customer WHERE id = :key;")
    status, report = rehearse(found, make_db(), capsys, "--old", str(old), "--new", str(new))
    assert status == 0, report
    status, report = rehearse(found, make_db(), capsys, "--old", str(old), "--new", str(old))
    assert status == 1
    assert any(error.startswith("new: 42703") for error in report["errors"]), report["errors"]
    assert run([*command(found, make_db()), "--old", str(wrong)]) == 1
    assert 'column "nothing" does not exist' in capsys.readouterr().err


APPLICATION = """
INSERT INTO customer (id, name, email) OVERRIDING SYSTEM VALUE VALUES (:key, 'a' || :round, :key || '@b')
  ON CONFLICT (id) DO UPDATE SET name = excluded.name;
UPDATE customer SET name = 'b' || :round WHERE id = :key;
-- migplan: acknowledged
SELECT name FROM customer WHERE id = :key;
"""


def test_a_key_that_is_no_longer_numbered(make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = proved(make_db, tmp_path, OLD, SCHEMA.replace("GENERATED ALWAYS AS IDENTITY ", ""))
    status, report = rehearse(found, make_db(), capsys)
    assert (status, report["errors"], report["lost_writes"]) == (0, {}, {}), report


@pytest.mark.pg(18)
def test_names_that_change_hands_are_told_by_files(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = (
        "CREATE TABLE t (id bigint PRIMARY KEY, a int, b text); INSERT INTO t SELECT g FROM generate_series(1, 300) g;"
    )
    new = "CREATE TABLE t (id bigint PRIMARY KEY,\n-- migplan: renamed-from a\nb int,\n-- migplan: renamed-from b\na text);"
    found = proved(make_db, tmp_path, old, new)
    assert run(command(found, make_db())) == 1
    assert "public.t.a, public.t.b means another column at the end" in capsys.readouterr().err
    files: list[str] = []
    for number, (first, second) in enumerate((("a", "b"), ("b_next", "a_next"), ("b", "a"))):
        file = tmp_path / f"{number}.sql"
        file.write_text(
            f"INSERT INTO t (id, {first}, {second}) VALUES (:key, 1, 'x') ON CONFLICT (id) DO UPDATE SET {first} = 2;\n"
            f"-- migplan: acknowledged\nSELECT {first}, {second} FROM t WHERE id = :key;\n"
        )
        files += ["--old" if number == 0 else "--new", str(file)]
    status, report = rehearse(found, make_db(), capsys, *files)
    assert (status, report["errors"], report["lost_writes"]) == (0, {}, {})


def edit(found: Migration, file: str, text: str, other: str) -> None:
    """Edit a file of the plan by hand."""
    path = found.folder.path / file
    before = path.read_text()
    assert text in before
    path.write_text(before.replace(text, other, 1))


def prove(found: Migration) -> None:
    """Have the edited plan proved again."""
    schema = ["--schema", str(found.declared), "--config", str(found.config)]
    assert run(["verify", str(found.folder.path), "--target", found.live, *schema]) == 0


def command(found: Migration, server: str) -> list[str]:
    """A short rehearsal on a test server."""
    folder, config = str(found.folder.path), str(found.config)
    short = ["--seconds", "0.6", "--sessions", "3", "--rate", "80", "--format", "json"]
    return ["rehearse", folder, "--target", found.live, "--server", server, "--config", config, *short]


def rehearse(
    found: Migration, server: str, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, dict[str, Any]]:
    """The exit status, and the report."""
    capsys.readouterr()
    status = run([*command(found, server), *more])
    printed = capsys.readouterr()
    assert printed.err == ""
    return status, json.loads(printed.out)
