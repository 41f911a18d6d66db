"""A window of a plan as files of other runners: one file a transaction, since that is what they run at a time.

A runner applies whatever is pending, and knows of no checkpoint: so one window is exported at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Final

from migplan.core.errors import ConfigError
from migplan.core.records import record
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import WindowModel
from migplan.planfile.pieces import Piece, Script, pieces


@record
class Exported:
    """Files by name, relative to where they go; ``appended`` are lines for files that may be there already.

    ``by_hand`` says of files that the runner can't run, and how they are run instead.
    """

    files: Mapping[str, str]
    appended: Mapping[str, str] = field(default_factory=dict[str, str])
    by_hand: tuple[str, ...] = ()


def export(folder: PlanFolder, format: str, window: int) -> Exported:
    """The files of one window. Raises ``ConfigError`` for a window that the plan hasn't."""
    known = {w.number: w for w in folder.plan.windows}
    if window not in known:
        numbers = ", ".join(map(str, known))
        raise ConfigError(f"the plan has no window {window}", hint=f"There are: {numbers}.")
    return FORMATS[format](folder, known[window])


def _sql(folder: PlanFolder, window: WindowModel) -> Exported:
    """psql's own: the phases one after the other, and the way back."""
    name = f"{folder.plan.name}_w{window.number}"
    up = "\n".join(folder.files[p.up] for p in window.phases)
    down = "\n".join(folder.files[p.down] for p in reversed(window.phases))
    return Exported({f"{name}.up.sql": up, f"{name}.down.sql": down})


def _flyway(folder: PlanFolder, window: WindowModel) -> Exported:
    """Versioned and undo migrations; what runs outside of a transaction says so in a .conf file beside it."""
    files: dict[str, str] = {}
    for version, piece in _versioned(folder, window):
        for prefix, script, limits in (("V", piece.up, ""), ("U", piece.down, _limits(piece))):
            name = f"{prefix}{version}__{folder.plan.name}_{piece.name}.sql"
            files[name] = _head(folder, piece) + limits + _body(script)
            if not script.transactional:
                files[f"{name}.conf"] = "executeInTransaction=false\n"
    return Exported(files)


def _goose(folder: PlanFolder, window: WindowModel) -> Exported:
    """One file for both directions. NO TRANSACTION holds for both; its statements may run in several sessions."""
    files: dict[str, str] = {}
    for version, piece in _versioned(folder, window):
        alone = not (piece.up.transactional and piece.down.transactional)
        parts = [
            "-- +goose NO TRANSACTION\n" if alone else "",
            "-- +goose Up\n",
            _head(folder, piece),
            _goose_body(piece.up, alone=alone),
            "\n-- +goose Down\n",
            _limits(piece),
            _goose_body(piece.down, alone=alone),
        ]
        files[f"{version}_{folder.plan.name}_{piece.name}.sql"] = "".join(parts)
    return Exported(files)


def _goose_body(script: Script, *, alone: bool) -> str:
    if alone and script.transactional and script.statements:
        script = Script((_one_message(script),))
    statements = script.statements or ("SELECT 1",)
    return "".join(f"-- +goose StatementBegin\n{s};\n-- +goose StatementEnd\n" for s in statements)


def _one_message(script: Script) -> str:
    """A transaction as one message, whose statements PostgreSQL runs in one session."""
    return ";\n".join(("BEGIN", *script.statements, "COMMIT"))


def _sqitch(folder: PlanFolder, window: WindowModel) -> Exported:
    """Sqitch runs whole files by psql, so a change is a phase; verification is what the phase's end asserts itself."""
    files: dict[str, str] = {}
    lines: list[str] = []
    for phase in window.phases:
        change = f"{folder.plan.name}_{phase.up.removesuffix('.up.sql')}"
        files[f"deploy/{change}.sql"] = folder.files[phase.up]
        files[f"revert/{change}.sql"] = folder.files[phase.down]
        lines.append(
            f"{change} {folder.plan.created.replace('+00:00', 'Z')} migplan <migplan@localhost> # {phase.name}\n"
        )
    return Exported(files, {"sqitch.plan": "".join(lines)})


def _supabase(folder: PlanFolder, window: WindowModel) -> Exported:
    """supabase/migrations/TIMESTAMP_name.sql; there is no way back in it: that goes to supabase/rollbacks.

    The CLI sends a file as one pipeline, in one transaction. It takes CONCURRENTLY out of that by itself; blocks that
    commit it doesn't.
    """
    files: dict[str, str] = {}
    by_hand: list[str] = []
    for version, piece in _versioned(folder, window):
        name = f"{version}_{folder.plan.name}_{piece.name}.sql"
        files[f"migrations/{name}"] = _head(folder, piece) + _body(piece.up, settings=False)
        files[f"rollbacks/{name}"] = _head(folder, piece) + _limits(piece) + _body(piece.down)
        if any(s.lstrip().upper().startswith("DO") for s in piece.up.statements) and not piece.up.transactional:
            by_hand.append(
                f"migrations/{name} commits batch by batch, which 'supabase db push' can't:"
                f" psql -v ON_ERROR_STOP=1 -f it, then: supabase migration repair --status applied {version}"
            )
    return Exported(files, by_hand=tuple(by_hand))


FORMATS: Final[Mapping[str, Callable[[PlanFolder, WindowModel], Exported]]] = {
    "sql": _sql,
    "flyway": _flyway,
    "goose": _goose,
    "sqitch": _sqitch,
    "supabase": _supabase,
}


def _versioned(folder: PlanFolder, window: WindowModel) -> Iterator[tuple[str, Piece]]:
    """Pieces with time stamps that sort as they run: from the plan's own, a second each, windows apart."""
    began = datetime.fromisoformat(folder.plan.created).astimezone(UTC)
    earlier = sum(len(pieces(folder, w)) for w in folder.plan.windows if w.number < window.number)
    for number, piece in enumerate(pieces(folder, window), earlier):
        yield f"{began + timedelta(seconds=number):%Y%m%d%H%M%S}", piece


def _head(folder: PlanFolder, piece: Piece) -> str:
    titles = "".join(f"-- {step.title}\n" for step in piece.steps)
    return f"-- Plan {folder.plan.name} ({folder.plan.digest[:12]}), {piece.name}\n{titles}\n"


def _limits(piece: Piece) -> str:
    """What the way back can't do, as comments at its head."""
    stays = [f"-- IRREVERSIBLE: {s.title}: {s.down.irreversible}\n" for s in piece.steps if s.down.irreversible]
    lost = [f"-- {s.title}: doesn't bring back {s.down.loses}\n" for s in piece.steps if s.down.loses]
    return "".join([*stays, *lost])


def _body(script: Script, *, settings: bool = True) -> str:
    statements: Sequence[str] = (*(script.settings if settings else ()), *script.statements)
    return "".join(f"{s};\n" for s in statements) or "SELECT 1;\n"


def before_next(folder: PlanFolder, window: int) -> tuple[str, ...]:
    """What must be true before the next window's files may be pending: the contract of the checkpoint between them."""
    found = [c for c in folder.plan.checkpoints if c.after == window]
    return tuple(sentence for checkpoint in found for sentence in checkpoint.contract)
