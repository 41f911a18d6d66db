"""The directive ``rename-value``: done work is a note, a contradiction an error with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migplan.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

pytestmark = pytest.mark.pg(18)
DECLARED = "-- migplan: rename-value {} => b\nCREATE TYPE e AS ENUM ('b', 'c');\n"


@pytest.mark.parametrize(
    ("live", "old", "status", "told"),
    [
        ("'a', 'c'", "a", 2, "until now public.e.a"),
        ("'b', 'c'", "a", 0, "no difference"),
        ("'a', 'b', 'c'", "a", 1, "schema.sql:1:1: enum public.e can't have its label a renamed to b"),
        ("'b', 'c'", "c", 1, "and neither both"),
    ],
)
def test_a_label_is_renamed_once(
    live: str,
    old: str,
    status: int,
    told: str,
    make_db: MakeDb,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "schema.sql"
    file.write_text(DECLARED.format(old), encoding="utf-8")
    url = make_db(f"CREATE TYPE e AS ENUM ({live})")
    assert run(["diff", "--exit-code", "--target", url, "--schema", str(file)]) == status
    printed = capsys.readouterr()
    assert told in printed.out + printed.err
