"""The cache of catalogs: an unchanged declaration is not loaded twice, an unchanged database not read twice.

Pickles of our own models and of nothing else, each behind its digest, in a directory that only its user may enter.
What can't be read, written or trusted is as if it weren't there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import hashlib
import io
import os
import pickle
import stat
import tempfile
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import migplan
from migplan.core.packed import Packed, packed_values, remaker
from migplan.core.records import is_slotted, maker, values_of
from migplan.core.uses import Uses

T = TypeVar("T")

_DIGEST: Final = 32
_LENGTH: Final = 8
_KEPT: Final = 32
"""Entries; the oldest go first."""


def key(*parts: object) -> str:
    """The name of an entry, of everything that decides its content (printed by ``repr``) and of our own code."""
    return hashlib.sha256(f"{_code_digest()}\n{parts!r}".encode()).hexdigest()


def read(name: str, model: type[T]) -> T | None:
    """The entry, or None where there is none that is whole and ours."""
    collecting = gc.isenabled()
    gc.disable()  # tens of thousands of objects come to life at once, none of them garbage
    try:
        return _part(name, model, whole=True)
    finally:
        if collecting:
            gc.enable()


def read_head(name: str, model: type[T]) -> T | None:
    """What stands ahead of the entry, and is there at once however large the entry is; None as with :func:`read`."""
    return _part(name, model, whole=False)


def write(name: str, value: object, head: object = None) -> None:
    """Keeps the entry, and ``head`` ahead of it; it appears whole or not at all."""
    directory = _directory()
    if directory is None:
        return
    with contextlib.suppress(OSError, pickle.PicklingError):
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".new-", delete=False) as file:
            partial = Path(file.name)
            try:
                file.write(_dumped(head))
                file.write(_dumped(value))
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        partial.replace(directory / name)
        _forget_oldest(directory)


def _part(name: str, model: type[T], *, whole: bool) -> T | None:
    directory = _directory()
    if directory is None:
        return None
    try:
        with (directory / name).open("rb") as file:
            head = _content(file)
            found = _Reader(io.BytesIO(_content(file) if whole else head)).load()
    except Exception:
        return None
    return found if isinstance(found, model) else None


def _dumped(value: object) -> bytes:
    buffer = io.BytesIO()
    _Writer(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    content = buffer.getvalue()
    return hashlib.sha256(content).digest() + len(content).to_bytes(_LENGTH, "big") + content


def _content(file: BinaryIO) -> bytes:
    """The next part of an entry: its digest, its length, itself."""
    digest, length = file.read(_DIGEST), int.from_bytes(file.read(_LENGTH), "big")
    content = file.read(length)
    if hashlib.sha256(content).digest() != digest:
        raise pickle.UnpicklingError("damaged")
    return content


class _Writer(pickle.Pickler):
    """Writes records as their class and the values of all its fields."""

    def reducer_override(self, obj: object) -> Any:
        if isinstance(obj, Packed):
            return type(obj), (packed_values(obj),)
        return (type(obj), values_of(obj)) if is_slotted(type(obj)) else NotImplemented


class _Reader(pickle.Unpickler):
    """Makes models and enumerations of our own, and whatever pickles may hold without naming it; runs nothing else.

    So a cache that came from elsewhere, on a build server, can do no more than lie about a schema.
    """

    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name.startswith("migplan."):
            found: Any = super().find_class(module_name, global_name)
            if isinstance(found, type) and _is_model(found):
                return _maker(found)
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no model")


def _maker(model: type[Any]) -> Callable[..., Any]:
    if issubclass(model, Packed):
        return remaker(model)
    return maker(model) if is_slotted(model) else model


def _is_model(found: type[Any]) -> bool:
    return dataclasses.is_dataclass(found) or issubclass(found, (tuple, Enum, Uses))


def _directory() -> Path | None:
    """The cache's directory, made if need be; None where it can't be had or others may write to it."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
    directory = Path(base) / "migplan" / "catalogs"
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
    found = sorted(_modules(os.path.dirname(migplan.__file__)))  # noqa: PTH120 - see below
    return hashlib.sha256(repr((getattr(migplan, "__version__", ""), found)).encode()).hexdigest()


def _modules(folder: str) -> Iterator[tuple[str, int, int]]:
    """Our modules with their sizes and times. Paths as objects would take five times as long, at every start."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield entry.path, found.st_size, found.st_mtime_ns
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _modules(entry.path)
