"""What directives and migplan.toml say of findings: allowed with a reason, weighed otherwise, refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from migplan.cli.main import run
from migplan.core.errors import ConfigError, DirectiveError
from migplan.findings.registry import rules
from migplan.planfile.folder import read_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb
    from tests.findings.conftest import Find

BEFORE = """
CREATE TABLE t (id int PRIMARY KEY, fax text, pager text);
CREATE TABLE old (id int PRIMARY KEY);
INSERT INTO t VALUES (1, '42', '7'); INSERT INTO old VALUES (1); ANALYZE;
"""
OLD = "CREATE TABLE old (id int PRIMARY KEY);"
T = "CREATE TABLE t (id int PRIMARY KEY, fax text, pager text);"


def test_a_directive_allows_what_belongs_to_its_table(make_db: MakeDb, find: Find) -> None:
    found = find(
        make_db(BEFORE), f'-- migplan: allow data-loss "nobody has a fax"\nCREATE TABLE t (id int PRIMARY KEY); {OLD}'
    )
    assert {f.object: f.allowed for f in found.findings if f.rule == "data-loss"} == {
        "column public.t.fax": "nobody has a fax",
        "column public.t.pager": "nobody has a fax",
    }
    assert found.notes == ()


def test_a_directive_beside_a_column_speaks_of_that_column(make_db: MakeDb, find: Find) -> None:
    declared = """
        CREATE TABLE t (
          id int PRIMARY KEY,
          fax varchar(5), -- migplan: allow narrowing-type "all are short"
          pager varchar(5),
          o int REFERENCES old -- migplan: allow foreign-key-without-index "rows of old are never deleted"
        );
    """
    found = find(make_db(BEFORE), declared + OLD).findings
    said = {(f.rule, f.object): f.allowed for f in found if f.rule != "may-stop-on-data"}
    assert said == {
        ("narrowing-type", "column public.t.fax"): "all are short",
        ("narrowing-type", "column public.t.pager"): None,
        ("foreign-key-without-index", "constraint public.t.t_o_fkey"): "rows of old are never deleted",
    }


def test_a_directive_with_nothing_to_allow_is_a_note_with_its_place(make_db: MakeDb, find: Find) -> None:
    found = find(
        make_db(BEFORE), f'-- migplan: allow data-loss "done"\n{T}\n{OLD} CREATE TABLE n (id int PRIMARY KEY);'
    )
    (note,) = found.notes
    assert note.endswith("schema.sql:1:1: the directive allow data-loss on table public.t has nothing to allow")


def test_a_directive_for_no_finding_is_an_error_that_names_the_nearest(make_db: MakeDb, find: Find) -> None:
    with pytest.raises(DirectiveError, match="there is no finding 'dataloss'") as raised:
        find(make_db(BEFORE), f'-- migplan: allow dataloss "why"\nCREATE TABLE t (id int PRIMARY KEY); {OLD}')
    assert str(raised.value.place).endswith("schema.sql:1:1")
    assert "data-loss" in str(raised.value.hint)


def test_the_policy_allows_by_rule_and_object(make_db: MakeDb, find: Find) -> None:
    config = '[policy.allow]\n"data-loss table public.ol*" = "in the archive"\n'
    found = find(make_db(BEFORE), "CREATE TABLE t (id int PRIMARY KEY, fax text);", config).findings
    assert {f.object: f.allowed for f in found if f.rule == "data-loss"} == {
        "column public.t.pager": None,
        "table public.old": "in the archive",
    }


def test_the_policy_weighs_otherwise(make_db: MakeDb, find: Find) -> None:
    config = '[policy.severity]\ndata-loss = "note"\nunlogged-table = "off"\njson-column = "warning"\n'
    declared = "CREATE UNLOGGED TABLE t (id int PRIMARY KEY, fax text, j json);" + OLD
    found = {f.rule: f.severity for f in find(make_db(BEFORE), declared, config).findings}
    assert found["data-loss"] == "note"
    assert found["json-column"] == "warning"
    assert "unlogged-table" not in found


@pytest.mark.parametrize(
    ("refuse", "refused"),
    [
        ('["data-loss"]', {"data-loss"}),
        ('"danger"', {"data-loss"}),
        ('"note"', {"data-loss", "may-stop-on-data"}),
        ('"likely-rename"', set[str]()),
    ],
)
def test_the_policy_refuses_rules_and_weights(make_db: MakeDb, find: Find, refuse: str, refused: set[str]) -> None:
    declared = "CREATE TABLE t (id int PRIMARY KEY, fax text UNIQUE);" + OLD
    found = find(make_db(BEFORE), declared, f"[policy]\nrefuse = {refuse}\n").findings
    assert {f.rule for f in found if f.refused} == refused


def test_what_is_allowed_is_not_refused(make_db: MakeDb, find: Find) -> None:
    declared = f'-- migplan: allow data-loss "nobody has one"\nCREATE TABLE t (id int PRIMARY KEY, fax text); {OLD}'
    found = find(make_db(BEFORE), declared, '[policy]\nrefuse = "danger"\n').findings
    assert [f.refused for f in found] == [False]


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ('[policy]\nrefuse = ["dataloss"]\n', 4),
        ('[policy.allow]\n"data-los table public.t" = "why"\n', 3),
        ('[policy.severity]\nnote = "off"\ndataloss = "off"\n', 4),
    ],
)
def test_an_unknown_name_in_the_policy_is_an_error_with_its_line(
    make_db: MakeDb, find: Find, config: str, line: int
) -> None:
    with pytest.raises(ConfigError, match="there is no finding") as raised:
        find(make_db(""), T, config)
    assert str(raised.value.place).endswith(f"migplan.toml:{line}")


def test_a_refused_plan_is_written_and_leaves_with_3(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema, toml, out = tmp_path / "schema.sql", tmp_path / "migplan.toml", tmp_path / "plan"
    schema.write_text(OLD + "CREATE TABLE t (id int PRIMARY KEY, fax text);")
    toml.write_text('[policy]\nrefuse = "danger"\n')
    arguments = ["--target", make_db(BEFORE), "--schema", str(schema), "--config", str(toml), "--out", str(out)]
    assert run(["plan", *arguments]) == 3
    printed = capsys.readouterr()
    assert "proved" in printed.out
    assert printed.err.startswith("refused by policy: data-loss: drop column public.t.pager destroys")
    assert read_folder(out).plan.findings[0].refused
    assert run(["review", str(out)]) == 0
    assert "refused: The policy takes no plan with data-loss." in " ".join(capsys.readouterr().out.split())


def test_sarif_tells_the_rule_the_advice_and_what_is_allowed(
    make_db: MakeDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema, out = tmp_path / "schema.sql", tmp_path / "plan"
    schema.write_text(
        f'-- migplan: allow data-loss "nobody has one"\nCREATE TABLE t (id int PRIMARY KEY, fax text); {OLD}'
    )
    assert run(["plan", "--target", make_db(BEFORE), "--schema", str(schema), "--out", str(out), "--no-prove"]) == 0
    capsys.readouterr()
    assert run(["review", str(out), "--format", "sarif"]) == 0
    told = json.loads(capsys.readouterr().out)["runs"][0]
    (rule,) = told["tool"]["driver"]["rules"]
    (result,) = told["results"]
    assert rule["id"] == "data-loss"
    assert rule["shortDescription"]["text"] == rules()["data-loss"].condition
    assert result["message"]["text"].endswith(rules()["data-loss"].advice)
    assert result["suppressions"] == [{"kind": "inSource", "justification": "nobody has one"}]
