"""Documents: PDF, of which a profile that takes any allows so many pages a megabyte."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import DocumentFacts, Facts
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule

_IN_3_5 = "marengo3.5"


class _DocumentRule(Rule):
    """Applies where the profile takes documents at all."""

    def of_my_kind(self, facts: Facts, limits: Limits) -> DocumentFacts | None:
        return facts if isinstance(facts, DocumentFacts) and limits.takes("document") else None


class DocumentFilesizeTooLarge(_DocumentRule):
    """A PDF has at most 32 MB (marengo3.5; no other profile takes documents)."""

    code = "document_filesize_too_large"
    accepted = (Example("32,000,000 bytes", examples.document(size_bytes=32_000_000), _IN_3_5),)
    refused = (Example("32,000,001 bytes", examples.document(size_bytes=32_000_001), _IN_3_5),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        most = limits.document.max_file_bytes.value
        if (document := self.of_my_kind(facts, limits)) is None or document.size_bytes <= most:
            return None
        return self.finding(
            f"The document has {document.size_bytes:,} bytes, the limit is {most:,}. "
            "Split it, or save it with smaller pictures.",
            measured=document.size_bytes,
            limit=most,
        )


class DocumentPagesTooMany(_DocumentRule):
    """A PDF has at most 16 pages for each megabyte of its file, and may always have 16 (marengo3.5).

    So a small file with many pages is refused. Whether a part of a megabyte earns any is not documented: here it does
    not. Counted are the pages that its objects may amount to, so a file that was saved over and over may be found to
    have more than it shows; saved anew, it has not.
    """

    code = "document_pages_too_many"
    accepted = (
        Example("16 pages in half a megabyte", examples.document(size_bytes=500_000, pages=16), _IN_3_5),
        Example("64 pages in 4 MB", examples.document(size_bytes=4_000_000, pages=64), _IN_3_5),
    )
    refused = (
        Example("17 pages in half a megabyte", examples.document(size_bytes=500_000, pages=17), _IN_3_5),
        Example("17 pages in 1.9 MB", examples.document(size_bytes=1_900_000, pages=17), _IN_3_5),
        Example("65 pages in 4 MB", examples.document(size_bytes=4_000_000, pages=65), _IN_3_5),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        if (document := self.of_my_kind(facts, limits)) is None:
            return None
        most = limits.document.max_pages(document.size_bytes)
        if document.pages is None or document.pages <= most:
            return None
        return self.finding(
            f"The document has {document.pages} pages; {most} are allowed for its {document.size_bytes:,} bytes. "
            "Split it, or save it anew if pages were deleted from it.",
            measured=document.pages,
            limit=most,
        )


class DocumentEncrypted(_DocumentRule):
    """A PDF is not encrypted: who has no password can neither read it nor count its pages."""

    code = "document_encrypted"
    accepted = (Example("a plain PDF", examples.document(), _IN_3_5),)
    refused = (Example("one with a password", examples.document(pages=None, encrypted=True), _IN_3_5),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        if (document := self.of_my_kind(facts, limits)) is None or not document.encrypted:
            return None
        return self.finding(
            "The document is encrypted, and nobody can count its pages. Save it without a password.",
            measured="encrypted",
            limit=None,
        )


RULES: tuple[Rule, ...] = (DocumentFilesizeTooLarge(), DocumentEncrypted(), DocumentPagesTooMany())
