"""The pytest plugin, as pytest finds it: other people's tests, run in a pytest of their own."""

from __future__ import annotations

import pytest

FIXTURES = """
    import preflight, pytest
    from preflight.errors import PreflightError
    from preflight.testing import Reply, catalogue

    def test_a_case_is_a_private_copy(media_case):
        path = media_case("text/501_tokens")
        assert path != catalogue.case("text/501_tokens").path
        path.unlink()
        assert media_case("text/501_tokens").read_bytes() == catalogue.case("text/501_tokens").path.read_bytes()

    def test_an_unknown_case_names_its_neighbours(media_case):
        with pytest.raises(PreflightError, match="text/501_tokens"):
            media_case("text/501_token")

    def test_asserts(assert_fits, assert_refused, media_case):
        assert assert_fits(b"some words").kind == "text"
        assert assert_refused(media_case("text/501_tokens"), "token_limit_exceeded").measured == 501

    def test_answers(embed_emulator):
        result = preflight.embed(preflight.Text("a dog"), api_key="any", base_url=embed_emulator.url)
        assert result.vectors.shape == (1, 512)
        (received,) = embed_emulator.requests
        assert received.json["text"] == {"input_text": "a dog"}
        assert received.headers["x-api-key"] == "any"

    def test_plays_its_script(embed_emulator):
        embed_emulator.will(Reply.rate_limited(retry_after_s=0)).on_call(2, Reply.unavailable())
        result = preflight.embed(preflight.Text("a dog"), api_key="any", base_url=embed_emulator.url)
        assert len(result.vectors) == 1
        assert [r.status for r in embed_emulator.requests] == [429, 503, 200]

    @pytest.mark.embed_emulator(api_key="secret")
    def test_takes_one_key_only(embed_emulator):
        with pytest.raises(PreflightError, match="key"):
            preflight.embed(preflight.Text("a dog"), api_key="wrong", base_url=embed_emulator.url)
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_its_fixtures(pytester, workers):
    pytester.makepyfile(FIXTURES)
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers", "-W", "error", *workers)
    done.assert_outcomes(passed=6)


def test_failures_say_how_far_off_and_nothing_else(pytester):
    pytester.makepyfile(
        """
        def test_it(assert_fits, media_case):
            assert_fits(media_case("text/501_tokens"))
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["E * does not fit marengo3.0:", "E *measured 501 tokens, limit 500 tokens, 1 token too many"]
    )
    assert "preflight/testing" not in done.stdout.str().replace("\\", "/")


def test_a_script_that_was_not_played_to_its_end_fails_the_test(pytester):
    pytester.makepyfile(
        """
        from preflight.testing import Reply

        def test_it(embed_emulator):
            embed_emulator.will(Reply(status=503))
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*no request came for 1 replies of the script (503); 0 requests did."])


def test_a_test_that_fails_for_another_reason_is_not_blamed_twice(pytester):
    pytester.makepyfile(
        """
        import pytest
        from preflight.testing import Reply

        def test_fails(embed_emulator):
            embed_emulator.will(Reply(status=503))
            assert False

        def test_is_skipped(embed_emulator):
            embed_emulator.will(Reply(status=503))
            pytest.skip()
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(failed=1, skipped=1)


@pytest.mark.parametrize("arguments", ["'marengo3.0'", "keys='a'"])
def test_a_marker_that_says_something_else_is_a_mistake(pytester, arguments):
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.embed_emulator({arguments})
        def test_it(embed_emulator):
            pass
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(
        ["*takes profile=..., api_key=..., faults=..., latency_s=..., settings=..., and nothing else*"]
    )


def test_copies_do_not_pile_up(pytester):
    pytester.makepyfile(
        """
        import pathlib
        seen = []

        def test_one(media_case):
            seen.append(media_case("text/501_tokens"))

        def test_two():
            assert not seen[0].exists()
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_its_fixtures_are_listed_with_what_they_do(pytester):
    done = pytester.runpytest_subprocess("--fixtures", "-q")
    for name in ("media_case", "embed_emulator", "assert_fits", "assert_refused"):
        done.stdout.fnmatch_lines([f"{name}*"])
    assert "no docstring available" not in done.stdout.str().partition("preflight.testing.plugin")[2]
