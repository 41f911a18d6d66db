"""Declarations become catalogs: files, folders and databases, with scope, notes, set-up and cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migplan.core.errors import DirectiveError, ShadowError, SourceError, TargetError
from migplan.core.ids import ObjectId
from migplan.source.connect import connect
from migplan.source.declared import Wanted, declared_catalog
from migplan.source.presets import ignored_by, read_setup_files
from migplan.source.reading.introspect import Scope
from migplan.source.shadow.shadow import Shadow, choose_shadow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def shadow(pg_url: str) -> Shadow:
    return choose_shadow(pg_url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "schemas"
    made.mkdir()
    return made


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return folder


def test_a_folder_is_read_recursively(folder: Path, shadow: Shadow) -> None:
    write(folder, a="CREATE TABLE app.t (id int REFERENCES app.u); -- migplan: renamed-from old")
    (folder / "deep").mkdir()
    write(folder / "deep", b="CREATE SCHEMA app; CREATE TABLE app.u (id int PRIMARY KEY);")
    declared = declared_catalog(folder, shadow)
    assert ObjectId("table", ("app", "t")) in declared.catalog
    assert declared.scope.schemas == {"app"}
    (directive,) = declared.directives.items
    assert directive.target == ObjectId("table", ("app", "t"))
    assert directive.place == f"{folder / 'a.sql'}:1:47"


@pytest.mark.parametrize(
    ("sql", "schemas"),
    [
        ("CREATE TABLE t ()", {"public"}),
        ("CREATE SCHEMA app", {"app"}),
        ("CREATE SCHEMA app; CREATE TABLE app.t ()", {"app"}),
        ("CREATE SCHEMA app; CREATE TABLE t ()", {"app", "public"}),
        ("CREATE SCHEMA app; COMMENT ON SCHEMA public IS 'x'", {"app", "public"}),
        ("CREATE SCHEMA app; SET search_path = app; CREATE TABLE t ()", {"app"}),
        ("DO $$ BEGIN CREATE SCHEMA made; END $$", {"made"}),
        ("", {"public"}),
    ],
)
def test_the_managed_schemas_are_those_that_files_create_or_mention(
    folder: Path, shadow: Shadow, sql: str, schemas: set[str]
) -> None:
    foretold: list[Scope] = []
    scope = declared_catalog(write(folder, a=sql), shadow, foretell=foretold.append).scope
    assert scope.schemas == schemas
    assert foretold == [scope] or sql.startswith("DO"), "what a block makes is known afterwards"


def test_an_unchanged_declaration_is_not_loaded_twice(folder: Path, shadow: Shadow) -> None:
    write(folder, a="CREATE TABLE t (a int); VACUUM;")
    first, second = (declared_catalog(folder, shadow) for _ in range(2))
    assert (first.cached, second.cached) == (False, True)
    assert second.catalog == first.catalog
    assert second.notes == first.notes
    assert not declared_catalog(folder, shadow, Wanted(grants=False)).cached
    write(folder, a="CREATE TABLE t (a int, b int); VACUUM;")
    third = declared_catalog(folder, shadow)
    assert not third.cached
    assert third.digest != first.digest


def test_a_damaged_cache_is_ignored(folder: Path, tmp_path: Path, shadow: Shadow) -> None:
    write(folder, a="CREATE TABLE t (a int)")
    declared_catalog(folder, shadow)
    (entry,) = (tmp_path / "cache" / "migplan" / "catalogs").iterdir()
    entry.write_bytes(entry.read_bytes()[:100])
    assert not declared_catalog(folder, shadow).cached
    entry.parent.chmod(0o777)
    assert not declared_catalog(folder, shadow).cached


def test_a_database_is_a_declaration(make_db: MakeDb, shadow: Shadow) -> None:
    declared = declared_catalog(make_db("CREATE SCHEMA app; CREATE TABLE app.t ()"), shadow)
    assert ObjectId("table", ("app", "t")) in declared.catalog
    assert not declared.directives.items


def test_set_up_is_there_and_not_managed(folder: Path, tmp_path: Path, pg_url: str) -> None:
    setup = tmp_path / "setup.sql"
    setup.write_text("CREATE SCHEMA auth; CREATE TABLE auth.users (id int PRIMARY KEY); CREATE DOMAIN public.d AS int;")
    write(folder, a="CREATE TABLE t (a d REFERENCES auth.users); CREATE INDEX i ON auth.users (id);")
    declared = declared_catalog(folder, choose_shadow(pg_url, setup=read_setup_files(None, [setup])))
    kinds = {id.kind: id for id in declared.catalog.objects}
    assert "domain" not in kinds
    assert declared.scope.schemas == {"public"}
    assert [str(note) for note in declared.notes] == [
        f"{folder / 'a.sql'}:1:45: index auth.i is not managed: loaded, but neither compared nor planned"
    ]


def test_the_supabase_preset(folder: Path, pg_url: str) -> None:
    write(
        folder,
        a="""
        CREATE TABLE profiles (id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE);
        ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
        CREATE POLICY p ON profiles TO authenticated USING (auth.uid() = id AND auth.role() <> 'anon');
        CREATE POLICY q ON storage.objects FOR SELECT TO anon USING ((storage.foldername(name))[1] = 'public');
        ALTER PUBLICATION supabase_realtime ADD TABLE profiles;
        CREATE TABLE x (id uuid DEFAULT extensions.uuid_generate_v4());
        """,
    )
    shadow = choose_shadow(None, url=pg_url, setup=read_setup_files("supabase", []))
    declared = declared_catalog(folder, shadow, Wanted(ignore=ignored_by("supabase")))
    assert declared.scope.schemas == {"public"}
    assert ObjectId("policy", ("public", "profiles", "p")) in declared.catalog
    assert len(declared.notes) == 2
    assert {id.path[0] for id in declared.catalog.objects} <= {"public", "hstore"}


@pytest.mark.parametrize(
    ("sql", "error", "message"),
    [
        ("CREATE TABLE t (a no_such_type)", SourceError, 'a.sql:1:19: type "no_such_type" does not exist'),
        ("-- migplan: frob\nCREATE TABLE t ()", DirectiveError, "unknown directive"),
        ("-- migplan: bake\nCREATE TABLE t (); DROP TABLE t", DirectiveError, "doesn't hold"),
        (
            "CREATE TABLE t (); GRANT SELECT ON t TO no_such_role_1",
            ShadowError,
            "a.sql:1:20: the role no_such_role_1 is",
        ),
    ],
)
def test_errors(folder: Path, shadow: Shadow, sql: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        declared_catalog(write(folder, a=sql), shadow)


def test_what_is_no_declaration(folder: Path, shadow: Shadow, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        declared_catalog(tmp_path / "nowhere", shadow)
    with pytest.raises(SourceError, match=r"holds no \.sql files"):
        declared_catalog(folder, shadow)
    (folder / "a.sql").write_bytes(b"-- x\nCREATE TABLE t\xe9 ();")
    with pytest.raises(SourceError, match=r"a\.sql:2: the file is not UTF-8"):
        declared_catalog(folder, shadow)
    (folder / "a.sql").write_bytes(b"PGDMP\x01")
    with pytest.raises(SourceError, match="archive of pg_dump") as error:
        declared_catalog(folder, shadow)
    assert "pg_restore" in (error.value.hint or "")


def test_extensions_are_pinned_only_where_a_version_is_declared(folder: Path, shadow: Shadow) -> None:
    found = declared_catalog(write(folder, a="CREATE EXTENSION hstore VERSION '1.8'; CREATE EXTENSION ltree"), shadow)
    pinned = {
        id.path[0]: getattr(found.catalog[id], "pinned", None) for id in found.catalog.objects if id.kind == "extension"
    }
    assert pinned == {"hstore": "1.8", "ltree": None}


def test_a_wrong_database_and_user_are_clear_errors(pg_url: str) -> None:
    with pytest.raises(TargetError, match="does not exist") as error:
        connect(pg_url.removesuffix("postgres") + "no_such_database")
    assert "database's name" in (error.value.hint or "")
    with pytest.raises(TargetError, match="does not exist"):
        connect(pg_url.replace("postgres@", "no_such_user@"))


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"CREATE TABLE t ();\n\0CREATE TABLE u ();", ":2", "zero byte"),
        ("CREATE TABLE t ();\n".encode("utf-16"), ":1", "zero byte"),
        (b"CREATE TABLE t ();\n-- \xe9t\xe9\n", ":2", "not UTF-8"),
    ],
)
def test_what_is_not_text_is_refused(folder: Path, shadow: Shadow, content: bytes, place: str, message: str) -> None:
    (folder / "a.sql").write_bytes(content)
    with pytest.raises(SourceError, match=message) as error:
        declared_catalog(folder, shadow)
    assert str(error.value.place).endswith(f"a.sql{place}")
    assert error.value.hint


def test_a_database_stands_alone(folder: Path, shadow: Shadow, pg_url: str) -> None:
    with pytest.raises(SourceError, match="stands alone"):
        declared_catalog([folder, pg_url], shadow)
