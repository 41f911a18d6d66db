"""An outside linter reads the up files of every case, and of the demo shop, as if by somebody who knows no plan.

Each is planned twice: with the sizes as they are, and as if every table were large. What squawk complains of
is a bug: where a plan knows better, its files say why beside the statement.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pytest
from tests.support.cases import cases

from migplan.cli.inputs import gather
from migplan.cli.writing import assembled, judged
from migplan.core.model import TableSize
from migplan.planfile.render import MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.conftest import MakeDb
    from tests.support.cases import Case

    from migplan.cli.inputs import Inputs
    from migplan.core.model import Catalog
    from migplan.planfile.model import PlanModel

ROOT: Final = Path(__file__).parents[2]
ANALYZE: Final = """
DO $$
DECLARE found regclass;
BEGIN
  FOR found IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384 LOOP
    BEGIN
      EXECUTE format('ANALYZE %s', found);
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
      NULL; -- foreign tables below it have no server behind them
    END;
  END LOOP;
END
$$
"""
EXCUSED: Final = {
    ("columns-virtual_generated", "adding-field-with-default"): "NOT NULL of a virtual column is tried on every row",
    ("partitions-subpartition_pk", "constraint-missing-not-valid"): "USING INDEX would leave a NOT NULL of its own",
    ("partitions-subpartition_pk", "adding-serial-primary-key-field"): "the same",
    ("partitions-partitions_come_and_go", "constraint-missing-not-valid"): "the same",
    ("partitions-partitions_come_and_go", "adding-serial-primary-key-field"): "the same",
    (
        "partitions-come_and_go_while_parent_gets_constraints",
        "constraint-missing-not-valid",
    ): "USING INDEX would leave a NOT NULL of its own",
    ("partitions-come_and_go_while_parent_gets_constraints", "adding-serial-primary-key-field"): "the same",
    ("partitions-indexes_go_over_with_their_partition", "constraint-missing-not-valid"): "the same",
    ("partitions-indexes_go_over_with_their_partition", "adding-serial-primary-key-field"): "the same",
    (
        "partitions-key_hangs_on_plain_index",
        "constraint-missing-not-valid",
    ): "the same, and one replaced with its parent's",
    ("partitions-key_hangs_on_plain_index", "adding-serial-primary-key-field"): "the same",
    (
        "partitions-key_hangs_on_plain_index",
        "disallowed-unique-constraint",
    ): "a known limit: replaced with its parent's",
    ("partitions-key_of_partitions_made_again_in_place", "constraint-missing-not-valid"): (
        "a known limit of 18: partitions' foreign keys are made again valid before their table's"
    ),
    ("partitions-key_of_partitions_made_again_in_place", "adding-foreign-key-constraint"): "the same",
    ("partitions-attached_indexes_differ", "constraint-missing-not-valid"): (
        "a known limit: a partition's key that stays while its parent's goes"
    ),
    ("partitions-attached_indexes_differ", "disallowed-unique-constraint"): "the same",
    ("inheritance-declared_by_children_as_well", "constraint-missing-not-valid"): (
        "a known limit: a check that a child declares as well is made again with its parent's"
    ),
    ("partitions-equal_keys_and_users_below_the_parent", "require-concurrent-index-creation"): (
        "a known limit: an index on a column that is made anew"
    ),
    ("domains-columns_of_checked_domains", "adding-required-field"): "rows get the default of the column's domain",
    ("partitions-exclusion_and_identity_of_partitioned_table", "constraint-missing-not-valid"): (
        "an exclusion constraint takes no ready index"
    ),
    ("constraints-temporal_keys", "constraint-missing-not-valid"): "a key WITHOUT OVERLAPS takes no ready index",
    ("constraints-temporal_keys", "adding-serial-primary-key-field"): "the same",
    ("tables-same_index_name_moves_table", "require-concurrent-index-creation"): (
        "a known limit: an index whose name another table's index had"
    ),
    ("expansions-generated_column_becomes_required", "adding-not-nullable-field"): (
        "a known limit: a column that isn't generated any more"
    ),
    ("columns-identity_kinds", "adding-not-nullable-field"): "a known limit: an identity on a column with NULLs",
    ("functions-index_and_check_function_signature", "require-concurrent-index-creation"): (
        "a known limit: an index that stands on a replaced function"
    ),
    ("functions-new_argument_said_by_callers", "require-concurrent-index-creation"): "the same",
    ("functions-new_argument_said_by_callers", "adding-field-with-default"): "the declaration allows the rewrite",
}
"""Cases and rules where the plan holds a lock for long, and says so: only there is a complaint none of a bug."""
WARNS: Final = frozenset({"long-lock", "rewrite"})
GROUPS: Final = sorted({case.name.partition("/")[0] for case in cases()})


@dataclass(frozen=True)
class Planned:
    """The up files of one plan in a folder, and the steps of which the plan says that they hold a lock for long."""

    path: Path
    warned: frozenset[str]


def planned(live: str, schema: str | Path, config: str, path: Path) -> Iterator[Planned]:
    """The plans from a database to a declaration, one for each view of the tables' sizes. Blocked ones aren't to be run."""
    path.mkdir(parents=True)
    toml = path / "migplan.toml"
    toml.write_text(config)
    if isinstance(schema, str):
        declared = path / "schema.txt"
        declared.write_text(schema)
        schema = declared
    inputs = gather(live, [str(schema)], config=toml, offline=False)
    for name, sized in (("as-they-are", inputs), ("all-large", _large(inputs))):
        unjudged, texts = assembled(sized, sized.draft(), "test", datetime.now(UTC))
        plan = judged(sized, sized.draft(), unjudged, texts)
        if any(f.severity == "blocked" for f in plan.findings):
            continue
        folder = path / name
        folder.mkdir()
        for file, text in texts.items():
            if file.endswith(".up.sql"):
                (folder / file).write_text(text)
        yield Planned(folder, _warned(plan))


def _large(inputs: Inputs) -> Inputs:
    """The same, as if every table held millions of rows."""

    def grown(catalog: Catalog) -> Catalog:
        return replace(catalog, sizes=dict.fromkeys(catalog.sizes, TableSize(10_000_000, 10**10, empty=False)))

    stages = (
        replace(stage, renamed=replace(stage.renamed, before=grown(stage.renamed.before)))
        for stage in inputs.renamed.earlier
    )
    renamed = replace(inputs.renamed, before=grown(inputs.renamed.before), earlier=tuple(stages))
    return replace(inputs, before=grown(inputs.before), renamed=renamed)


def _warned(plan: PlanModel) -> frozenset[str]:
    return frozenset(f.step for f in plan.findings if f.rule in WARNS and f.severity == "danger" and f.step is not None)


def complaints(plans: Iterable[Planned]) -> list[str]:
    """What squawk says of the files, but for what is excused and said by the plan itself."""
    found: list[str] = []
    by_folder = {plan.path: plan for plan in plans}
    for said in _squawk(by_folder):
        file = Path(str(said["file"]))
        step = _step(file, int(said["line"]))
        excused = (file.parent.parent.name, said["rule_name"]) in EXCUSED and step in by_folder[file.parent].warned
        if not excused:
            found.append(f"{file.parent.parent.name}/{file.parent.name}/{file.name}: {said['rule_name']}: {step}")
    return found


def _squawk(folders: Iterable[Path]) -> list[dict[str, Any]]:
    paths = [str(file) for folder in folders for file in sorted(folder.glob("*.sql"))]
    if not paths:
        return []
    program = Path(sys.executable).with_name("squawk")  # of this environment, whether or not it is active
    command = [str(program), "--config", str(ROOT / ".squawk.toml"), "--reporter", "json", *paths]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stdout, ended.stderr
    return json.loads(ended.stdout)


def _step(file: Path, line: int) -> str:
    """The step whose statement stands there."""
    before = file.read_text().splitlines()[: line + 1]
    return next(text.removeprefix(MARK) for text in reversed(before) if text.startswith(MARK))


def _make_roles(url: str, wanted: Iterable[Case]) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        for role in sorted({role for case in wanted for role in case.options.roles}):
            command = f'CREATE ROLE "{role}"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;'
            db.execute(f"DO $$ BEGIN {command} END $$".encode())


@pytest.mark.pg(min=18)
@pytest.mark.parametrize("group", GROUPS)
def test_cases(group: str, make_db: MakeDb, pg_url: str, tmp_path: Path) -> None:
    chosen = [case for case in cases() if case.name.startswith(f"{group}/")]
    _make_roles(pg_url, chosen)
    plans: list[Planned] = []
    for case in chosen:
        live = make_db(f"{case.sql('current')}\n{case.sql('seed')}\n;{ANALYZE}")
        plans += planned(live, case.sql("desired"), case.options.config, tmp_path / case.name.replace("/", "-"))
    assert plans
    assert complaints(plans) == []


@pytest.mark.pg(min=18)
def test_shop(make_db: MakeDb, tmp_path: Path) -> None:
    live = make_db(files("migplan.demo").joinpath("shop.sql").read_text())
    assert complaints(planned(live, ROOT / "schemas", "", tmp_path / "shop")) == []


@pytest.mark.pg(min=18)
def test_the_linter_is_heard(make_db: MakeDb, tmp_path: Path) -> None:
    """What can't be had without a lock isn't excused: squawk complains, and so does the plan."""
    before = "CREATE TABLE t (id int, span int4range); INSERT INTO t VALUES (1, '[1,2)'); ANALYZE"
    after = "{} CREATE TABLE u (id int, span int4range, CONSTRAINT x EXCLUDE USING gist (span WITH &&));"
    large = "[planning]\nsmall_table_rows = 0\n"
    plans = list(planned(make_db(before), after.format("-- migplan: renamed-from t\n"), large, tmp_path / "renamed"))
    assert [c.split(": ")[1:] for c in complaints(plans)] == 2 * [
        ["constraint-missing-not-valid", "create:constraint:public.u.x"]
    ]
    assert [plan.warned for plan in plans] == 2 * [{"create:constraint:public.u.x"}]
