"""Errors of connecting say what to do and never show a password."""

from __future__ import annotations

import pytest

from migplan.core.errors import ShadowError, TargetError
from migplan.source.connect import connect, describe, redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:secret@h/d", "postgresql://u:***@h/d"),
        ("at postgres://u:s%40c@h:1/d?sslmode=require x", "at postgres://u:***@h:1/d?sslmode=require x"),
        ("host=h password=secret dbname=d", "host=h password=*** dbname=d"),
        (r"password='a b\'c' host=h", "password=*** host=h"),
        ("postgresql://h/d?password=secret&user=u", "postgresql://h/d?password=***&user=u"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://u:sec?ret@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:secret@more/secret@h/d", "postgresql://u:***@h/d"),
        ("mysql://u:secret@h/d", "mysql://u:***@h/d"),
    ],
)
def test_redact(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_describe_shows_no_password() -> None:
    assert describe("postgresql://u:secret@h:1/d") == "host=h port=1 dbname=d user=u"


def test_an_unreachable_server_is_a_clear_error() -> None:
    with pytest.raises(TargetError, match=r"can't connect to the target \(host=127.0.0.1 port=1") as error:
        connect("postgresql://u:secret@127.0.0.1:1/d")
    assert "secret" not in str(error.value)
    with pytest.raises(ShadowError):
        connect("postgresql://127.0.0.1:1/d", error=ShadowError)


def test_what_is_no_connection_string_is_a_clear_error() -> None:
    with pytest.raises(TargetError, match="is not a connection string") as error:
        connect("postgresql://u:secret@h/d?nonsense=1")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "target",
    [
        "postgresql://u:sec@secret@127.0.0.1:1/d",
        "postgresql://u:sec/secret@127.0.0.1:1/d",
        "postgresql://u:sec%zzsecret@127.0.0.1:1/d",
        "postgresql://u:secret@[::1/d",
        "mysql://u:secret@h/d",
        "host=h password=one secret user=u",
        "host=h password='secret user=u",
        "h:secret",
    ],
)
def test_of_a_malformed_target_nothing_is_shown_that_may_be_a_password(target: str) -> None:
    with pytest.raises(TargetError) as error:
        connect(target)
    assert "secret" not in str(error.value)
    assert error.value.hint


@pytest.mark.parametrize("target", ["postgresql://u:p%40w@127.0.0.1:1/d", "postgresql://127.0.0.1:1/d?options=a@b"])
def test_an_at_sign_in_its_place_is_accepted(target: str) -> None:
    with pytest.raises(TargetError, match="can't connect"):
        connect(target)
