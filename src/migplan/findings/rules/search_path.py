"""SECURITY DEFINER routines that find their objects by the caller's search_path."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.findings.routines import attributes
from migplan.kinds.function import Routine


class SearchPath(Rule):
    """New and changed routines; a standard SQL body is bound when it is made, and C has no names to look up."""

    id = "search-path"
    severity = "warning"
    condition = "A SECURITY DEFINER function or procedure is added or changed that sets no search_path of its own."
    effect = "Who calls it chooses what its unqualified names mean, and runs code of theirs with its owner's rights."
    advice = "Add SET search_path = '' (and qualify every name), or SET search_path = the_schema, pg_temp."
    example = Example(
        before="",
        bad="CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN 1; END';",
        good=(
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''"
            " AS 'BEGIN RETURN 1; END';"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for _, routine in subject.new_versions(Routine):
            said = attributes(routine)
            if routine.reads_body and "SECURITY DEFINER" in said and "SET search_path TO" not in said:
                yield Found(f"{routine.id} is SECURITY DEFINER and sets no search_path", routine.id)


RULE = SearchPath()
