"""The documents that are written out of the code: docs/coverage.md, docs/findings.md and the JSON Schema of plan.json.

``python -m migplan.report.reference docs`` writes them; a test compares.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, get_args

from migplan.core.model import DbObject
from migplan.kinds._acl import NOTHING
from migplan.kinds.base import Kind
from migplan.kinds.registry import kinds
from migplan.planfile.model import PlanModel
from migplan.report.findings_reference import findings
from migplan.source.reading.unmodelled import things
from migplan.strategies.registry import strategies

_COMMON: Final = frozenset({"id", "comment", "owner", "grants"})
_LIMITS: Final = (
    "What is dropped and made again (a view over a column that gets another type, a table that is built a second time) "
    "belongs to the role that runs the plan. `apply` stops before where that isn't the owner; under psql, run the "
    "files as the owner.",
    "A large table whose rows, or the indexes of whose partitions, would have to be written anew is built a second "
    "time beside itself, but not where neither form has a key whose columns are in both and never NULL (unless it "
    "becomes a partition itself), where it inherits or has a foreign table as a partition, or where the same plan also "
    "drops columns of it that something else stands on, adds NOT NULL ones of a new type, or replaces a function or a "
    "type that it stands on which isn't an enum: two plans. Small tables take the direct form.",
    "A type that has to be replaced while a large table has columns of it that no second one can help, or a partition "
    "key has one: also a domain that is NOT NULL, has checks that call functions, or is held inside of another type "
    "with its checks, a range, and a type inside another; a label added to an enum of a partition key stays on the way "
    "back.",
    "Another type for a column of a table whose rows a column of another table or a materialized view stores as values "
    "of its row type, and a column that comes with a value for every row, or goes with a default: PostgreSQL refuses. "
    "A table whose rows a column of another one stores can't be made anew.",
    "Filling rows of a table that is published for UPDATE without what tells its rows apart (no primary key or other "
    "replica identity, a list that lacks columns of it, a filter over others): PostgreSQL refuses.",
    '`backup = "table"` and columns that go from a table with rows, but without any key or unique index over '
    "NOT NULL columns that stay or come, where a column that stays gets another type in the same plan, or others go by "
    "directives: rows without a key are recognised by all that stays of them. One that is changed behind the backup is "
    "not recognised any more, and gets no value back.",
    "Leaving out, between the deploy and the contract, a primary key's column that goes where a view or a partitioned "
    "table's foreign key stands on the key, or PostgreSQL needs it to publish updates: inserts must still name it.",
    'Values that `backup = "table"` brings back fire the triggers of their table, which may keep other values true. '
    "One that refuses them (an audit trigger that knows the application's users only) stops the way back with its own "
    "error, and nothing of that step is done: run the way back as somebody it accepts, or disable it meanwhile.",
    "A column without a default whose domain refuses NULL by a check, `CHECK (VALUE IS NOT NULL)`, and comes to a "
    "table with rows, or back to one: PostgreSQL's own error ends the step, and nothing of it is done. Of a domain "
    "that is NOT NULL the plan says so before.",
    "Moving a column to another table that has another default here than there, that is NOT NULL in a new table and "
    "not here, or whose table is made anew in the same plan.",
    '`dual_write = "application"` renames, splits, merges and computes columns, but not those in partition '
    "keys, or that PostgreSQL numbers or computes itself; another type takes another name, since with one there is "
    "nothing that the application could write twice.",
    "Renaming a column whose name another column takes, or that other changes of the plan wait for, where a function's "
    "body, which is only text, says it: two plans.",
    "Columns that come to or go from a table in a query that names a whole join's columns by place, `FROM (t JOIN u …) "
    "AS q(x, y)`. Such lists of a table's or a function's columns follow them.",
    "Renaming columns of tables that foreign tables inherit from, while applications use them.",
    "Another type for a column that a table inherits from several parents which have none above them in common: "
    "PostgreSQL refuses.",
    "A primary key of a large table that goes over to columns which may be NULL until now, while a type of its former "
    "or new ones is replaced under its name.",
    "Base types of one's own (CREATE TYPE with an input function), and the schemas that hold them: what stands on one "
    "can be planned where it is made by `[shadow] setup` and left out of the declaration.",
    "A way back keeps what the former schema can hold: values of new columns go, and numbers and times written since "
    "are rounded to the former type. Texts that are too long for it stop the way back.",
    "Reference data: DML in a declared file is refused with its place, unless the file says that it is reference data; "
    "then it is named and not run.",
    "Rare combinations stop in the proof, which names the step: a large table is attached while its parent loses an "
    "index; a partition is detached while its parent's index gets another column (14); an identity column changes its "
    "type above a child whose NOT NULL has a name of its own (18); a column of a composite type turns into an array of "
    "it (14). Let a plan of its own do one of the two.",
    "An operator class that keeps its name while its type or its functions are replaced, under an index of a large "
    "table whose column gets a second one: the old index stands on it until the end.",
)


def coverage() -> str:
    """docs/coverage.md: every kind of object with what is compared of it, every expansion, what is not supported."""
    rows = [_kind_row(kind) for kind in sorted(kinds().values(), key=lambda k: k.name)]
    expansions = [f"| `{s.name}` | {_first_sentence(inspect.getmodule(type(s)))} |" for s in strategies()]
    return "\n".join(
        [
            "# Coverage",
            "",
            "Written out of the code by `make docs`. PostgreSQL 14, 15, 16, 17 and 18.",
            "",
            "## Objects",
            "",
            "Each is read, compared, created, altered (in place, or dropped and made again with all that stands on",
            "it), dropped, and carried through changes of what it stands on. An attribute that isn't listed is part of",
            "another object, or reported as not modelled.",
            "",
            "| kind | from | attributes compared | comment | grants | owner |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "Owners are compared with `[manage] owners = true`. Roles are known by name only.",
            "",
            "## Expansions",
            "",
            "What isn't taken by one of these is created, altered, rebuilt or dropped as its kind says.",
            "",
            "| expansion | what it does |",
            "|---|---|",
            *expansions,
            "",
            "## Named, never touched",
            "",
            "These are found and named; `--strict` makes them an error.",
            "",
            *(f"- {thing}" for thing in things()),
            "",
            "## Not supported",
            "",
            "Each of these stops with a sentence that names it: a blocked plan (exit status 3), or an error.",
            "",
            *(f"- {limit}" for limit in _LIMITS),
            "",
        ]
    )


def plan_schema() -> str:
    """docs/plan.schema.json: the JSON Schema of plan.json."""
    return json.dumps(PlanModel.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _kind_row(kind: Kind[Any]) -> str:
    model = _model_of(kind)
    compared = [f.name for f in fields(model) if f.compare and f.name not in _COMMON]
    attributes = ", ".join(name.replace("_", " ") for name in compared) or "its existence"
    grants = "yes" if kind.privileges != NOTHING or kind.name == "column" else "—"
    owners = "yes" if kind.owned else "—"
    return f"| {kind.name.replace('_', ' ')} | {kind.since} | {attributes} | yes | {grants} | {owners} |"


def _model_of(kind: Kind[Any]) -> type[DbObject]:
    """The model that a kind's class says in ``Kind[Model]``."""
    for base in type(kind).__mro__:
        for generic in getattr(base, "__orig_bases__", ()):
            for argument in get_args(generic):
                if isinstance(argument, type) and issubclass(argument, DbObject):
                    return argument
    raise TypeError(f"{type(kind).__name__} doesn't say its model")


def _first_sentence(module: object) -> str:
    text = " ".join((inspect.getdoc(module) or "").partition("\n\n")[0].split())
    return text.replace("|", "\\|")


def documents() -> dict[str, str]:
    """Every generated document by its name in docs/."""
    return {"coverage.md": coverage(), "findings.md": findings(), "plan.schema.json": plan_schema()}


def main(arguments: Iterable[str]) -> None:
    """Write the documents into the folder that is named."""
    for folder in arguments:
        for name, text in documents().items():
            (Path(folder) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
