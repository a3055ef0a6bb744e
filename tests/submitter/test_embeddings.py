"""What a user holds in the end: vectors, rows, and what can be asked of them."""

from __future__ import annotations

import uuid
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from preflight.media import Span
from preflight.submitter import Embeddings, Row

NONE = Embeddings.joined([])


def row(option: str | None = "visual", scope: str | None = "clip", start_s=0.0, end_s=6.0, request=1, **more) -> Row:
    return Row(
        source="talk.mp4",
        input_type="video",
        embedding_option=option,
        embedding_scope=scope,
        start_s=start_s,
        end_s=end_s,
        request=request,
        **more,
    )


def embeddings(*rows: Row, first: float = 0) -> Embeddings:
    """Vector n is all n, so that a row can be matched with its vector."""
    numbers = np.arange(first, first + len(rows), dtype=np.float32)
    return Embeddings(np.repeat(numbers[:, None], 512, axis=1), rows)


def numbers(of: Embeddings) -> list[float]:
    return of.vectors[:, 0].tolist()


class TestNormalized:
    @given(arrays.arrays(np.float32, (3, 16), elements=st.floats(-(2.0**127), 2.0**127, width=32)))
    def test_lengths_are_one_or_zero_and_directions_stay(self, vectors) -> None:
        result = Embeddings(vectors, (row(),) * 3).normalized()
        assert result.vectors.dtype == np.float32
        for before, after in zip(vectors.astype(np.float64), result.vectors.astype(np.float64), strict=True):
            if not before.any():
                assert not after.any()
                continue
            assert np.linalg.norm(after) == pytest.approx(1, abs=1e-6)
            scaled = before / np.abs(before).max()
            assert after @ scaled == pytest.approx(np.linalg.norm(scaled), rel=1e-5)

    def test_the_rows_stay_and_the_original_too(self) -> None:
        given = embeddings(row(), row("audio"), first=3)
        assert given.normalized().rows == given.rows
        assert numbers(given) == [3, 4]
        assert numbers(given.normalized()) == [np.float32(1 / np.sqrt(512))] * 2

    def test_of_none(self) -> None:
        assert NONE.normalized().vectors.shape == (0, 512)


class TestJoined:
    def test_of_none(self) -> None:
        assert (NONE.vectors.shape, NONE.vectors.dtype, NONE.rows, len(NONE)) == ((0, 512), np.float32, (), 0)

    def test_in_the_order_given(self) -> None:
        parts = [embeddings(row(), row("audio")), NONE, embeddings(row(start_s=6.0, end_s=12.0, request=2), first=2)]
        joined = Embeddings.joined(parts)
        assert numbers(joined) == [0, 1, 2]
        assert [r.request for r in joined.rows] == [1, 1, 2]

    def test_overlapping_clips_lose_what_is_double_and_keep_their_assets(self) -> None:
        first = embeddings(row(scope="asset", end_s=12.0), row(), row(start_s=6.0, end_s=12.0))
        second = embeddings(
            row(scope="asset", start_s=6.0, end_s=18.0, request=2),
            row(start_s=6.0, end_s=12.0, request=2),
            row(start_s=12.0, end_s=18.0, request=2),
            row("audio", start_s=6.0, end_s=12.0, request=2),
            first=3,
        )
        joined = Embeddings.joined([first, second])
        assert numbers(joined) == [0, 1, 2, 3, 5, 6]
        assert [(r.embedding_option, r.embedding_scope, r.start_s, r.end_s) for r in joined.rows] == [
            ("visual", "asset", 0, 12),
            ("visual", "clip", 0, 6),
            ("visual", "clip", 6, 12),
            ("visual", "asset", 6, 18),
            ("visual", "clip", 12, 18),
            ("audio", "clip", 6, 12),
        ]

    def test_a_row_that_is_kept_in_part_says_so(self) -> None:
        parts = [embeddings(row()), embeddings(row(start_s=4.0, end_s=10.0, request=2, media_sha256="a"), first=1)]
        joined = Embeddings.joined(parts)
        assert joined.rows[1] == row(start_s=6.0, end_s=10.0, request=2, media_sha256="a")

    def test_texts_that_repeat_have_no_times_and_stay(self) -> None:
        parts = [embeddings(row(None, None, None, None, n)) for n in (1, 2)]
        assert len(Embeddings.joined(parts)) == 2


class TestSelect:
    ALL = embeddings(row(scope="asset"), row(), row("audio"), row("audio", "asset"))

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({}, [0, 1, 2, 3]),
            ({"option": "audio"}, [2, 3]),
            ({"scope": "asset"}, [0, 3]),
            ({"option": "visual", "scope": "clip"}, [1]),
            ({"option": "fused"}, []),
        ],
    )
    def test_in_order(self, wanted, expected) -> None:
        found = self.ALL.select(**wanted)
        assert numbers(found) == expected
        assert found.rows == tuple(self.ALL.rows[int(n)] for n in expected)
        assert found.vectors.shape == (len(expected), 512)


class TestRepr:
    def test_of_a_film(self) -> None:
        film = embeddings(row(), row("audio", "asset", end_s=4.25), row(start_s=6.0, end_s=500.5, request=2))
        assert repr(film) == (
            "<Embeddings: 3 vectors of 512, 'talk.mp4', 2 requests, 0 to 500.5 s, audio/visual, asset/clip>"
        )

    def test_of_a_text_and_of_none(self) -> None:
        assert repr(embeddings(row(None, None, None, None))) == "<Embeddings: 1 vectors of 512, 'talk.mp4', 1 request>"
        assert repr(NONE) == "<Embeddings: 0 vectors of 512>"


class TestId:
    def test_it_is_a_uuid_that_stays(self) -> None:
        """Written down once: to change it would make strangers of all that is in a store."""
        expected = uuid.uuid5(
            uuid.UUID("6f0c9f0e-2d3e-5b36-9a51-0b6a5d1f7c43"), '["talk.mp4", "f", 1, "visual", "clip", 0.0, 6.0]'
        )
        assert row(fingerprint="f").id == row(fingerprint="f", start_s=0, end_s=6.0004).id == str(expected)
        assert uuid.UUID(row().id).version == 5

    @pytest.mark.parametrize(
        "change",
        [
            {"source": "other.mp4"},
            {"fingerprint": "g"},
            {"request": 2},
            {"embedding_option": "audio"},
            {"embedding_scope": "asset"},
            {"start_s": 0.1},
            {"end_s": None},
        ],
    )
    def test_what_makes_another(self, change) -> None:
        assert replace(row(fingerprint="f"), **change).id != row(fingerprint="f").id

    def test_what_does_not(self) -> None:
        told = row(fingerprint="f", request_span=Span(0, 9), media_sha256="a", offset=3)
        assert told.id == row(fingerprint="f").id

    def test_a_name_that_is_not_utf8(self) -> None:
        assert uuid.UUID(replace(row(), source="a\udcff.mp4").id)
