"""Declarations that a command prints: any program, SQLAlchemy's models, Django's models; and what comes by stdin."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.support import dumps
from tests.support.command import SECRET, Command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

ALCHEMY = """
import enum
from sqlalchemy import Enum, ForeignKey, Index, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Mood(enum.Enum):
    sad = "sad"
    happy = "happy"

class Base(DeclarativeBase):
    metadata = MetaData(schema="app")

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True, comment="it's theirs")
    mood: Mapped[Mood] = mapped_column(Enum(Mood, name="mood"))

class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
"""
DJANGO_SETTINGS = """
from psycopg.conninfo import conninfo_to_dict
_given = conninfo_to_dict({url!r})
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.postgresql", "NAME": _given["dbname"], "USER": _given["user"],
    "HOST": _given["host"], "PORT": _given["port"],
}}}}
INSTALLED_APPS = ["blog"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
DJANGO_MODELS = """
from django.db import models

class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)

class Post(models.Model):
    title = models.TextField(db_index=True)
    tags = models.ManyToManyField(Tag)
    after = models.ForeignKey("self", null=True, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.CheckConstraint(name="titled", **{"condition": ~models.Q(title="")})]
"""


@pytest.fixture
def migplan(tmp_path: Path) -> Command:
    return Command(tmp_path, tmp_path)


def _configured(migplan: Command, command: str, more: str = "") -> None:
    migplan.write("migplan.toml", f"schema_command = '{command}'\n{more}")


@pytest.mark.pg(18)
def test_what_a_command_prints_stands_beside_files(migplan: Command, make_db: MakeDb) -> None:
    url = make_db("CREATE TABLE t (id int); CREATE VIEW v AS SELECT id FROM t;")
    _configured(migplan, f'{sys.executable} -c "print(1 * \\"CREATE TABLE t (id int);\\")"', 'schema = "views.sql"\n')
    migplan.write("views.sql", "CREATE VIEW v AS SELECT id FROM t;")
    ended = migplan("diff", "--target", url)
    assert (ended.status, ended.out) == (0, "no difference\n"), ended.err


@pytest.mark.pg(18)
def test_a_command_that_fails_is_an_error(migplan: Command, make_db: MakeDb) -> None:
    code = f'import sys; sys.exit(\\"no postgresql://me:{SECRET}@host/db\\")'
    _configured(migplan, f'{sys.executable} -c "{code}"')
    migplan("diff", "--target", make_db()).refused("ended with status 1: no postgresql://me:***@host/db")
    _configured(migplan, "no-such-program")
    migplan("diff", "--target", make_db()).refused("can't run schema_command (no-such-program)")


@pytest.mark.pg(18)
def test_the_models_of_sqlalchemy(migplan: Command, make_db: MakeDb) -> None:
    live = make_db()
    migplan.write("models.py", ALCHEMY)
    _configured(migplan, f"{sys.executable} -m migplan.orm.sqlalchemy models:Base")
    printed = migplan("plan", "--target", live, "--out", "plan", "--offline")
    assert printed.status == 0, printed.err
    for statement in ("CREATE TYPE app.mood AS ENUM", "CREATE TABLE app.posts", "it''s theirs", "ix_app_posts_author"):
        assert statement in (migplan.folder / "plan" / "w0_1_expand.up.sql").read_text()


@pytest.mark.pg(18)
def test_the_models_of_django(migplan: Command, make_db: MakeDb) -> None:
    live = make_db()
    migplan.write("blog/__init__.py", "")
    migplan.write("blog/models.py", DJANGO_MODELS)
    migplan.write("settings.py", DJANGO_SETTINGS.format(url=live))
    _configured(migplan, f"{sys.executable} -m migplan.orm.django")
    planned = migplan(
        "plan", "--target", live, "--out", "plan", "--offline", env={"DJANGO_SETTINGS_MODULE": "settings"}
    )
    assert planned.status == 0, planned.err
    up = (migplan.folder / "plan" / "w0_1_expand.up.sql").read_text()
    assert all(f"CREATE TABLE public.blog_{name} " in up for name in ("post", "tag", "post_tags"))
    assert "titled" in up


@pytest.mark.pg(18)
def test_a_dump_comes_in_by_stdin(migplan: Command, make_db: MakeDb, tmp_path: Path) -> None:
    source = make_db("CREATE TABLE t (id int PRIMARY KEY, at timestamptz DEFAULT now()); COMMENT ON TABLE t IS 'a';")
    (tmp_path / "dump.sql").write_text(dumps.script(source))
    with (tmp_path / "dump.sql").open() as stdin:
        ended = migplan("diff", "--schema", "-", "--target", source, stdin=stdin)
    assert (ended.status, ended.out) == (0, "no difference\n"), ended.err
