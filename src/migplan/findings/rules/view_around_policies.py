"""Views that show the rows of a table by their owner's rights, whatever its policies say of the reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.table import Table
from migplan.kinds.view import View

_ON: Final = frozenset({"true", "on", "yes", "1"})


class ViewAroundPolicies(Rule):
    """Views over tables with row-level security that don't run as their reader."""

    id = "view-around-policies"
    severity = "warning"
    condition = "A view without security_invoker comes to read a table with row-level security, because either is new."
    effect = "The table's policies are asked about the view's owner: whoever may read the view reads those rows."
    advice = (
        "Declare it WITH (security_invoker = true), from PostgreSQL 15 on, or grant the view to the right roles only."
    )
    example = Example(
        before="CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
        bad="CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE VIEW v AS SELECT id FROM t;",
        good=(
            "CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            " CREATE VIEW v WITH (security_invoker = true) AS SELECT id FROM t;"
        ),
        since=15,
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for view in subject.after.of(View):
            news = set[ObjectId]() if _as_reader(view) else _protected(view.id, subject.after)
            known = subject.before.get(view.id, View)
            if news and known is not None and not _as_reader(known):
                news -= _protected(view.id, subject.before)
            yield from (Found(f"{view.id} reads {table} by its owner's rights", view.id) for table in sorted(news))


def _as_reader(view: View) -> bool:
    return dict(view.options).get("security_invoker", "false").lower() in _ON


def _protected(view: ObjectId, catalog: Catalog) -> set[ObjectId]:
    """The tables with row-level security that the view reads itself."""
    read = {catalog[id].table or id for id in catalog.uses.get(view, frozenset()) if id in catalog}
    tables = (catalog.get(id, Table) for id in read)
    return {table.id for table in tables if table is not None and table.row_security}


RULE = ViewAroundPolicies()
