"""Large photographs brought under 5 MB, and small ones checked: ``python benchmarks/images.py [RUNS]``.

A 24-megapixel JPEG, a grainy one (of a phone at night) and a 12-megapixel PNG, all made here, as one library call in a
process of its own, in turn with

- pyvips on all cores, told which qualities to try (those that ours encoded whole), which checks nothing: bound 1.4
  times. Ours finds its quality by a sample of the rows, and encodes once: to be told it saves pyvips that search,
- pyvips that is told nothing, and goes from quality 95 down by 5 as the loop below does,
- Pillow, told the same: the floor under whatever holds a whole picture of 4 bytes a pixel. Where ours scales the
  picture (the grainy one), these two do less, and miss 5 MB,
- the loop that people write with Pillow, from quality 95 down by 5: aim 3 times faster.

Then 1,000 small JPEGs checked, beside `PIL.Image.open(...).verify()`. Medians of the time without imports, of the
processor's time (the other counts what else the machine does, too, and pyvips has more threads to be served), and of
the most memory that the process had.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 5
FOLDER = Path(tempfile.gettempdir()) / "preflight-benchmarks"
MOST_BYTES = 5_000_000
SMALL = 1_000


def photograph(path: Path, width: int, height: int, *, grain: float = 5, **options: object) -> Path:
    """Detail at every scale, as nature has it, with the grain of a sensor: made once."""
    if not path.exists():
        import numpy as np
        from PIL import Image

        FOLDER.mkdir(exist_ok=True)
        dice = np.random.default_rng(1)
        picture = np.full((height, width, 3), 128.0, np.float32)
        for cells in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
            coarse = dice.normal(0, 1, (cells * height // width + 1, cells, 3)).astype(np.float32)
            for channel in range(3):
                layer = Image.fromarray(0.3 * coarse[..., channel] + coarse[..., 0])
                picture[..., channel] += 90 / cells**0.5 * np.asarray(layer.resize((width, height), 3))
        picture += dice.normal(0, grain, picture.shape).astype(np.float32)
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(path, **options)
    return path


def ours(path: str) -> tuple[bytes, list[str]]:
    import preflight

    (payload,) = preflight.prepare(path)
    return payload.media[0].source.read(), list(payload.steps)


def vips(path: str, *qualities: str) -> tuple[bytes, list[str]]:
    import pyvips

    for quality in qualities:
        picture = pyvips.Image.new_from_file(path, access="sequential")
        data = picture.jpegsave_buffer(Q=int(quality), keep="none", subsample_mode="on")
    return data, [f"quality {quality}"]


def vips_loop(path: str) -> tuple[bytes, list[str]]:
    for quality in range(95, 5, -5):
        data, steps = vips(path, str(quality))
        if len(data) <= MOST_BYTES:
            break
    return data, steps


def floor(path: str, *qualities: str) -> tuple[bytes, list[str]]:
    """What Pillow alone takes for one decoding and the same encodes: who uses it cannot be faster."""
    import io

    from PIL import Image

    image = Image.open(path)
    for quality in qualities:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(quality), subsampling=2)
    return file.getvalue(), [f"quality {quality}"]


def loop(path: str) -> tuple[bytes, list[str]]:
    import io

    from PIL import Image

    image = Image.open(path).convert("RGB")
    for quality in range(95, 5, -5):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue(), [f"quality {quality}"]


WAYS: dict[str, Callable[..., tuple[bytes, list[str]]]] = {
    "ours": ours,
    "pyvips": vips,
    "vips loop": vips_loop,
    "floor": floor,
    "loop": loop,
}
TOLD = ("pyvips", "floor")
"""They are given the qualities that ours needed."""


def measured_here(way: str, warm: str, path: str, *more: str) -> None:
    WAYS[way](warm, *more)
    start, start_cpu = time.perf_counter(), time.process_time()
    data, steps = WAYS[way](path, *more)
    took_s, cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    # Not getrusage, which begins at what the process had that started this one.
    peak_mb = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"s": took_s, "cpu_s": cpu_s, "mb": peak_mb, "bytes": len(data), "steps": steps}))


def measured(way: str, *arguments: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, __file__, "--one", way, *arguments], capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def large() -> None:
    for path in (
        photograph(FOLDER / "24_megapixels.jpg", 6_000, 4_000, quality=95, subsampling=2),
        photograph(FOLDER / "24_grainy_megapixels.jpg", 6_000, 4_000, grain=20, quality=95, subsampling=2),
        photograph(FOLDER / "12_megapixels.png", 4_000, 3_000, compress_level=6),
    ):
        # Too small to be sent as it is, so that all is imported that the large one needs.
        warm = str(photograph(FOLDER / f"warm_120{path.suffix}", 120, 80))
        tried = [str(q) for q in qualities_tried(str(path))]
        rows: dict[str, list[dict[str, object]]] = {way: [] for way in WAYS}
        for _ in range(RUNS):
            for way, found in rows.items():
                found.append(measured(way, warm, str(path), *(tried if way in TOLD else ())))
        print(f"{path.name}, {path.stat().st_size:,} bytes; ours tried {', '.join(tried)}")
        keys = ("s", "cpu_s", "mb")
        base_s, base_cpu_s, base_mb = (statistics.median(float(str(row[key])) for row in rows["ours"]) for key in keys)
        for way, found in rows.items():
            took_s, cpu_s, peak_mb = (statistics.median(float(str(row[key])) for row in found) for key in keys)
            print(
                f"  {way:9} {took_s:6.2f} s, {cpu_s:6.3f} s of processor, {peak_mb:4.0f} MB  {found[0]['bytes']} bytes "
                f"{found[0]['steps']} (ours takes {base_s / took_s:.2f} of the time, {base_cpu_s / cpu_s:.2f} of the "
                f"processor, {base_mb / peak_mb:.2f} of the memory)"
            )


def qualities_tried(path: str) -> list[int]:
    from preflight.transformers import image_fit

    tried: list[int] = []
    encode = image_fit._jpeg  # noqa: SLF001 (counted as the tests count them)

    def counting(picture: object, quality: int, subsampling: int) -> bytes:
        tried.append(quality)
        return encode(picture, quality, subsampling)  # type: ignore[arg-type]  # as it was given

    image_fit._jpeg = counting  # type: ignore[assignment]  # noqa: SLF001
    ours(path)
    image_fit._jpeg = encode  # noqa: SLF001
    return tried


def small() -> None:
    from PIL import Image

    import preflight

    first = photograph(FOLDER / "small.jpg", 640, 480, quality=85)
    folder = FOLDER / "small"
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.jpg" for number in range(SMALL)]
    for path in paths:
        if not path.exists():
            shutil.copyfile(first, path)

    def checked() -> None:
        for path in paths:
            assert preflight.check(path).verdict == "pass"

    def verified() -> None:
        for path in paths:
            with Image.open(path) as image:
                image.verify()

    rows: dict[str, list[float]] = {"ours": [], "PIL verify": []}
    checked(), verified()
    for _ in range(RUNS):
        for name, work in (("ours", checked), ("PIL verify", verified)):
            start = time.perf_counter()
            work()
            rows[name].append(SMALL / (time.perf_counter() - start))
    for name, found in rows.items():
        print(f"  {name:10} {statistics.median(found):8,.0f} small JPEGs a second")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measured_here(*sys.argv[2:])
    else:
        large()
        small()
