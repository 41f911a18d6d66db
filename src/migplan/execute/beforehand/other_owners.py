"""Objects of others that a run makes anew: they would belong to whoever runs it, and their owner be locked out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from migplan.core.ids import ObjectId
from migplan.planfile.model import PlanModel, StepModel
from migplan.source.connect import Connection

_ANEW: Final = frozenset({"online_rebuild", "partition_in_place"})
"""Strategies whose swap puts another table in the place of the old one."""


def other_owners(connection: Connection, plan: PlanModel, steps: Sequence[StepModel]) -> Iterable[tuple[str, str]]:
    """What is there already and is made in these steps or later windows, where it isn't this role's; each with what
    helps. Who has begun a plan as another role can't go on as the owner without more ado."""
    last = max((s.window for s in steps), default=0)
    coming = [*steps, *(s for s in plan.steps if s.window > last)]
    made = [s for s in coming if s.id.startswith("create:") or (s.id.startswith("swap:") and s.strategy in _ANEW)]
    names = [ObjectId(s.kind, tuple(s.path)).name for s in made]
    asked = ([s.kind for s in made], names, [s.object for s in made])
    for object, owner, own in connection.execute(_OWNERS, asked).fetchall() if made else ():
        yield (
            f"{object} belongs to {owner}, and would belong to {own} once it is made anew: {owner} would be locked out",
            f"run it as its owner (?options=-crole%3D{owner} at the end of the URL), or say --despite-preflight and"
            f" ALTER … OWNER TO {owner} behind it",
        )


_OWNERS: Final = """
SELECT asked.object, quote_ident(pg_get_userbyid(found.owner)), quote_ident(current_user)
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked (kind, name, object)
CROSS JOIN LATERAL (
  SELECT relowner FROM pg_class WHERE oid = to_regclass(asked.name)
   AND asked.kind IN ('table', 'view', 'materialized_view', 'foreign_table', 'sequence')
  UNION ALL SELECT proowner FROM pg_proc WHERE oid = to_regprocedure(asked.name)
   AND asked.kind IN ('function', 'procedure')
  UNION ALL SELECT typowner FROM pg_type WHERE oid = to_regtype(asked.name)
   AND asked.kind IN ('enum', 'domain', 'composite_type', 'range')
) AS found (owner)
WHERE pg_get_userbyid(found.owner) <> current_user ORDER BY 1
"""
