import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import BadResponseError
from preflight.submitter.answer import DIMENSION, Segment, read


def body(*items):
    return json.dumps({"data": list(items)}).encode()


def item(value=0.5, **rest):
    return {"embedding": [value] * DIMENSION, **rest}


def test_vectors_and_segments_come_in_order():
    answer = read(
        body(
            item(1, embedding_option="visual", embedding_scope="clip", start_sec=0, end_sec=4.2),
            item(-0.25, embedding_option=None, unknown=[1]),
        )
    )
    assert answer.vectors.shape == (2, 512)
    assert answer.vectors.dtype == np.float32
    assert answer.vectors[:, 0].tolist() == [1.0, -0.25]
    assert answer.segments == (Segment(option="visual", scope="clip", start_s=0.0, end_s=4.2), Segment())


WHOLE = body(item())


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"", "not as documented"),
        (WHOLE[:-20], "malformed"),
        (WHOLE[:-2], "truncated"),
        (b"<html>login</html>", "not as documented"),
        (b'{"data":null}', "data"),
        (b'{"embeddings":[]}', "data"),
        (b'{"data":[]}', "no embedding"),
        (b'{"data":[{}]}', "embedding"),
        (body({"embedding": None}), "embedding"),
        (body({"embedding": ["0.5"] * 512}), "got `str` at [0] - at `$.data[0].embedding`"),
        (body(item(), {"embedding": [0.5] * 511 + [True]}), "got `bool` at [511] - at `$.data[1].embedding`"),
        (WHOLE.replace(b"0.5", b"NaN", 1), "not as documented"),
        (WHOLE.replace(b"0.5", b"-Infinity", 1), "not as documented"),
        (WHOLE.replace(b"0.5", b"1e999", 1), "out of range"),
        (body(item(), item(1e300)), "vector 1 holds a number that no float32 can"),
        (body(item(), {"embedding": [0.5] * 511}), "vector 1 has 511 numbers instead of 512"),
        (body({"embedding": []}), "vector 0 has 0 numbers"),
        (body(item(start_sec="0")), "start_sec"),
        (b'{"data":[],"metadata":' + b"[" * 100_000, "recursion"),
        (b'{"data":[{"embedding_option":"\xff', "not as documented"),
    ],
)
def test_what_the_contract_does_not_promise_is_refused(sent, says):
    with pytest.raises(BadResponseError) as caught:
        read(sent, retried=3)
    assert says in str(caught.value)
    assert str(caught.value).endswith(
        "Check that the base URL is the service's; if it is, run it again, and report it if that goes on."
    )
    assert (caught.value.status, caught.value.retried) == (200, 3)


@given(st.binary() | st.integers(0, len(WHOLE) - 1).map(lambda n: WHOLE[:n]))
def test_only_our_own_error_comes_out(sent):
    with pytest.raises(BadResponseError):
        read(sent)


def test_a_long_answer_is_never_a_heap_of_python_floats():
    """Of these, 2,000 vectors are 33 MB; as float32, which they are to be, 4 MB, and as much while they are joined."""
    long = body(*[item()] * 2000)
    tracemalloc.start()
    try:
        found = read(long)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.vectors.nbytes == 2000 * 512 * 4
    assert peak < 3 * found.vectors.nbytes
