"""Every rule on real servers: it speaks of its example's danger, and is silent about what does the same without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migplan.findings.registry import rules

if TYPE_CHECKING:
    from tests.conftest import MakeDb
    from tests.findings.conftest import Find

    from migplan.findings.base import Rule
    from migplan.findings.collect import Collected

STYLE = '[policy.severity]\nstyle = "note"\n'


def told(rule: Rule, found: Collected) -> list[str]:
    """What the rule itself found."""
    return [f.message for f in found.findings if f.rule == rule.id]


def _with_example(*majors: int) -> pytest.MarkDecorator:
    chosen = [r for r in rules().values() if r.example.since in majors]
    return pytest.mark.parametrize("rule", chosen, ids=[r.id for r in chosen])


def _fires_and_is_silent(rule: Rule, make_db: MakeDb, find: Find) -> None:
    example = rule.example
    live = make_db(example.before)
    bad = find(live, example.bad, STYLE, proved=rule.of_proof)
    assert len(told(rule, bad)) == 1, bad
    finding = next(f for f in bad.findings if f.rule == rule.id)
    assert finding.object is not None
    assert finding.step is not None
    assert finding.advice
    assert told(rule, find(live, example.good, STYLE, proved=rule.of_proof)) == []


@_with_example(14)
def test_fires_on_its_example_and_is_silent_on_the_near_miss(rule: Rule, make_db: MakeDb, find: Find) -> None:
    _fires_and_is_silent(rule, make_db, find)


@pytest.mark.pg(min=15)
@_with_example(15)
def test_fires_and_is_silent_on_15(rule: Rule, make_db: MakeDb, find: Find) -> None:
    _fires_and_is_silent(rule, make_db, find)


def test_style_is_quiet_by_itself(make_db: MakeDb, find: Find) -> None:
    quiet = {r.id for r in rules().values() if r.severity == "off"}
    found = find(make_db(), "CREATE TABLE t (id serial PRIMARY KEY, a char(3), b timestamp, c json, d money);")
    assert quiet
    assert not quiet & {f.rule for f in found.findings}
