"""The operating system's account that our servers run as: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Final

from migplan.core.errors import ShadowError
from migplan.core.records import record

UNPRIVILEGED: Final = "nobody"


@record
class Account:
    """Who runs a server. ``user``, ``group`` and ``extra_groups`` are as ``subprocess`` takes them: None, no change."""

    uid: int
    user: int | None = None
    group: int | None = None
    extra_groups: tuple[int, ...] | None = None

    def give(self, path: Path) -> None:
        """Make the account own that file or directory."""
        if self.user is not None:
            shutil.chown(path, self.user, self.group)


def server_account() -> Account:
    """The current user, or ``nobody`` instead of root.

    Raises ``ShadowError`` when root has no ``nobody`` to stand in.
    """
    uid = os.geteuid()
    if uid:
        return Account(uid)
    import pwd  # not on Windows, where this module must still import

    try:
        found = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise ShadowError(
            f"PostgreSQL refuses to run as root, and there is no user {UNPRIVILEGED} to run it",
            hint="Run migplan as another user, or name a shadow database.",
        ) from None
    return Account(found.pw_uid, found.pw_uid, found.pw_gid, ())


def is_open_to(account: Account, path: Path, *, writable: bool = False) -> bool:
    """Whether the account can read and enter ``path``, as far as the permissions for everybody tell.

    With ``writable``, whether it can also make and remove things in there.
    """
    if account.user is None:
        return os.access(path, os.R_OK | os.X_OK | (os.W_OK if writable else 0))
    whole = path.resolve()
    wanted = stat.S_IROTH | stat.S_IXOTH | (stat.S_IWOTH if writable else 0)
    return _has(whole, wanted) and all(_has(parent, stat.S_IXOTH) for parent in whole.parents)


def _has(path: Path, permissions: int) -> bool:
    return path.stat().st_mode & permissions == permissions
