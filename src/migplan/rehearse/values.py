"""SQL expressions that make values out of a row's number ``"~g"``: of every type, with or without statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.core.sql import Sql, deparsed, join, literal, sql
from migplan.rehearse.shapes import ColumnShape
from migplan.rehearse.statistics import ColumnStatistics

NUMBER: Final = Sql('"~g"')
NULL: Final = Sql("NULL")
_TEXTS: Final = frozenset({"text", "varchar", "bpchar", "citext", "name"})
_INTEGERS: Final = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
"""Up to which their numbers go."""
_ENOUGH: Final = 6
"""So many digits tell all rows apart."""
_WIDE: Final = frozenset({"int4", "int8", "numeric", "float4", "float8"})
"""Numbers of which ranges ten apart are made."""
_CONSTANTS: Final = {
    "json": """'{"a": 1}'""",
    "jsonb": """'{"a": 1}'""",
    "xml": "'<a/>'",
    "tsvector": "'word'",
    "tsquery": "'word'",
    "hstore": """'"a"=>"1"'""",
    "ltree": "'top'",
    "point": "'(1,1)'",
    "box": "'(1,1),(0,0)'",
    "circle": "'<(1,1),1>'",
    "lseg": "'[(0,0),(1,1)]'",
    "line": "'{1,1,1}'",
    "path": "'[(0,0),(1,1)]'",
    "polygon": "'((0,0),(1,0),(1,1))'",
    "jsonpath": "'$.a'",
    "pg_lsn": "'0/1'",
    "int2vector": "'1'",
    "oidvector": "'1'",
}


def share(seed: int) -> Sql:
    """A number from 0 up to 1 that depends on the row and the seed only."""
    return sql("((hashint8extended({}, {}) & 2147483647) / 2147483648::float8)", NUMBER, seed)


def distinct_value(column: ColumnShape, seed: int, statistics: ColumnStatistics | None = None) -> Sql | None:
    """A value that no other row has; None where the type knows none (too few, or not known here)."""
    if column.base_name in _INTEGERS or column.base_name in ("numeric", "float4", "float8", "money", "oid"):
        return _as(column, _counted(column, sql("{} + {}", deparsed(str(_lowest(statistics))), NUMBER)))
    if column.base_name in _TEXTS:
        return _as(column, _text(column, sql("{} || to_hex({})", literal("v"), NUMBER)))
    return _distinct_of_other(column, seed)


def _counted(column: ColumnShape, number: Sql) -> Sql:
    """A number as the type can hold it: beginning anew where there are no more, with decimals where few are whole."""
    if column.base_name in _INTEGERS:
        return sql("({}) % {}", number, _INTEGERS[column.base_name])
    _, bounded, digits = column.base.partition("numeric(")
    if not bounded:
        return number
    precision, _, scale = digits.partition(")")[0].partition(",")
    whole, unit = int(precision) - int(scale or 0), int(scale or 0)
    if whole >= _ENOUGH:
        return sql("({}) % {}", number, 10**whole)
    return sql("(({}) % {}) * {}", number, 10 ** int(precision), deparsed(f"1e{-unit}"))


def _distinct_of_other(column: ColumnShape, seed: int) -> Sql | None:
    made: dict[str, Sql] = {
        "uuid": sql("md5({} || '-' || {})", seed, NUMBER),
        "bytea": sql("decode(md5({} || '-' || {}), 'hex')", seed, NUMBER),
        "date": sql("'2000-01-01'::date + ({} % 2000000)::integer", NUMBER),
        "timestamp": sql("'2020-01-01'::timestamp + {} * interval '1 second'", NUMBER),
        "timestamptz": sql("'2020-01-01 00:00:00+00'::timestamptz + {} * interval '1 second'", NUMBER),
        "time": sql("'00:00'::time + {} * interval '1 second'", NUMBER),
        "interval": sql("{} * interval '1 second'", NUMBER),
        "inet": sql("'10.0.0.0'::inet + {}", NUMBER),
        "cidr": sql("host('10.0.0.0'::inet + {})", NUMBER),
        "macaddr": sql("lpad(to_hex({}), 12, '0')", NUMBER),
        "jsonb": sql("jsonb_build_object('n', {})", NUMBER),
        "ltree": sql("'n' || {}", NUMBER),
    }
    if column.base_name in made:
        return _as(column, made[column.base_name])
    return None


def random_value(column: ColumnShape, seed: int, statistics: ColumnStatistics | None) -> Sql | None:
    """A value as the statistics spread them, else any of the type; None where none is known."""
    value = _spread(column, seed, statistics) if statistics is not None else _any(column, seed, None)
    if value is None:
        return None
    return _as(column, value)


def pooled_value(column: ColumnShape, seed: int, pool: Sequence[str]) -> Sql:
    """One of these values, given as text."""
    array = join(", ", (literal(v) for v in pool))
    return _as(column, sql("(ARRAY[{}]::text[])[1 + floor({} * {})::integer]", array, share(seed), len(pool)))


def with_nulls(column: ColumnShape, value: Sql, seed: int, statistics: ColumnStatistics | None) -> Sql:
    """NULL for the share of rows that have none."""
    if column.required or statistics is None or statistics.null_share == 0:
        return value
    return sql("CASE WHEN {} >= {} THEN {} END", share(seed + 1), deparsed(f"{statistics.null_share:.6f}"), value)


def _spread(column: ColumnShape, seed: int, statistics: ColumnStatistics) -> Sql | None:
    """The common values as often as they are, the rest between the histogram's bounds."""
    rest = _between(column, seed, statistics.bounds) if len(statistics.bounds) > 1 else None
    if rest is None:
        rest = None if statistics.common and statistics.distinct > 0 else _any(column, seed, statistics)
    if not statistics.common:
        return rest
    present = max(1.0 - statistics.null_share, 0.000001)
    sums, total = list[float](), 0.0
    for frequency in statistics.frequencies:
        total += frequency / present
        sums.append(total)
    scale = total if rest is None else 1.0
    edges = deparsed(", ".join(f"{edge / scale:.9f}" for edge in sums))
    values = join(", ", (literal(v) for v in statistics.common))
    common = sql(
        "(ARRAY[{}]::text[])[1 + least(width_bucket({}, ARRAY[{}]::float8[]), {})]",
        values,
        share(seed + 2),
        edges,
        len(sums) - 1,
    )
    if rest is None:
        return common
    return sql("CASE WHEN {} < {} THEN {} ELSE ({})::text END", share(seed + 2), deparsed(f"{total:.9f}"), common, rest)


def _between(column: ColumnShape, seed: int, bounds: Sequence[str]) -> Sql:
    """A value between two neighbours of the histogram, or one of them where the type has no between."""
    array, last = join(", ", (literal(v) for v in bounds)), len(bounds) - 1
    number = sql("1 + floor({} * {})::integer", share(seed), last)
    low = sql("(ARRAY[{}]::text[])[{}]::{}", array, number, deparsed(column.base))
    high = sql("(ARRAY[{}]::text[])[1 + {}]::{}", array, number, deparsed(column.base))
    if column.base_name in _INTEGERS or column.base_name == "numeric":
        return sql(
            "{low} + floor(({high}::numeric - {low}) * {share}::numeric)", low=low, high=high, share=share(seed + 3)
        )
    if column.base_name in ("timestamp", "timestamptz"):
        return sql("{low} + ({high} - {low}) * {share}", low=low, high=high, share=share(seed + 3))
    if column.base_name == "date":
        return sql("{low} + floor(({high} - {low}) * {share})::integer", low=low, high=high, share=share(seed + 3))
    return low


def _any(column: ColumnShape, seed: int, statistics: ColumnStatistics | None) -> Sql | None:
    random = share(seed)
    if column.kind == "e":
        labels = join(", ", (literal(label) for label in column.labels))
        return sql("(ARRAY[{}]::text[])[1 + floor({} * {})::integer]", labels, random, len(column.labels))
    if column.base_name in _TEXTS:
        return _text(column, sql("md5({} || '-' || {})", seed, NUMBER), statistics.width if statistics else 16)
    if column.base_name in _CONSTANTS:
        return deparsed(_CONSTANTS[column.base_name])
    made: dict[str, Sql] = {
        "bool": sql("{} < 0.5", random),
        "date": sql("'2024-01-01'::date + floor({} * 365)::integer", random),
        "timestamp": sql("'2024-01-01'::timestamp + {} * interval '365 days'", random),
        "timestamptz": sql("'2024-01-01 00:00:00+00'::timestamptz + {} * interval '365 days'", random),
        "time": sql("'00:00'::time + {} * interval '23 hours'", random),
        "timetz": sql("'00:00+00'::timetz + {} * interval '23 hours'", random),
        "bit": sql("repeat('1', {})", length_of(column) or 1),
        "varbit": Sql("'1'"),
        "char": Sql("'a'"),
    }
    if column.base_name in made:
        return made[column.base_name]
    if column.base_name in _INTEGERS or column.base_name in ("numeric", "float4", "float8", "money", "oid"):
        return sql("(1 + floor({} * {}))::bigint", random, highest_of(column))
    return _distinct_of_other(column, seed)


def composed(column: ColumnShape, values: Sequence[Sql | None]) -> Sql | None:
    """A value of a type that is made of others, out of one of each; None where a type other than a composite one has
    none of its own."""
    if column.kind == "c":
        return _as(column, sql("ROW({})", join(", ", (NULL if v is None else v for v in values))))
    (part,), (value,) = column.parts, values
    if value is None:
        return None
    if column.kind == "r":
        return _as(column, _range(column, part, value))
    if column.kind == "m":
        return _as(column, sql("{}({})", deparsed(column.base), value))
    return _as(column, sql("ARRAY[{}]", value))


def _range(column: ColumnShape, part: ColumnShape, value: Sql) -> Sql:
    """A range that begins with a value, or of it alone: ranges of different values don't overlap."""
    name, kind, bound = deparsed(column.base), part.base_name, deparsed(part.type)
    if kind in _WIDE:
        return sql("{f}(({v} * 10)::{t}, ({v} * 10 + 5)::{t})", f=name, v=value, t=bound)
    if kind in ("timestamp", "timestamptz"):
        return sql("{f}({v}::{t}, ({v} + interval '0.5 s')::{t})", f=name, v=value, t=bound)
    return sql("{f}({v}::{t}, {v}::{t}, '[]')", f=name, v=value, t=bound)


def _text(column: ColumnShape, value: Sql, width: int = 16) -> Sql:
    """Text of about that width, as far as the column has room; the end of it is what tells rows apart."""
    room = length_of(column)
    wanted = width if room is None else min(width, room)
    if wanted > 32:
        value = sql("repeat('x', {}) || {}", min(wanted, 2000) - 32, value)
    return sql("right({}, {})", value, max(wanted, 1 if room is not None else 12))


def length_of(column: ColumnShape) -> int | None:
    """The n of varchar(n), char(n), bit(n)."""
    _, open, rest = column.base.partition("(")
    number = rest.partition(")")[0]
    if column.base in ("character", "bit", '"char"', "name"):
        return 63 if column.base == "name" else 1
    return int(number) if open and number.isdigit() else None


def highest_of(column: ColumnShape) -> int:
    """How far random numbers may go: 1000, or what the precision leaves."""
    _, open, rest = column.base.partition("numeric(")
    if not open:
        return 1000
    precision, _, scale = rest.partition(")")[0].partition(",")
    whole = int(precision) - int(scale or 0)
    return max(1, min(1000, 10**whole - 2)) if whole > 0 else 1


def _lowest(statistics: ColumnStatistics | None) -> int:
    """Where the target's numbers begin, so that they are as wide here."""
    if statistics is None or not statistics.bounds:
        return 0
    try:
        return max(int(statistics.bounds[0].partition(".")[0]) - 1, 0)
    except ValueError:
        return 0


def _as(column: ColumnShape, value: Sql) -> Sql:
    return sql("({})::{}", value, deparsed(column.base))
