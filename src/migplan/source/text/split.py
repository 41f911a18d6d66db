"""Splitting SQL files into statements, by PostgreSQL's lexical rules and without parsing them.

Strings of every notation, dollar quotes, nested comments, semicolons in parentheses (``CREATE RULE … DO (…; …)``)
and in SQL-standard function bodies (``BEGIN ATOMIC … END``) and the data blocks of ``COPY … FROM stdin`` are told
from statement ends. Lines of psql (``\\restrict``) come out as statements of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Final

from migplan.core.errors import SourceError
from migplan.core.records import record
from migplan.source.text import lexer
from migplan.source.text.files import SourceText
from migplan.source.text.lexer import Token, tokens

_GAP: Final = re.compile(r"\s*")
_NEXT_SPECIAL: Final = re.compile(r"[^;'\"$\-/()\\]*")
_FUNCTION: Final = re.compile(r"create(?:\s+or\s+replace)?\s+(?:function|procedure)\b", re.I)
_COPY_FROM_STDIN: Final = re.compile(r"copy\b.*\bfrom\s+stdin\b", re.I | re.S)
_COPY_END: Final = re.compile(r"^\\\.[ \t]*\r?$", re.M)
_BACKSLASHES: Final = re.compile(r"set\s+standard_conforming_strings\s*(?:=|to)\s*'?(on|off|true|false)", re.I)
_HEAD: Final = 12


@record
class Comment:
    """A comment with its marks, and its offset in the file."""

    text: str
    offset: int


@record(slots=False, eq=False)
class SourceStatement:
    """One statement of a file, without its semicolon, or one line of psql (``meta``).

    ``start`` and ``end`` are offsets in ``source``; ``comments`` stand between the statement before and this one's
    end.
    """

    source: SourceText
    start: int
    end: int
    comments: tuple[Comment, ...] = ()
    meta: bool = False

    @property
    def text(self) -> str:
        """The statement as it is written."""
        return self.source.text[self.start : self.end]

    @property
    def place(self) -> str:
        """``file:line:column`` of the first character."""
        return self.source.place(self.start)

    @property
    def line(self) -> int:
        """The line of the first character, from 1."""
        return self.source.line_column(self.start)[0]

    @property
    def column(self) -> int:
        """The column of the first character, from 1."""
        return self.source.line_column(self.start)[1]

    def place_of(self, offset: int) -> str:
        """``file:line:column`` of the character at ``offset`` of the statement's text."""
        return self.source.place(self.start + offset)

    @cached_property
    def head(self) -> tuple[Token, ...]:
        """The first tokens: enough to know what sort of statement it is."""
        return tuple(islice(tokens(self.text), _HEAD))

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Every token, with offsets in the statement's text."""
        return tuple(tokens(self.text))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The first tokens in capitals, "" for quoted names and constants."""
        return tuple(token.upper for token in self.head)

    def begins(self, *words: str) -> bool:
        """Whether the statement begins with these keywords."""
        return self.words[: len(words)] == words

    @property
    def excerpt(self) -> str:
        """The first line of the statement, shortened for messages."""
        first, _, rest = self.text.partition("\n")
        short = first.rstrip()[:100]
        return f"{short} …" if rest or len(first) > len(short) else short


@record
class SplitFile:
    """A file's statements in order. ``trailing`` are the comments behind the last one."""

    source: SourceText
    statements: tuple[SourceStatement, ...]
    trailing: tuple[Comment, ...]


def split(source: SourceText) -> SplitFile:
    """The statements of a file.

    Raises ``SourceError`` with its place for a string, quoted name or comment that is never closed, and for a
    backslash inside a statement.
    """
    return _Splitter(source).run()


@dataclass
class _Splitter:
    source: SourceText
    position: int = 0
    backslashes: bool = False
    comments: list[Comment] = field(default_factory=list[Comment])
    statements: list[SourceStatement] = field(default_factory=list[SourceStatement])

    def run(self) -> SplitFile:
        text = self.source.text
        self.position = 1 if text.startswith("\ufeff") else 0
        while self._skip_gap():
            if text[self.position] == ";":
                self.position += 1
            elif text[self.position] == "\\":
                self._meta_command()
            else:
                self._statement()
        return SplitFile(self.source, tuple(self.statements), tuple(self.comments))

    def _skip_gap(self) -> bool:
        """Goes to the next character that is neither blank nor comment; False at the end."""
        text = self.source.text
        while True:
            self.position = _GAP.match(text, self.position).end()  # type: ignore[union-attr]
            if text.startswith("--", self.position):
                self._line_comment()
            elif text.startswith("/*", self.position):
                self._block_comment()
            else:
                return self.position < len(text)

    def _meta_command(self) -> None:
        start = self.position
        end = self.source.text.find("\n", start)
        self.position = len(self.source.text) if end < 0 else end
        self._emit(start, len(self.source.text[start : self.position].rstrip()) + start, meta=True)

    def _statement(self) -> None:
        text, start = self.source.text, self.position
        first = text[start]
        end = (
            self._end_of_function(start) if first in "cC" and _FUNCTION.match(text, start) else self._end_of_statement()
        )
        self.position = end + 1
        self._emit(start, start + len(text[start:end].rstrip()))
        if first in "cC" and _COPY_FROM_STDIN.match(text, start, end):
            self._copy_data()
        elif first in "sS" and (setting := _BACKSLASHES.match(text, start, end)) is not None:
            self.backslashes = setting[1].lower() in {"off", "false"}

    def _emit(self, start: int, end: int, *, meta: bool = False) -> None:
        self.statements.append(SourceStatement(self.source, start, end, tuple(self.comments), meta))
        self.comments.clear()

    def _copy_data(self) -> None:
        end = _COPY_END.search(self.source.text, self.position)
        self.position = len(self.source.text) if end is None else end.end()

    def _end_of_statement(self) -> int:
        text, depth = self.source.text, 0
        special = _NEXT_SPECIAL.match
        while True:
            position = self.position = special(text, self.position).end()  # type: ignore[union-attr]
            if position >= len(text):
                return position
            character = text[position]
            if character == "(":
                depth += 1
                self.position += 1
            elif character == ")":
                depth -= 1
                self.position += 1
            elif character == ";":
                if depth <= 0:
                    return position
                self.position += 1
            else:
                self._skip_special(character)

    def _end_of_function(self, start: int) -> int:
        """Like :meth:`_end_of_statement`, where semicolons between BEGIN ATOMIC and its END don't count.

        CASE … END nests inside such a body, and nothing else does.
        """
        text, depth, blocks, before = self.source.text, 0, 0, ""
        self.position = start
        while self.position < len(text):
            if not self._skip_gap():
                break
            position = self.position
            character = text[position]
            if character in "'\"$\\":
                self._skip_special(character)
                before = ""
                continue
            token = next(tokens(text, position))
            self.position = token.end
            word = token.upper
            if word == ";" and depth <= 0 and blocks == 0:
                return position
            depth += {"(": 1, ")": -1}.get(word, 0)
            if word == "ATOMIC" and before == "BEGIN":
                blocks += 1
            elif blocks:
                blocks += {"CASE": 1, "END": -1}.get(word, 0)
            before = word
        return len(text)

    def _skip_special(self, character: str) -> None:
        text, position = self.source.text, self.position
        if character == "'":
            escaped = self.backslashes or _is_escape_string(text, position)
            self._skip(lexer.ESCAPE_STRING if escaped else lexer.STRING, "a string is never closed")
        elif character == '"':
            self._skip(lexer.QUOTED_NAME, "a quoted name is never closed")
        elif character == "$":
            self._dollar_quote()
        elif text.startswith("--", position):
            self._line_comment()
        elif text.startswith("/*", position):
            self._block_comment()
        elif character == "\\":
            raise SourceError("a backslash inside a statement", place=self.source.place(position))
        else:
            self.position += 1

    def _skip(self, pattern: re.Pattern[str], complaint: str) -> None:
        found = pattern.match(self.source.text, self.position)
        if found is None:
            raise SourceError(complaint, place=self.source.place(self.position))
        self.position = found.end()

    def _dollar_quote(self) -> None:
        text, position = self.source.text, self.position
        tag = lexer.DOLLAR_QUOTE.match(text, position)
        if tag is None or (position and lexer.NAME_CHARACTER.match(text, position - 1)):
            self.position += 1
            return
        end = text.find(tag.group(), tag.end())
        if end < 0:
            raise SourceError(f"the quote {tag.group()} is never closed", place=self.source.place(position))
        self.position = end + len(tag.group())

    def _line_comment(self) -> None:
        found = lexer.LINE_COMMENT.match(self.source.text, self.position)
        self._comment(len(self.source.text) if found is None else found.end())

    def _block_comment(self) -> None:
        end = lexer.block_comment_end(self.source.text, self.position)
        if end is None:
            raise SourceError("a comment is never closed", place=self.source.place(self.position))
        self._comment(end)

    def _comment(self, end: int) -> None:
        self.comments.append(Comment(self.source.text[self.position : end], self.position))
        self.position = end


def _is_escape_string(text: str, quote: int) -> bool:
    if quote == 0 or text[quote - 1] not in "eE":
        return False
    return quote == 1 or not lexer.NAME_CHARACTER.match(text, quote - 2)
