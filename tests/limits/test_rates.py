"""Plans and prices: the numbers of the contract, and files of one's own."""

from __future__ import annotations

import datetime as dt

import pytest

from preflight.errors import UsageError
from preflight.limits import names as profiles
from preflight.limits import rates

# CONTRACT 5.5: minutes a day, minutes an hour, requests a day, requests a minute; the last two of stills, of uploads.
TABLE = {
    "free": ((3000, 600, 3000, 25), (3000, 600), (3000, 60)),
    "developer-1": ((3000, 600, 3000, 25), (3000, 600), (3000, 60)),
    "developer-2": ((6000, 1200, 6000, 50), (12000, 1200), (6000, 120)),
    "developer-3": ((12000, 2400, 9000, 75), (30000, 2400), (12000, 240)),
}


@pytest.mark.parametrize("plan", TABLE)
def test_each_plan_is_as_the_contract_says(plan):
    read = rates.load(plan)
    media = read.quota("media")
    assert (
        media.media_minutes_a_day,
        media.media_minutes_an_hour,
        media.requests_a_day,
        media.requests_a_minute,
    ) == TABLE[plan][0]
    for group, expected in zip(("still", "upload"), TABLE[plan][1:], strict=True):
        quota = read.quota(group)
        assert (quota.requests_a_day, quota.requests_a_minute) == expected
        assert quota.media_minutes_a_day is quota.media_minutes_an_hour is None
    assert read.source
    assert read.read_on >= dt.date(2026, 1, 12)


def test_plans_are_no_profiles():
    assert rates.names() == tuple(TABLE)
    assert not set(rates.names()) & set(profiles())
    assert rates.load() == rates.load("free")


@pytest.mark.parametrize(
    ("kind", "requests", "media_s", "usd"),
    [
        ("video", 3, 1_500.0, 25 * 0.042),
        ("audio", 1, 90.0, 1.5 * 0.0083),
        ("image", 1_000, 0.0, 0.10),
        ("text", 1_000, 0.0, 0.07),
        ("text_image", 1_000, 0.0, 0.17),
        ("multi_input", 1_000, 0.0, 0.17),
    ],
)
def test_prices_are_as_the_contract_says(kind, requests, media_s, usd):
    assert rates.prices().usd(kind, requests=requests, media_s=media_s) == pytest.approx(usd)


OWN = 'summary = "ours"\nsource = "our contract"\nread_on = 2026-11-01\nstill = { requests_a_minute = 8 }\n'


class TestAFileOfOnesOwn:
    def test_toml(self, tmp_path):
        (path := tmp_path / "ours.toml").write_text(OWN)
        assert rates.load(path).still.requests_a_minute == 8
        assert rates.load(str(path)).media == rates.Quota()

    def test_json(self, tmp_path):
        (path := tmp_path / "ours.json").write_text('{"summary":"","source":"","read_on":"2026-11-01"}')
        assert rates.load(path).upload.requests_a_day is None

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (OWN.replace("8", "0"), "more than 0"),
            (OWN.replace("still", "stil"), "stil"),
            ("no toml", "ours.toml"),
            (OWN.replace("8", '"many"'), "int"),
        ],
    )
    def test_what_is_wrong_is_said(self, tmp_path, text, said):
        (path := tmp_path / "ours.toml").write_text(text)
        with pytest.raises(UsageError, match=said):
            rates.load(path)

    def test_neither_name_nor_file(self, tmp_path):
        with pytest.raises(UsageError, match="developer-3; or give"):
            rates.load("enterprise")
        with pytest.raises(UsageError, match="cannot be read"):
            rates.load(tmp_path / "not_there.toml")
