"""What could not be probed at all, and formats that the service does not take."""

from __future__ import annotations

from typing import ClassVar

from preflight.limits import Limits
from preflight.media import AudioFacts, DocumentFacts, Facts, ImageFacts, Unprobed, UnprobedCode, VideoFacts
from preflight.rules import examples
from preflight.rules.interface import DOCS_ERRORS, Example, Finding, Rule
from preflight.rules.taken import which_takes

GIVE_ANOTHER = "Give a text, an image, audio or video."


class _CouldNotProbe(Rule):
    """The common part of the rules that pass on why a source could not be probed."""

    code: ClassVar[UnprobedCode]
    next_step: ClassVar[str]
    accepted = (Example("a video that can be read", examples.video()),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, Unprobed) or facts.code != self.code:
            return None
        return self.finding(f"{_sentence(facts.reason)} {self.next_step}", measured=facts.size_bytes, limit=None)


class FileEmpty(_CouldNotProbe):
    """The source holds no bytes: an upload that broke off, or a placeholder."""

    code = "file_empty"
    next_step = "Upload or export it again."
    refused = (Example("0 bytes", Unprobed(size_bytes=0, code="file_empty", reason="it holds no bytes")),)


class FileUnreadable(Rule):
    """The bytes cannot be had: the path is not there, is no regular file, or may not be read."""

    code = "file_unreadable"
    accepted = (Example("a video that can be read", examples.video()),)
    refused = (
        Example(
            "no permission",
            Unprobed(size_bytes=None, code="file_unreadable", reason="a.mp4 may not be read. Check it."),
        ),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if isinstance(facts, Unprobed) and facts.code == self.code:
            return self.finding(facts.reason, measured=None, limit=None)  # it names its next step itself
        return None


class TextEncodingUnknown(_CouldNotProbe):
    """The text is neither UTF-8 nor UTF-16 or UTF-32 with a byte order mark, and in what else it is is not sure.

    What can be told from the bytes surely is decoded (`text_encoding_detected`). A short text, or one with few letters
    beyond ASCII, makes as much sense in several encodings: who knows which one it is can say so with `--encoding`.
    """

    code = "text_encoding_unknown"
    next_step = "Save it as UTF-8, or name its encoding (`--encoding`)."
    refused = (
        Example(
            "a word in Shift JIS",
            Unprobed(size_bytes=9, code="text_encoding_unknown", reason="it is not in UTF-8"),
        ),
    )


class ImageFileBroken(Rule):
    """The image's header cannot be read, or its structure says that the picture is not whole."""

    code = "image_file_broken"
    docs = DOCS_ERRORS
    accepted = (Example("a whole JPEG", examples.image()),)
    refused = (
        Example("a JPEG without its end", examples.image(damage="the end of the JPEG is missing")),
        Example("no header", Unprobed(size_bytes=9, code="image_file_broken", reason="it has no header")),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        match facts:
            case ImageFacts(damage=str(reason)) | Unprobed(code="image_file_broken", reason=reason):
                return self.finding(f"{_sentence(reason)} Export or download it again.", measured=None, limit=None)
            case _:
                return None


class AudioFileBroken(_CouldNotProbe):
    """The file is audio by its header, but no sound can be read from it."""

    code = "audio_file_broken"
    docs = DOCS_ERRORS
    next_step = "Export or download it again."
    refused = (Example("no packets", Unprobed(size_bytes=44, code="audio_file_broken", reason="it holds no sound")),)


class VideoFileBroken(_CouldNotProbe):
    """Neither picture nor sound can be read from the file."""

    code = "video_file_broken"
    docs = DOCS_ERRORS
    next_step = "Check that it plays, then export or download it again."
    refused = (Example("no index", Unprobed(size_bytes=99, code="video_file_broken", reason="it has no index")),)


class DocumentFileBroken(_CouldNotProbe):
    """The file is a PDF by its first bytes, but no page can be found in it. Only asked where documents are taken."""

    code = "document_file_broken"
    next_step = "Check that it opens, then save or download it again."
    accepted = (Example("a whole PDF", examples.document(), "marengo3.5"),)
    refused = (
        Example(
            "no pages",
            Unprobed(size_bytes=99, code="document_file_broken", reason="no page can be found in it"),
            "marengo3.5",
        ),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        return super().check(facts, limits) if limits.takes("document") else None


class UnsupportedFileType(Rule):
    """The API takes JPEG and PNG images, WAV (uncompressed), MP3 and FLAC audio, and any video that
    FFmpeg reads, if it has been able to for some years.

    Dialects that only some readers know are other formats: WAV as RF64, BW64, RIFX or with 24 bits in 32, and JPEG
    that is coded arithmetically. Other images and audio are converted by `prepare`. What is none of these, only names
    other files (a playlist), or is a picture written as text (SVG, PostScript), cannot be. marengo3.5 alone takes PDF
    besides.
    """

    code = "unsupported_file_type"
    accepted = (
        Example("a PNG", examples.image(format="PNG")),
        Example("an MP3", examples.audio(container="mp3", codec="mp3")),
        Example("a 24-bit WAV", examples.audio(codec="pcm_s24le")),
        Example("a PDF in marengo3.5", examples.document(), "marengo3.5"),
    )
    refused = (
        Example("a HEIC photograph", examples.image(format="HEIF")),
        Example("a JPEG coded arithmetically, which FFmpeg cannot read", examples.image(dialect="arithmetic")),
        Example("a voice memo in M4A", examples.audio(container="mov,mp4,m4a,3gp,3g2,mj2", codec="aac")),
        Example("a WAV in mu-law, which is companded", examples.audio(codec="pcm_mulaw")),
        Example("a WAV in RF64, which many readers do not know", examples.audio(dialect="RF64")),
        Example("a video in H.266, which an older FFmpeg cannot decode", examples.video(codec="vvc")),
        Example("a PDF", examples.document()),
        Example("a playlist", Unprobed(size_bytes=37, code="unsupported_file_type", reason="it is a playlist")),
        Example("an SVG", Unprobed(size_bytes=90, code="unsupported_file_type", reason="it is an SVG drawing")),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        match facts:
            case ImageFacts():
                allowed = limits.image.formats.value
                if facts.dialect is None and facts.format in allowed:
                    return None
                named = facts.format if facts.dialect is None else f"{facts.format}/{facts.dialect}"
                return self._convertible(named, allowed)
            case AudioFacts():
                allowed = limits.audio.formats.value
                found = [f"{name}/{facts.dialect or facts.codec}" for name in facts.container.split(",")]
                if facts.dialect is None and any(name.startswith(allowed) for name in found):
                    return None
                return self._convertible(found[0], allowed)
            case VideoFacts(video_codec=codec) if codec in limits.video.too_new_codecs.value:
                return self._convertible(f"{facts.container.partition(',')[0]}/{codec}", ("codecs of FFmpeg 6",))
            case DocumentFacts() | Unprobed(code="document_file_broken") if not limits.takes("document"):
                return self.finding(
                    f"It is a PDF document, and {limits.profile} does not take any. {which_takes('document')}",
                    measured="pdf",
                    limit=None,
                )
            case Unprobed(code=self.code):
                # A reason that is a sentence names its next step itself.
                next_step = "" if facts.reason.endswith(".") else f" {GIVE_ANOTHER}"
                return self.finding(f"{_sentence(facts.reason)}{next_step}", measured=None, limit=None)
            case _:
                return None

    def _convertible(self, measured: str, allowed: tuple[str, ...]) -> Finding:
        return self.finding(
            f"The API does not take {measured}. `preflight prepare` converts it.",
            measured=measured,
            limit=", ".join(allowed),
            fixable=True,
        )


def _sentence(reason: str) -> str:
    text = reason[:1].upper() + reason[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


RULES: tuple[Rule, ...] = (
    FileEmpty(),
    FileUnreadable(),
    UnsupportedFileType(),
    TextEncodingUnknown(),
    ImageFileBroken(),
    AudioFileBroken(),
    VideoFileBroken(),
    DocumentFileBroken(),
)
