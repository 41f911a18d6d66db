"""Statements and comments are told apart by PostgreSQL's lexical rules."""

from __future__ import annotations

import pytest

from migplan.core.errors import SourceError
from migplan.source.text.files import SourceText
from migplan.source.text.split import split


def texts(sql: str) -> list[str]:
    return [statement.text for statement in split(SourceText("f.sql", sql)).statements]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'a;b'",
        "SELECT 'it''s; fine'",
        r"SELECT E'\';', e'\\'",
        "SELECT E'a'\n'b\\';'",
        r"SELECT 'back\'",
        "SELECT U&\"d\\0061t;a\", U&'\\;', B'1', X'f', N';'",
        'SELECT ";""" FROM "a;b"',
        "SELECT $$;$$, $a$;$$;$a$, $é$;$é$",
        "SELECT a$b$ FROM t WHERE c$d$ = $1",
        "SELECT 1 /* ; /* ; */ ; */ + 2",
        "SELECT 1 -- ;\n+ 2",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v)",
        "SELECT 5 - -3, 4/2, a->>'b;', '{}'::int[]",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "create or replace procedure p() begin atomic insert into t values (case when true then 1 else 2 end);"
        " select case x when 1 then 2 end from t; end",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 'END;' || \"end\" /* end; */ FROM t; END",
        "CREATE FUNCTION begin(atomic int) RETURNS int RETURN 1",
        "CREATE FUNCTION f(a text DEFAULT E'\\';') RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN 1; END $f$",
    ],
)
def test_a_statement_stays_whole(statement: str) -> None:
    assert texts(f"{statement};\nSELECT 'next' ;") == [statement, "SELECT 'next'"]


def test_empty_statements_are_none() -> None:
    assert texts(";; -- nothing\n;\n SELECT 1 ; ;") == ["SELECT 1"]


def test_the_last_semicolon_may_be_missing() -> None:
    assert texts("SELECT 1;\nSELECT 2\n") == ["SELECT 1", "SELECT 2"]


def test_backslashes_escape_when_strings_are_not_standard_conforming() -> None:
    sql = r"SET standard_conforming_strings = off; SELECT 'a\';b'; SET standard_conforming_strings TO on; SELECT 'c\';"
    assert texts(sql)[1::2] == [r"SELECT 'a\';b'", r"SELECT 'c\'"]


def test_copy_data_is_skipped() -> None:
    sql = "COPY t (a, b) FROM stdin;\n1\tit's;\n\\.\n\nSELECT 1;"
    assert texts(sql) == ["COPY t (a, b) FROM stdin", "SELECT 1"]


def test_lines_of_psql_come_out_as_they_are() -> None:
    statements = split(SourceText("f.sql", "\\restrict abc\n\nSELECT 1;\n\\unrestrict abc\n")).statements
    assert [(s.text, s.meta) for s in statements] == [
        ("\\restrict abc", True),
        ("SELECT 1", False),
        ("\\unrestrict abc", True),
    ]


def test_places_count_lines_and_columns_from_one() -> None:
    first, second = split(SourceText("f.sql", "\ufeff-- é\n  SELECT 1;  SELECT\n 2;")).statements
    assert (first.place, first.line, first.column) == ("f.sql:2:3", 2, 3)
    assert second.place == "f.sql:2:14"
    assert second.place_of(second.text.index("2")) == "f.sql:3:2"


def test_comments_belong_to_the_statement_that_follows_or_holds_them() -> None:
    found = split(SourceText("f.sql", "-- a\nSELECT /* b */ 1; -- c\n/* d */ SELECT 2 -- e\n; -- f"))
    assert [[c.text for c in s.comments] for s in found.statements] == [
        ["-- a", "/* b */"],
        ["-- c", "/* d */", "-- e"],
    ]
    assert [c.text for c in found.trailing] == ["-- f"]


@pytest.mark.parametrize(
    ("sql", "place", "message"),
    [
        ("SELECT 1;\n SELECT 'abc", "f.sql:2:9", "string is never closed"),
        ('SELECT "abc', "f.sql:1:8", "quoted name is never closed"),
        ("SELECT $x$ abc $y$", "f.sql:1:8", r"\$x\$ is never closed"),
        ("SELECT 1;\n/* a /* b */", "f.sql:2:1", "comment is never closed"),
        ("SELECT 1 \\gset", "f.sql:1:10", "backslash"),
    ],
)
def test_what_is_never_closed_is_an_error_with_its_place(sql: str, place: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as error:
        texts(sql)
    assert error.value.place == place


def test_tokens_know_their_sort_and_offset() -> None:
    (statement,) = split(
        SourceText("f.sql", 'ALTER TABLE "A""b".c -- x\n ADD d numeric(1.5e-3) DEFAULT $$x$$;')
    ).statements
    assert [t.text for t in statement.tokens] == [
        "ALTER", "TABLE", '"A""b"', ".", "c", "ADD", "d", "numeric", "(", "1.5e-3", ")", "DEFAULT", "$$x$$",
    ]  # fmt: skip
    assert statement.tokens[2].name == 'A"b'
    assert all(statement.text.startswith(t.text, t.offset) for t in statement.tokens)
    assert statement.words[:3] == ("ALTER", "TABLE", "")
