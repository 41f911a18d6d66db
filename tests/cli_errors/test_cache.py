"""The cache of loaded declarations, as the command uses it."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.command import Command

pytestmark = pytest.mark.pg(18)


def guard(migplan: Command) -> str:
    """The name of a session during which the declaration can't be loaded."""
    return f"guard {zlib.crc32(str(migplan.folder).encode())}"


@contextmanager
def loading_fails(migplan: Command, url: str) -> Generator[None]:
    """As long as this lasts, a declaration that isn't cached is an error."""
    with psycopg.connect(url, application_name=guard(migplan)):
        yield


@pytest.fixture
def diff(migplan: Command, live: str) -> tuple[str, ...]:
    """The command's arguments; the declaration says whether it is loaded."""
    block = f"IF EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '{guard(migplan)}') THEN RAISE 'loaded'"
    migplan.write("s.sql", f"CREATE TABLE users (id int PRIMARY KEY);\nDO $$ BEGIN {block}; END IF; END $$;\n")
    return ("diff", "--target", live, "--schema", "s.sql")


def entries(home: Path) -> list[Path]:
    """Those of declarations, which begin with their scope; what was read of the live side lies there as well."""
    found = sorted((home / "migplan/catalogs").iterdir())
    return [entry for entry in found if b"Scope" in entry.read_bytes()[:400]]


def test_an_unchanged_declaration_is_loaded_once(migplan: Command, live: str, diff: tuple[str, ...]) -> None:
    first = migplan(*diff)
    assert first.status == 0, first.err
    with loading_fails(migplan, live):
        assert migplan(*diff) == first
        (migplan.folder / "s.sql").write_text((migplan.folder / "s.sql").read_text() + "\n")
        assert "loaded" in migplan(*diff).err
    assert len(entries(migplan.home / ".cache")) == 1


def test_it_lies_where_the_environment_says(migplan: Command, live: str, diff: tuple[str, ...], tmp_path: Path) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path / "elsewhere")}
    assert migplan(*diff, env=env).status == 0
    assert len(entries(tmp_path / "elsewhere")) == 1
    assert not (migplan.home / ".cache").exists()
    with loading_fails(migplan, live):
        assert migplan(*diff, env=env).status == 0
        assert "loaded" in migplan(*diff).err


@pytest.mark.parametrize("damage", [b"", b"\x80\x05nonsense", None])
def test_a_damaged_entry_is_built_anew(
    migplan: Command, live: str, diff: tuple[str, ...], damage: bytes | None
) -> None:
    first = migplan(*diff)
    (entry,) = entries(migplan.home / ".cache")
    whole = entry.read_bytes()
    entry.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    with loading_fails(migplan, live):
        assert "loaded" in migplan(*diff).err
    assert migplan(*diff) == first
    with loading_fails(migplan, live):
        assert migplan(*diff) == first


def test_a_folder_that_others_may_enter_is_not_used(migplan: Command, live: str, diff: tuple[str, ...]) -> None:
    assert migplan(*diff).status == 0
    (migplan.home / ".cache/migplan/catalogs").chmod(0o777)
    with loading_fails(migplan, live):
        assert "loaded" in migplan(*diff).err
