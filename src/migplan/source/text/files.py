"""The SQL files of a declaration: found in folders, read as text, and where in them a character stands."""

from __future__ import annotations

import hashlib
import re
import sys
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from migplan.core.errors import SourceError
from migplan.core.records import record


@record(slots=False, eq=False)
class SourceText:
    """The text of one file; ``name`` is what errors call it."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(m.end() for m in re.finditer("\n", self.text))]

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def place(self, offset: int) -> str:
        """``file:line:column`` of a character."""
        line, column = self.line_column(offset)
        return f"{self.name}:{line}:{column}"


def read_sources(paths: Iterable[str | Path | SourceText]) -> list[SourceText]:
    """The SQL files of the paths; folders are read recursively, in order of name; ``-`` is what comes in by stdin.

    Raises ``SourceError`` for a path that isn't there, a folder without SQL files and a file that isn't UTF-8 text.
    """
    texts = [text for path in paths for text in _texts(path)]
    if not texts:
        raise SourceError("no files are declared", hint='Name them in migplan.toml: schema = "schemas"')
    return texts


def _texts(path: str | Path | SourceText) -> list[SourceText]:
    if isinstance(path, SourceText):
        return [path]
    if str(path) == "-":
        return [SourceText("<stdin>", _decoded(sys.stdin.buffer.read(), "<stdin>"))]
    return [SourceText(str(file), _text(file)) for file in _files(Path(path))]


def digest_of(texts: Iterable[SourceText]) -> str:
    """A digest (sha256, hex) of the files' contents, in their order."""
    digest = hashlib.sha256()
    for text in texts:
        content = text.text.encode()
        digest.update(b"%d\n" % len(content))
        digest.update(content)
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SourceError(
            "there is no such file or folder",
            place=str(path),
            hint='Correct the name. Schema files are named by --schema or in migplan.toml (schema = ["PATH"]); '
            "migplan init makes both.",
        )
    files = sorted(file for file in path.rglob("*.sql") if not file.is_dir() and not _is_hidden(file.relative_to(path)))
    if not files:
        raise SourceError(
            "the folder holds no .sql files", place=str(path), hint="Name the folder where the schema files lie."
        )
    return files


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SourceError(f"can't read the file: {error.strerror}", place=str(file)) from error
    return _decoded(content, str(file))


def _decoded(content: bytes, name: str) -> str:
    if content.startswith(b"PGDMP"):
        raise SourceError(
            "this is an archive of pg_dump -Fc",
            place=name,
            hint=f"Make it SQL: pg_restore -s -f schema.sql {name}",
        )
    if (nul := content.find(b"\0")) >= 0:
        raise SourceError(
            "the file holds a zero byte: it is not text, or not UTF-8",
            place=f"{name}:{_line(content, nul)}",
            hint="Convert it to UTF-8.",
        )
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        place = f"{name}:{_line(content, error.start)}"
        raise SourceError("the file is not UTF-8 text", place=place, hint="Convert it to UTF-8.") from error


def _line(content: bytes, offset: int) -> int:
    return content.count(b"\n", 0, offset) + 1
