"""Drift: what of the objects that a plan touches is no longer, on the live database, as the proof saw it there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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


@record
class Sight:
    """What is compared of the live database: by each object's name its footprint ("" where the plan doesn't know it, or
    texts print otherwise) and the name of its table."""

    objects: Mapping[str, tuple[str, str | None]]


def sight(plan: PlanModel, live: Catalog) -> Sight:
    """What a catalog is compared by. On a server of another major version than the proof's only what exists is, since
    texts print otherwise."""
    expected = plan.proof.objects
    same_texts = (plan.proof.server_version or 0) // 10000 == live.major
    found = ((str(obj.id), obj) for obj in live)
    return Sight(
        {
            name: (
                footprint(obj) if same_texts and name in expected else "",
                None if obj.table is None else str(obj.table),
            )
            for name, obj in found
        }
    )


def sighted(plan: PlanModel, connection: Connection) -> Sight:
    """The same of the live database as it is now."""
    return sight(plan, introspect_live(connection, managed(plan)))


def drift(plan: PlanModel, live: Sight, boundary: int) -> list[Drift]:
    """Every difference between the live database and the boundary (0 is the start) as the proof saw it.

    Raises ``ExecutionError`` for a plan that was not proved: it doesn't know.
    """
    if not plan.proof.objects:
        raise ExecutionError(
            f"the plan was not proved ({plan.proof.reason}), and doesn't know what the database should be",
            hint="Run migplan verify first.",
        )
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


def _differences(plan: PlanModel, live: Sight, boundary: int) -> Iterator[Drift]:
    expected = plan.proof.objects
    for name, digests in expected.items():
        wanted, (print, _) = digests[boundary], live.objects.get(name, (None, None))
        if wanted is None and print is not None:
            yield Drift(name, "unexpected")
        elif wanted is not None and print is None:
            yield Drift(name, "missing")
        elif print and print != wanted:
            yield Drift(name, "changed")
    for name, (_, table) in live.objects.items():
        stranger = name not in expected and table in expected
        if stranger and not any(_means(pattern, name) for pattern in plan.proof.ignored):
            yield Drift(name, "unexpected")


def _means(pattern: str, name: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name.partition(" ")[2], pattern) or name == pattern
