"""PostgreSQL's lexical rules: the words, names, strings and symbols of a piece of SQL (manual: 4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

# Names are of ASCII letters, digits, _ and $, and of whatever isn't ASCII: said by what they are not of, for a class
# that reaches to the last character of Unicode takes long to compile.
_START = r"^\x00-@\[-^`{-\x7f"
_REST = r"^\x00-#%-/:-@\[-^`{-\x7f"
_TAG_REST = r"^\x00-/:-@\[-^`{-\x7f"

STRING: Final = re.compile(r"'[^']*(?:''[^']*)*'")
ESCAPE_STRING: Final = re.compile(r"'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'(?:\s*\n\s*'[^'\\]*(?:(?:\\.|'')[^'\\]*)*')*", re.S)
QUOTED_NAME: Final = re.compile(r'"[^"]*(?:""[^"]*)*"')
DOLLAR_QUOTE: Final = re.compile(rf"\$(?:[{_START}][{_TAG_REST}]*)?\$")
LINE_COMMENT: Final = re.compile(r"--[^\r\n]*")
NAME_CHARACTER: Final = re.compile(rf"[{_REST}]")
_BLOCK_EDGE: Final = re.compile(r"/\*|\*/")

_LEXEME: Final = re.compile(
    rf"""
      (?P<gap>\s+)
    | (?P<comment>--[^\r\n]*)
    | (?P<block>/\*)
    | (?P<escape>[eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*')
    | (?P<string>(?:[bBxXnN]|[uU]&)?'[^']*(?:''[^']*)*')
    | (?P<quoted>(?:[uU]&)?"[^"]*(?:""[^"]*)*")
    | (?P<word>[{_START}][{_REST}]*)
    | (?P<number>(?:\d[\w.]*|\.\d\w*)(?:(?<=[eE])[+-]\d+)?)
    | (?P<dollar>\$(?P<tag>(?:[{_START}][{_TAG_REST}]*)?)\$.*?\$(?P=tag)\$)
    | (?P<parameter>\$\d+)
    | (?P<symbol>::|:=|=>|\.\.|[-+*/<>=~!@\#%^&|`?]+?(?=--|/\*|[^-+*/<>=~!@\#%^&|`?]|$)|.)
    """,
    re.X | re.S,
)


class TokenKind(Enum):
    """The sorts of tokens; comments and blanks are none."""

    WORD = "word"
    QUOTED = "quoted"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"


_KINDS: Final = {
    "word": TokenKind.WORD,
    "quoted": TokenKind.QUOTED,
    "string": TokenKind.STRING,
    "escape": TokenKind.STRING,
    "dollar": TokenKind.STRING,
    "number": TokenKind.NUMBER,
    "parameter": TokenKind.NUMBER,
    "symbol": TokenKind.SYMBOL,
}


class Token(NamedTuple):
    """One token as it is written; ``offset`` counts characters from the beginning of the text it was read from."""

    kind: TokenKind
    text: str
    offset: int

    @property
    def end(self) -> int:
        """The offset just behind the token."""
        return self.offset + len(self.text)

    @property
    def upper(self) -> str:
        """A word in capitals for comparison with keywords, a symbol as it is; "" for quoted names and constants."""
        if self.kind is TokenKind.WORD:
            return self.text.upper()
        return self.text if self.kind is TokenKind.SYMBOL else ""

    @property
    def is_name(self) -> bool:
        """Whether the token may be an identifier."""
        return self.kind is TokenKind.WORD or self.kind is TokenKind.QUOTED

    @property
    def name(self) -> str:
        """The identifier that the token stands for: unquoted and folded to lower case where PostgreSQL folds it."""
        if self.kind is TokenKind.QUOTED:
            return self.text[self.text.index('"') + 1 : -1].replace('""', '"')
        return fold(self.text)

    @property
    def value(self) -> str:
        """The content of a string constant, as far as no escapes are in it; otherwise the token's text."""
        if self.kind is not TokenKind.STRING:
            return self.text
        if self.text[0] == "$":
            tag = self.text.index("$", 1) + 1
            return self.text[tag:-tag]
        return self.text[self.text.index("'") + 1 : -1].replace("''", "'")


def fold(name: str) -> str:
    """An unquoted identifier as PostgreSQL keeps it: only ASCII letters are folded in UTF-8 databases."""
    return "".join(c.lower() if c < "\x80" else c for c in name)


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of ``text`` from ``start`` on, comments and blanks left out."""
    position, end = start, len(text)
    match = _LEXEME.match
    while position < end:
        found = match(text, position)
        if found is None:  # pragma: no cover - the last alternative takes any character
            return
        group = found.lastgroup or ""
        if group == "tag":
            group = "dollar"
        if group == "block":
            position = block_comment_end(text, position) or end
            continue
        position = found.end()
        kind = _KINDS.get(group)
        if kind is not None:
            yield Token(kind, found.group(), found.start())


def block_comment_end(text: str, start: int) -> int | None:
    """The offset behind the comment that opens at ``start``; comments nest. None if it is never closed."""
    depth, position = 1, start + 2
    while depth:
        edge = _BLOCK_EDGE.search(text, position)
        if edge is None:
            return None
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return position
