"""Plans for tests: two scripts loaded into real databases, planned, proved, and written or kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg

from migplan.core.directives import Directives
from migplan.core.settings import Settings
from migplan.planfile.build import build
from migplan.planfile.folder import PlanFolder, write_folder
from migplan.planfile.model import PlanModel, ProofModel
from migplan.planning.plan import Draft, draft
from migplan.prove.measure import Connections
from migplan.prove.proof import prove
from migplan.source.reading.introspect import introspect
from migplan.source.reading.managed import Managed
from migplan.source.reading.sizes import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from migplan.core.model import Catalog
    from migplan.findings.model import FindingModel

CREATED = "2026-11-23T10:40:00Z"
CAREFUL = Settings(small_rows=0, small_bytes=0)
"""Every table with rows counts as a large one."""


@dataclass(frozen=True)
class Sides:
    """Both catalogs and the draft between them."""

    before: Catalog
    after: Catalog
    draft: Draft
    settings: Settings
    directives: Directives


def catalog(url: str) -> Catalog:
    """The catalog of a database."""
    with psycopg.connect(url) as db:
        found = introspect(db)
        return probe(db, found, found.sizes, limit=0)


def sides(
    make_db: Callable[[str], str],
    before: str,
    after: str,
    *,
    settings: Settings = CAREFUL,
    directives: Directives | None = None,
) -> Sides:
    """Load both scripts and draft the plan between them."""
    old, new = catalog(make_db(before)), catalog(make_db(after))
    chosen = directives or Directives()
    return Sides(old, new, draft(old, new, chosen, settings), settings, chosen)


def unproved(found: Sides, findings: Sequence[FindingModel] = ()) -> tuple[PlanModel, dict[str, str]]:
    """The plan and its files, without a proof."""
    return build(
        found.draft,
        found.before,
        found.after,
        found.settings,
        name="test",
        created=CREATED,
        proof=ProofModel(status="unproved", reason="not asked for"),
        findings=findings,
    )


def proved(
    found: Sides, make_db: Callable[[str], str], findings: Sequence[FindingModel] = ()
) -> tuple[PlanModel, dict[str, str]]:
    """The plan and its files, proved on an empty database."""
    plan, files = unproved(found, findings)
    url = make_db("")
    with psycopg.connect(url, autocommit=True) as work, psycopg.connect(url, autocommit=True) as watch:
        outcome = prove(
            plan,
            files,
            found.before,
            found.after,
            Connections(work, watch),
            managed=Managed(),
            settings=found.settings,
        )
    steps = [outcome.noted(s) for s in plan.steps]
    return plan.model_copy(update={"steps": steps, "proof": outcome.proof}), files


def folder(path: Path, plan: PlanModel, files: dict[str, str]) -> PlanFolder:
    """The plan written to ``path``."""
    return write_folder(path, plan, files, {})


def offline(settings: Settings = CAREFUL) -> Settings:
    """The same settings for a database that nobody uses."""
    return replace(settings, offline=True)
