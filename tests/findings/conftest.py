"""Plans from a live database to a text of declarations, and what is found in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import pytest

from migplan.cli.inputs import gather
from migplan.cli.writing import assembled, findings_of, prove_on_shadow, with_outcome
from migplan.planfile.held_up import held_up_back

if TYPE_CHECKING:
    from pathlib import Path

    from migplan.findings.collect import Collected

CAREFUL = "[planning]\nsmall_table_rows = 0\n"


class Find(Protocol):
    """What is found in the plan from a database to a declaration; every table with rows is a large one."""

    def __call__(
        self, live: str, declared: str, config: str = "", *, offline: bool = False, proved: bool = False
    ) -> Collected: ...


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Declare, plan, and apply the rules; nothing is written, nor proved unless it is asked for."""

    def of(live: str, declared: str, config: str = "", *, offline: bool = False, proved: bool = False) -> Collected:
        schema, toml = tmp_path / "schema.sql", tmp_path / "migplan.toml"
        schema.write_text(declared + "\n")
        toml.write_text(CAREFUL + config)
        inputs = gather(live, [str(schema)], config=toml, offline=offline)
        if not proved:
            return findings_of(inputs, inputs.draft())
        plan, files = assembled(inputs, inputs.draft(), "test", datetime.now(UTC))
        measured = with_outcome(plan, prove_on_shadow(inputs, plan, files))
        return findings_of(inputs, inputs.draft(), tuple(held_up_back(measured, files)))

    return of
