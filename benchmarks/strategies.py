"""What a drawn medium costs, before anybody looks at it: ``python benchmarks/strategies.py [EXAMPLES]``.

Each strategy is asked for that many examples, and each of those for its file, from nothing: an empty folder, no cache.
`drawn` is what Hypothesis takes to choose, `made` what it takes to write the file, and both are what a property test
waits for.
"""

import statistics
import sys
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from preflight import MultiInput, TextImage
from preflight.testing.strategies import Drawn, audio, damaged, images, requests, texts, videos
from preflight.testing.strategies.interface import shelf

EXAMPLES = int(sys.argv[1]) if len(sys.argv) > 1 else 200

STRATEGIES: dict[str, SearchStrategy[object]] = {
    "texts()": texts(),
    "images()": images(),
    "images(fits=True)": images(fits=True),
    "images(breaks=..filesize_too_large)": images(breaks="image_filesize_too_large"),
    "audio()": audio(),
    "audio(fits=True)": audio(fits=True),
    "audio(breaks=..duration_too_long)": audio(breaks="audio_duration_too_long"),
    "videos()": videos(),
    "videos(fits=True)": videos(fits=True),
    "videos(breaks=..resolution_too_low)": videos(breaks="video_resolution_too_low"),
    "videos(breaks=..resolution_too_high)": videos(breaks="video_resolution_too_high"),
    "videos(breaks=..duration_too_long)": videos(breaks="video_duration_too_long"),
    "videos(breaks=..filesize_too_large)": videos(breaks="video_filesize_too_large"),
    "requests()": requests(),
    "damaged(images())": damaged(images()),
    "damaged(videos(fits=True))": damaged(videos(fits=True)),
}


def making(strategy: SearchStrategy[object]) -> tuple[float, list[float]]:
    """Seconds that all took, and those that each file took."""
    times: list[float] = []
    shelf.cache_clear()  # from nothing

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def make(drawn: object) -> None:
        began = time.perf_counter()
        for medium in media_of(drawn):
            _ = medium.path
        times.append(time.perf_counter() - began)

    return seconds(make), times


def media_of(drawn: object) -> list[Drawn]:
    match drawn:
        case Drawn():
            return [drawn]
        case TextImage(image=Drawn() as image):
            return [image]
        case MultiInput(images=images):
            return [each.image for each in images if isinstance(each.image, Drawn)]
        case _:
            return []


def seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    print(f"{'':38} {'a second':>9} {'drawn':>9} {'made':>9} {'median':>9} {'slowest':>9}")
    for name, strategy in STRATEGIES.items():
        whole, times = making(strategy)
        count, made = len(times), sum(times)
        milliseconds = [1000 * (whole - made) / count, 1000 * made / count]
        milliseconds += [1000 * statistics.median(times), 1000 * max(times)]
        print(f"{name:38} {count / whole:9.0f} " + " ".join(f"{each:6.1f} ms" for each in milliseconds))


if __name__ == "__main__":
    main()
