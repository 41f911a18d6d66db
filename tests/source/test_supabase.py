"""The set-up preset for Supabase: a project's database with what the platform brings, planned up and down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support import servers as test_servers
from tests.support.both_ways import dump
from tests.support.command import Command
from tests.support.migrations import psql

from migplan.source.shadow import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLATFORM = """
CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN; CREATE ROLE service_role NOLOGIN BYPASSRLS;
CREATE ROLE authenticator NOINHERIT LOGIN; GRANT anon, authenticated, service_role TO authenticator;
CREATE ROLE supabase_admin SUPERUSER; CREATE ROLE supabase_auth_admin; CREATE ROLE supabase_storage_admin;
CREATE DATABASE project;
"""
PROJECT = """
CREATE SCHEMA auth AUTHORIZATION supabase_auth_admin;
CREATE SCHEMA extensions; CREATE SCHEMA storage AUTHORIZATION supabase_storage_admin; CREATE SCHEMA realtime;
CREATE SCHEMA graphql; CREATE SCHEMA vault; CREATE SCHEMA supabase_migrations;
CREATE EXTENSION pgcrypto SCHEMA extensions; CREATE EXTENSION "uuid-ossp" SCHEMA extensions;
CREATE TABLE auth.users (
  instance_id uuid, id uuid NOT NULL PRIMARY KEY, aud varchar(255), role varchar(255), email varchar(255),
  raw_user_meta_data jsonb, created_at timestamptz, is_anonymous boolean NOT NULL DEFAULT false, a_newer_column text
);
CREATE TABLE auth.audit_log_entries (id uuid PRIMARY KEY, payload json);
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('request.jwt.claim.role', true), '')::text $$;
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
CREATE TABLE storage.buckets (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE storage.objects (id uuid PRIMARY KEY, bucket_id text REFERENCES storage.buckets, name text, owner uuid);
ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY);
CREATE PUBLICATION supabase_realtime;
CREATE FUNCTION extensions.pgrst_ddl_watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER pgrst_ddl_watch ON ddl_command_end EXECUTE FUNCTION extensions.pgrst_ddl_watch();
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;
"""
OLD = """
CREATE TABLE public.profiles (
  id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE,
  username text UNIQUE,
  token text DEFAULT extensions.uuid_generate_v4()::text
);
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own profile" ON public.profiles FOR SELECT TO authenticated USING (auth.uid() = id);
CREATE FUNCTION public.handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
  AS $$ BEGIN INSERT INTO public.profiles (id) VALUES (NEW.id); RETURN NEW; END $$;
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();
CREATE POLICY "own files" ON storage.objects FOR SELECT TO authenticated USING (owner = auth.uid());
"""
NEW = """
CREATE TABLE public.profiles (
  id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE,
  username text UNIQUE,
  token text DEFAULT extensions.uuid_generate_v4()::text,
  website text,
  CONSTRAINT username_length CHECK (char_length(username) >= 3)
);
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own profile" ON public.profiles FOR SELECT TO authenticated USING ((SELECT auth.uid()) = id);
CREATE POLICY "admins" ON public.profiles TO service_role USING ((auth.jwt() ->> 'role') = 'admin');
CREATE TABLE public.posts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  author uuid NOT NULL REFERENCES auth.users (id),
  body text NOT NULL
);
ALTER TABLE public.posts ENABLE ROW LEVEL SECURITY;
CREATE POLICY "everyone reads" ON public.posts FOR SELECT TO anon, authenticated USING (true);
CREATE POLICY "authors write" ON public.posts FOR INSERT TO authenticated WITH CHECK (auth.uid() = author);
GRANT SELECT ON public.posts TO anon;
REVOKE TRUNCATE ON public.posts FROM authenticated;
CREATE FUNCTION public.handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
  AS $$ BEGIN INSERT INTO public.profiles (id, website) VALUES (NEW.id, NEW.email); RETURN NEW; END $$;
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();
CREATE POLICY "own files" ON storage.objects FOR SELECT TO authenticated USING (owner = auth.uid());
"""
TOML = '[shadow]\npreset = "supabase"\n'


@pytest.fixture(scope="module", params=[15, 17])
def platform(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server of our own, for its roles are everybody's; the URL of its maintenance database."""
    server = servers.start(test_servers.binaries(request.param))
    psql(server.url, PLATFORM)
    yield server.url
    server.stop()


@pytest.fixture
def project(platform: str) -> Iterator[str]:
    """A project's database with its own first schema, and somebody in it."""
    url = platform.replace("/postgres?", "/project?")
    psql(url, PROJECT + OLD)
    psql(url, "INSERT INTO auth.users (id) SELECT gen_random_uuid() FROM generate_series(1, 10)")
    yield url
    psql(platform, "DROP DATABASE project WITH (FORCE); CREATE DATABASE project")


@pytest.fixture
def migplan(tmp_path: Path) -> Command:
    """The command, in a folder whose migplan.toml names the preset."""
    command = Command(tmp_path, tmp_path)
    command.write("migplan.toml", TOML)
    return command


def test_a_project_is_planned_up_and_down(migplan: Command, project: str) -> None:
    migplan.write("schemas/all.sql", NEW)
    planned = migplan("plan", "--target", project, "--out", "plan")
    assert planned.status == 0, planned.err
    assert "; proved" in planned.out
    first = dump(project)
    folder = migplan.folder / "plan"
    assert "(SHARE ROW EXCLUSIVE on auth.users for a moment)" in migplan("diff", "--target", project).out
    for file in sorted(folder.glob("*.up.sql")):
        psql(project, file.read_text())
    again = migplan("diff", "--target", project)
    assert (again.status, again.out) == (0, "no difference\n")
    psql(project, "INSERT INTO auth.users (id, email) VALUES (gen_random_uuid(), 'a@b')")
    with psycopg.connect(project) as db:
        assert db.execute("SELECT count(*) FROM profiles WHERE website = 'a@b'").fetchone() == (1,)
        grants = "SELECT has_table_privilege(%s, 'posts', 'TRUNCATE')"
        assert [db.execute(grants, [role]).fetchone() for role in ("anon", "authenticated")] == [(True,), (False,)]
    for file in sorted(folder.glob("*.down.sql"), reverse=True):
        psql(project, file.read_text())
    assert dump(project) == first


def test_what_the_platform_brings_is_left_alone(migplan: Command, project: str) -> None:
    migplan.write("schemas/all.sql", OLD)
    assert migplan("diff", "--target", project).out == "no difference\n"
    migplan.write("schemas/all.sql", "CREATE TABLE public.only (id int);")
    found = migplan("diff", "--target", project, "--format", "json").out
    for ours in ("audit_log_entries", "schema_migrations", "pgrst_ddl_watch", "supabase_realtime", "a_newer_column"):
        assert ours not in found
    for schema in ("auth", "storage", "extensions", "realtime", "graphql", "vault"):
        assert f'"schema {schema}"' not in found


def test_init_knows_the_platform(migplan: Command, project: str) -> None:
    begun = migplan("init", "--from", project, "--force")
    assert begun.status == 0, begun.err
    assert "note: a database of Supabase: what the platform made is left alone" in begun.out
    assert "no difference" in begun.out
    for name in ('policy storage.objects."own files"', "trigger auth.users.on_auth_user_created"):
        assert f"note: {name} stands on a table of the platform" in begun.out
    written = [name for name in migplan.left() if name.endswith(".sql")]
    assert written == ["schemas/functions.sql", "schemas/schemas.sql", "schemas/tables/profiles.sql"]
    assert "auth" not in migplan("inspect", "--format", "summary", "--only", "schema *").out


def test_a_role_without_databases_of_its_own(migplan: Command, project: str, platform: str) -> None:
    """The shadow is another server then, where the platform's roles don't exist before."""
    psql(platform, "CREATE ROLE planner LOGIN; GRANT CONNECT ON DATABASE project TO planner")
    migplan.write("schemas/all.sql", NEW)
    planned = migplan("plan", "--target", project.replace("postgres@", "planner@"), "--out", "plan")
    psql(platform, "DROP OWNED BY planner; DROP ROLE planner")
    assert planned.status == 0, planned.err
    assert "; proved" in planned.out


def test_without_the_preset_the_error_says_what_is_missing(migplan: Command, project: str) -> None:
    migplan.write("migplan.toml", "")
    migplan.write("schemas/all.sql", NEW)
    ended = migplan("diff", "--target", project)
    assert (ended.status, ended.out) == (1, "")
    assert 'schema "extensions" does not exist' in ended.err


def test_roles_that_the_targets_server_lacks_are_named(migplan: Command, project: str, platform: str) -> None:
    migplan.write("schemas/all.sql", "CREATE TABLE public.t (id int); GRANT SELECT ON public.t TO nobody_knows;")
    migplan("diff", "--target", project).refused("nobody_knows", "CREATE ROLE nobody_knows")
