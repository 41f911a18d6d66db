"""docs/findings.md, written out of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from migplan.findings.base import Rule
from migplan.findings.registry import rules
from migplan.lint.base import StatementRule
from migplan.lint.registry import statement_rules

_HEAD = """\
# Findings

Written out of the code by `make docs`. What a reviewer should know of a plan: `migplan review` shows it, `plan.json`
holds it, and `migplan review --format sarif` says it to code hosts, at the line of the SQL file.

| weight | meaning |
|---|---|
| blocked | the plan can't be made as it is: it is written, and the exit status is 3 |
| danger | data, availability or protection is lost if it isn't what was meant |
| warning | worth a question |
| note | good to know |

## Allowing one

A directive beside the object, or beside the table that it belongs to, says that the finding is known. The review shows
the reason:

```sql
-- migplan: allow data-loss "nobody has a fax any more"
CREATE TABLE customers (
  id bigint PRIMARY KEY,
  code varchar(5) -- migplan: allow narrowing-type "all codes are short since 2024"
);
```

An unknown finding is an error with its place. A directive that has nothing to allow in a plan is a note: its work is
done, or it stands beside the wrong object. What is blocked can't be allowed.

## The policy

In migplan.toml:

```toml
[policy]
refuse = ["danger", "grant-to-public"]   # findings, or weights and what is graver

[policy.allow]                           # for what has no place in a file any more
"data-loss table public.old_*" = "in the archive since 2026-11-01"

[policy.severity]                        # off, note, warning or danger
"likely-rename" = "off"
"integer-key" = "warning"
style = "note"                           # every rule that is off by itself
```

A plan with a refused finding that nothing allows is written, proved, and leaves `migplan plan` with exit status 3.
"""

_OF_STATEMENTS: Final = """\
## Of hand-written SQL

`migplan lint FILE…` runs migrations that somebody else wrote on a scratch copy of the schema (`--target`, or `--base`
files) and measures each statement. What they change is judged by the rules above, but for those that speak of a
plan's steps. `needs-deploy` says where the running application has to be another one first; `fails` at which
statement the files end.

A comment `-- migplan: allow RULE "why"` before a statement says that it is known, and `[policy]` holds as above. Exit
status: 0 nothing dangerous, 1 a statement fails, 3 a danger that nothing allows, or what the policy refuses. Files of
dbmate, goose, sql-migrate and Liquibase are read up to where their way back begins.
"""


def findings() -> str:
    """The page: weights, directive, policy, and every rule with its example."""
    found = rules().values()
    loud = [r for r in found if r.severity != "off"]
    quiet = [r for r in found if r.severity == "off"]
    lines = [
        _HEAD,
        "## Rules\n",
        *_table(loud),
        "\n## Rules of style\n",
        "Off unless `[policy.severity]` asks for them. They speak of what is new, or changes its type.\n",
        *_table(quiet),
        "\n## One by one\n",
        *(line for rule in found for line in _chapter(rule)),
        _OF_STATEMENTS,
        *_table(statement_rules().values()),
        "",
        *(line for rule in statement_rules().values() for line in _statement_chapter(rule)),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(rules: Iterable[Rule | StatementRule]) -> Iterator[str]:
    yield "| finding | weight | when |"
    yield "|---|---|---|"
    yield from (f"| [`{r.id}`](#{r.id}) | {r.severity} | {r.condition} |" for r in rules)


def _chapter(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    yield f"**{rule.severity.capitalize()}.** {rule.condition} {rule.effect}\n"
    yield f"What to do: {rule.advice}\n"
    yield "```sql"
    if rule.example.before:
        yield f"-- live\n{_lines(rule.example.before)}\n"
    yield f"-- declared so, it speaks\n{_lines(rule.example.bad)}\n"
    yield f"-- declared so, it is silent\n{_lines(rule.example.good)}"
    yield "```\n"


def _statement_chapter(rule: StatementRule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    yield f"**{rule.severity.capitalize()}.** {rule.condition} {rule.effect}\n"
    yield f"What to do: {rule.advice}\n"
    yield "```sql"
    yield f"-- live\n{_lines(rule.example.before)}\n"
    yield f"-- it speaks\n{_lines(rule.example.bad)}\n"
    yield f"-- it is silent\n{_lines(rule.example.good)}"
    yield "```\n"


def _lines(script: str) -> str:
    """One statement a line."""
    return script.replace("; ", ";\n")
