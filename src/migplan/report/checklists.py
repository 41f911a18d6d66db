"""The checklists before, during and after a migration, filled in from the plan: what migplan did itself is ticked."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.records import record
from migplan.core.wording import counted, listed
from migplan.planfile.locks import own_table
from migplan.planfile.model import StepModel
from migplan.report.facts import Facts, loses_for_good


@record
class Item:
    """One line: ``note`` says what it means for this plan."""

    text: str
    note: str = ""
    done: bool = False


@record
class Checklist:
    """A headed list."""

    title: str
    items: tuple[Item, ...]


def checklists(facts: Facts) -> tuple[Checklist, ...]:
    """The three lists of the migration workflow."""
    return (
        Checklist("Before the migration", tuple(_before(facts))),
        Checklist("During the migration", tuple(_during(facts))),
        Checklist("After the migration", tuple(_after(facts))),
    )


def _before(facts: Facts) -> Iterable[Item]:
    plan = facts.plan
    local = "on an empty shadow of the live schema" if facts.proved else f"not proved: {plan.proof.reason}"
    yield Item("Migration tested on local database", local, facts.proved)
    copied = any(facts.ran(stage, plan.steps) for stage in ("copy", "staging"))
    yield Item("Migration tested on staging with production copy", _staging(facts), copied)
    yield Item("Rollback script exists and tested", _rollback(facts), facts.proved and not facts.irreversible)
    vouched = facts.trials.backups[-1:]
    yield Item("Backup verified", vouched[0].what if vouched else _backup(facts), bool(vouched))
    windows = counted(len(plan.windows), "window")
    yield Item("Team notified of migration window", f"{windows}, {counted(len(plan.checkpoints), 'deploy')} in between")
    yield Item("Low traffic time selected", _traffic(facts))
    yield Item("Monitoring dashboards ready", _watch(facts))


def _staging(facts: Facts) -> str:
    needing = [s.id for s in facts.plan.steps if s.assertions or s.backfill or (s.scan and not s.new_objects)]
    if not needing:
        return "no step depends on the rows; the shadow has seen all that matters"
    return f"the rows decide about {listed(needing)}"


def _rollback(facts: Facts) -> str:
    files = counted(len(facts.phases), "down file")
    tested = "all run on the shadow, every boundary compared" if facts.proved else "not run yet"
    if facts.irreversible:
        return f"{files}, {tested}; no way back for {listed([s.id for s in facts.irreversible])}"
    return f"{files}, {tested}"


def _backup(facts: Facts) -> str:
    if not facts.losing:
        return "no step of this plan loses data"
    lost = listed(sorted({text for s in facts.losing if (text := loses_for_good(s))}))
    return f"needed: gone after {_place(facts.losing[0])} are {lost}"


def _traffic(facts: Facts) -> str:
    waiting = [s for s in facts.plan.steps if facts.felt(s)]
    if not waiting:
        return "no statement of the application has to wait"
    files = listed(list(dict.fromkeys(s.up.file for s in waiting)), limit=6)
    return f"for {files}: {counted(len(waiting), 'step')} on {listed(facts.tables(waiting))}"


def _watch(facts: Facts) -> str:
    signs = ["statements waiting for locks"]
    if any(s.in_batches for s in facts.plan.steps):
        signs += ["replication lag and WAL volume"]
    if any(not s.transactional for s in facts.plan.steps):
        signs += ["pg_stat_progress_create_index"]
    return ", ".join(signs)


def _during(facts: Facts) -> Iterable[Item]:
    first = next((s for s in facts.plan.steps if loses_for_good(s)), None)
    note = f"at the latest before {first.up.file}, which loses data" if first is not None else ""
    yield Item("Take fresh backup before starting", note)
    yield Item("Run migration", f"in this order: {', '.join(_order(facts))}")
    for checkpoint in facts.plan.checkpoints:
        asked = counted(len(checkpoint.contract), "point")
        yield Item(f"Deploy the application at checkpoint {checkpoint.number}", f"{asked} to hold first, listed there")
    yield Item("Verify schema changes", "migplan diff says “no difference” at the end")
    tables = listed(_tables(facts), limit=6)
    yield Item("Run smoke tests", f"of what uses {tables}" if tables else "")
    yield Item("Check application functionality", "between any two files, with the version that is deployed then")
    yield Item("Monitor error rates", _errors(facts))


def _order(facts: Facts) -> Iterable[str]:
    window = 0
    for number, phase in facts.phases:
        if number > window:
            yield f"checkpoint {number}"
        window = number
        yield phase.up


def _errors(facts: Facts) -> str:
    verbs = {s.id.partition(":")[0] for s in facts.plan.steps}
    codes = ["55P03 (a lock was not to be had in time: run the file's rest again)"]
    if {"tighten", "guard"} & verbs:
        codes.append("23502 (NULL refused)")
    if any(s.kind == "constraint" for s in facts.plan.steps):
        codes.append("23505, 23503 and 23514 (keys and checks)")
    if any(s.kind in ("column", "table", "view") and s.id.startswith("drop:") for s in facts.plan.steps):
        codes.append("42703 and 42P01 (a column or table that is gone)")
    if any(s.kind == "column" for s in facts.plan.steps):
        codes.append("0A000 (cached plan: recycle the connection pools)")
    return ", ".join(codes)


def _after(facts: Facts) -> Iterable[Item]:
    yield Item("Verify all features working")
    indexes = [s for s in facts.plan.steps if s.kind == "index"]
    note = f"{counted(len(indexes), 'step')} changed indexes; " if indexes else ""
    yield Item("Check query performance", f"{note}ANALYZE what was filled or rewritten: {_filled(facts)}")
    yield Item("Monitor for 24 hours")
    yield Item("Document any issues")
    yield Item("Update rollback window (keep backup X days)", _rollback_window(facts))


def _filled(facts: Facts) -> str:
    tables = sorted({own_table(s) for s in facts.plan.steps if (s.in_batches or s.rewrite) and not s.new_objects})
    return listed(tables, limit=6) or "nothing"


def _rollback_window(facts: Facts) -> str:
    if not facts.losing:
        return "the down files alone lead back at any time"
    return f"up to {_place(facts.losing[0])} the down files alone lead back; after it they need the backup"


def _place(step: StepModel) -> str:
    return step.up.file


def _tables(facts: Facts) -> list[str]:
    named = dict.fromkeys(own_table(s) for s in facts.plan.steps if s.kind in ("table", "column", "constraint", "view"))
    return list(named)
