"""PDFs whose pages are known by how they were made: by Pillow, or written out here."""

from __future__ import annotations

import io
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from preflight.media import DocumentFacts, Source, Unprobed
from preflight.probers import probe


def of_pictures(pages: int) -> bytes:
    pictures = [Image.new("RGB", (20, 30), (page, 0, 0)) for page in range(pages)]
    file = io.BytesIO()
    pictures[0].save(file, "PDF", save_all=True, append_images=pictures[1:])
    return file.getvalue()


def packed(objects: dict[int, bytes], *, filter_name: bytes = b"/FlateDecode") -> bytes:
    """A PDF of version 1.5, whose objects lie in one compressed stream."""
    offsets, bodies = [], b""
    for number, body in objects.items():
        offsets.append(b"%d %d" % (number, len(bodies)))
        bodies += body + b" "
    head = b" ".join(offsets) + b" "
    stream = zlib.compress(head + bodies) if filter_name == b"/FlateDecode" else head + bodies
    fields = b"/Type /ObjStm /N %d /First %d /Filter %s /Length %d"
    said = fields % (len(objects), len(head), filter_name, len(stream))
    return b"%PDF-1.5\n9 0 obj <<" + said + b">> stream\n" + stream + b"\nendstream endobj\n%%EOF"


def tree(pages: int) -> dict[int, bytes]:
    kids = dict.fromkeys(range(2, 2 + pages), b"<</Type/Page/Parent 1 0 R>>")
    return {1: b"<</Type /Pages /Count %d /Kids []>>" % pages, **kids}


def facts(data: bytes) -> DocumentFacts:
    found = probe(Source.of(data))
    assert isinstance(found, DocumentFacts), found
    assert found.size_bytes == len(data)
    return found


@pytest.mark.parametrize("pages", [1, 2, 17])
def test_pages_of_a_plain_file(pages: int) -> None:
    assert facts(of_pictures(pages)).pages == pages


@pytest.mark.parametrize("pages", [1, 16, 300])
def test_pages_inside_a_compressed_stream(pages: int) -> None:
    found = facts(packed(tree(pages)))
    assert (found.pages, found.version, found.encrypted) == (pages, "1.5", False)


def test_the_claim_of_the_tree_and_the_pages_that_are_there_are_both_believed() -> None:
    assert facts(packed({1: b"<</Type/Pages/Count 40>>", 2: b"<</Type/Page>>"})).pages == 40
    assert facts(packed({1: b"<</Type/Pages/Count 1>>", 2: b"<</Type/Page>>", 3: b"<</Type/Page>>"})).pages == 2


def test_one_page_that_was_saved_twice_is_one_page() -> None:
    data = of_pictures(1)
    at = data.index(b"/Page\n") if b"/Page\n" in data else data.index(b"/Type /Page")
    start = data.rindex(b" obj", 0, at)
    number = data[:start].split()[-2]
    again = number + b" 0 obj\n<</Type /Page>>\nendobj\n"
    assert facts(data + again).pages == 1


def test_what_looks_like_a_page_inside_a_stream_is_none() -> None:
    fake = b"8 0 obj << /Length 40 >> stream\n7 0 obj <</Type /Page>> endobj\nendstream endobj\n"
    assert facts(of_pictures(1) + fake).pages == 1


@pytest.mark.parametrize("said", [b"/Encrypt 5 0 R", b"/Encrypt << /Filter /Standard >>"])
def test_an_encrypted_file_has_no_pages_that_could_be_counted(said: bytes) -> None:
    found = facts(of_pictures(2) + b"trailer << " + said + b" >>")
    assert (found.encrypted, found.pages) == (True, None)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.4\n%%EOF", b"%PDF-1.5\n" + packed(tree(2), filter_name=b"/LZWDecode")[9:], packed({})]
)
def test_without_a_page_it_is_broken(data: bytes) -> None:
    found = probe(Source.of(data))
    assert isinstance(found, Unprobed)
    assert found.code == "document_file_broken"


def test_asked_for_as_a_document_what_is_none() -> None:
    assert probe(Source.of(b"a text"), "document").code == "document_file_broken"


_REAL = packed(tree(3)) + of_pictures(2)


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(_REAL) - 1),
            st.integers(0, 40),
            st.sampled_from(
                [b"", b"1 0 obj", b"stream\n", b"endstream", b"/Type /ObjStm", b"/N 9", b"/First 0", b"\0"]
            ),
        ),
        max_size=6,
    )
)
def test_damage_is_found_or_survived(edits: list[tuple[int, int, bytes]]) -> None:
    data = _REAL
    for at, gone, put in edits:
        data = data[:at] + put + data[at + gone :]
    found = probe(Source.of(b"%PDF-1.5\n" + data), "document")
    assert found.kind in ("document", "unknown")


@pytest.mark.parametrize(
    "data",
    [
        b"1 0 obj " * 250_000,
        b"1" * 2_000_000,
        b"1 0 obj" + b"/Type /" * 280_000,
        b"1 0 obj /Type /ObjStm " + b"/Filter [" * 220_000 + b"stream\n endstream",
        b"1 0 obj stream\n" * 130_000,
        b"1 0 obj <</Type /ObjStm /N 3 /First 10 /Filter /FlateDecode>> stream\n"
        + zlib.compress(b"/Type /Page " * 20_000_000, 9)
        + b"\nendstream endobj",
    ],
    ids=["objects", "digits", "types", "filters", "streams", "bomb"],
)
def test_no_hostile_file_takes_more_than_a_look_at_each_byte(data: bytes) -> None:
    began = time.process_time()
    probe(Source.of(b"%PDF-1.5\n" + data))
    assert time.process_time() - began < 3
