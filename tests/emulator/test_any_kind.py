"""marengo3.5 at the emulator: what it refuses by its schema, and what its options do."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from preflight.emulator.any_kind import answer, parse
from preflight.emulator.wire import Refusal
from preflight.pipeline import Preflight

WORDS = {"media_type": "document", "base64_string": base64.b64encode(b"a dog in words").decode()}


def body(text: str | None = "a dog", sources: list | None = None, **more: object) -> bytes:
    inner = {"input_text": text} if text is not None else {}
    inner |= {"media_sources": sources} if sources is not None else {}
    return json.dumps({"input_type": "multi_input", "model_name": "marengo3.5", "multi_input": inner, **more}).encode()


def answered(sent: bytes) -> dict:
    return answer(parse(sent), Preflight(limits="marengo3.5"))


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [
        (b"[]", "parameter_invalid", "a JSON object"),
        (b'{"input_type":"text"}', "parameter_invalid", "`input_type`"),
        (b'{"input_type":"multi_input","model_name":"marengo3.0"}', "parameter_invalid", "`model_name`"),
        (body(user="me"), "parameter_unknown", "`user`"),
        (body(None), "parameter_not_provided", "`multi_input.media_sources`"),
        (body(None, []), "parameter_not_provided", "`multi_input.media_sources`"),
        (body(None, [WORDS | {"media_type": "pdf"}]), "parameter_invalid", "media_sources[0].media_type"),
        (body(None, [WORDS | {"format": "txt"}]), "parameter_unknown", "media_sources[0].format"),
        (body(None, [WORDS | {"base64_string": "a b"}]), "parameter_invalid", "standard base64"),
        (body(auto_truncate=1), "parameter_invalid", "`auto_truncate`"),
        (body(embedding_dimension=300), "parameter_invalid", "128, 256, 512"),
        (body(None, [WORDS], embedding_uncertainty=True), "parameter_invalid", "no documents"),
    ],
)
def test_what_the_schema_refuses(sent: bytes, code: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(sent)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (body("word " * 2_001), "token_limit_exceeded"),
        (body(None, [WORDS, WORDS]), "texts_alone"),
        (body("a dog", [WORDS]), "texts_alone"),
        (body("<@dog>"), "placeholder_unresolved"),
        (body(None, [WORDS] * 11), "media_sources_count"),
        (body(None, [WORDS | {"media_type": "image"}]), "unsupported_file_type"),
    ],
)
def test_what_the_rules_refuse(sent: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        answered(sent)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_one_vector_and_what_it_cost() -> None:
    given = answered(body(None, [WORDS]))
    (row,) = given["data"]
    assert len(row["embedding"]) == 512
    assert given["metadata"] == {"input_type": "multi_input", "embedding_dimension": 512}
    assert given["usage"]["input_tokens"]["document"] == 1
    assert given["usage"]["truncated"] is False


def test_a_shorter_vector_is_the_beginning_of_the_longer() -> None:
    (whole,) = answered(body())["data"]
    (short,) = answered(body(embedding_dimension=128))["data"]
    beginning = np.array(whole["embedding"][:128])
    assert short["embedding"] == pytest.approx((beginning / np.linalg.norm(beginning)).tolist(), abs=1e-6)


def test_what_is_truncated_says_so() -> None:
    given = answered(body("word " * 2_001, auto_truncate=True))
    assert given["usage"]["truncated"] is True
    assert given["usage"]["truncation_reason"] == "model_context_window"


def test_uncertainty_is_given_where_it_is_asked_for() -> None:
    assert "embedding_uncertainty" in answered(body(embedding_uncertainty=True))["data"][0]
    assert "embedding_uncertainty" not in answered(body())["data"][0]
