"""Text search: parsers, templates, dictionaries and configurations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.packed import packed
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import Part, Statement
from migplan.kinds._catalog_names import function_name, qualified
from migplan.kinds.base import (
    PG_TS_CONFIG,
    PG_TS_DICT,
    PG_TS_PARSER,
    PG_TS_TEMPLATE,
    Address,
    Found,
    Kind,
    Reading,
    made_by_users,
    not_of_extension,
    simple_part,
)


@packed
class TextSearchParser(DbObject):
    """A parser: five functions."""

    start: str
    token: str
    end: str
    headline: str | None
    token_types: str


@packed
class TextSearchTemplate(DbObject):
    """A template of dictionaries: two functions."""

    init: str | None
    lexize: str


@packed
class TextSearchDictionary(DbObject):
    """A dictionary of a template; ``options`` are (name, value) as SQL writes them."""

    template: str
    options: tuple[tuple[str, str], ...]


@packed
class TextSearchConfiguration(DbObject):
    """A configuration; ``mappings`` are (token type, its dictionaries in order), sorted by token type."""

    parser: str
    mappings: tuple[tuple[str, tuple[str, ...]], ...]


class ParserKind(Kind[TextSearchParser]):
    """Rows of pg_ts_parser."""

    name = "ts_parser"
    keyword = "TEXT SEARCH PARSER"
    holds = made_by_users("pg_ts_parser")

    def query(self, major: int) -> str:
        functions = ("prsstart", "prstoken", "prsend", "prsheadline", "prslextype")
        return f"""
SELECT p.oid, n.nspname::text, p.prsname::text, {", ".join(function_name(f"p.{f}") for f in functions)}
FROM pg_ts_parser p
JOIN pg_namespace n ON n.oid = p.prsnamespace
WHERE n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_TS_PARSER, "p.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[TextSearchParser]]:
        oid, schema, name, start, token, end, headline, token_types = row
        parser = TextSearchParser(
            id=ObjectId("ts_parser", (schema, name)),
            comment=reading.comment(PG_TS_PARSER, oid),
            start=start,
            token=token,
            end=end,
            headline=headline,
            token_types=token_types,
        )
        yield Address(PG_TS_PARSER, oid), parser

    def parts(self, obj: TextSearchParser, catalog: Catalog) -> list[Part]:
        functions = {
            "START": obj.start,
            "GETTOKEN": obj.token,
            "END": obj.end,
            "HEADLINE": obj.headline,
            "LEXTYPES": obj.token_types,
        }
        return _parts(self, obj, _assignments(functions), catalog)

    def alter(
        self, old: TextSearchParser, new: TextSearchParser, before: Catalog, after: Catalog
    ) -> list[Statement] | None:
        return None


class TemplateKind(Kind[TextSearchTemplate]):
    """Rows of pg_ts_template."""

    name = "ts_template"
    keyword = "TEXT SEARCH TEMPLATE"
    holds = made_by_users("pg_ts_template")

    def query(self, major: int) -> str:
        return f"""
SELECT t.oid, n.nspname::text, t.tmplname::text, {function_name("t.tmplinit")}, {function_name("t.tmpllexize")}
FROM pg_ts_template t
JOIN pg_namespace n ON n.oid = t.tmplnamespace
WHERE n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_TS_TEMPLATE, "t.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[TextSearchTemplate]]:
        oid, schema, name, init, lexize = row
        template = TextSearchTemplate(
            id=ObjectId("ts_template", (schema, name)),
            comment=reading.comment(PG_TS_TEMPLATE, oid),
            init=init,
            lexize=lexize,
        )
        yield Address(PG_TS_TEMPLATE, oid), template

    def parts(self, obj: TextSearchTemplate, catalog: Catalog) -> list[Part]:
        return _parts(self, obj, _assignments({"INIT": obj.init, "LEXIZE": obj.lexize}), catalog)

    def alter(
        self, old: TextSearchTemplate, new: TextSearchTemplate, before: Catalog, after: Catalog
    ) -> list[Statement] | None:
        return None


class DictionaryKind(Kind[TextSearchDictionary]):
    """Rows of pg_ts_dict."""

    name = "ts_dictionary"
    keyword = "TEXT SEARCH DICTIONARY"
    holds = made_by_users("pg_ts_dict")
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT d.oid, n.nspname::text, d.dictname::text, d.dictowner,
       {qualified("pg_ts_template", "tmpl", "d.dicttemplate")}, d.dictinitoption
FROM pg_ts_dict d
JOIN pg_namespace n ON n.oid = d.dictnamespace
WHERE n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_TS_DICT, "d.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[TextSearchDictionary]]:
        oid, schema, name, owner, template, options = row
        dictionary = TextSearchDictionary(
            id=ObjectId("ts_dictionary", (schema, name)),
            comment=reading.comment(PG_TS_DICT, oid),
            owner=reading.roles.get(owner, ""),
            template=template,
            options=tuple((m["name"], m["value"]) for m in _OPTION.finditer(options or "")),
        )
        yield Address(PG_TS_DICT, oid), dictionary

    def parts(self, obj: TextSearchDictionary, catalog: Catalog) -> list[Part]:
        options = [sql("TEMPLATE = {}", deparsed(obj.template)), *map(_dictionary_option, obj.options)]
        return _parts(self, obj, join(", ", options), catalog)

    def alter(
        self, old: TextSearchDictionary, new: TextSearchDictionary, before: Catalog, after: Catalog
    ) -> list[Statement] | None:
        """Options change in place; the order in which PostgreSQL keeps them follows from the commands given."""
        if old.template != new.template:
            return None
        kept = dict(new.options)
        removed = [deparsed(name) for name, _ in old.options if name not in kept]
        # Setting an option moves it to the end, so that all of them are set in their order.
        options = [*removed, *map(_dictionary_option, new.options)]
        return [Statement(sql("ALTER TEXT SEARCH DICTIONARY {} ({})", self.sql_name(new), join(", ", options)))]

    def reshapes(self, old: TextSearchDictionary, new: TextSearchDictionary) -> bool:
        return False


class ConfigurationKind(Kind[TextSearchConfiguration]):
    """Rows of pg_ts_config, with their rows of pg_ts_config_map."""

    name = "ts_configuration"
    keyword = "TEXT SEARCH CONFIGURATION"
    holds = made_by_users("pg_ts_config")
    owned = True

    def query(self, major: int) -> str:
        return f"""
SELECT c.oid, n.nspname::text, c.cfgname::text, c.cfgowner, {qualified("pg_ts_parser", "prs", "c.cfgparser")},
       (SELECT jsonb_agg(jsonb_build_array(k.alias, k.dictionaries) ORDER BY k.alias COLLATE "C")
          FROM (SELECT tt.alias,
                       jsonb_agg({qualified("pg_ts_dict", "dict", "m.mapdict")} ORDER BY m.mapseqno) AS dictionaries
                  FROM pg_ts_config_map m
                  JOIN ts_token_type(c.cfgparser) tt ON tt.tokid = m.maptokentype
                 WHERE m.mapcfg = c.oid GROUP BY tt.alias) k)
FROM pg_ts_config c
JOIN pg_namespace n ON n.oid = c.cfgnamespace
WHERE n.oid = ANY(%(ns)s::oid[])
  AND {not_of_extension(PG_TS_CONFIG, "c.oid")}
"""

    def build(self, row: tuple[Any, ...], reading: Reading) -> Iterable[Found[TextSearchConfiguration]]:
        oid, schema, name, owner, parser, mappings = row
        configuration = TextSearchConfiguration(
            id=ObjectId("ts_configuration", (schema, name)),
            comment=reading.comment(PG_TS_CONFIG, oid),
            owner=reading.roles.get(owner, ""),
            parser=parser,
            mappings=tuple((token, tuple(dictionaries)) for token, dictionaries in mappings or ()),
        )
        yield Address(PG_TS_CONFIG, oid), configuration

    def parts(self, obj: TextSearchConfiguration, catalog: Catalog) -> list[Part]:
        create = sql("CREATE TEXT SEARCH CONFIGURATION {} (PARSER = {})", self.sql_name(obj), deparsed(obj.parser))
        added = [_mapping(obj, Sql("ADD"), *mapping) for mapping in obj.mappings]
        drop = Statement(sql("DROP TEXT SEARCH CONFIGURATION {}", self.sql_name(obj)))
        return [simple_part(obj.id, [Statement(create), *added], [drop], catalog.uses.get(obj.id, ()))]

    def alter(
        self, old: TextSearchConfiguration, new: TextSearchConfiguration, before: Catalog, after: Catalog
    ) -> list[Statement] | None:
        if old.parser != new.parser:
            return None
        was, now = dict(old.mappings), dict(new.mappings)
        head = sql("ALTER TEXT SEARCH CONFIGURATION {}", self.sql_name(new))
        dropped = [sql("{} DROP MAPPING FOR {}", head, ident(token)) for token in was if token not in now]
        changed = [
            _mapping(new, Sql("ALTER" if token in was else "ADD"), token, dictionaries)
            for token, dictionaries in now.items()
            if was.get(token) != dictionaries
        ]
        return [*map(Statement, dropped), *changed]

    def reshapes(self, old: TextSearchConfiguration, new: TextSearchConfiguration) -> bool:
        return False


# PostgreSQL writes pg_ts_dict.dictinitoption (serialize_deflist) as name = 'value', E'…' with backslashes, or a number.
_OPTION: Final = re.compile(r"""(?P<name>"(?:[^"]|"")+"|\w+) = (?P<value>E?'(?:[^']|'')*'|[^,]+)""")


def _parts(kind: Kind[Any], obj: DbObject, options: Sql, catalog: Catalog) -> list[Part]:
    name, keyword = ident(*obj.id.path), Sql(kind.keyword)
    create = Statement(sql("CREATE {} {} ({})", keyword, name, options))
    drop = Statement(sql("DROP {} {}", keyword, name))
    return [simple_part(obj.id, [create], [drop], catalog.uses.get(obj.id, ()))]


def _assignments(functions: dict[str, str | None]) -> Sql:
    return join(", ", (sql("{} = {}", Sql(name), deparsed(f)) for name, f in functions.items() if f is not None))


def _dictionary_option(option: tuple[str, str]) -> Sql:
    name, value = option
    return sql("{} = {}", deparsed(name), deparsed(value))


def _mapping(configuration: TextSearchConfiguration, verb: Sql, token: str, dictionaries: tuple[str, ...]) -> Statement:
    name = ident(*configuration.id.path)
    listed = join(", ", map(deparsed, dictionaries))
    command = sql("ALTER TEXT SEARCH CONFIGURATION {} {} MAPPING FOR {} WITH {}", name, verb, ident(token), listed)
    return Statement(command)


KINDS = (ParserKind(), TemplateKind(), DictionaryKind(), ConfigurationKind())
