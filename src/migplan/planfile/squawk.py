"""Why a linter's rule doesn't speak against a statement: ``-- squawk-ignore`` comments with their reasons.

Linters of migrations (squawk) read SQL without knowing the plan: what lies behind a checkpoint, which table is new
or small, which name is nobody's. A statement gets a comment only where the plan knows better; where a rule is right,
nothing is said and the linter complains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import Down, Statement, Step
from migplan.strategies.sizing import Size, Sizing

_NAME: Final = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_TABLE: Final = rf"ALTER (?:FOREIGN )?TABLE (?:IF EXISTS )?(?:ONLY )?{_NAME}(?:\.{_NAME})*"
_TABLE_NAME: Final = re.compile(rf"ALTER (?:FOREIGN )?TABLE (?:IF EXISTS )?(?:ONLY )?({_NAME})\.({_NAME})")
_ADD: Final = rf"{_TABLE} ADD CONSTRAINT {_NAME}"
_COLUMN: Final = rf"{_TABLE} ALTER COLUMN {_NAME}"


@record
class _Rule:
    """A rule of the linter and the statements that it complains of."""

    name: str
    statement: re.Pattern[str]


def _rules(pairs: Iterable[tuple[str, str]]) -> tuple[_Rule, ...]:
    return tuple(_Rule(name, re.compile(pattern, re.S)) for name, pattern in pairs)


_DROPS: Final = _rules(
    (
        ("ban-drop-table", "DROP (FOREIGN )?TABLE"),
        ("ban-drop-view", "DROP (MATERIALIZED )?VIEW"),
        ("ban-drop-function", "DROP (FUNCTION|PROCEDURE|AGGREGATE)"),
        ("ban-drop-type", "DROP (TYPE|CAST|OPERATOR)"),
        ("ban-drop-domain", "DROP DOMAIN"),
        ("ban-drop-schema", "DROP SCHEMA"),
        ("ban-drop-sequence", "DROP SEQUENCE"),
        ("ban-drop-extension", "DROP EXTENSION"),
        ("ban-drop-column", rf"{_TABLE} DROP COLUMN|ALTER TYPE .* DROP ATTRIBUTE"),
        ("ban-drop-constraint", rf"{_TABLE} (ALTER COLUMN .*, )?DROP CONSTRAINT|ALTER DOMAIN .* DROP CONSTRAINT"),
        ("ban-drop-not-null", rf"{_COLUMN} DROP NOT NULL|ALTER DOMAIN .* DROP NOT NULL"),
        ("ban-drop-default", rf"{_COLUMN} DROP DEFAULT|ALTER (VIEW|DOMAIN) .* DROP DEFAULT"),
        ("ban-drop-generated-expression", rf"{_COLUMN} DROP EXPRESSION"),
    )
)
_RENAMES: Final = _rules(
    (
        ("renaming-column", rf"{_TABLE} RENAME COLUMN|ALTER (MATERIALIZED )?VIEW .* RENAME COLUMN"),
        ("renaming-table", rf"{_TABLE} RENAME TO"),
        ("renaming-object", rf"{_TABLE} RENAME CONSTRAINT|ALTER (?!TABLE ).* RENAME (TO|VALUE|ATTRIBUTE|CONSTRAINT)"),
        ("ban-set-schema", "ALTER .* SET SCHEMA"),
    )
)
_HEAVY: Final = _rules(
    (
        ("constraint-missing-not-valid", rf"{_ADD} (?!.*( NOT VALID| USING INDEX .*)$)"),
        ("adding-foreign-key-constraint", rf"{_ADD} FOREIGN KEY (?!.* NOT VALID$)"),
        ("adding-serial-primary-key-field", rf"{_ADD} PRIMARY KEY(?! USING INDEX)"),
        ("disallowed-unique-constraint", rf"{_ADD} UNIQUE(?! USING INDEX)"),
        ("require-concurrent-index-creation", "CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)"),
        ("require-concurrent-index-deletion", "DROP INDEX (?!CONCURRENTLY)"),
        ("require-concurrent-partition-detach", rf"{_TABLE} DETACH PARTITION (?!.* CONCURRENTLY$)"),
        ("changing-column-type", rf"{_COLUMN} (SET DATA )?TYPE"),
        ("adding-not-nullable-field", rf"{_COLUMN} SET NOT NULL|{_TABLE} ADD COLUMN .* NOT NULL"),
        ("adding-required-field", rf"{_TABLE} ADD COLUMN .* NOT NULL"),
        ("adding-field-with-default", rf"{_TABLE} ADD COLUMN .* (DEFAULT|GENERATED|SERIAL) "),
        ("ban-alter-identity", rf"{_COLUMN} (ADD GENERATED|SET GENERATED|DROP IDENTITY)"),
        ("ban-alter-domain-with-add-constraint", "ALTER DOMAIN .* ADD CONSTRAINT"),
    )
)
_OWN_NAME: Final = re.compile(r'"~[^"]*"')
_INDEXED: Final = re.compile(rf"CREATE (?:UNIQUE )?INDEX {_NAME} ON (?:ONLY )?({_NAME})\.({_NAME})")
_ON_OWN: Final = re.compile(rf'^CREATE (?:UNIQUE )?INDEX {_NAME} ON (?:ONLY )?{_NAME}\."~[^"]*"')
_ASIDE: Final = re.compile(rf'^(?:CREATE (?:UNIQUE )?INDEX {_NAME} ON|ALTER TABLE) (?:ONLY )?"~[^"]*~(?:new|old)"\.')
_LOOSENING: Final = {"ban-drop-constraint", "ban-drop-not-null"}
_UNSEEN: Final = re.compile(rf"{_TABLE} RENAME CONSTRAINT|ALTER (INDEX|TRIGGER|POLICY|RULE|STATISTICS) ", re.S)


@record(slots=False)
class Waivers:
    """What the plan knows and a linter doesn't: both catalogs, the sizes of live tables, which ones it makes anew."""

    before: Catalog
    after: Catalog
    settings: Settings
    made: frozenset[ObjectId] = frozenset()

    def comments(self, step: Step, statement: Statement, window: int) -> Iterator[str]:
        """The comment lines above a statement: a reason and the rules that it answers, by reason."""
        by_reason: dict[str, list[str]] = {}
        for rule, reason in self._answers(step, statement, window):
            by_reason.setdefault(reason, []).append(rule)
        for reason in by_reason:
            yield f"-- {reason}"
        if by_reason:
            yield f"-- squawk-ignore {', '.join(rule for rules in by_reason.values() for rule in rules)}"

    def _answers(self, step: Step, statement: Statement, window: int) -> Iterator[tuple[str, str]]:
        for rules, answer in ((_DROPS, self._drop), (_RENAMES, self._rename), (_HEAVY, self._heavy)):
            for rule in rules:
                if rule.statement.match(statement.sql):
                    reason = answer(rule.name, step, statement, window)
                    if reason is not None:
                        yield rule.name, reason

    def _drop(self, rule: str, step: Step, statement: Statement, window: int) -> str | None:
        if _OWN_NAME.search(statement.sql.splitlines()[0]):
            return "migplan's own: no application knows this name"
        if rule == "ban-drop-constraint" and ", ADD CONSTRAINT " in statement.sql:
            return "the same statement adds it anew, without reading a row"
        if window > 0:
            return f"checkpoint {window} says that no application depends on it any more"
        if step.object in self.before and step.object in self.after and rule not in _LOOSENING:
            return "the same transaction puts the declared one in its place"
        if rule in _LOOSENING:
            return "loosening: what the running application writes is still accepted"
        if step.new_objects or step.object not in self.before:
            return "made by this plan"
        return "no application sees it, or it is on its way to a new incarnation: see the step"

    def _rename(self, rule: str, step: Step, statement: Statement, window: int) -> str | None:
        if _UNSEEN.match(statement.sql):
            return "no application sees this name"
        if _OWN_NAME.search(statement.sql):
            return "one transaction swaps the two: the declared name is never missing"
        if window > 0:
            return f"checkpoint {window} says that no application uses the old name any more"
        if rule == "renaming-table":
            return "the old name stays, as a view, until the checkpoint"
        return "no application depends on the old name: see the step"

    def _heavy(self, rule: str, step: Step, statement: Statement, window: int) -> str | None:
        if step.new_objects:
            return "the table is new in this plan"
        if _ON_OWN.search(statement.sql) or _ASIDE.search(statement.sql):
            return "migplan's own, made in this plan: nobody reads it yet"
        if self.settings.offline:
            return "nobody uses the database (--offline)"
        if rule == "require-concurrent-index-deletion" and step.object in self.before and step.object in self.after:
            return "the same transaction makes it anew, because it stands on something that is changed"
        if "-index-" in rule and self._of_rebuilt(step.object):
            return "what it belongs to is made anew in the same transaction"
        table = self._table(statement, step.object) or _indexed_again(step)
        if "-index-" in rule and (self._of_partitioned(step.object) or self._is_partitioned(table)):
            return "an index of a partitioned table, or one that goes with it: CONCURRENTLY isn't possible"
        if rule == "ban-alter-identity" or not (statement.scan or statement.rewrite or "index" in rule):
            return "metadata only: no row is read or written"
        return self._size(table)

    def _of_rebuilt(self, id: ObjectId) -> bool:
        return id in self.after and self.after[id].table in self.made

    def _of_partitioned(self, id: ObjectId) -> bool:
        indexes = (side.objects.get(id) for side in (self.before, self.after))
        return any(getattr(i, "partitioned", False) or getattr(i, "parent", None) is not None for i in indexes)

    def _is_partitioned(self, table: ObjectId | None) -> bool:
        found = None if table is None else self.before.objects.get(table)
        return getattr(found, "partition_key", None) is not None

    def _table(self, statement: Statement, id: ObjectId) -> ObjectId | None:
        """The table that the statement names; else the one that the step's object belongs to."""
        if (named := _TABLE_NAME.match(statement.sql) or _INDEXED.match(statement.sql)) is not None:
            return ObjectId("table", (_raw(named[1]), _raw(named[2])))
        for side in (self.before, self.after):
            if (obj := side.objects.get(id)) is not None:
                return obj.table or obj.id
        return None

    def _size(self, table: ObjectId | None) -> str | None:
        """The reason that a small table gives, or None for a large one and for what has no rows of its own."""
        sizing = Sizing(self.before, self.settings)
        size = Size.LARGE if table is None else sizing.of(table)
        if table is None or size is Size.LARGE:
            return None
        if size is not Size.SMALL:
            return f"{table} holds no row" if size is Size.EMPTY else f"{table} is new in this plan"
        return f"{table} is small: {sum(s.rows for s in sizing.known(table))} rows when the plan was made"


def _indexed_again(step: Step) -> ObjectId | None:
    """The table of a dropped index that no catalog has, as its way back names it."""
    back = step.down.statements if isinstance(step.down, Down) else ()
    found = next((m for s in back if (m := _INDEXED.match(s.sql)) is not None), None)
    return None if found is None else ObjectId("table", (_raw(found[1]), _raw(found[2])))


def _raw(name: str) -> str:
    """A name as SQL writes it, without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
