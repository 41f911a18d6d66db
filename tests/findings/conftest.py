"""Plans from a live database to a text of declarations, and what is found in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from migplan.cli.inputs import gather
from migplan.cli.writing import findings_of

if TYPE_CHECKING:
    from pathlib import Path

    from migplan.findings.collect import Collected

CAREFUL = "[planning]\nsmall_table_rows = 0\n"


class Find(Protocol):
    """What is found in the plan from a database to a declaration; every table with rows is a large one."""

    def __call__(self, live: str, declared: str, config: str = "", *, offline: bool = False) -> Collected: ...


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Declare, plan, and apply the rules; nothing is proved or written."""

    def of(live: str, declared: str, config: str = "", *, offline: bool = False) -> Collected:
        schema, toml = tmp_path / "schema.sql", tmp_path / "migplan.toml"
        schema.write_text(declared + "\n")
        toml.write_text(CAREFUL + config)
        inputs = gather(live, [str(schema)], config=toml, offline=offline)
        return findings_of(inputs, inputs.draft())

    return of
