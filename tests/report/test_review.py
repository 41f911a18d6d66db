"""A review of a real plan: what is said, in every format, and what must not be hidden."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from tests.support import plans

from migplan.core.errors import ConfigError
from migplan.core.settings import Settings
from migplan.findings.model import FindingModel
from migplan.planfile.folder import PlanFolder, read_folder
from migplan.report.as_json import as_json
from migplan.report.html import html
from migplan.report.markdown import code, fence, markdown, text
from migplan.report.sarif import sarif
from migplan.report.terminal import print_review
from migplan.report.why import find_step, why_text

if TYPE_CHECKING:
    from tests.conftest import MakeDb

SAMPLE = Path(__file__).parents[2] / "plans" / "sample_shop"

BEFORE = """
CREATE TABLE customer (id bigint PRIMARY KEY, email text, legacy text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, a int, b int, c int, d int);
INSERT INTO customer SELECT g, 'e' || g FROM generate_series(1, 50) g;
INSERT INTO orders SELECT g, g FROM generate_series(1, 50) g;
ANALYZE;
"""
AFTER = """
CREATE TABLE customer (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, a int, b int, c int, d int);
CREATE INDEX ON orders (a); CREATE INDEX ON orders (b); CREATE INDEX ON orders (c); CREATE INDEX ON orders (d);
CREATE TABLE "weird|*name`" (id bigint PRIMARY KEY);
"""
DROP = "drop:column:public.customer.legacy"
FINDING = FindingModel(rule="some-rule", severity="danger", message="look at <this>", step=DROP)


@pytest.fixture
def folder(make_db: MakeDb, tmp_path: Path) -> PlanFolder:
    """A proved plan with a drop, a NOT NULL, a foreign key, four indexes and an awkward name."""
    found = plans.sides(make_db, BEFORE, AFTER)
    return plans.folder(tmp_path / "plan", *plans.proved(found, make_db, [FINDING]))


def terminal(folder: PlanFolder, **options: bool) -> str:
    console = Console(width=200, record=True, **options)  # pyright: ignore[reportArgumentType]
    with console.capture() as captured:
        print_review(folder, console)
    return captured.get()


def test_says_what_changes_and_what_is_lost(folder: PlanFolder) -> None:
    for shown in (terminal(folder), markdown(folder)):
        assert "drops the column public.customer.legacy" in shown
        assert "Data is lost: the values of column public.customer.legacy" in shown
        assert "1 deploy of the application" in shown


def test_dangers_come_before_the_steps_and_are_never_grouped(folder: PlanFolder) -> None:
    shown = markdown(folder)
    first = shown[shown.index("## Read these first") : shown.index("## What happens")]
    assert "data loss" in first
    assert DROP in first
    assert re.search(r"^\d+\. \*\*Drop column public\.customer\.legacy", shown, re.M)


def test_boring_steps_of_one_sort_are_one_line(folder: PlanFolder) -> None:
    assert "Creates 4 indexes." in terminal(folder)
    assert "**Creates 4 indexes.**" in markdown(folder)


def test_what_is_told_is_numbered_one_by_one(folder: PlanFolder) -> None:
    numbers = [int(n) for n in re.findall(r"^(\d+)\. \*\*", markdown(folder), re.M)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert 3 < len(numbers) < len(folder.plan.steps)


def test_every_step_that_does_something_is_shown(folder: PlanFolder) -> None:
    shown = terminal(folder)
    for step in folder.plan.steps:
        assert step.id in shown
        assert "CREATE INDEX CONCURRENTLY" in markdown(folder)


def test_the_contract_stands_at_its_checkpoint(folder: PlanFolder) -> None:
    shown = markdown(folder)
    checkpoint = shown[shown.index("### Checkpoint 1") : shown.index("### Window 1")]
    for line in folder.plan.checkpoints[0].contract:
        assert line in checkpoint


def test_locks_are_promised_and_measured(folder: PlanFolder) -> None:
    assert "ACCESS EXCLUSIVE for a moment (measured: ACCESS EXCLUSIVE on public.customer)" in markdown(folder)


def test_checklists_are_ticked_only_for_what_was_proved(folder: PlanFolder) -> None:
    shown = markdown(folder)
    assert "- [x] Migration tested on local database" in shown
    assert "- [x] Rollback script exists and tested" in shown
    assert "- [ ] Backup verified: needed" in shown
    assert "| Drop column | ✅ done | ☐ | ☐ | ☐ | 1 |" in shown
    assert "[ ] PASS [ ] NEEDS REVIEW" in shown


def test_an_unproved_plan_says_so_and_ticks_nothing(make_db: MakeDb, tmp_path: Path) -> None:
    found = plans.sides(make_db, BEFORE, AFTER)
    shown = markdown(plans.folder(tmp_path / "plan", *plans.unproved(found)))
    assert "**NOT PROVED**" in shown
    assert "[x]" not in shown
    assert "✅" not in shown


def test_a_small_table_is_small_whatever_its_name_is(make_db: MakeDb, tmp_path: Path) -> None:
    live, declared = (f'CREATE TABLE "Its ""name" (n {type});' for type in ("int", "text"))
    rows = 'INSERT INTO "Its ""name" VALUES (1); ANALYZE'
    found = plans.sides(make_db, live + rows, declared, settings=Settings())
    plan, files = plans.proved(found, make_db)
    assert any(step.rewrite for step in plan.steps)
    assert "long lock" not in markdown(plans.folder(tmp_path / "plan", plan, files))


def test_markdown_and_html_escape_names(folder: PlanFolder) -> None:
    assert 'public."weird\\|\\*name\\`"' in markdown(folder)
    shown = html(folder)
    assert "&lt;this&gt;" in shown
    assert "<this>" not in shown
    assert "http" not in shown.replace("http-equiv", "")


def test_json_carries_its_version_and_everything(folder: PlanFolder) -> None:
    shown = json.loads(as_json(folder))
    assert shown["format_version"] == 1
    assert shown["losses"][0]["step"] == DROP
    assert shown["findings"][0]["rule"] == "some-rule"


def test_sarif_points_at_the_line_of_the_step(folder: PlanFolder) -> None:
    run = json.loads(sarif(folder))["runs"][0]
    result = run["results"][0]
    place = result["locations"][0]["physicalLocation"]
    uri: str = place["artifactLocation"]["uri"]
    number: int = place["region"]["startLine"]
    line = folder.files[uri].splitlines()[number - 1]
    assert line.endswith(DROP)
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "some-rule"
    assert run["properties"]["format_version"] == 1


def test_no_colour_without_a_terminal_or_with_no_color(folder: PlanFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in terminal(folder, force_terminal=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", terminal(folder, force_terminal=True))


def test_a_reviews_text_does_not_depend_on_the_hash_seed(folder: PlanFolder) -> None:
    script = (
        "import sys, pathlib; from migplan.planfile.folder import read_folder; from migplan.report.markdown import "
        "markdown; sys.stdout.write(markdown(read_folder(pathlib.Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", script, str(folder.path)]
    outputs = {
        subprocess.run(command, check=True, capture_output=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_why_tells_the_chain_to_a_step(folder: PlanFolder) -> None:
    shown = why_text(folder.plan, find_step(folder.plan, "validate:constraint:public.orders.orders_customer_id_fkey"))
    lines = [line.strip() for line in shown.splitlines()]
    order = [
        "start of the plan",
        "== checkpoint 1: deploy the application ==",
        "create:constraint:public.orders.orders_customer_id_fkey (window 1, contract)",
        "validate:constraint:public.orders.orders_customer_id_fkey (window 1, contract)",
    ]
    assert [line for line in lines if line in order] == order


def test_why_names_every_deploy_before_a_step() -> None:
    plan = read_folder(SAMPLE).plan
    deploys = {s.id: why_text(plan, s).count("== checkpoint") for s in plan.steps}
    assert deploys == {s.id: s.window for s in plan.steps}


def test_why_finds_a_step_by_a_part_of_its_id(folder: PlanFolder) -> None:
    assert find_step(folder.plan, "customer.legacy").id == DROP


def test_why_suggests_steps_for_a_misspelt_one(folder: PlanFolder) -> None:
    with pytest.raises(ConfigError) as caught:
        find_step(folder.plan, "drop:column:public.customer.legcay")
    assert DROP in (caught.value.hint or "")
    with pytest.raises(ConfigError, match="may mean 4 steps"):
        find_step(folder.plan, "create:index")


@pytest.mark.parametrize(
    ("render", "value", "shown"),
    [
        (text, "a|b*c\nd", "a\\|b\\*c d"),
        (code, "a`b", "`` a`b ``"),
        (fence, "x ``` y", "````sql\nx ``` y\n````"),
    ],
)
def test_markdown_quotes(render: object, value: str, shown: str) -> None:
    assert callable(render)
    assert render(value) == shown
