"""`preflight emulate`: a server until Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest

from preflight import Text, prepare
from preflight.cli.emulate import _completed as completed
from preflight.emulator.faults import FAULTS


def test_it_answers_until_ctrl_c(program) -> None:
    process = program("emulate", "--port", "0")
    said = process.stderr.readline()
    url = re.fullmatch(r"emulating marengo3\.0 at (http://127\.0\.0\.1:\d+) \(.*\); Ctrl-C ends it\n", said)[1]
    (payload,) = prepare(Text("man walking a dog"))
    request = urllib.request.Request(
        f"{url}/v1.3/embed-v2",
        data=b"".join(payload.chunks()),
        headers={"x-api-key": "any", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        (item,) = json.load(answer)["data"]
    assert len(item["embedding"]) == 512
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")  # the usual way to end it
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=1)


def test_a_port_that_is_taken(preflight) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = preflight("emulate", "--port", taken.getsockname()[1])
    assert ended.code == 2
    assert ended.err.startswith("preflight: ")


def test_an_unknown_profile(preflight) -> None:
    ended = preflight("emulate", "--port", "0", "--profile", "marengo9")
    assert (ended.code, "Choose one of" in ended.err) == (2, True)


def test_it_fails_as_it_is_told(program, tmp_path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('summary = "mine"\nsource = "me"\nread_on = 2026-11-01\nstill = { requests_a_minute = 1 }\n')
    process = program(
        *("emulate", "--port", "0", "--faults", "html_502@1,by_header", "--faults-seed", "3", "--latency", "0.2"),
        *("--rate-plan", str(mine)),
    )
    said = process.stderr.readline()
    assert ", with faults (html_502@1,by_header); Ctrl-C ends it" in said
    url = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
    (payload,) = prepare(Text("man walking a dog"))
    seen = []
    for fault in ("", "", "", "error_503"):
        headers = {"x-api-key": "any", "Content-Type": "application/json", "X-Emulator-Fault": fault}
        request = urllib.request.Request(f"{url}/v1.3/embed-v2", data=b"".join(payload.chunks()), headers=headers)
        began = time.monotonic()
        try:
            seen.append(urllib.request.urlopen(request, timeout=20).status)
        except urllib.error.HTTPError as error:
            seen.append(error.code)
        assert time.monotonic() - began >= 0.2
    assert seen == [502, 200, 429, 503]
    with urllib.request.urlopen(f"{url}/emulator/tally", timeout=20) as counts:
        assert json.load(counts)["by_sha256"] == {payload.sha256: [1, 1]}
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--faults", "html_503"), "Did you mean html_502?"),
        (("--faults", "slow%200"), "up to 100"),
        (("--faults-seed", "3"), "Give both, or neither"),
        (("--rate-plan", "developer-9"), "Choose one of: free, developer-1"),
    ],
)
def test_what_it_does_not_understand(preflight, arguments, says) -> None:
    ended = preflight("emulate", "--port", "0", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


def test_it_lists_its_faults(preflight) -> None:
    ended = preflight("emulate", "--faults", "list")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.out.splitlines()] == list(FAULTS)


def test_faults_complete() -> None:
    assert "list" in completed("")
    assert completed("html") == ["html_502", "html_200"]
    assert completed("slow%5,stalled_") == ["slow%5,stalled_midway"]
    assert completed("slow,li") == []
