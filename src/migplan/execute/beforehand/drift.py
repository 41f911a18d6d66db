"""Drift: what of the objects that a plan touches is no longer, on the live database, as the proof saw it there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from migplan.core.errors import BlockedError, ExecutionError
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.planfile.model import PlanModel
from migplan.planning.footprint import footprint
from migplan.source.connect import Connection
from migplan.source.reading.introspect import Scope
from migplan.source.reading.live import introspect_live


@record
class Drift:
    """One object and in what way it is not what it must be: ``missing``, ``unexpected`` or ``changed``."""

    object: str
    how: str

    def __str__(self) -> str:
        return f"{self.object} is {self.how}"


def drift(plan: PlanModel, connection: Connection, boundary: int, seen: Catalog | None = None) -> list[Drift]:
    """Every difference between the live database and the boundary (0 is the start) as the proof saw it.

    ``seen`` is the live database where it has just been read. On a server of another major version than the proof's
    only what exists is compared, since texts print otherwise.
    Raises ``ExecutionError`` for a plan that was not proved: it doesn't know.
    """
    if not plan.proof.objects:
        raise ExecutionError(
            f"the plan was not proved ({plan.proof.reason}), and doesn't know what the database should be",
            hint="Run migplan verify first.",
        )
    live = seen or introspect_live(connection, managed(plan))
    return sorted(_differences(plan, live, boundary), key=lambda d: d.object)


def managed(plan: PlanModel) -> Scope:
    """What of a database the plan was made for."""
    schemas = plan.proof.schemas
    return Scope(None if schemas is None else frozenset(schemas))


def refuse_drift(found: Collection[Drift], allowed: Collection[str]) -> list[Drift]:
    """What is allowed to differ, by names or patterns (``table public.a*``). Raises ``BlockedError`` for the rest."""
    refused = [d for d in found if not any(_means(name, d.object) for name in allowed)]
    if refused:
        listed = "\n".join(f"  {d}" for d in refused)
        raise BlockedError(
            f"the database is no longer what the plan was proved on:\n{listed}",
            hint="Plan anew, or say --allow-drift OBJECT for what may differ.",
        )
    return [d for d in found if d not in refused]


def _differences(plan: PlanModel, live: Catalog, boundary: int) -> Iterator[Drift]:
    expected = plan.proof.objects
    same_texts = (plan.proof.server_version or 0) // 10000 == live.major
    found = {str(o.id): o for o in live}
    for name, digests in expected.items():
        wanted, obj = digests[boundary], found.get(name)
        if wanted is None and obj is not None:
            yield Drift(name, "unexpected")
        elif wanted is not None and obj is None:
            yield Drift(name, "missing")
        elif obj is not None and same_texts and footprint(obj) != wanted:
            yield Drift(name, "changed")
    for name, obj in found.items():
        stranger = name not in expected and obj.table is not None and str(obj.table) in expected
        if stranger and not any(_means(pattern, name) for pattern in plan.proof.ignored):
            yield Drift(name, "unexpected")


def _means(pattern: str, name: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name.partition(" ")[2], pattern) or name == pattern
