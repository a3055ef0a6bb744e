"""Opening: nothing outside the file is ever read, nothing hangs, and only our own errors come out."""

from __future__ import annotations

import io
import os
import re
import sys
import threading
from pathlib import Path

import av
import pytest

from preflight.errors import BrokenMediaError, OutOfSpaceError, UnreadableError
from preflight.media import Source, Unprobed
from preflight.probers import probe
from preflight.probers.container import FORMATS, UnsupportedFormatError, media_errors, open_media

FORBIDDEN = {"concat", "hls", "dash", "image2", "sdp", "rtsp", "rtp", "imf", "webm_dash_manifest", "lavfi", "vobsub"}


def playlists(target: Path) -> dict[str, bytes]:
    name = str(target).encode()
    return {
        "ffconcat": b"ffconcat version 1.0\nfile '%s'\n" % name,
        "concat without its magic": b"file '%s'\n" % name,
        "m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n%s\n#EXT-X-ENDLIST\n" % name,
        "m3u8 behind a mark": b"\xef\xbb\xbf#EXTM3U\n#EXTINF:10,\n%s\n" % name,
        "m3u8 with binary behind": b"#EXTM3U\n#EXTINF:10,\n%s\n\0\0\0" % name,
        "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
        b'<Representation id="1"><BaseURL>%s</BaseURL></Representation></AdaptationSet></Period></MPD>' % name,
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    }


@pytest.mark.parametrize("kind", list(playlists(Path("x"))))
@pytest.mark.parametrize("through", ["path", "bytes", "file"])
@pytest.mark.parametrize("target", ["another film", "/etc/passwd"])
def test_a_playlist_dressed_as_mp4_opens_nothing_else(media_case, tmp_path, kind, through, target):
    victim = never_read(media_case) if target == "another film" else Path(target)
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(playlists(victim)[kind])
    match through:
        case "path":
            source = Source.of(upload)
        case "bytes":
            source = Source.of(upload.read_bytes(), name="upload.mp4")
        case _:
            source = Source.of(io.BytesIO(upload.read_bytes()), name="upload.mp4")
    facts = probe(source)
    assert isinstance(facts, Unprobed)
    assert facts.code == "unsupported_file_type"
    with pytest.raises(BrokenMediaError), open_media(source) as container:
        pytest.fail(f"opened as {container.format.name}: {container.streams}")
    with pytest.raises(BrokenMediaError), open_media(source, decode=True) as container:
        pytest.fail(f"opened as {container.format.name}: {container.streams}")
    if target == "another film":
        assert victim.stat().st_atime == 0


def never_read(media_case) -> Path:
    """A film whose time of last access tells whether anyone opened it."""
    path = media_case("video/h264_aac_mp4")
    os.utime(path, (0, 1))
    return path


def test_without_the_whitelist_the_playlist_would_be_followed(media_case, tmp_path):
    """So that the tests above cannot pass by FFmpeg having changed its mind."""
    victim = never_read(media_case)
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(playlists(victim)["ffconcat"])
    with av.open(str(upload), options={"safe": "0"}) as container:
        assert container.format.name == "concat"
        assert len(container.streams) == 2
    if not victim.stat().st_atime:
        victim.read_bytes()
        assert not victim.stat().st_atime, "this disk keeps times of access, and yet the film was not opened"


def test_no_format_that_follows_names_is_on_the_list():
    known = set(FORMATS.split(","))
    assert not known & FORBIDDEN
    assert not [name for name in known if re.search(r"_pipe$|pattern", name)]
    ours = {part for name in av.formats_available for part in name.split(",")}
    assert len(known & ours) > 50


def test_a_mov_that_refers_to_another_file_is_not_followed(media, tmp_path):
    """QuickTime's data references name files; the sample table below is sound but its data would be elsewhere."""
    data = bytearray(media("video/h264_aac_mov").read_bytes())
    at = data.find(b"url \0\0\0\1")
    assert at > 0
    data[at + 7] = 0  # "the data are in this file" is no longer so
    data[at : at + 4] = b"alis"
    (tmp_path / "refers.mov").write_bytes(data)
    with open_media(Source.of(tmp_path / "refers.mov")) as container:
        assert {Path(f).name for f in _open_files() if f.endswith(".mov")} <= {"refers.mov"}
        assert container.format.name.startswith("mov")


def _open_files() -> list[str]:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("no /proc here")
    return [str(f.readlink()) for f in folder.iterdir() if os.path.lexists(f)]


def within(seconds: float, function) -> object:
    """What the function raises; fails where it takes longer, instead of hanging the tests."""
    result: list[object] = []

    def call() -> None:
        try:
            result.append(function())
        except Exception as error:  # noqa: BLE001 (it is handed on)
            result.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    assert result, f"still running after {seconds} s"
    return result[0]


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
@pytest.mark.parametrize("what", ["pipe", "device", "folder", "nothing", "forbidden link"])
def test_what_is_no_regular_file_is_an_error_and_never_hangs(tmp_path, what):
    path = tmp_path / "upload.mp4"
    match what:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/zero")
        case "folder":
            path = tmp_path
        case "forbidden link":
            path.symlink_to(path)  # a loop

    def read() -> None:
        with open_media(Source.of(path)):
            pass

    assert isinstance(within(5, read), UnreadableError)
    facts = within(5, lambda: probe(Source.of(path)))
    assert isinstance(facts, Unprobed)
    assert facts.code == "file_unreadable"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_name_that_is_not_utf_8(media, tmp_path):
    path = tmp_path / os.fsdecode(b"Gr\xfc\xdfe.mp4")
    path.write_bytes(media("video/h264_aac_mp4").read_bytes())
    assert probe(Source.of(path)).kind == "video"


@pytest.mark.parametrize("name", ["a%20b.mp4", "http:x.mp4", "-i.mp4", "a:b?c#d.mp4", "ünï 漢.mp4", "pipe:0"])
def test_a_name_is_never_taken_for_an_address(media, tmp_path, name, monkeypatch):
    (tmp_path / name).write_bytes(media("video/silent_mp4").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert probe(Source.of(name)).kind == "video"


class Counted(io.BytesIO):
    """Fails at the n-th read."""

    def __init__(self, data: bytes, fails_at: int) -> None:
        super().__init__(data)
        self.left = fails_at

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise OSError(5, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize("name", ["video/h264_aac_mp4", "video/h264_aac_flv", "video/mpeg2_mp2_mpg", "audio/mp3"])
@pytest.mark.parametrize("fails_at", range(6))
def test_a_file_object_that_fails_is_our_error_or_a_finding(media, name, fails_at):
    facts = probe(Source.of(Counted(media(name).read_bytes(), fails_at), name=media(name).name))
    assert facts.kind in ("audio", "video", "unknown")
    if isinstance(facts, Unprobed):
        assert facts.code in ("file_unreadable", "video_file_broken", "audio_file_broken", "unsupported_file_type")


@pytest.mark.parametrize(
    "name", ["video/h264_aac_mp4", "video/h264_aac_flv", "video/mpeg2_mp2_mpg", "video/h264_aac_ts", "audio/mp3"]
)
def test_the_callers_file_object_stays_open_and_gives_the_same_facts(media, name):
    file = io.BytesIO(media(name).read_bytes())
    assert probe(Source.of(file, name=media(name).name)) == probe(Source.of(media(name)))
    assert not file.closed


@pytest.mark.parametrize(
    "raised",
    [
        ValueError("x"),
        ZeroDivisionError(),
        AttributeError("x"),
        MemoryError(),
        UnicodeDecodeError("utf-8", b"", 0, 1, "x"),
        av.error.InvalidDataError(1, "x"),
        av.error.EOFError(1, "End of file"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_whatever_leaks_from_pyav_is_broken_media(raised):
    with pytest.raises(BrokenMediaError) as caught, media_errors("a.mp4"):
        raise raised
    assert str(caught.value)


def test_a_full_disk_says_so():
    with pytest.raises(OutOfSpaceError, match=r"a\.mp4"), media_errors("a.mp4"):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("ours", [BrokenMediaError("x"), UnreadableError("x"), OutOfSpaceError("x")])
def test_our_own_errors_pass_through_unchanged(ours):
    with pytest.raises(type(ours)) as caught, media_errors("a.mp4"):
        raise ours
    assert caught.value is ours


def test_noise_is_no_media():
    noise = bytes(range(256)) * 64
    with pytest.raises(UnsupportedFormatError), open_media(Source.of(noise)):
        pass
