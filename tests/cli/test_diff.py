"""migplan diff -v: the order of columns is no difference, and is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migplan.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.conftest import MakeDb


def test_column_order_is_said_and_is_no_difference(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = make_db("CREATE TABLE t (b int, a int); CREATE TABLE same (a int, b int);")
    file = tmp_path / "schema.sql"
    file.write_text("CREATE TABLE t (a int, b int); CREATE TABLE same (a int, b int);", encoding="utf-8")
    assert run(["diff", "-v", "--exit-code", "--target", url, "--schema", str(file)]) == 0
    printed = capsys.readouterr()
    assert printed.out == "no difference\n"
    assert printed.err.splitlines() == [
        "column order of table public.t, not a difference:",
        "  here      b, a",
        "  declared  a, b",
    ]
