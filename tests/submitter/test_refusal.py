import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RequestRefusedError,
    ServiceUnavailableError,
)
from preflight.rules import RULES
from preflight.submitter.refusal import LOCAL_RULES, Said, quoted, read, refused

FLAT = b'{"code":"video_resolution_too_low","message":"Too low.","docs_url":"https://docs.example/errors"}'
NESTED = (
    b'{"error":{"code":"VALIDATION_ERROR","message":"Bad field",'
    b'"details":{"field":"input_type","value":"invalid_type"}}}'
)
LIMITED = b'{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Too many","details":{"retryAfter":"60","n":[1]}}}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            FLAT,
            Said(code="video_resolution_too_low", message="Too low.", docs_url="https://docs.example/errors"),
        ),
        (NESTED, Said(code="VALIDATION_ERROR", message="Bad field (field=input_type, value=invalid_type)")),
        (LIMITED, Said(code="RATE_LIMIT_EXCEEDED", message="Too many", retry_after="60")),
        (
            b'{"error":{"code":"INTERNAL","details":{"requestId":"req_abc123"}}}',
            Said(code="INTERNAL", message="(requestId=req_abc123)"),
        ),
        (b'{"message":"Forbidden"}', Said(message="Forbidden")),
        (b'{"error":"broken","code":17}', Said(code="17", message="broken")),
        (b'{"code":"x","message":null,"docs_url":"javascript:alert(1)","details":[]}', Said(code="x")),
        (b"upstream connect error", Said(message="upstream connect error")),
        (b'{"detail":"other"}', Said(message='{"detail":"other"}')),
        (
            b"<!DOCTYPE html>\n<html><head><title>502 Bad\n &amp; Gateway</title></head>",
            Said(message='an HTML page, "502 Bad & Gateway"'),
        ),
        (b"<html><body>oops</body></html>", Said(message="an HTML page")),
        (b"", Said()),
        (b"   \n", Said()),
        (b"null", Said(message="null")),
        (b"[" * 100_000, Said(message="[" * 299 + "…")),
        (b"\xff\xfe\x1b[31mred\x1b[0m", Said(message="\ufffd\ufffd [31mred [0m")),
    ],
)
def test_every_shape_of_body_is_read(body, said):
    assert read(body) == said


def test_a_long_message_is_cut():
    said = read(json.dumps({"code": "c" * 1000, "message": "m" * 1000}).encode())
    assert (len(said.code), len(said.message)) == (80, 300)


KEY = "tlk_0123/456789"


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":"api_key_invalid","message":"the key tlk_0123\\/456789 is unknown"}',
        b'{"error":{"code":"tlk_0123/456789","message":"m","details":{"tlk_0123/456789":"tlk_0123/456789"}}}',
        b"<html><title>tlk_0123/456789</title>",
        b"no such key: tlk_0123/456789",
        # Cutting first would leave half of it.
        ("m" * 293 + KEY).encode(),
    ],
)
def test_the_key_is_not_repeated(body):
    said = read(body, secret=KEY)
    shown = repr(said) + str(refused(401, said))
    assert KEY not in shown
    assert "tlk_" not in shown
    assert "[API" in shown


def test_a_link_with_the_key_in_it_is_left_out():
    body = f'{{"code":"x","docs_url":"https://docs.example/?key={KEY}"}}'.encode()
    assert read(body).docs_url
    assert read(body, secret=KEY).docs_url is None


@given(
    st.text(alphabet="abcdefgh0123456789-_./+=", min_size=12),
    st.text(),
    st.sampled_from(["code", "message", "docs_url", "details", "extra"]),
    st.booleans(),
)
def test_the_key_is_never_repeated(key, around, field, nested):
    error = {"code": "c", "message": "m"} | {field: {"k": around + key} if field == "details" else around + key}
    body = json.dumps({"error": error} if nested else error).encode()
    for sent in (body, body[:-1]):
        said = read(sent, secret=key)
        assert key not in str(refused(400, said))
        assert key not in repr(said)


names = st.text() | st.sampled_from(["error", "code", "message", "details", "retryAfter"])
json_values = st.recursive(
    st.none() | st.text() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(names, inner)
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_becomes_one_printable_line(body):
    said = read(body)
    assert said.message.isprintable()
    assert len(said.message) < 1000
    assert said.code is None or (said.code.isprintable() and said.code)


# CONTRACT 5.3: what the service says of media.
MEDIA_CODES = [
    "audio_file_broken",
    "token_limit_exceeded",
    "unsupported_file_type",
    "video_duration_too_long",
    "video_duration_too_short",
    "video_file_broken",
    "video_filesize_too_large",
    "video_resolution_invalid_aspect_ratio",
    "video_resolution_too_high",
    "video_resolution_too_low",
]


@pytest.mark.parametrize("code", MEDIA_CODES)
def test_the_service_s_codes_of_media_are_rules_of_ours(code):
    assert code in LOCAL_RULES


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_a_refusal_names_the_local_rule_that_should_have_caught_it(code):
    error = refused(400, Said(code=code, message="No."), retried=2)
    assert isinstance(error, RequestRefusedError)
    assert (error.status, error.code, error.retried) == (400, code, 2)
    assert str(error) == (
        f"The service refused the request (400 {code}: No). "
        f"The local rule `{code}` should have caught this: run `preflight check` and report the file."
    )


@pytest.mark.parametrize(
    ("message", "is_named"),
    [
        (
            "The `text` parameter is invalid. The text token length should be less than or equal to 77.",
            True,
        ),
        ("The `text` parameter is invalid. It exceeds the maximum token limit.", True),
        ("The `page_token` parameter is invalid.", False),
        ("The `video` parameter is invalid.", False),
    ],
)
def test_a_general_code_for_too_many_tokens_names_the_rule_for_them(message, is_named):
    error = refused(400, Said(code="parameter_invalid", message=message))
    assert ("The local rule `token_limit_exceeded` should have caught this" in str(error)) is is_named
    assert error.code == "parameter_invalid"


@pytest.mark.parametrize(
    ("status", "code", "kind", "next_step"),
    [
        (200 + 4, None, BadResponseError, "Check the base URL"),
        (302, None, RequestRefusedError, "Check the base URL"),
        (400, None, RequestRefusedError, "preflight check"),
        (400, "parameter_invalid", RequestRefusedError, "preflight check"),
        (400, "parameter_unknown", RequestRefusedError, "please report this message"),
        (400, "asset_not_ready", RequestRefusedError, "Wait until the asset is ready"),
        (401, "api_key_invalid", AuthenticationError, "TWELVELABS_API_KEY"),
        (403, "read_not_allowed", AuthenticationError, "another key"),
        (403, "api_allowed_for_paid_plan", AuthenticationError, "plan"),
        (404, None, RequestRefusedError, "Check the base URL"),
        (407, None, RequestRefusedError, "HTTPS_PROXY"),
        (413, None, RequestRefusedError, "preflight check"),
        (422, None, RequestRefusedError, "preflight check"),
        (501, None, ServiceUnavailableError, "Run it again later"),
    ],
)
def test_each_refusal_has_its_error_and_says_what_to_do(status, code, kind, next_step):
    error = refused(status, Said(code=code))
    assert type(error) is kind
    assert error.status == status
    assert str(status) in str(error)
    assert next_step in str(error)


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (400, "video_file_broken", True),
        (400, "parameter_invalid", True),
        (400, None, True),
        (413, None, True),
        (422, None, True),
        # What was sent is not the cause.
        (302, None, False),
        (400, "asset_not_ready", False),
        (400, "usage_limit_exceeded", False),
        (400, "resource_not_exist", False),
        (401, "api_key_invalid", False),
        (403, None, False),
        (404, None, False),
        (407, None, False),
        (409, None, False),
        (429, "usage_limit_exceeded", False),
        (501, None, False),
    ],
)
def test_what_the_same_bytes_would_meet_again_is_permanent(status, code, permanent):
    assert refused(status, Said(code=code)).permanent is permanent


def test_the_documentation_is_named_where_the_service_names_it():
    assert str(refused(400, read(FLAT))).endswith("See https://docs.example/errors")


def test_a_redirect_names_its_host_only():
    error = refused(302, Said(), redirected_to="elsewhere.example")
    assert "redirects to elsewhere.example (302)" in str(error)


def test_quoting_leaves_out_what_is_missing():
    assert quoted(500, Said()) == "500"
    assert quoted(500, Said(code="c")) == "500 c"
    assert quoted(500, Said(message="m.")) == "500: m"
