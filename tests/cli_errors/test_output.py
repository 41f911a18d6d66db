"""Where the output goes, and a home that can't be written: none of it changes what is done."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from tests.conftest import database_url
from tests.support import servers
from tests.support.command import MIGPLAN, Command

pytestmark = pytest.mark.pg(18)

WIDE = "CREATE TABLE größe (id int PRIMARY KEY, zoë text);\n" + "".join(f"CREATE TABLE t{n} ();\n" for n in range(3000))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plan whose names lie outside of ASCII."""
    folder = tmp_path_factory.mktemp("made")
    url = servers.server(18)
    name = f"migplan_test_{os.getpid()}_output"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}".encode())
        try:
            (folder / "s.sql").write_text("CREATE TABLE größe (id int);\n", encoding="utf-8")
            what = ("plan", "--target", database_url(url, name), "--schema", "s.sql", "--out", "plan", "--no-prove")
            assert Command(folder, folder)(*what).status == 0
        finally:
            db.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    return folder


@pytest.fixture
def plan(migplan: Command, made: Path) -> str:
    """The name of that plan's folder."""
    shutil.copytree(made / "plan", migplan.folder / "plan")
    return "plan"


@pytest.mark.parametrize("command", [("review", "plan"), ("review", "plan", "--format", "json"), ("--help",)])
def test_a_reader_that_leaves(migplan: Command, plan: str, command: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    ended = migplan(*command, stdout=write)
    os.close(write)
    assert (ended.status, ended.err) == (0, "")


def test_a_reader_that_leaves_in_the_middle(migplan: Command, live: str) -> None:
    migplan.write("s.sql", WIDE)
    with migplan.start("diff", "--target", live, "--schema", "s.sql") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize("command", [("review", "plan"), ("review", "plan", "--format", "json"), ("--help",)])
def test_a_full_output(migplan: Command, plan: str, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = migplan(*command, stdout=full)
    assert (ended.status, ended.err) == (1, "error: can't read or write the output: No space left on device\n")


def test_closed_streams(migplan: Command, plan: str) -> None:
    for closed, status in ((">&-", 0), ("2>&-", 0), (">&- 2>&-", 0)):
        command = f'"$@" {closed}'
        done = subprocess.run(
            ["/bin/sh", "-c", command, "sh", *MIGPLAN, "review", plan], cwd=migplan.folder, env=migplan.environment(),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (status, "")


@pytest.mark.parametrize("format", ["text", "markdown", "json", "html"])
def test_an_output_that_knows_ascii_only(migplan: Command, plan: str, format: str) -> None:
    ended = migplan("review", plan, "--format", format, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert (ended.status, ended.err) == (0, "")
    assert "gr\\u00f6\\u00dfe" in ended.out
    if format == "json":
        assert "größe" in str(json.loads(ended.out))


def test_an_error_that_ascii_can_not_say(migplan: Command, live: str) -> None:
    migplan.write("s.sql", "CREATE TABLE größe (id unbekännt);")
    ended = migplan("diff", "--target", live, "--schema", "s.sql", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert ended.status == 1
    assert 'type "unbek\\u00e4nnt" does not exist' in ended.err


def on_a_terminal(migplan: Command, *arguments: str, **env: str) -> str:
    """What the command writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*MIGPLAN, *arguments], cwd=migplan.folder, env=migplan.environment(TERM="xterm", **env), stdin=theirs,
        stdout=theirs, stderr=theirs, close_fds=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        written = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            written += chunk
    os.close(ours)
    assert process.returncode == 0
    return written.decode()


def test_colours_and_widths(migplan: Command, plan: str) -> None:
    coloured = on_a_terminal(migplan, "review", plan)
    assert "\x1b[1m" in coloured
    plain = on_a_terminal(migplan, "review", plan, NO_COLOR="1")
    assert not {part[:3] for part in plain.split("\x1b[")[1:]} & {f"{code}m"[:3] for code in range(30, 50)}
    piped = migplan("review", plan).out
    assert "\x1b" not in piped
    lines = [len(migplan("review", plan, env={"COLUMNS": width}).out.splitlines()) for width in ("1", "40", "200")]
    assert lines == sorted(lines, reverse=True)
    assert len(set(lines)) == 3


def test_a_home_that_can_not_be_written(migplan: Command, live: str, wanted: str) -> None:
    for env in ({"HOME": "/proc/nowhere"}, {"XDG_CACHE_HOME": "/proc/nowhere"}, {"XDG_CACHE_HOME": "/dev/null"}):
        ended = migplan("plan", "--target", live, "--schema", wanted, "--out", "plan", env=env)
        assert (ended.status, ended.err) == (0, "")
