"""A server that stays when the process ends: the "production" of the demo."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

from migplan.core.errors import ShadowError
from migplan.source.shadow.account import Account, server_account
from migplan.source.shadow.binaries import embedded_binaries, embedded_directories
from migplan.source.shadow.postmaster import run
from migplan.source.shadow.servers import readable

_INITDB: Final = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
_OPTIONS: Final = "-c listen_addresses= -c fsync=off -c wal_level=logical -k"


def start_standing(name: str) -> str:
    """A fresh cluster of the embedded PostgreSQL under that name; the URL of its database ``postgres``.

    One that runs under the name already is ended first. Raises ``ShadowError``.
    """
    account = server_account()
    home = _home(name, account)
    stop_standing(name)
    home.mkdir(mode=0o755)
    binaries = readable(embedded_binaries(), embedded_directories(), home, account)
    account.give(home)
    _must([binaries / "initdb", *_INITDB, "--pgdata", home / "data"], account, home)
    _must(
        [binaries / "pg_ctl", "-D", home / "data", "-l", home / "log", "-o", f"{_OPTIONS} {home}", "-w", "start"],
        account,
        home,
    )
    return f"postgresql://postgres@/postgres?host={quote(str(home), safe='/')}"


def stop_standing(name: str) -> bool:
    """End the server of that name, if there is one, and remove its cluster."""
    account = server_account()
    home = _home(name, account)
    if not home.exists():
        return False
    _must_be_ours(home, account)
    binaries = next((p.parent for p in home.glob("copy/**/bin/pg_ctl")), embedded_binaries())
    run([binaries / "pg_ctl", "-D", home / "data", "-m", "immediate", "-w", "stop"], account, home)
    shutil.rmtree(home)
    return True


def _home(name: str, account: Account) -> Path:
    return Path(tempfile.gettempdir()) / f"migplan-{name}-{account.uid}"


def _must_be_ours(home: Path, account: Account) -> None:
    """Anybody may make a folder of that name among the temporary ones; programs in it run only when it's ours."""
    if home.is_symlink() or home.stat().st_uid not in (account.uid, os.getuid()):
        raise ShadowError(f"{home} belongs to somebody else", hint="Remove it, or set TMPDIR to a folder of your own.")


def _must(command: list[str | Path], account: Account, home: Path) -> None:
    code, output = run(command, account, home)
    if code:
        log = home / "log"
        said = log.read_text(errors="replace")[-1000:] if log.exists() else output
        raise ShadowError(f"{command[0]} failed: {said.strip()}")
