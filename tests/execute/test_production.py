"""What migplan.toml demands of a run: evidence, hours, the operator's own commands; and what the review makes of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.live import LARGE

from migplan.cli.main import run

if TYPE_CHECKING:
    from tests.execute.conftest import Said, Shop

pytestmark = pytest.mark.pg(18)


def configure(shop: Shop, text: str) -> None:
    """migplan.toml of the folder in which the commands run."""
    Path("migplan.toml").write_text(f'{LARGE}[targets.live]\nurl = "{shop.url}"\n{text}')


def expect(said: Said, status: int, *words: str) -> None:
    assert said.status == status, said
    for word in words:
        assert word in said.out + said.err


def test_what_a_stage_demands(shop: Shop) -> None:
    configure(shop, 'stage = "production"\n[stages.production]\nafter = ["staging"]\napproval = true\nbackup = true\n')
    missing = ("it has not run on staging", "migplan approve", "--backup")
    expect(shop.command("apply", "--yes"), 3, *missing)
    expect(shop.command("apply", "--yes", "--as", "staging"), 1, "the target 'live' is production, not staging")
    assert shop.execute("SELECT count(*) FROM migplan.run") == [(0,)]
    configure(shop, "")
    expect(shop.command("apply", "--yes", "--through", "w0_1_expand", "--as", "staging"), 0)
    configure(shop, 'stage = "production"\n[stages.production]\nafter = ["staging"]\napproval = true\nbackup = true\n')
    shop.command("rollback", "--yes")
    expect(shop.command("approve", "--by", "Ada"), 0)
    expect(
        shop.command("apply", "--backup", "base 7"), 3, "on staging it only came to w0_1_expand, not to w0_2_migrate"
    )
    expect(shop.command("apply", "--through", "w0_1_expand"), 0, "approved by Ada")
    assert run(["review", shop.plan, "--format", "markdown"]) == 0
    said = shop.capture.readouterr().out
    assert "t ran to w0_1_expand on staging" in said
    assert "vouched for" in said
    assert "[x] Backup verified" in said
    assert "| Add column | ✅ done | ✅ done |" in said
    schema = ["--schema", str(shop.migration.declared), "--target", shop.url]
    assert run(["verify", shop.plan, *schema]) == 1
    assert "steps have run on this database" in shop.capture.readouterr().err
    expect(shop.command("rollback", "--yes"), 0)
    file = Path(shop.plan) / shop.migration.phases[0].up
    file.write_text(file.read_text().replace("BEGIN;", "BEGIN;\nSELECT 1;", 1))
    assert run(["verify", shop.plan, *schema]) == 0
    expect(shop.command("apply", "--yes"), 3, *missing)


def test_a_failing_smoke_stops_at_the_boundary(shop: Shop) -> None:
    configure(
        shop,
        '[hooks]\nbefore = "test ! -e shut"\nsmoke = "echo at $MIGPLAN_BOUNDARY of $MIGPLAN_WINDOW; test -e fine"\n',
    )
    Path("shut").touch()
    expect(shop.command("apply", "--yes"), 1, "the command before window 0 failed (exit status 1)")
    assert shop.execute("SELECT count(*) FROM migplan.step") == [(0,)]
    Path("shut").unlink()
    ended = "the smoke test failed (exit status 1); the plan stands at w0_2_migrate"
    expect(shop.command("apply", "--yes"), 1, "at w0_2_migrate of 0", ended, "migplan rollback")
    expect(shop.command("doctor"), 2, "the smoke test failed")
    expect(shop.command("apply", "--yes"), 1, ended)
    shop.command("confirm", "1")
    expect(shop.command("apply", "--yes", "--allow-data-loss"), 1, ended)
    Path("fine").touch()
    expect(shop.command("apply", "--yes", "--allow-data-loss"), 0, "at w0_2_migrate of 0", "The plan is complete")
    again = shop.command("apply", "--yes")
    expect(again, 0, "nothing to do")
    assert "MIGPLAN_BOUNDARY" not in again.out
    Path("fine").unlink()
    back = ("rollback", "--yes", "--to", "start", "--accept-irreversible")
    expect(shop.command(*back), 1, "the plan stands at w0_2_migrate", "Up to there the way back is done")
    expect(shop.command("apply", "--yes", "--through", "w1"), 3, "nobody has confirmed it")


def test_a_smoke_waits_for_the_end_of_its_window(shop: Shop) -> None:
    """What an interrupted run owed to a window isn't due in the middle of it."""
    expect(shop.command("apply", "--yes", "--through", "w0_1_expand"), 0)
    shop.execute(
        "INSERT INTO migplan.event (plan, run, kind, message) SELECT plan, id, 'smoke due', 'w0' FROM migplan.run"
    )
    configure(shop, '[hooks]\nsmoke = "echo smoke at $MIGPLAN_BOUNDARY"\n')
    ended = shop.command("apply", "--yes")
    expect(ended, 0, "smoke at w0_2_migrate")
    assert "smoke at w0_1_expand" not in ended.out


def test_a_hook_that_hangs_ends_with_its_children(shop: Shop) -> None:
    configure(shop, '[hooks]\nbefore = "while :; do date +%s%N > beat; sleep 0.05; done & wait"\ntimeout = "500 ms"\n')
    expect(shop.command("apply", "--yes"), 1, "it took more than")
    beat = Path("beat").read_text()
    time.sleep(0.3)
    assert Path("beat").read_text() == beat


def test_locking_steps_keep_to_the_maintenance_windows(shop: Shop) -> None:
    now = datetime.now(UTC)
    later = f"daily {now + timedelta(hours=2):%H:%M}-{now + timedelta(hours=3):%H:%M}"
    configure(shop, "[hooks]\nbefore = 'touch ran'\n")
    Path("migplan.toml").write_text(f'windows = ["{later}"]\n{Path("migplan.toml").read_text()}')
    opens = f"no maintenance window is open until {now + timedelta(hours=2):%a %Y-%m-%d %H:%M} UTC"
    expect(shop.command("apply", "--yes"), 3, opens, "--now")
    assert not Path("ran").exists()
    expect(shop.command("apply", "--yes", "--through", "w0_1_expand", "--now"), 0)
    expect(shop.command("apply", "--yes"), 0, "w0_2_migrate")
    shop.command("confirm", "1")
    expect(shop.command("apply", "--yes", "--allow-data-loss"), 3, opens)
    expect(shop.command("rollback", "--yes"), 0, "back at start")


def test_restore_points(shop: Shop) -> None:
    expect(shop.command("apply", "--yes", "--through", "w0"), 0, "restore point 'migplan run 1 before w0")
    found = shop.execute("SELECT before_window, name, lsn > '0/0' FROM migplan.restore_point")
    assert [row[:1] + row[2:] for row in found] == [(0, True)]
