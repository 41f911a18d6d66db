"""The SQL files of a plan: one up and one down a phase, each fit for ``psql -v ON_ERROR_STOP=1 -f``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.sql import Sql, literal, sql
from migplan.core.steps import Assertion, Down, Irreversible, LockMode, Phase, Statement, Step, Timing
from migplan.planfile.marks import MARK
from migplan.planning.counted_ahead import down_asserts, up_asserts
from migplan.planning.segments import Segment
from migplan.strategies.steps_undone import AGAIN

if TYPE_CHECKING:
    from migplan.planfile.squawk import Waivers

_WIDTH = 110


@record
class PhaseFiles:
    """A phase's two files: names and texts."""

    window: int
    phase: Phase
    up_name: str
    up: str
    down_name: str
    down: str
    steps: tuple[Step, ...]


def file_stem(window: int, phase: Phase) -> str:
    """``w0_1_expand``: sorts in the order in which the files run."""
    return f"w{window}_{int(phase)}_{phase}"


def render(segments: Sequence[Segment], settings: Settings, waivers: Waivers | None = None) -> list[PhaseFiles]:
    """The files of every phase that has steps, in order; ``waivers`` answer what a linter would say of them."""
    files: list[PhaseFiles] = []
    for (window, phase), group in groupby(segments, key=lambda s: (s.window, s.phase)):
        members = list(group)
        stem = file_stem(window, phase)
        files.append(
            PhaseFiles(
                window,
                phase,
                f"{stem}.up.sql",
                _file(window, phase, "up", (_up(s, settings, waivers) for s in members)),
                f"{stem}.down.sql",
                _file(window, phase, "down", (_down(s, settings) for s in reversed(members))),
                tuple(step for s in members for step in s.steps),
            )
        )
    return files


def _file(window: int, phase: Phase, direction: str, bodies: Iterable[str]) -> str:
    way = "forwards" if direction == "up" else "back to the state before this phase"
    head = (
        f"-- Window {window}, phase {phase}, {way}. Run with: psql -v ON_ERROR_STOP=1 -f {file_stem(window, phase)}"
        f".{direction}.sql\n"
        "SET client_min_messages = warning;\n"
        "SET check_function_bodies = off;\n"
        "SET row_security = off;\n"
    )
    return head + "".join(f"\n{body}" for body in bodies)


def _up(segment: Segment, settings: Settings, waivers: Waivers | None) -> str:
    """The segment's transaction; what its steps assert is counted before it, while no lock is held."""
    ahead = up_asserts(segment.steps)
    counted = "".join(_assertions(s, s.asserts) for s in segment.steps[:ahead])
    steps = [replace(s, asserts=()) if n < ahead else s for n, s in enumerate(segment.steps)]
    blocks = [_up_block(step, segment.window, waivers) for step in steps]
    statements = [s for step in segment.steps for s in step.up]
    return counted + _transaction(blocks, statements, settings)


def _assertions(step: Step, asserts: Sequence[Assertion]) -> str:
    if not asserts:
        return ""
    counts = "\n".join(f"{assertion_sql(a)};" for a in asserts)
    return f"{MARK}{step.id}\nSET statement_timeout = '0';\n{counts}\n"


def _down(segment: Segment, settings: Settings) -> str:
    """The segment undone: its steps in reverse order, split where one of them can't run in a transaction, or reads
    rows that the locks of the others would keep from everybody.

    What they assert is counted while no lock is held.
    """
    texts: list[str] = []
    steps = list(reversed(segment.steps))
    for joined, run in groupby(steps, key=_joins_others):
        members = list(run)
        for part in [members] if joined else [[m] for m in members]:
            statements = [s for step in part for s in _down_statements(step)]
            ahead = down_asserts(part)
            counted = "".join(_assertions(s, _down_asserts(s)) for s in part[:ahead])
            blocks = [_down_block(_uncounted(s) if n < ahead else s) for n, s in enumerate(part)]
            texts.append(counted + _transaction(blocks, statements, settings))
    return "\n".join(texts)


def _uncounted(step: Step) -> Step:
    """The step without what its way back asserts."""
    return replace(step, down=replace(step.down, asserts=())) if isinstance(step.down, Down) else step


def _down_asserts(step: Step) -> tuple[Assertion, ...]:
    return step.down.asserts if isinstance(step.down, Down) else ()


def _down_statements(step: Step) -> tuple[Statement, ...]:
    return step.down.statements if isinstance(step.down, Down) else ()


def _joins_others(step: Step) -> bool:
    """What exists for the way back alone only completes what the others have made."""
    return all(s.transactional for s in _down_statements(step)) and not step.id.startswith(AGAIN)


def _transaction(blocks: Sequence[str], statements: Sequence[Statement], settings: Settings) -> str:
    body = "\n".join(blocks)
    if all(s.transactional for s in statements):
        limits = "".join(f"SET LOCAL {name} = '{value}';\n" for name, value in _timeouts(statements, settings))
        return f"BEGIN;\n{limits}\n{body}\nCOMMIT;\n"
    limits = "".join(f"SET {name} = '{value}';\n" for name, value in _timeouts(statements, settings))
    return f"{limits}\n{body}"


def _timeouts(statements: Sequence[Statement], settings: Settings) -> Iterator[tuple[str, str]]:
    """Short for what an application would wait behind; none for long work that only DDL and vacuum feel."""
    long = any(s.timing is Timing.LONG for s in statements)
    light = all(s.lock <= LockMode.SHARE_UPDATE_EXCLUSIVE for s in statements)
    yield "lock_timeout", "0" if long and light else f"{settings.lock_timeout}ms"
    yield "statement_timeout", "0" if long else f"{settings.statement_timeout}ms"


def _up_block(step: Step, window: int, waivers: Waivers | None) -> str:
    lines = [f"{MARK}{step.id}", *_comment(step.title), *_comment(f"lock: {describe_lock(step)}; {step.why}")]
    if step.loses:
        lines += _comment(f"DATA LOSS: {step.loses}")
    for note in step.notes:
        lines += _comment(f"note: {note}")
    lines += [f"{assertion_sql(a)};" for a in step.asserts]
    for statement in step.up:
        if waivers is not None:
            lines += waivers.comments(step, statement, window)
        lines.append(f"{statement.sql};")
    return "\n".join(lines) + "\n"


def _down_block(step: Step) -> str:
    lines = [f"{MARK}{step.id}", *_comment(f"undo: {step.title}")]
    if isinstance(step.down, Irreversible):
        lines += _comment(f"IRREVERSIBLE: {step.down.reason}")
    else:
        if step.down.loses:
            lines += _comment(f"the way back doesn't bring back {step.down.loses}")
        lines += [f"{assertion_sql(a)};" for a in step.down.asserts]
        lines += [f"{s.sql};" for s in step.down.statements]
    return "\n".join(lines) + "\n"


def describe_lock(step: Step) -> str:
    """``ACCESS EXCLUSIVE, rewrites the table``."""
    felt = step.lock is not LockMode.NONE and not step.new_objects
    words = [str(step.lock)] if felt else []
    if not step.new_objects:
        words += ["rewrites the table"] if step.rewrite else ["reads the whole table"] if step.scan else []
    words += [f"{mode} on {name} for a moment" for name, mode in sorted(step.stronger.items())]
    return ", ".join(words) or "none that an application feels"


def assertion_sql(assertion: Assertion) -> Sql:
    """A DO block that raises unless the count is 0."""
    if assertion.raises:
        return assertion.count
    return sql(
        "DO $migplan$\n#variable_conflict use_column\nDECLARE\n  offenders bigint;\nBEGIN\n  offenders := ({});\n"
        "  IF offenders > 0 THEN\n    RAISE EXCEPTION '% (% rows)', {}, offenders;\n  END IF;\nEND\n$migplan$",
        assertion.count,
        literal(assertion.message),
    )


def _comment(text: str) -> list[str]:
    flat = " ".join(text.split())
    return textwrap.wrap(
        flat,
        _WIDTH,
        initial_indent="-- ",
        subsequent_indent="--   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
