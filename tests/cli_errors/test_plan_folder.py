"""Plan folders that were damaged, and places where none can be written."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.command import Command

pytestmark = pytest.mark.pg(18)


@pytest.fixture
def plan(migplan: Command, live: str, wanted: str) -> str:
    """The folder of a proved plan."""
    assert migplan("plan", "--target", live, "--schema", wanted, "--out", "plan").status == 0
    return "plan"


UP = "plan/w0_1_expand.up.sql"
UNCOMPILED = {"PYTHONDONTWRITEBYTECODE": "1"}
"""The limit is for migplan's files: Python would keep a compiled module that was cut off."""


def test_an_edited_plan_is_refused_until_it_is_verified(migplan: Command, live: str, wanted: str, plan: str) -> None:
    sides = ("--target", live, "--schema", wanted)
    path = migplan.folder / UP
    good = path.read_text()
    path.write_text(good.replace("ADD COLUMN", "ADD  COLUMN"))
    migplan("review", plan).refused("edited since it was sealed", "migplan verify")
    migplan("plan", *sides, "--out", plan).refused("isn't as it was sealed")
    assert "ADD  COLUMN" in path.read_text()
    assert migplan("verify", plan, *sides).status == 0
    assert migplan("review", plan).status == 0
    path.write_text(good.replace("ADD COLUMN email", "ADD COLUMN mail"))
    ended = migplan("verify", plan, *sides)
    assert ended.status == 1
    assert "column public.users.email is missing" in ended.err
    assert "NOT PROVED" in migplan("review", plan).out


def test_a_plan_from_before_the_way_back_was_measured(migplan: Command, plan: str) -> None:
    path = migplan.folder / "plan/plan.json"
    content: dict[str, Any] = json.loads(path.read_text())
    del content["digest"], content["small"]
    for step in content["steps"]:
        del step["batches"], step["down"]["batches"], step["down"]["measured"]
    sha = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode())
    for file in sorted(path.parent.glob("*.sql")):
        sha.update(f"\0{file.name}\0{file.stat().st_size}\0{file.read_text()}".encode())
    path.write_text(json.dumps({**content, "digest": sha.hexdigest()}))
    assert migplan("review", plan).status == 0


def test_edited_to_nonsense(migplan: Command, live: str, wanted: str, plan: str) -> None:
    sides = ("--target", live, "--schema", wanted)
    path = migplan.folder / UP
    good = path.read_text()
    path.write_text(good + "SELECT 'x;\n")
    ended = migplan("verify", plan, *sides)
    assert (ended.status, ended.out) == (1, "")
    assert "w0_1_expand.up.sql:" in ended.err
    path.write_bytes(good.encode() + b"\xff")
    migplan("verify", plan, *sides).refused("is not UTF-8 text")
    migplan("review", plan).refused("is not UTF-8 text")


def test_missing_and_truncated_files(migplan: Command, live: str, wanted: str, plan: str) -> None:
    sides = ("--target", live, "--schema", wanted)
    whole = migplan.folder / "whole"
    shutil.copytree(migplan.folder / plan, whole)
    (migplan.folder / UP).unlink()
    for command in (("review", plan), ("verify", plan, *sides)):
        migplan(*command).refused("lacks its file w0_1_expand.up.sql", "Restore it")
    document = migplan.folder / "plan/plan.json"
    for size in (0, 1, 500, 2000):
        document.write_bytes((whole / "plan.json").read_bytes()[:size])
        for command in (("review", plan), ("verify", plan, *sides)):
            migplan(*command).refused("plan.json: is not readable JSON", "restore it, or plan anew")
    document.unlink()
    migplan("review", plan).refused("holds no plan.json")
    migplan("review", "nowhere").refused("nowhere holds no plan.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "says no format_version"),
        ('"format_version"', "says no format_version"),
        ('{"format_version": 99}', "has format version 99"),
        ('{"format_version": 1}', "Field required"),
    ],
)
def test_another_plan_json(migplan: Command, plan: str, text: str, said: str) -> None:
    (migplan.folder / "plan/plan.json").write_text(text)
    migplan("review", plan).refused("plan.json: ", said)


def test_an_unknown_field_and_a_path_out_of_the_folder(migplan: Command, live: str, wanted: str, plan: str) -> None:
    document = migplan.folder / "plan/plan.json"
    good = json.loads(document.read_text())
    document.write_text(json.dumps({**good, "since": 2}))
    migplan("review", plan).refused("plan.json: since")
    (migplan.folder / "outside.sql").write_text("kept")
    document.write_text(json.dumps(good).replace("w0_1_expand.up.sql", "../outside.sql"))
    migplan("verify", plan, "--target", live, "--schema", wanted).refused("plan.json: windows")
    assert (migplan.folder / "outside.sql").read_text() == "kept"


def test_places_that_are_taken_or_closed(migplan: Command, live: str, wanted: str) -> None:
    what = ("plan", "--target", live, "--schema", wanted, "--out")
    migplan.write("taken/notes.txt", "mine")
    migplan(*what, "taken").refused("taken exists and is not a plan's folder", "--out")
    migplan(*what, wanted).refused("exists and is not a plan's folder")
    migplan(*what, f"{wanted}/plan").refused("can't write", "--out")
    migplan(*what, "/proc/plan").refused("can't write /proc/plan", "--out")
    assert migplan.left() == ["taken", "taken/notes.txt", wanted]


def test_a_plan_is_replaced_and_what_lies_beside_it_is_kept(
    migplan: Command, live: str, wanted: str, plan: str
) -> None:
    migplan.write("plan/notes.txt", "mine")
    migplan.write("plan/attachments/a.txt", "mine too")
    migplan.write("plan/w7_1_expand.up.sql", "left by a plan with more windows")
    for command in (("plan", "--out", plan), ("verify", plan)):
        assert migplan(*command, "--target", live, "--schema", wanted).status == 0
        left = [name for name in migplan.left() if name.startswith("plan/")]
        assert left == [
            "plan/attachments",
            "plan/attachments/a.txt",
            "plan/notes.txt",
            "plan/plan.json",
            "plan/review.md",
            "plan/w0_1_expand.down.sql",
            UP,
        ]


def test_a_full_disk_leaves_all_or_nothing(migplan: Command, live: str, wanted: str) -> None:
    what = ("plan", "--target", live, "--schema", wanted, "--out", "plan")
    statuses = set[int]()
    for size in (0, 200, 400, 600, 1500, 3000, 1_000_000):
        ended = migplan(
            *what, preexec_fn=lambda size=size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)), env=UNCOMPILED
        )
        statuses.add(ended.status)
        if ended.status:
            ended.refused("can't write plan: File too large", "Nothing was left behind")
            assert migplan.left() == [wanted]
        else:
            assert migplan("review", "plan").status == 0
            shutil.rmtree(migplan.folder / "plan")
    assert statuses == {0, 1}
    assert migplan(*what).status == 0
    before = {path: path.read_bytes() for path in (migplan.folder / "plan").iterdir()}
    ended = migplan(*what, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400)), env=UNCOMPILED)
    ended.refused("can't write plan")
    assert {path: path.read_bytes() for path in (migplan.folder / "plan").iterdir()} == before
