"""`preflight emulate`: a server until Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import socket
import urllib.error
import urllib.request

import pytest

from preflight import Text, prepare


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
