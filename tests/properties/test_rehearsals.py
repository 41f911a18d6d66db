"""Plans between random schemas, over tables that foreign keys tie together, under random traffic of both applications."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.conftest import databases
from tests.properties.render import ROLE
from tests.properties.test_interruptions import plan_of
from tests.properties.wild.draw import READER, WRITER
from tests.support.cases import make_roles

from migplan.cli.main import run

if TYPE_CHECKING:
    from tests.support.migrations import Migration

FAST = ("--format", "json", "--seconds", "0.2", "--sessions", "3", "--rate", "0")


@pytest.mark.pg(18)
@settings(max_examples=max(settings().max_examples // 4, 1))
@given(seed=st.integers(0, 2**31), how=st.sampled_from(["filled", "large"]))
def test_nobody_notices(pg_url: str, capsys: pytest.CaptureFixture[str], seed: int, how: str) -> None:
    with databases(pg_url) as make_db, TemporaryDirectory() as path:
        make_roles(pg_url, (ROLE, READER, WRITER))
        plan = plan_of(make_db, Path(path), seed, how)
        if plan is not None and plan.plan.windows:
            _rehearse(plan, make_db(""), capsys)


def _rehearse(plan: Migration, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    where = ("--target", plan.live, "--server", server, "--config", str(plan.config))
    run(["rehearse", str(plan.folder.path), *where, *FAST])
    printed = capsys.readouterr()
    if "[P0001]" in printed.err:
        event("stopped by rows")
        return
    report = json.loads(printed.out)
    assert (report["errors"], report["lost_writes"], report["failure"]) == ({}, {}, None)
