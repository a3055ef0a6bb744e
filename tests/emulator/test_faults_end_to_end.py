"""Each fault between our own client and the emulator: the right embeddings in the end, or the right error; no input is
lost, and none is counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import pytest

from preflight.emulator import Faults, LocalServer
from preflight.emulator.faults import FAULTS
from preflight.emulator.rate_headers import STYLES
from preflight.emulator.tally import Count
from preflight.errors import (
    BadResponseError,
    RateLimitError,
    RequestRefusedError,
    ServiceUnavailableError,
    SubmitError,
)
from preflight.media import Fidelity, Source
from preflight.payload import Media, Payload, media_body, text_body
from preflight.submitter import Client

TEXTS = ("a man walking a dog", "two boats", "a red door")
STALLED_S = 0.5
"""What the client allows for a request that is never answered; all others have time."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What becomes of a request that this fault falls on once, and of one that it falls on each time."""

    options: str = ""
    mends: bool = True
    """Whether the client comes through on its own when the fault falls once."""
    waits: bool = True
    """Whether it has to ask again for that."""
    bills: bool = False
    """Whether the service had worked out the answer that was spoilt."""
    error: type[SubmitError] | None = ServiceUnavailableError
    """When it falls each time."""
    status: int | None = None
    says: str = ""
    """Part of that error's message: what to do next."""
    client: dict[str, float] = field(default_factory=dict)


NETWORK = "Check the network, the proxy"
SERVICE = "Run it again later; if it goes on, report it to the service."
SLOW = "Check the network, or allow more time (timeout_s, deadline_s)."
ANSWER = "Check that the base URL is the service's"
CASES = {
    "rate_limited": Case(options=":retry_after=0.5", error=RateLimitError, status=429, says="Run it again after 20"),
    "error_500": Case(status=500, says=SERVICE),
    "html_502": Case(status=502, says=f'(502: an HTML page, "502 Bad Gateway"). It was tried 3 times. {SERVICE}'),
    "error_503": Case(status=503, says=SERVICE),
    "error_504": Case(status=504, says=SERVICE),
    "error_408": Case(status=408, says=SERVICE),
    "html_200": Case(mends=False, error=BadResponseError, status=200, says=ANSWER),
    "reset": Case(says=NETWORK),
    "reset_upload": Case(says=NETWORK),
    "slow": Case(options=":seconds=0.1", waits=False, error=None),
    "slow_reading": Case(options=":seconds=0.1", waits=False, error=None),
    "slow_answer": Case(options=":seconds=0.1", waits=False, error=None),
    "stalled": Case(client={"timeout_s": STALLED_S}, bills=True, says=f"no answer within {STALLED_S} s"),
    "stalled_midway": Case(client={"timeout_s": STALLED_S}, bills=True, says=SLOW),
    "reset_midway": Case(bills=True, says=NETWORK),
    "cut_short": Case(bills=True, says=NETWORK),
    "truncated_json": Case(mends=False, bills=True, error=BadResponseError, status=200, says=ANSWER),
    "wrong_length": Case(
        mends=False, bills=True, error=BadResponseError, status=200, says="511 numbers instead of 512"
    ),
    "not_a_number": Case(mends=False, bills=True, error=BadResponseError, status=200, says=ANSWER),
    "huge_number": Case(mends=False, bills=True, error=BadResponseError, status=200, says="that no float32 can"),
    "missing_keys": Case(mends=False, bills=True, error=BadResponseError, status=200, says="`embedding`"),
    "no_embeddings": Case(mends=False, bills=True, error=BadResponseError, status=200, says="holds no embedding"),
    "wrong_type": Case(waits=False, error=None),
    "broken_gzip": Case(mends=False, bills=True, error=BadResponseError, status=200, says="cannot be decompressed"),
}


def test_every_fault_has_its_case():
    assert set(CASES) == set(FAULTS)


def payload(text: str) -> Payload:
    return Payload(
        source=text,
        input_type="text",
        fragments=text_body("marengo3.0", text),
        span=None,
        offset=0,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )


@pytest.fixture(autouse=True)
def _no_proxy_of_ours(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def slept_s() -> list[float]:
    return []


Connect = Callable[..., Client]


@pytest.fixture
def connect(slept_s) -> Iterator[Connect]:
    made = []

    def make(server: LocalServer, **options: object) -> Client:
        given = {"sleep": slept_s.append, "retries": 2} | options
        made.append(Client("any-key", base_url=server.url, **given))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, np.ndarray]:
    with LocalServer() as server, Client("any-key", base_url=server.url) as client:
        return {text: client.embed(payload(text)).vectors for text in TEXTS}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_that_falls_once(name, connect, slept_s, undisturbed):
    case = CASES[name]
    with LocalServer(faults=f"{name}{case.options}@2") as server:
        client = connect(server, **case.client)
        answers, failed = {}, []
        for text in TEXTS:
            try:
                answers[text] = client.embed(payload(text))
            except SubmitError as error:
                failed.append((text, type(error)))
        for text, _ in failed:  # as the message says
            answers[text] = client.embed(payload(text))

    assert failed == ([] if case.mends else [(TEXTS[1], case.error)])
    assert len(slept_s) == (1 if case.mends and case.waits else 0)
    for text in TEXTS:
        np.testing.assert_array_equal(answers[text].vectors, undisturbed[text])
    # Nothing lost, nothing answered twice; and what the spoilt answer cost.
    billed = [1, 2 if case.bills else 1, 1]
    keys = [sha256(text.encode()).hexdigest() for text in TEXTS]
    assert server.tally.by_sha256 == {key: Count(n, 1) for key, n in zip(keys, billed, strict=True)}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_that_falls_each_time(name, connect, slept_s, undisturbed):
    case = CASES[name]
    with LocalServer(faults=f"{name}{case.options}") as server:
        client = connect(server, **case.client)
        if case.error is None:
            np.testing.assert_array_equal(client.embed(payload(TEXTS[0])).vectors, undisturbed[TEXTS[0]])
            assert slept_s == []
            return
        with pytest.raises(SubmitError) as caught:
            client.embed(payload(TEXTS[0]))

    assert type(caught.value) is case.error
    assert caught.value.status == case.status
    assert case.says in str(caught.value)
    assert caught.value.retried == len(slept_s) == (2 if case.mends else 0)
    assert server.tally.total.delivered == 0
    assert server.tally.total.embedded == (0 if not case.bills else caught.value.retried + 1)


@pytest.mark.parametrize("dimension", ["request", "duration"])
@pytest.mark.parametrize("style", STYLES)
def test_each_way_to_say_when_to_come_back(style, dimension, connect, slept_s, undisturbed):
    spec = f"rate_limited:headers={style}:retry_after=20:dimension={dimension}@1"
    with LocalServer(faults=spec) as server:
        got = connect(server).embed(payload(TEXTS[0]))

    np.testing.assert_array_equal(got.vectors, undisturbed[TEXTS[0]])
    [waited_s] = slept_s
    if style == "none":
        assert 0.5 <= waited_s <= 1  # its own first backoff
    else:
        # A date has whole seconds, the next: up to 21; by an epoch, some of it is over; and no two clients come back
        # together: up to a tenth later.
        assert 19 < waited_s <= 21 * 1.1
    assert server.tally.total == Count(1, 1)


@pytest.mark.parametrize("style", [style for style in STYLES if style != "none"])
def test_a_daily_quota_ends_it_with_the_time_to_come_back(style, connect, slept_s):
    with (
        LocalServer(faults=f"rate_limited:headers={style}:retry_after=36000") as server,
        pytest.raises(RateLimitError, match=r"preflight waits 300 s at most\. Run it again after 20") as caught,
    ):
        connect(server).embed(payload(TEXTS[0]))

    assert caught.value.retry_after_s == pytest.approx(36_000, abs=2)
    assert (caught.value.retried, slept_s) == (0, [])


def test_a_refusal_is_not_touched_by_what_spoils_answers(connect):
    for name in ("wrong_length", "huge_number", "missing_keys", "no_embeddings"):
        with LocalServer(faults=name) as server, pytest.raises(RequestRefusedError, match="tokens"):
            connect(server).embed(payload("word " * 2_000))


@pytest.mark.parametrize(
    ("fault", "retries"),
    [("reset_upload", 1), ("slow_reading:seconds=0.5", 0), ("reset", 1), ("html_502", 1), ("reset_midway", 1)],
)
def test_a_long_upload_is_sent_again_from_its_start(fault, retries, connect, slept_s, sound):
    song = sound(3, 12.0).read_bytes()  # 1 MB: more than a socket holds at once
    media = Media(source=Source.of(song), size_bytes=len(song))
    sent = Payload(
        source="song.wav",
        input_type="audio",
        fragments=media_body("marengo3.0", "audio", media),
        span=None,
        offset=None,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )
    with LocalServer() as plain:
        expected = connect(plain).embed(sent)
    with LocalServer(faults=f"{fault}@1") as server:
        got = connect(server).embed(sent)

    np.testing.assert_array_equal(got.vectors, expected.vectors)
    assert len(slept_s) == retries
    billed = 2 if fault == "reset_midway" else 1
    assert server.tally.by_sha256 == {sha256(song).hexdigest(): Count(billed, 1)}


def test_many_at_once_under_random_faults(connect, slept_s):
    """None lost, none answered twice, whatever falls on whom; and what was spoilt is the only thing paid for twice."""
    texts = [f"text number {n}" for n in range(120)]
    spec = "rate_limited:headers=none%8,error_500%5,html_502%5,reset%5,reset_midway%5,cut_short%5,slow:seconds=0.02%5"
    with LocalServer() as plain, LocalServer(faults=Faults.of(spec, seed=4)) as server:
        careful, expected = connect(server, retries=20), connect(plain)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda text: careful.embed(payload(text)), texts))
        for text, answer in zip(texts[::10], answers[::10], strict=True):
            np.testing.assert_array_equal(answer.vectors, expected.embed(payload(text)).vectors)

    counts = server.tally.by_sha256
    assert set(counts) == {sha256(text.encode()).hexdigest() for text in texts}
    assert {count.delivered for count in counts.values()} == {1}
    assert len(slept_s) > 20
    assert 0 < server.tally.total.embedded - len(texts) < len(slept_s)
