"""Fixtures for bad input: the command, and a database that it may be used on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.command import Command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

LIVE = "CREATE TABLE users (id int PRIMARY KEY, name text)"
WANTED = "CREATE TABLE users (id int PRIMARY KEY, name text, email text);\n"


@pytest.fixture
def migplan(tmp_path: Path) -> Command:
    """The command, in an empty folder, with a home of its own."""
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    return Command(folder, home)


@pytest.fixture
def live(make_db: MakeDb) -> str:
    """The URL of a database with a table."""
    return make_db(LIVE)


@pytest.fixture
def wanted(migplan: Command) -> str:
    """The name of a file that declares one column more."""
    return migplan.write("wanted.sql", WANTED)
