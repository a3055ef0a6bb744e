"""The messages of SDK:types/embedding_task_response_error.py, word for word, and what becomes of each (CONTRACT 2)."""

import pytest

from preflight.errors import RequestRefusedError, ServiceUnavailableError
from preflight.submitter import failure
from preflight.submitter.decision import Patience

UNPROCESSABLE = "We could not process your media for embedding. Please verify the input file and try again."
DOCUMENTED = [
    ("The embedding service is temporarily unstable. Please try again later.", "bounded", None),
    ("The embedding task failed. Please try again later.", "bounded", None),
    ("The embedding task could not complete processing.", "once", None),
    ("The embedding request was invalid.", "never", "parameter_invalid"),
    ("The media exceeds the maximum allowed size for embedding.", "never", "video_filesize_too_large"),
    ("Content exceeds the model's context window.", "never", "token_limit_exceeded"),
    ("The embedding result is no longer available and cannot be retrieved.", "bounded", None),
    ("failed to fetch or materialize source media", "once", None),
    (UNPROCESSABLE, "never", "video_file_broken"),
    ("Document (17 pages) exceeds maximum limit of 6 pages", "never", None),
    ("File size (33.6 MB) exceeds maximum limit of 32 MB", "never", "video_filesize_too_large"),
    ("Duration (35.0 seconds) exceeds maximum limit of 30 seconds (0 minutes)", "never", "video_duration_too_long"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "again", "code"), DOCUMENTED)
def test_each_documented_message(message, again, code):
    read = failure.read(message, kind="video")

    assert (read.again, read.code) == (again, code)
    error = read.error("6298d6", retried=0)
    assert type(error) is (RequestRefusedError if again == "never" else ServiceUnavailableError)
    assert message.rstrip(".") in str(error)
    assert "6298d6" in str(error)
    assert error.code == code


def test_a_refusal_names_the_local_rule_that_should_have_caught_it():
    for kind in ("audio", "video"):
        error = failure.read("Duration (5 hours) exceeds maximum limit of 4 hours", kind=kind).error("a", retried=0)
        assert f"The local rule `{kind}_duration_too_long` should have caught this" in str(error)


def test_how_often_a_task_is_made_again():
    patience = Patience(retries=5)
    read = {again: failure.read(message, kind="video") for message, again, _ in DOCUMENTED}
    assert read["bounded"].patience(patience).retries == 5
    assert read["once"].patience(patience).retries == 1
    assert read["once"].patience(Patience(retries=0)).retries == 0
    assert read["never"].outcome().status == 400


@pytest.mark.parametrize("message", ["", "Something new.", "\x1b[31mred"])
def test_what_is_not_in_the_list_is_not_tried_again(message):
    read = failure.read(message, kind="audio")
    assert (read.again, read.code) == ("never", None)
    assert "\x1b" not in str(read.error("a", retried=0))
