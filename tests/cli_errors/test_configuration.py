"""migplan.toml and the command line: what can't be taken is named with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.command import SECRET

if TYPE_CHECKING:
    from tests.conftest import MakeDb
    from tests.support.command import Command

pytestmark = pytest.mark.pg(18)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('schemas = "x"\n', "migplan.toml:1: unknown key schemas"),
        ("[planning]\n\nlock_timeouts = 3\n", "migplan.toml:3: unknown key planning.lock_timeouts"),
        ("schema = 3\n", "migplan.toml:1: schema: write a list of strings"),
        ("[manage]\nowners = 'yes'\n", "migplan.toml:2: manage.owners: write true or false"),
        ("[planning]\nlock_timeout = '2 parsecs'\n", "migplan.toml:2: planning.lock_timeout: unknown unit 'parsecs'"),
        ("[hooks]\ntimeout = 'soon'\n", "migplan.toml:2: hooks.timeout: write a whole number, or one with its unit"),
        ("[targets.live]\nurl = 5\n", "migplan.toml:2: targets.live.url: write a string"),
        ("[shadow]\npreset = 'supabse'\n", "migplan.toml:2: shadow.preset: unknown preset"),
        (f'[targets.live]\nurl = "postgresql://u:{SECRET}@h/d\n', "migplan.toml:2:"),
        (f"[targets.live]\npassword = '{SECRET}'\n", "unknown key targets.live.password"),
        (f"[shadow]\nurl = 'postgresql://u:{SECRET}@127.0.0.1:1/d'\n", "the shadow server of migplan.toml"),
        (f"[shadow]\nurl = 'postgresql://u:{SECRET}@[::1/d'\n", "is not a connection string"),
        (f"[shadow]\nurl = 'u:{SECRET}'\n", "is not a connection string"),
        ("[shadow]\nsetup = ['nothere.sql']\n", "nothere.sql: there is no such file"),
        (b"\xff", "migplan.toml: the file is not UTF-8 text"),
    ],
)
def test_a_bad_file(migplan: Command, live: str, wanted: str, text: str | bytes, said: str) -> None:
    migplan.write("migplan.toml", text)
    migplan("plan", "--target", live, "--schema", wanted).refused(said)
    assert migplan.left() == ["migplan.toml", wanted]


def test_places_are_named_as_one_would_type_them(migplan: Command, live: str) -> None:
    migplan.write("migplan.toml", 'schema = ["schemas"]\n')
    migplan.write("schemas/a.sql", "CREATE TABL a ();\n")
    assert migplan("diff", "--target", live).err.startswith("error: schemas/a.sql:1:8: ")
    migplan.write("migplan.toml", '[policy]\nrefuse = ["dangr"]\n')
    migplan("diff", "--target", live).refused("error: migplan.toml:2: there is no finding 'dangr'")


def test_targets(migplan: Command, live: str, wanted: str) -> None:
    migplan.write("migplan.toml", f'[targets.live]\nurl = "{live}"\n[targets.other]\nenv = "OTHER_URL"\n')
    what = ("diff", "--schema", wanted)
    migplan(*what).refused("which target? migplan.toml has live, other", "--target NAME")
    migplan(*what, "--target", "liv").refused("there is no target 'liv'", "live, other")
    migplan(*what, "--target", "other").refused("has no URL", "OTHER_URL")
    migplan(*what, "--target", "").refused("which target?")
    assert migplan(*what, "--target", "other", env={"OTHER_URL": live}).status == 0
    assert migplan(*what, "--target", "live").status == 0
    assert migplan(*what, env={"MIGPLAN_TARGET_URL": live}).status == 0
    migplan(*what, "--config", "nothere.toml").refused("nothere.toml: there is no such file")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plna",), "Did you mean 'migplan plan'?"),
        (("plan", "--nope"), "No such option"),
        (("review",), "Missing argument"),
        (("diff", "--format", "nope"), "is not one of"),
    ],
)
def test_a_bad_command_line(migplan: Command, arguments: tuple[str, ...], said: str) -> None:
    migplan(*arguments).refused(said)


def test_a_schema_that_nobody_has_is_noted(migplan: Command, live: str, wanted: str) -> None:
    migplan.write("migplan.toml", '[manage]\nschemas = ["publik"]\n')
    ended = migplan("diff", "--target", live, "--schema", wanted)
    assert (ended.status, ended.out) == (0, "no difference\n")
    assert ended.err == "note: [manage] schemas: neither side has a schema 'publik'\n"


def test_a_partition_of_a_table_that_is_not_managed(migplan: Command, make_db: MakeDb) -> None:
    part = "CREATE TABLE p PARTITION OF o.t FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (a);"
    tree = f"CREATE SCHEMA o; CREATE TABLE o.t (a int) PARTITION BY RANGE (a); CREATE INDEX ON o.t (a); {part}"
    more = "CREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (5); CREATE INDEX ON p (a DESC);"
    migplan.write("migplan.toml", '[manage]\nschemas = ["public"]\n')
    ended = migplan("plan", "--target", make_db(tree), "--schema", migplan.write("more.sql", tree + more))
    ended.refused("table public.p: the live schema can't be rebuilt in the shadow", "outside of the managed schemas")
