from __future__ import annotations

from datetime import UTC, datetime

import pytest

from migplan.core.hours import hours, next_opening, open_window

BERLIN = "Sat 02:00-05:00 Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "now", "opens"),
    [
        (BERLIN, "2026-11-28 00:59", "2026-11-28 01:00"),
        (BERLIN, "2026-11-28 01:00", None),
        (BERLIN, "2026-11-28 03:59", None),
        (BERLIN, "2026-11-28 04:00", "2026-12-05 01:00"),
        (BERLIN, "2026-08-15 00:30", None),
        ("Sun 01:30-03:30 Europe/Berlin", "2026-10-25 02:20", None),
        ("Sun 01:30-03:30 Europe/Berlin", "2026-10-25 02:30", "2026-11-01 00:30"),
        ("Sat 22:00-02:00", "2026-11-29 01:59", None),
        ("Sat 22:00-02:00", "2026-11-28 01:59", "2026-11-28 22:00"),
        ("daily 23:00-24:00", "2026-11-28 23:30", None),
        ("daily 23:00-24:00", "2026-11-28 00:00", "2026-11-28 23:00"),
        ("daily 00:00-00:00", "2026-11-28 12:00", None),
    ],
)
def test_when_a_window_is_open(text: str, now: str, opens: str | None) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    windows = [hours(text)]
    if opens is None:
        assert open_window(windows, at) == windows[0]
        assert next_opening(windows, at) <= at
    else:
        assert open_window(windows, at) is None
        assert next_opening(windows, at) == datetime.fromisoformat(opens).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Saturday 02:00-05:00", "write a window as"),
        ("Sat 25:00-26:00", "no such time of day"),
        ("Sat 02:00-05:00 Europe/Berlyn", "no time zone 'Europe/Berlyn'"),
        ("Sat 02:00-05:00 ../etc/passwd", "no time zone"),
    ],
)
def test_what_is_no_window(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        hours(text)
