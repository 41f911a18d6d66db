"""What hangs on relations: indexes, constraints, triggers, rules, policies, grants, comments and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.properties.wild.draw import READER, WRITER, name, pick, some, value
from tests.properties.wild.model import Part
from tests.properties.wild.relations import statement_kind

from migplan.core.sql import literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.properties.wild.model import World

PREDICATE: Final = "{0} IS NOT NULL"


def index(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """An index of some form, perhaps the clustered one, the replica identity, or with a statistics target."""
    chosen = some(r, columns, 1, 2)
    callee = pick(r, world.of("SCALAR"))
    if callee and r.random() < 0.3:
        chosen[0] = f"([[{callee}]]({chosen[0]}))"
    elif r.random() < 0.2:
        chosen[0] = f"({chosen[0]} IS NULL)"
    unique = "UNIQUE " if r.random() < 0.3 else ""
    only = "ONLY " if r.random() < 0.1 else ""
    method = r.choice(["", "", "", " USING hash", " USING brin", " USING gin", " USING gist"])
    include = f" INCLUDE ({r.choice(columns)})" if r.random() < 0.15 else ""
    distinct = " NULLS NOT DISTINCT" if unique and r.random() < 0.2 else ""
    options = r.choice(["", "", " WITH (fillfactor = 60)"])
    where = f" WHERE {PREDICATE.format(r.choice(columns))}" if r.random() < 0.2 else ""
    order = r.choice(["", "", " DESC", " NULLS FIRST"]) if not method else ""
    what = f"({', '.join(chosen)}{order}){include}{distinct}{options}{where}"
    made = [f"CREATE {unique}INDEX [[name]] ON {only}[[me]]{method} {what}"]
    more = {
        0.1: "COMMENT ON INDEX [[schema]].[[name]] IS 'an index'",
        0.2: "ALTER TABLE [[me]] CLUSTER ON [[name]]",
        0.3: "ALTER TABLE [[me]] REPLICA IDENTITY USING INDEX [[name]]",
        0.35: "ALTER INDEX [[schema]].[[name]] ALTER COLUMN 1 SET STATISTICS 200",
    }
    chance = r.random()
    return made + [text for bound, text in more.items() if bound - 0.1 < chance < bound]


def key_constraint(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A unique constraint or primary key, or two that are equal."""
    chosen = ", ".join(some(r, columns, 1, 3))
    kind = r.choice(["UNIQUE", "UNIQUE", "UNIQUE NULLS NOT DISTINCT", "PRIMARY KEY"])
    include = f" INCLUDE ({r.choice(columns)})" if r.random() < 0.15 else ""
    tail = r.choice(["", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"])
    what = f"{kind} ({chosen}){include}{tail}"
    if r.random() < 0.2:
        world.things[key].parts[world.key("p")] = Part(name(r), f"ALTER TABLE [[me]] ADD CONSTRAINT [[name]] {what}")
    return [f"ALTER TABLE [[me]] ADD CONSTRAINT [[name]] {what}", *_comment(r)]


def identity(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """An index by which replication tells the rows, or a word about that."""
    column = r.choice(columns)
    if r.random() < 0.4:
        return [f"ALTER TABLE [[me]] REPLICA IDENTITY {r.choice(['FULL', 'NOTHING'])}"]
    return [
        f"ALTER TABLE [[me]] ALTER {column} SET NOT NULL",
        r.choice(
            [
                f"CREATE UNIQUE INDEX [[name]] ON [[me]] ({column})",
                f"ALTER TABLE [[me]] ADD CONSTRAINT [[name]] UNIQUE ({column})",
            ]
        ),
        "ALTER TABLE [[me]] REPLICA IDENTITY USING INDEX [[name]]",
    ]


def check(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A check, perhaps NOT VALID, NO INHERIT, or calling a function."""
    column, callee = r.choice(columns), pick(r, world.of("SCALAR"))
    text = r.choice(
        [
            f"{column} IS NOT NULL OR true",
            f"({column})::text <> 'never'",
            f"[[{callee}]]({column}) <> -1" if callee else "true",
            f"{column} IN ({', '.join(value(world, world.columns(key)[column], n) for n in range(2))}) OR true",
        ]
    )
    tail = r.choice(["", "", " NO INHERIT", " NOT VALID", " NOT ENFORCED"])
    return [f"ALTER TABLE [[me]] ADD CONSTRAINT [[name]] CHECK ({text}){tail}", *_comment(r)]


def not_null(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """NOT NULL with a name, of 18."""
    tail = r.choice(["", "", " NO INHERIT", " NOT VALID"])
    return [f"ALTER TABLE [[me]] ADD CONSTRAINT [[name]] NOT NULL {r.choice(columns)}{tail}"]


def foreign_key(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A unique constraint on some table, and a foreign key to it, of one column or two."""
    target = r.choice(world.of("TABLE"))
    mine, theirs = world.columns(key), world.columns(target)
    pairs = [(c, t) for c in columns for t, type in theirs.items() if type == mine[c] and "integer" in type]
    if not pairs:
        return []
    chosen = r.sample(pairs, min(len(pairs), r.choice([1, 1, 2])))
    here, there = ", ".join(dict.fromkeys(c for c, _ in chosen)), ", ".join(dict.fromkeys(t for _, t in chosen))
    actions = ["", " ON DELETE CASCADE", " ON UPDATE SET NULL", f" ON DELETE SET NULL ({chosen[0][0]})"]
    tail = r.choice(["", "", " DEFERRABLE INITIALLY DEFERRED", " NOT VALID", " NOT ENFORCED", " MATCH FULL"])
    target_key = Part(f"{name(r)[:40]}_key", f"ALTER TABLE [[me]] ADD CONSTRAINT [[name]] UNIQUE ({there})")
    world.things[target].parts[world.key("p")] = target_key
    references = f"REFERENCES [[{target}]] ({there})"
    if tail == " MATCH FULL":
        references, tail = references + tail, ""
    made = f"ALTER TABLE [[me]] ADD CONSTRAINT [[name]] FOREIGN KEY ({here}) {references}{r.choice(actions)}{tail}"
    return [made, *_comment(r)]


def exclusion(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """An exclusion constraint."""
    column, other = r.choice(columns), r.choice(columns)
    what = r.choice([f"({column} WITH =)", f"({column} WITH =, {other} WITH =)", f"USING gist ({column} WITH &&)"])
    where = f" WHERE ({PREDICATE.format(column)})" if r.random() < 0.3 else ""
    return [f"ALTER TABLE [[me]] ADD CONSTRAINT [[name]] EXCLUDE {what}{where}"]


def trigger(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A trigger of some form, perhaps disabled."""
    function = pick(r, world.of("TRIGGER FUNCTION"))
    if function is None:
        return []
    column = r.choice(columns)
    head = r.choice(
        [
            "TRIGGER [[name]] BEFORE INSERT OR UPDATE ON [[me]] FOR EACH ROW",
            f"TRIGGER [[name]] BEFORE UPDATE OF {column} ON [[me]] FOR EACH ROW WHEN (OLD.{column} IS NOT NULL)",
            f"TRIGGER [[name]] AFTER UPDATE ON [[me]] FOR EACH ROW WHEN (NEW.{column} IS NULL)",
            "TRIGGER [[name]] AFTER UPDATE ON [[me]] REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT",
            "CONSTRAINT TRIGGER [[name]] AFTER INSERT ON [[me]] DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
            "TRIGGER [[name]] AFTER DELETE ON [[me]] FOR EACH STATEMENT",
            "TRIGGER [[name]] INSTEAD OF INSERT ON [[me]] FOR EACH ROW",
            "TRIGGER [[name]] BEFORE UPDATE ON [[me]] FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)",
        ]
    )
    made = [f"CREATE {head} EXECUTE FUNCTION [[{function}]]({r.choice(['', literal('x')])})"]
    how = r.choice(["DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])
    if r.random() < 0.2:
        made.append(f"ALTER TABLE [[me]] {how} TRIGGER [[name]]")
    return [*made, *(["COMMENT ON TRIGGER [[name]] ON [[me]] IS 'fires'"] if r.random() < 0.2 else [])]


def rule(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A rule."""
    other = r.choice(world.of("TABLE", "VIEW"))
    column = r.choice(columns)
    what = r.choice(
        [
            "ON DELETE TO [[me]] DO INSTEAD NOTHING",
            f"ON UPDATE TO [[me]] WHERE OLD.{column} IS NULL DO INSTEAD NOTHING",
            f"ON INSERT TO [[me]] DO ALSO DELETE FROM [[{other}]] WHERE false",
        ]
    )
    how = r.choice(["", "", "", "DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])
    switched = [f"ALTER TABLE [[me]] {how} RULE [[name]]"] if how else []
    return [f"CREATE RULE [[name]] AS {what}", *switched, *_comment(r, "RULE [[name]] ON [[me]]")]


def policy(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A policy, and row security switched on."""
    other, column = r.choice(world.of("TABLE")), r.choice(columns)
    function = pick(r, world.of("SCALAR"))
    using = r.choice(
        [
            PREDICATE.format(column),
            f"EXISTS (SELECT FROM [[{other}]])",
            f"[[{function}]]({column}) > 0" if function else "true",
        ]
    )
    how = r.choice(["", " AS RESTRICTIVE"]) + r.choice(["", " FOR SELECT", " FOR DELETE"])
    made = f"CREATE POLICY [[name]] ON [[me]]{how} TO {r.choice([READER, WRITER, 'PUBLIC'])} USING ({using})"
    said = _comment(r, "POLICY [[name]] ON [[me]]")
    return [made, *said, *(["ALTER TABLE [[me]] ENABLE ROW LEVEL SECURITY"] if r.random() < 0.7 else [])]


def statistics(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A statistics object, of columns or an expression."""
    kinds = r.choice(["", " (ndistinct)", " (mcv, dependencies)"])
    chosen = some(r, columns, 2, 3)
    chosen = chosen if r.random() < 0.7 else [f"({chosen[0]} IS NULL)", *chosen[1:]]
    made = [f"CREATE STATISTICS [[schema]].[[name]]{kinds} ON {', '.join(chosen)} FROM [[me]]"]
    made += _comment(r, "STATISTICS [[schema]].[[name]]")
    return [*made, *(["ALTER STATISTICS [[schema]].[[name]] SET STATISTICS 50"] if r.random() < 0.2 else [])]


def grant(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """Grants on the relation or on columns."""
    role, what = r.choice([READER, WRITER]), r.choice(["SELECT", "INSERT", "UPDATE", "REFERENCES", "ALL"])
    column = f" ({r.choice(columns)})" if r.random() < 0.4 else ""
    option = r.choice(["", "", " WITH GRANT OPTION"])
    return [f"GRANT {what}{column} ON [[me]] TO {role}{option}"]


def comment(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A comment on the relation or a column."""
    kind, text = statement_kind(world.things[key]), literal(r.choice(["it's one", "another"]))
    if r.random() < 0.5:
        return [f"COMMENT ON {kind} [[me]] IS {text}"]
    return [f"COMMENT ON COLUMN [[me]].{r.choice(columns)} IS {text}"]


def setting(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """An attribute of the table or of a column."""
    column = r.choice(columns)
    type = world.columns(key)[column]
    change = r.choice(
        [
            f"ALTER {column} SET STATISTICS {r.choice([0, 100, 500])}",
            f"ALTER {column} SET STORAGE {r.choice(['EXTERNAL', 'MAIN', 'PLAIN'])}",
            f"ALTER {column} SET COMPRESSION pglz",
            f"ALTER {column} SET (n_distinct = -0.5)",
            f"ALTER {column} SET DEFAULT {value(world, type, 2)}",
            f"ALTER {column} SET NOT NULL",
            "SET (fillfactor = 50)",
            "SET (autovacuum_vacuum_threshold = 10)",
            "REPLICA IDENTITY FULL",
            "ENABLE ROW LEVEL SECURITY",
            "FORCE ROW LEVEL SECURITY",
        ]
    )
    return [f"ALTER TABLE [[me]] {change}"]


def owned_sequence(world: World, r: Random, key: str, columns: list[str]) -> list[str]:
    """A sequence that a column owns."""
    sequence = pick(r, world.of("SEQUENCE"))
    return [f"ALTER SEQUENCE [[{sequence}]] OWNED BY [[me]].{r.choice(columns)}"] if sequence else []


def _comment(r: Random, what: str = "CONSTRAINT [[name]] ON [[me]]") -> list[str]:
    return [f"COMMENT ON {what} IS 'it''s one'"] if r.random() < 0.2 else []


TABLE_PARTS: Final[tuple[Callable[[World, Random, str, list[str]], list[str]], ...]] = (
    *(index, index, key_constraint, check, check, foreign_key, foreign_key, foreign_key, trigger, policy),
    *(statistics, grant, comment, setting, rule, exclusion, not_null, owned_sequence, identity),
)
VIEW_PARTS: Final = (grant, comment, trigger, rule, index, setting)


def add(world: World, r: Random, key: str) -> None:
    """Hang something on the relation."""
    columns = sorted(world.columns(key))
    if not columns:
        return
    makers = TABLE_PARTS if world.things[key].kind == "TABLE" else VIEW_PARTS
    part_name = name(r)
    for template in r.choice(makers)(world, r, key, columns):
        world.things[key].parts[world.key("p")] = Part(part_name, template)
