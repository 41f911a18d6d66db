"""migplan diff: what is told in one line, and with -v the order of columns, which is no difference."""

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


def test_what_comes_with_its_table_or_column_is_told_in_its_line(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = make_db("CREATE TABLE t (a int); CREATE TABLE gone (a int DEFAULT 1);")
    file = tmp_path / "schema.sql"
    new = "CREATE TABLE new (id serial PRIMARY KEY, a int); CREATE INDEX ON new (a);"
    file.write_text(f"CREATE TABLE t (a int DEFAULT 1, b int DEFAULT 2); {new}", encoding="utf-8")
    assert run(["diff", "--target", url, "--schema", str(file)]) == 0
    assert capsys.readouterr().out.split("\n\n")[0].splitlines() == [
        "4 differences",
        "  + column public.t.b with 1 default",
        "  + default public.t.a",
        "  - table public.gone with 1 column and 1 default",
        "  + table public.new with 2 columns, 1 constraint, 1 default, 1 index and 1 sequence",
    ]


def test_what_is_not_modelled_is_named_and_with_strict_an_error(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = make_db("CREATE TABLE t (a int); CREATE TYPE vague")
    file = tmp_path / "schema.sql"
    file.write_text("CREATE TABLE t (a int)", encoding="utf-8")
    assert run(["diff", "--target", url, "--schema", str(file)]) == 0
    printed = capsys.readouterr()
    assert printed.out == "no difference\n"
    assert printed.err == "note: not modelled, and left alone: type without a definition public.vague\n"
    assert run(["diff", "--strict", "--target", url, "--schema", str(file)]) == 1
    assert "not modelled: type without a definition public.vague" in capsys.readouterr().err
