"""pg_dump's view of a schema, as statements in no order: a judge that knows nothing of migplan's own reader."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Final

import psycopg
from tests.support.servers import client

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(
    r"""
    (?P<comment>--[^\n]*)
  | (?P<text>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag))
  | (?P<space>\s+)
  | (?P<word>[\w$.]+)
  | (?P<sign>.)
    """,
    re.X | re.S,
)
_SETTINGS: Final = re.compile(r"SET |SELECT pg_catalog\.set_config\(")
_OWNER: Final = re.compile(r"ALTER .* OWNER TO \S+$", re.S)
_SECRETS: Final = re.compile(r"((?:password|api_key) )'[^']*'")
_UNQUOTED: Final = re.compile(r"\bCONSTRAINT ([^\s\"][^\n\"(]*) NOT NULL")
"""pg_dump 18 doesn't quote the names of columns' NOT NULL constraints."""
_MADE_UP: Final = re.compile(r"CONSTRAINT \"(?:[^\"\n]|\"\")*\" NOT NULL")
_MADE_UP_ALONE: Final = re.compile(
    r",?\n    CONSTRAINT \"(?:[^\"\n]|\"\")*_not_null\d*\" NOT NULL (\w+|\"[^\n]+\")(?=,?\n)"
)
_WITH_LISTS: Final = re.compile(r"CREATE (UNLOGGED |FOREIGN )?TABLE (?!.* PARTITION OF )|CREATE (UNIQUE )?INDEX ")
_OF_ROWS: Final = re.compile(r"CREATE FUNCTION .* RETURNS (SETOF )?[\w\"]+\.")
_ROWS_OF_FUNCTIONS: Final = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(p.proname),
       (SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute a
         WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE t.typrelid >= 16384
"""
_NAME: Final = r'(?:\w+|"(?:[^"]|"")*")'
_TABLE: Final = re.compile(rf"CREATE (?:UNLOGGED |FOREIGN )?TABLE ({_NAME}\.{_NAME}) \(")
_OF_COLUMNS: Final = re.compile(rf"CREATE FUNCTION ({_NAME}\.{_NAME})\(.* RETURNS (?:SETOF )?({_NAME}\.{_NAME})", re.S)
_BY_PLACE: Final = re.compile(rf"(({_NAME}\.{_NAME})(?:\([^()]*\))? {_NAME})\(({_NAME}(?:, {_NAME})*)\)")
_VIEW: Final = re.compile(r"(CREATE VIEW [^ ]+ WITH \()([^)]*)(\) AS .*)", re.S)
_STATISTICS: Final = re.compile(r"(CREATE STATISTICS .*? ON )(.*)( FROM .*)")


def pg_dump(url: str, *options: str) -> str:
    """Its output. No server of the tests has a provider of security labels, and asking for them takes a tenth."""
    command = [client("pg_dump"), "--schema-only", "--no-owner", "--no-security-labels", f"--dbname={url}", *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def script(url: str, *options: str) -> str:
    """What pg_dump writes of the schema."""
    text = pg_dump(url, *options)
    text = _UNQUOTED.sub(lambda found: f'CONSTRAINT "{found[1]}" NOT NULL', text)
    text = re.sub(r"(?m)^(\\(un)?restrict |SET transaction_timeout ).*$", "", text)
    return _without_own_names(url, text) if _OF_ROWS.search(text) else text


def _without_own_names(url: str, text: str) -> str:
    """Calls of functions that return rows, without the names of the rows' columns where they are the type's own: pg_dump
    writes them as they were when the query was read, and the columns' order is left out."""
    with psycopg.connect(url) as db:
        found = db.execute(_ROWS_OF_FUNCTIONS).fetchall()
    for function, columns in found:
        names = {", ".join(columns[:n]) for n in range(1, len(columns) + 1)}
        call = re.compile(rf'({re.escape(function)}\((?:[^()]|\([^()]*\))*\) (?:\w+|"[^"\n]*"))\(([^()\n]*)\)')
        text = call.sub(lambda match, names=names: match[1] if match[2] in names else match[0], text)
    return text


def schema(url: str, *options: str) -> Counter[str]:
    """The statements that make the schema, each how often; owners and the order of columns left out."""
    return of(script(url, *options))


def without_made_up_names(text: str) -> str:
    """A script without the names of NOT NULL constraints, some of which PostgreSQL made up. A number in one depends on
    what else the schema had at that moment, and an inherited one is its parent's or its own, as its history was."""
    return _MADE_UP.sub("NOT NULL", _MADE_UP_ALONE.sub("", text))


def of(text: str) -> Counter[str]:
    """The same of a script that pg_dump wrote."""
    found = [s for s in statements(text) if not _SETTINGS.match(s) and not _OWNER.match(s)]
    columns = dict(filter(None, map(_columns, found)))
    columns |= {f[1]: columns[f[2]] for s in found if (f := _OF_COLUMNS.match(s)) and f[2] in columns}
    return Counter(_SECRETS.sub(r"\1''", _columns_sorted(_named_by_column(s, columns))) for s in found)


def _columns(statement: str) -> tuple[str, list[str]] | None:
    """A table and its columns in their order."""
    if not (table := _TABLE.match(statement)):
        return None
    items = next(part for part in _parts(statement) if not isinstance(part, str))
    return table[1], [found[0] for item in items if (found := re.match(_NAME, item))]


def _named_by_column(statement: str, columns: dict[str, list[str]]) -> str:
    """A query that gives columns other names by place, ``FROM public.t q(x, y)``, with the names by columns, in their
    order, without those that it never says."""
    if not (lists := list(_BY_PLACE.finditer(statement))):
        return statement
    said = set(re.findall(_NAME, _BY_PLACE.sub(r"\1", statement)))
    for found in reversed(lists):
        names = re.findall(_NAME, found[3])
        if len(own := columns.get(found[2], [])) >= len(names):
            pairs = (f"{c} AS {name}" for c, name in zip(own, names, strict=False) if name != c and name in said)
            listed = f"({', '.join(sorted(pairs))})".replace("()", "")
            statement = f"{statement[: found.start()]}{found[1]}{listed}{statement[found.end() :]}"
    return statement


def difference(found: Counter[str], wanted: Counter[str]) -> list[str]:
    """The statements that only one side has; nothing where both are the same."""
    missing = [f"missing: {s}" for s in sorted((wanted - found).elements())]
    return [*missing, *(f"extra: {s}" for s in sorted((found - wanted).elements()))]


def statements(text: str) -> Iterator[str]:
    """The statements of a script without comments, blanks outside of strings made one. ``BEGIN ATOMIC`` bodies stay whole."""
    parts: list[str] = []
    words: list[str] = []
    for kind, token in _tokens(text):
        if kind == "sign" and token == ";" and not _in_body(words):
            yield "".join(parts).strip()
            parts, words = [], []
        else:
            parts.append(" " if kind == "space" else token)
            words += [token.upper()] if kind == "word" else []
    if "".join(parts).strip():
        yield "".join(parts).strip()


def _tokens(script: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(script):
        kind = "text" if match.lastgroup == "tag" else str(match.lastgroup)
        if kind != "comment":
            yield kind, match.group()


def _in_body(words: list[str]) -> bool:
    """Whether a ``BEGIN ATOMIC`` still lacks its END; a CASE has one of its own."""
    if "ATOMIC" not in words:
        return False
    body = words[words.index("ATOMIC") :]
    return body.count("END") <= body.count("CASE")


def _columns_sorted(statement: str) -> str:
    """``CREATE TABLE`` with its columns and constraints, any list of storage parameters or of a view's options, in order of
    their text."""
    if found := _STATISTICS.fullmatch(statement) or _VIEW.fullmatch(statement):
        return f"{found[1]}{', '.join(sorted(found[2].split(', ')))}{found[3]}"
    if not _WITH_LISTS.match(statement):
        return statement
    table, text = not re.match("CREATE (UNIQUE )?INDEX", statement), ""
    for part in _parts(statement):
        if isinstance(part, str):
            text += part
        else:
            part = [item for item in part if item]
            ordered = sorted(part) if table or text.endswith("WITH ") else part
            text, table = f"{text}({', '.join(ordered)})", False
    return text


def _parts(statement: str) -> Iterator[str | list[str]]:
    """The text outside of brackets, and each list in brackets as its items."""
    items, depth = [""], 0
    for _, text in _tokens(statement):
        depth += text == "("
        if depth == 0:
            yield text
        elif text == "," and depth == 1:
            items.append("")
        elif text == ")" and depth == 1:
            yield [item.strip() for item in items]
            items = [""]
        elif text != "(" or depth > 1:
            items[-1] += text
        depth -= text == ")"
