"""The cache gives back what it was given, and nothing that is damaged or foreign."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
from pathlib import Path

import pytest

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds.schema import Schema
from migplan.source import cache

ID = ObjectId("schema", ("app",))
CATALOG = Catalog(180000, {ID: Schema(id=ID, owner="me", comment="ours")}, {ID: frozenset({ID})})


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "migplan" / "catalogs"


def test_what_was_written_is_read() -> None:
    cache.write("entry", CATALOG)
    found = cache.read("entry", Catalog)
    assert found == CATALOG
    assert found is not None
    assert found[ID].owner == "me"
    assert cache.read("entry", DbObject) is None
    assert cache.read("other", Catalog) is None


def test_what_stands_ahead_is_read_without_the_rest(own_cache: Path) -> None:
    cache.write("entry", CATALOG, head=ID)
    assert cache.read_head("entry", ObjectId) == ID
    assert cache.read("entry", Catalog) == CATALOG
    content = (own_cache / "entry").read_bytes()
    (own_cache / "entry").write_bytes(content[:-1])
    assert cache.read_head("entry", ObjectId) == ID
    assert cache.read("entry", Catalog) is None
    (own_cache / "entry").write_bytes(content[:45])
    assert cache.read_head("entry", ObjectId) is None


@pytest.mark.parametrize("place", [0, 34, 45, -1])
def test_a_changed_byte_is_noticed(own_cache: Path, place: int) -> None:
    cache.write("entry", CATALOG)
    content = bytearray((own_cache / "entry").read_bytes())
    content[place] ^= 1
    (own_cache / "entry").write_bytes(content)
    assert cache.read("entry", Catalog) is None


class Foreign:
    """What a pickle could hold to run a command when it is read."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[list[str]]]:
        return subprocess.call, (self.command.split(),)


def test_foreign_code_is_not_run(own_cache: Path, tmp_path: Path) -> None:
    cache.write("entry", CATALOG)
    content = pickle.dumps(Foreign(f"touch {tmp_path / 'ran'}"))
    part = hashlib.sha256(content).digest() + len(content).to_bytes(8, "big") + content
    (own_cache / "entry").write_bytes(part + part)
    assert cache.read("entry", object) is None
    assert cache.read_head("entry", object) is None
    assert not (tmp_path / "ran").exists()
