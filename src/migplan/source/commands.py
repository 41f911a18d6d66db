"""A declaration that a command prints: out of an application's models, by an ORM's own DDL compiler, or by pg_dump."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from migplan.core.errors import SourceError
from migplan.source.connect import redact
from migplan.source.text.files import SourceText

_TOLD = 5
"""Lines of what a failing command says."""


def output_of(command: str, folder: Path) -> SourceText:
    """What the command prints, run in ``folder`` without a shell. Raises ``SourceError`` where it fails or says nothing
    that is text."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, cwd=folder, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except (OSError, ValueError, IndexError) as error:
        raise SourceError(
            f"can't run schema_command ({_shown(command)}): {getattr(error, 'strerror', None) or error}",
            hint="It is run without a shell: name a program that prints the schema as SQL.",
        ) from error
    if done.returncode != 0:
        said = "\n".join(redact(done.stderr.decode(errors="replace")).strip().splitlines()[-_TOLD:])
        raise SourceError(
            f"schema_command ({_shown(command)}) ended with status {done.returncode}: {said}",
            hint=f"Run it by itself in {folder}.",
        )
    try:
        return SourceText("<schema_command>", done.stdout.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise SourceError(f"what schema_command ({_shown(command)}) prints is not UTF-8 text") from error


def _shown(command: str) -> str:
    return redact(command)
