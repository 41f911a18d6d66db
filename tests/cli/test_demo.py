"""migplan demo: the sample shop planned on an embedded PostgreSQL, and the commands that it leaves to be pasted."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.migrations import psql

from migplan.cli.main import run
from migplan.planfile.folder import read_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SCHEMAS, SAMPLE = ROOT / "schemas", ROOT / "plans" / "sample_shop"


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the plan goes. The server's folder is kept away from a demo that runs on this machine."""
    folder = Path(tempfile.mkdtemp(prefix="mp"))
    folder.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        yield tmp_path / "plan"
        run(["demo", "--stop"])
    shutil.rmtree(folder)


def test_the_shop_is_planned_run_and_taken_back(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--schema", str(SCHEMAS), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "; proved\n" in printed
    _is_the_sample(out)
    host = re.search(r"PGHOST=(\S+)", printed)
    assert host is not None
    url = f"postgresql://postgres@/shop?host={host[1]}"
    diff = ["diff", "--exit-code", "--target", url, "--schema", str(SCHEMAS)]
    for phase in sorted(out.glob("*.up.sql")):
        psql(url, phase.read_text(encoding="utf-8"))
    assert run(diff) == 0
    for phase in sorted(out.glob("*.down.sql"), reverse=True):
        psql(url, phase.read_text(encoding="utf-8"))
    assert run(diff) == 2
    assert run(["demo", "--schema", str(SCHEMAS), "--out", str(out)]) == 0
    assert run(["demo", "--stop"]) == 0
    capsys.readouterr()
    assert run(["demo", "--stop"]) == 0
    assert capsys.readouterr().out == "there is no PostgreSQL of a demo\n"


def _is_the_sample(out: Path) -> None:
    """plans/sample_shop is documentation: apart from time stamps and versions it is what is planned today."""
    names = sorted(p.name for p in out.iterdir())
    assert sorted(p.name for p in SAMPLE.iterdir()) == names, "run: make sample"
    for name in names:
        if name.endswith(".sql"):
            assert (SAMPLE / name).read_text(encoding="utf-8") == (out / name).read_text(encoding="utf-8"), (
                "make sample"
            )
    now, then = read_folder(out).plan, read_folder(SAMPLE).plan
    assert (then.steps, then.checkpoints, then.findings) == (now.steps, now.checkpoints, now.findings), "make sample"


def test_outside_of_a_checkout_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["demo"]) == 1
    assert "there is no folder schemas" in capsys.readouterr().err
