"""The review in a terminal. rich itself respects NO_COLOR and leaves colours out where there is no terminal."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from migplan.core.wording import sentence
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import CheckpointModel
from migplan.report.matrix import COLUMNS
from migplan.report.review import GroupView, PhaseView, Review, StepView, review

_STYLES: Final = {
    "refused": "bold white on red",
    "blocked": "bold white on red",
    "data loss": "bold red",
    "no way back": "bold red",
    "long lock": "bold red",
    "danger": "bold red",
    "warning": "yellow",
}
_SQL_LINES: Final = 14


class Terminal(Console):
    """Standard output; a pipe that its reader closed is told by ``BrokenPipeError``."""

    def on_broken_pipe(self) -> None:
        """Leave it to the command line what that means."""
        raise BrokenPipeError


def print_review(folder: PlanFolder, console: Console) -> None:
    """Print the review of the plan in ``folder``."""
    found = review(folder)
    _head(found, console)
    _dangers(found, console)
    for window in found.windows:
        if window.checkpoint is not None:
            _checkpoint(window.checkpoint, console)
        console.print(Rule(f"Window {window.number}", align="left", style="bold"))
        for phase in window.phases:
            _phase(phase, console)
    _losses(found, console)
    _evidence(found, console)
    _checklists(found, console)
    _matrix(found, console)
    _end(found, console)


def _head(found: Review, console: Console) -> None:
    console.print(Text(f"Plan {found.name}", style="bold"))
    verdict = Text("proved", style="green") if found.proved else Text("NOT PROVED", style="bold red")
    console.print(Text(f"{found.server}, made {found.created}, ", style="dim") + verdict)
    console.print()
    console.print(Text(found.summary))


def _dangers(found: Review, console: Console) -> None:
    _heading("Read these first", console)
    if not found.dangers:
        console.print(Text("Nothing stands out: no data lost, every step has a way back, no lock outlasts a moment."))
    for danger in found.dangers:
        weight = Text(danger.weight, style="dim" if danger.allowed else _STYLES.get(danger.weight, "bold"))
        line = Text(" ! " if danger.allowed is None else "   ") + weight + Text(f": {sentence(danger.text)}")
        if danger.allowed:
            line += Text(f" Allowed: {sentence(danger.allowed)}", style="dim")
        console.print(line)


def _checkpoint(checkpoint: CheckpointModel, console: Console) -> None:
    console.print()
    console.print(Rule(f"Checkpoint {checkpoint.number}: deploy the application", style="bold cyan", characters="="))
    console.print(Text(f"Go on to window {checkpoint.number} only when, in every running version:"))
    for line in checkpoint.contract:
        console.print(Text(f"  - {line}"))
    console.print()


def _phase(phase: PhaseView, console: Console) -> None:
    console.print()
    console.print(Text(phase.name.capitalize(), style="bold") + Text(f": {phase.purpose}"))
    console.print(Text(f"{phase.up}, back by {phase.down}", style="dim"))
    for group in phase.groups:
        _group(group, console)


def _group(group: GroupView, console: Console) -> None:
    console.print()
    if len(group.steps) == 1:
        _step(group.number, group.steps[0], console)
        return
    console.print(
        Text(f"{group.number:>3}. ") + Text(sentence(group.title), style="bold") + Text(f" {sentence(group.why)}")
    )
    for view in group.steps:
        _indented(Text(f"{view.step.id}: {view.lock}"), console)


def _step(number: int, view: StepView, console: Console) -> None:
    step = view.step
    style = "bold red" if view.loses or step.down.irreversible else "bold"
    console.print(Text(f"{number:>3}. ") + Text(sentence(step.title), style=style) + Text(f" {sentence(step.why)}"))
    _indented(Text(step.id, style="dim"), console)
    _indented(Text(f"lock: {view.lock}"), console)
    _indented(Text(f"place: {view.placed}"), console)
    if view.loses:
        _indented(Text(f"loses {view.loses}", style="bold red"), console)
    for line in (*view.checks, *(f"note: {n}" for n in step.notes)):
        _indented(Text(line), console)
    for finding in view.findings:
        allowed = f" (allowed: {finding.allowed})" if finding.allowed else ""
        _indented(Text(f"{finding.severity}, {finding.rule}: {finding.message}{allowed}"), console)
    _sql("up", view.up, step.up.file, console)
    _sql("down", view.down, step.down.file or step.up.file, console)


def _sql(direction: str, text: str, file: str, console: Console) -> None:
    lines = text.splitlines()
    hidden = len(lines) - _SQL_LINES
    if hidden > 1:
        lines = [*lines[:_SQL_LINES], f"-- … {hidden} more lines in {file}"]
    for number, line in enumerate(lines):
        label = f"{direction:>4} | " if number == 0 else "     | "
        console.print(Text("     ") + Text(label, style="dim") + Text(line, style="cyan"), soft_wrap=True)


def _indented(text: Text, console: Console) -> None:
    console.print(Padding(text, (0, 0, 0, 5)))


def _heading(text: str, console: Console) -> None:
    console.print()
    console.print(Text(text, style="bold underline"))


def _losses(found: Review, console: Console) -> None:
    _heading("What can lose data", console)
    if not found.losses:
        console.print(Text("Nothing in this plan."))
    for step, what in found.losses:
        console.print(Text(f" - {what} ({step.id}, in {step.up.file})"))
    for step in found.irreversible:
        console.print(Text(f" - no way back: {step.down.irreversible} ({step.id})"))


def _evidence(found: Review, console: Console) -> None:
    _heading("What was proved", console)
    for line in found.evidence.proved:
        console.print(Text(" [x] ", style="green") + Text(sentence(line)))
    for line in found.evidence.open:
        console.print(Text(" [ ] ") + Text(f"Not proved: {line}."))
    for finding in found.notes:
        console.print(Text(f" note: {sentence(finding.message)}", style="dim"))
    for note in found.plan_notes:
        console.print(Text(f" note: {sentence(note)}", style="dim"))


def _checklists(found: Review, console: Console) -> None:
    for checklist in found.checklists:
        _heading(checklist.title, console)
        for item in checklist.items:
            mark = Text(" [x] ", style="green") if item.done else Text(" [ ] ")
            console.print(mark + Text(item.text) + Text(f": {item.note}" if item.note else "", style="dim"))


def _matrix(found: Review, console: Console) -> None:
    _heading("Testing matrix", console)
    table = Table("Operation", *COLUMNS, "Steps", box=None, pad_edge=False)
    words = {True: "done", False: "[ ]", None: "-"}
    for row in found.matrix:
        table.add_row(Text(row.operation), *(Text(words[c]) for c in row.cells), Text(str(len(row.steps))))
    console.print(table)


def _end(found: Review, console: Console) -> None:
    console.print()
    console.print(Text("Reviewer: ________  Date: ________  Safety audit: [ ] PASS [ ] NEEDS REVIEW"))
    _heading("Next", console)
    for command, what in found.next_commands:
        console.print(Text(f"  {command}", style="cyan") + Text(f"   # {what}", style="dim"), soft_wrap=True)
