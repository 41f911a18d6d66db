"""The cache of loaded declarations: an unchanged declaration is not loaded twice.

Pickles in a directory that only its user may enter. What can't be read, written or trusted is as if it weren't there.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import pickle
import stat
import tempfile
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import migplan

T = TypeVar("T")

_KEPT: Final = 32
"""Entries; the oldest go first."""


def key(*parts: object) -> str:
    """The name of an entry, of everything that decides its content (printed by ``repr``) and of our own code."""
    return hashlib.sha256(f"{_code_digest()}\n{parts!r}".encode()).hexdigest()


def read(name: str, model: type[T]) -> T | None:
    """The entry, or None where there is none that is whole and ours."""
    directory = _directory()
    if directory is None:
        return None
    collecting = gc.isenabled()
    gc.disable()  # tens of thousands of objects come to life at once, none of them garbage
    try:
        found = pickle.loads((directory / name).read_bytes())
    except Exception:
        return None
    finally:
        if collecting:
            gc.enable()
    return found if isinstance(found, model) else None


def write(name: str, value: object) -> None:
    """Keeps the entry; it appears whole or not at all."""
    directory = _directory()
    if directory is None:
        return
    with contextlib.suppress(OSError, pickle.PicklingError):
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".new-", delete=False) as file:
            partial = Path(file.name)
            try:
                pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        partial.replace(directory / name)
        _forget_oldest(directory)


def _directory() -> Path | None:
    """The cache's directory, made if need be; None where it can't be had or others may write to it."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
    directory = Path(base) / "migplan" / "declared"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.stat()
    except OSError:
        return None
    ours = found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077
    return directory if ours else None


def _forget_oldest(directory: Path) -> None:
    entries = sorted(directory.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
    for entry in entries[_KEPT:]:
        entry.unlink(missing_ok=True)


@cache
def _code_digest() -> str:
    """Changes when any of our modules does."""
    root = Path(migplan.__file__).parent
    digest = hashlib.sha256(getattr(migplan, "__version__", "").encode())
    for file in sorted(root.rglob("*.py")):
        found = file.stat()
        digest.update(f"{file.relative_to(root)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
