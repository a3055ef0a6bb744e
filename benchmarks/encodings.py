"""How often an encoding that is detected is the right one, on excerpts of real texts in 31 encodings.

    python benchmarks/encodings.py

The declaration of human rights from the corpus, and the translated manuals of this machine, where there are some.
Counted are excerpts that are not UTF-8 already: all, taken, and taken though the text is another one.
"""

from __future__ import annotations

import gzip
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from preflight.probers.encoding import Decoded, decode

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "text"
MANUALS = Path("/usr/share/man")
LENGTHS = (100, 400, 2_000)
WESTERN = ("cp1252", "latin-1", "iso8859-15", "mac-roman", "cp850")
RUSSIAN = ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")
RIGHTS = {
    **dict.fromkeys(("deu_1996", "fra", "spa", "por_BR", "fin"), WESTERN),
    **dict.fromkeys(("pol", "hun"), ("cp1250", "iso8859-2")),
    "rus": RUSSIAN,
    "ukr": ("cp1251", "koi8-u"),
    "ell_monotonic": ("iso8859-7", "cp1253"),
    "heb": ("cp1255", "iso8859-8"),
    "tur": ("cp1254", "iso8859-9"),
    "arb": ("cp1256", "iso8859-6"),
    "pes_1": ("cp1256",),
    "vie": ("cp1258",),
    "tha": ("tis-620",),
    "jpn": ("shift_jis", "euc_jp", "iso2022_jp"),
    "cmn_hans": ("gb18030",),
    "cmn_hant": ("big5",),
    "kor": ("euc_kr",),
}
MANUAL = {
    **dict.fromkeys(("de", "fr", "es", "it", "pt_BR", "nl", "da", "sv", "fi"), WESTERN),
    **dict.fromkeys(("pl", "cs", "hu", "sl", "hr"), ("cp1250", "iso8859-2")),
    "ro": ("iso8859-16", "cp1250"),
    "ru": RUSSIAN[:4],
    "uk": ("cp1251", "koi8-u"),
    "sr": ("cp1251",),
    "ja": ("shift_jis", "euc_jp", "iso2022_jp"),
    "ko": ("cp949",),
    "zh_CN": ("gbk", "gb18030"),
    "zh_TW": ("big5",),
}


def texts(chance: random.Random) -> Iterator[tuple[str, tuple[str, ...]]]:
    for language, encodings in RIGHTS.items():
        for _ in range(6):
            yield (CORPUS / f"udhr_{language}.txt").read_text(), encodings
    for language, encodings in MANUAL.items():
        pages = sorted((MANUALS / language).rglob("*.gz"))
        for page in chance.sample(pages, min(12, len(pages))):
            text = gzip.decompress(page.read_bytes()).decode(errors="ignore")
            yield re.sub(r"^[.'].*\n|\\f.|\\[-&]|\\", "", text, flags=re.MULTILINE), encodings


def main() -> None:
    chance = random.Random(5)  # noqa: S311 (which excerpts is no secret)
    counted = defaultdict(lambda: [0, 0, 0])
    for text, encodings in texts(chance):
        for encoding in encodings:
            for length in LENGTHS:
                start = chance.randrange(max(1, len(text) - length))
                data = text[start : start + length].encode(encoding, "ignore")
                found = decode(data)
                if isinstance(found, Decoded) and found.source == "content":
                    continue
                is_taken = isinstance(found, Decoded)
                is_wrong = isinstance(found, Decoded) and found.text != data.decode(encoding)
                for row in (f"{length} characters", encoding, "all"):
                    counted[row][0] += 1
                    counted[row][1] += is_taken
                    counted[row][2] += is_wrong
    for row, (excerpts, taken, wrong) in counted.items():
        print(f"{row:16} {excerpts:5} excerpts  {taken:5} taken  {wrong:3} wrong")


if __name__ == "__main__":
    main()
