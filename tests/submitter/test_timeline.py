from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import BadResponseError
from preflight.media import Fidelity, Span
from preflight.payload import media_body
from preflight.submitter.answer import Answer, Segment
from preflight.submitter.timeline import place, place_answer
from tests.test_payload import media, payload

CLIP = Span(500.0, 520.0)


def answer(*segments):
    """Vector n is all n, so that a row can be matched with its vector."""
    vectors = np.repeat(np.arange(len(segments), dtype=np.float32)[:, None], 512, axis=1)
    return Answer(tuple(segments), vectors)


def placed(*segments, span=CLIP, input_type="video"):
    return place(answer(*segments), source="talk.mp4", input_type=input_type, span=span, request=3)


def times(embeddings):
    return [(row.start_s, row.end_s) for row in embeddings.rows]


def clip(start_s, end_s, option="visual"):
    return Segment(option=option, scope="clip", start_s=start_s, end_s=end_s)


def test_a_segment_moves_by_the_start_of_its_clip():
    (row,) = placed(clip(4.0, 8.0)).rows
    assert (row.start_s, row.end_s) == (504.0, 508.0)
    assert (row.source, row.input_type, row.request) == ("talk.mp4", "video", 3)
    assert (row.embedding_option, row.embedding_scope) == ("visual", "clip")


def test_what_reaches_over_the_span_ends_with_it():
    assert times(placed(clip(16.0, 20.4))) == [(516.0, 520.0)]
    assert times(placed(clip(-0.02, 4.0))) == [(500.0, 504.0)]


@pytest.mark.parametrize(
    "segment",
    [
        Segment(option="audio", scope="asset"),
        Segment(option="audio", scope="asset", start_s=0.0),
        Segment(option="audio", scope="asset", start_s=0.0, end_s=20.0),
        Segment(),
    ],
)
def test_an_asset_is_the_whole_span(segment):
    assert times(placed(segment)) == [(500.0, 520.0)]


def test_a_start_that_is_left_out_is_zero():
    assert times(placed(clip(None, 4.0))) == [(500.0, 504.0)]


@pytest.mark.parametrize(
    "segment", [clip(None, None), clip(4.0, None), clip(8.0, 4.0), Segment(scope="asset", start_s=2.0)]
)
def test_what_cannot_be_placed_is_refused(segment):
    with pytest.raises(BadResponseError, match="Run it again"):
        placed(clip(0.0, 4.0), segment)


@pytest.mark.parametrize("input_type", ["text", "image", "text_image", "multi_input"])
@pytest.mark.parametrize("segment", [Segment(), Segment(option="text", start_s=0.0, end_s=0.0)])
def test_texts_and_images_have_no_times(input_type, segment):
    assert times(placed(segment, span=None, input_type=input_type)) == [(None, None)]


def test_rows_come_by_start_then_option_then_scope_with_their_vectors():
    result = placed(
        clip(4.0, 8.0, "visual"),
        clip(4.0, 8.0, "audio"),
        clip(0.0, 4.0, "visual"),
        Segment(option="visual", scope="asset", start_s=0.0, end_s=20.0),
        Segment(option="audio", scope="asset"),
    )
    assert [(r.start_s, r.embedding_option, r.embedding_scope) for r in result.rows] == [
        (500.0, "audio", "asset"),
        (500.0, "visual", "asset"),
        (500.0, "visual", "clip"),
        (504.0, "audio", "clip"),
        (504.0, "visual", "clip"),
    ]
    assert result.vectors[:, 0].tolist() == [4, 3, 2, 1, 0]
    assert result.vectors.shape == (5, 512)


segments = st.builds(
    lambda option, start_s, length_s: clip(start_s, start_s + length_s, option),
    st.sampled_from(["visual", "audio", "transcription", None]),
    st.floats(-1, 700),
    st.floats(0, 10),
)


@given(
    st.lists(segments, min_size=1, max_size=20),
    st.floats(0, 1e5),
    st.floats(4, 600),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_service_does_not_matter(given_segments, start_s, length_s, random):
    span = Span(start_s, start_s + length_s)
    result = placed(*given_segments, span=span)
    shuffled = list(given_segments)
    random.shuffle(shuffled)
    assert placed(*shuffled, span=span).rows == result.rows
    for row, vector in zip(result.rows, result.vectors, strict=True):
        segment = given_segments[int(vector[0])]
        assert row.embedding_option == segment.option
        assert span.start_s <= row.start_s <= row.end_s <= span.end_s
        if segment.start_s >= 0 and segment.end_s <= length_s:
            assert row.start_s == pytest.approx(start_s + segment.start_s)
            assert row.end_s == pytest.approx(start_s + segment.end_s)


def test_what_is_known_of_a_request_stands_in_each_of_its_rows():
    body = media_body("marengo3.0", "video", media(b"abc"))
    sent = replace(payload(*body), source="talk.mp4", input_type="video", span=CLIP, verified=body[1:2], model_name="m")
    result = place_answer(answer(clip(0.0, 4.0), clip(4.0, 8.0)), sent, request=3)
    assert [(row.source, row.input_type, row.request, row.start_s) for row in result.rows] == [
        ("talk.mp4", "video", 3, 500.0),
        ("talk.mp4", "video", 3, 504.0),
    ]
    for row in result.rows:
        assert (row.request_span, row.fidelity, row.offset) == (CLIP, Fidelity.IDENTICAL, None)
        assert row.media_sha256 == sha256(b"abc").hexdigest()
        assert row.fingerprint == sent.fingerprint
        assert row.model_name == "m"
    assert len({row.id for row in result.rows}) == 2
