"""A plan's SQL file as units: what happens as a whole, or not at all, and is written down as such."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import takewhile
from typing import Final

from migplan.core.errors import PlanFileError
from migplan.core.records import record
from migplan.planfile.marks import Marks
from migplan.source.text.files import SourceText
from migplan.source.text.split import SourceStatement, split

_LIMIT: Final = re.compile(r"\s*SET LOCAL (lock_timeout|statement_timeout) = '(\d+)(?:ms)?'\s*$", re.I)
_QUERY: Final = re.compile(r"(select|with|insert|update|delete|merge)\b", re.I)
_SET: Final = re.compile(r"set\s+(?!local\b)(?:session\s+)?(\w+)", re.I)


@record
class Command:
    """One statement, where it stands (``file:line:column``), its step, and the session's settings at that place."""

    sql: str
    place: str
    step: str | None = None
    settings: tuple[str, ...] = ()


@record(slots=False)
class Unit:
    """One transaction with the steps in it, or the statements of one step that run outside of any.

    ``checks`` is what is counted before a transaction begins.
    """

    file: str
    number: int
    transactional: bool
    steps: tuple[str, ...]
    commands: tuple[Command, ...]
    checks: tuple[Command, ...] = ()

    @property
    def name(self) -> str:
        """``w0_1_expand.up.sql #2``."""
        return f"{self.file} #{self.number}"

    @cached_property
    def at_work(self) -> frozenset[str | None]:
        """The steps that do something in it; what is only done on the other way has nothing but settings here."""
        return frozenset(c.step for c in (*self.commands, *self.checks) if not is_setting(c))

    @cached_property
    def querying(self) -> frozenset[str]:
        """The steps that read or write rows by queries: what they count, and their statements that aren't DDL."""
        querying = (*self.checks, *(c for c in self.commands if _QUERY.match(c.sql.lstrip())))
        return frozenset(c.step for c in querying if c.step is not None)

    @cached_property
    def limits(self) -> dict[str, int]:
        """The timeouts that its transaction begins with, in milliseconds; 0 for none."""
        leading = takewhile(is_setting, self.commands)
        return {found[1].lower(): int(found[2]) for c in leading if (found := _LIMIT.match(c.sql))}


def is_setting(command: Command) -> bool:
    """Whether a command only sets something for its transaction."""
    return command.sql.lstrip()[:10].upper() == "SET LOCAL "


def read_units(file: str, text: str) -> list[Unit]:
    """The file's units in order; a step stands in one of them only, since it is applied as a whole.

    Raises ``SourceError`` where the text can't be split, ``PlanFileError`` where a step is in several transactions.
    """
    found = list(_units(file, text))
    joined: list[Unit] = []
    for unit in found:
        checks: tuple[Command, ...] = ()
        while unit.transactional and joined and _are_checks(joined[-1], unit):
            checks = (*joined.pop().commands, *checks)
        joined.append(replace(unit, checks=checks) if checks else unit)
    _refuse_scattered(file, joined)
    return [Unit(u.file, number, u.transactional, u.steps, u.commands, u.checks) for number, u in enumerate(joined, 1)]


def _refuse_scattered(file: str, units: Sequence[Unit]) -> None:
    seen: set[str] = set()
    for unit in units:
        for step in unit.steps:
            if step in seen:
                raise PlanFileError(
                    f"the step {step} is in several transactions",
                    place=unit.commands[0].place if unit.commands else file,
                    hint="Join them, or give the later statements to another step of the file.",
                )
            seen.add(step)


def _are_checks(before: Unit, unit: Unit) -> bool:
    """Whether ``before`` counts what would make one of the unit's steps fail."""
    return not before.transactional and set(before.steps) <= set(unit.steps)


def _units(file: str, text: str) -> Iterator[Unit]:
    marks = Marks.of(text)
    settings: dict[str, str] = {}
    commands: list[Command] = []
    begun: SourceStatement | None = None
    step: str | None = None

    def outside() -> Iterator[Unit]:
        if commands:
            yield Unit(file, 0, False, (step,) if step else (), tuple(commands))
            commands.clear()

    for statement in split(SourceText(file, text)).statements:
        own = statement.text
        if begun is not None and own.upper() == "COMMIT":
            inside = marks.between(begun.start, statement.start)
            yield Unit(file, 0, True, tuple(dict.fromkeys(inside)), tuple(commands))
            commands.clear()
            begun = None
        elif begun is None and own.upper() == "BEGIN":
            yield from outside()
            begun = statement
        elif begun is None and (setting := _SET.match(own)) is not None:
            settings[setting[1].lower()] = own
        else:
            here = marks.before(statement.start)
            if begun is None and here != step:
                yield from outside()
            step = here
            commands.append(Command(own, statement.place, here, tuple(settings.values())))
    yield from outside()
