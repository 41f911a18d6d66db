"""Random schemas and random edits of them: read back as they are, and led there and back on real servers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import psycopg
from hypothesis import event, given, note
from hypothesis import strategies as st
from tests.conftest import databases
from tests.properties.chains import longest_chain
from tests.properties.generate import pairs, worlds
from tests.properties.render import ROLE, declaration, rows
from tests.properties.wild.draw import READER, WRITER
from tests.properties.wild.examples import example
from tests.properties.wild.weight import WEIGHED, weighed
from tests.support.cases import Case, Options, make_roles, there_and_back
from tests.support.migrations import migration

from migplan.cli.inputs import gather
from migplan.core.errors import DirectiveError
from migplan.core.settings import Settings
from migplan.report.schema_files import schema_files
from migplan.source.reading.introspect import introspect

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.conftest import MakeDb
    from tests.properties.generate import Pair
    from tests.properties.world import World

_VARIES: Final = re.compile(r'\d{4}-\d\d-\d\dT[\d:+]+|"digest": "\w+"')
_COUNTED: Final = re.compile(r"ERROR:  .* \(\d+ rows\)$", re.M)
LARGE: Final = "[planning]\nsmall_table_rows = 0\n"


@given(worlds())
def test_written_files_say_all_that_is_read(pg_url: str, world: World) -> None:
    with _place(pg_url) as (make_db, path):
        live = make_db(declaration(world))
        for name, text in _files_of(live).items():
            file = path / "schemas" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        toml = path / "migplan.toml"
        toml.touch()
        left = gather(live, [str(path / "schemas")], config=toml, offline=True).draft()
        assert left.changes == ()


@given(pairs(), st.booleans(), st.booleans())
def test_there_and_back(pg_url: str, pair: Pair, offline: bool, large: bool) -> None:
    """Proved, run by psql, nothing left, and back as it was, judged by pg_dump; or stopped with a reason."""
    with _place(pg_url) as (make_db, path):
        old, new = declaration(pair.old) + rows(pair.old), declaration(pair.new)
        config = LARGE if large else ""
        note(f"edits: {pair.edits}, offline: {offline}, large: {large}\n--- current.sql\n{old}\n--- desired.sql\n{new}")
        found = migration(make_db, path, old, new, offline=offline, config=config)
        blocked = [f.message for f in found.plan.findings if f.severity == "blocked"]
        if blocked:
            event(f"blocked: {blocked[0].split(':')[-1]}")
            return
        assert found.plan.proof.status == "proved", f"{found.plan.proof.step}: {found.plan.proof.error}"
        lost = any(step.loses for step in found.plan.steps)  # a NOT NULL column doesn't come back to rows by itself
        there_and_back(Case(path, Options(loses=True, offline=offline)), found, make_db, back=not lost)


@given(st.integers(0, 2**31), st.booleans(), st.sampled_from(["empty", "filled", "offline", *WEIGHED]))
def test_wild_schemas_there_and_back(pg_url: str, seed: int, written: bool, how: str) -> None:
    """The same of objects of every kind; ``written`` takes the declared files from the database that they declare."""
    with _place(pg_url) as (make_db, path):
        found = example(make_db(), seed)
        old = found.old + (found.rows if how == "filled" else "")
        note(f"seed {seed}, {how}, edits: {found.edits}\n--- current.sql\n{old}\n--- desired.sql\n{found.new}")
        config = f"manage.schemas = {json.dumps(found.schemas)}\n{LARGE if how in WEIGHED else ''}"
        config += "keep_old = true\n" if how == "kept" else ""
        words = "\n".join(_files_of(make_db(found.new)).values()) if written and "migplan:" not in found.new else None
        try:
            made = weighed(make_db, how)
            plan = migration(made, path, old, found.new, offline=how == "offline", config=config, written=words)
        except DirectiveError as error:
            event(f"blocked: {error.message.split(':')[-1]}")
            return
        blocked = [f.message for f in plan.plan.findings if f.severity == "blocked"]
        if blocked:
            event(f"blocked: {blocked[0].split(':')[-1]}")
            return
        assert plan.plan.proof.status == "proved", f"{plan.plan.proof.step}: {plan.plan.proof.error}"
        assert len(plan.plan.windows) == longest_chain(plan.inputs.draft())
        lost = any(step.loses or step.down.irreversible for step in plan.plan.steps)
        options = Options(loses=True, offline=how == "offline", made_up=True)
        with _stopped_by_rows():
            there_and_back(Case(path, options), plan, make_db, back=not lost)


@contextmanager
def _stopped_by_rows() -> Generator[None]:
    """A plan may stop where it has counted rows that it couldn't accept."""
    try:
        yield
    except AssertionError as error:
        if _COUNTED.search(str(error)) is None:
            raise
        event("stopped by rows")


def _files_of(url: str) -> dict[str, str]:
    """The files that ``migplan init`` writes of a database."""
    with psycopg.connect(url) as db:
        return schema_files(introspect(db), Settings())


@given(st.one_of(pairs(), st.integers(0, 2**31)))
def test_plans_are_deterministic(pg_url: str, drawn: Pair | int) -> None:
    """Two processes with different hash seeds write the same plan, of a small pair or a wild one."""
    with _place(pg_url) as (make_db, path):
        if isinstance(drawn, int):
            found = example(make_db(), drawn)
            old, new, schemas = found.old, found.new, found.schemas
        else:
            old, new, schemas = declaration(drawn.old), declaration(drawn.new), ()
        note(f"{drawn}\n--- current.sql\n{old}\n--- desired.sql\n{new}")
        live = make_db(old)
        (path / "new.sql").write_text(new)
        (path / "migplan.toml").write_text(f"manage.schemas = {json.dumps(schemas)}\n" if schemas else "")
        one, other = (_planned(live, path, seed) for seed in ("1", "2"))
        assert one == other


def _planned(live: str, path: Path, seed: str) -> dict[str, str]:
    """The plan's files, made by a process with that hash seed; time stamps left out."""
    out = path / "plan"
    command = [sys.executable, "-m", "migplan", "plan", f"--target={live}", f"--schema={path / 'new.sql'}"]
    command += [f"--config={path / 'migplan.toml'}", "--no-prove", f"--out={out}"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stderr
    files = {f.name: _VARIES.sub("", f.read_text()) for f in sorted(out.glob("*"))}
    shutil.rmtree(out, ignore_errors=True)
    return files


@contextmanager
def _place(pg_url: str) -> Generator[tuple[MakeDb, Path]]:
    """Databases and a directory for one example."""
    with databases(pg_url) as make_db, TemporaryDirectory() as path:
        make_roles(pg_url, (ROLE, READER, WRITER))
        yield make_db, Path(path)
