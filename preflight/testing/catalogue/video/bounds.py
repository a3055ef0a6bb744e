"""Every limit of a video, from both sides."""

from __future__ import annotations

from fractions import Fraction

from preflight.testing.catalogue.interface import Case, says
from preflight.testing.catalogue.video.making import (
    H264,
    LOSSLESS,
    MJPEG,
    REJECTED_AS_SHORT,
    SHORT,
    TRANSCODED,
    at_rate,
    filmed,
    remade,
    sized,
)
from preflight.testing.recipes.film import Copy, Film, Scene, Tone
from preflight.testing.recipes.padding import Padded
from preflight.testing.truth import Expected

_TOO_LOW = says("video_resolution_too_low", gives=TRANSCODED)
_TOO_HIGH = says("video_resolution_too_high", gives=TRANSCODED)
_RATIO = says("video_resolution_invalid_aspect_ratio", gives=TRANSCODED)
_TOO_HIGH_AND_RATIO = says("video_resolution_too_high", "video_resolution_invalid_aspect_ratio", gives=TRANSCODED)
_TOO_LONG = says("video_duration_too_long", gives=LOSSLESS, requests=2)
# What grew a file beyond the limit is left out of it: nothing that is coded changes.
_PADDED = says("video_filesize_too_large", gives=LOSSLESS)


def _shape(
    width: int, height: int, name: str, what: str, strict: Expected | None = None, *, newest: Expected | None = None
) -> Case:
    # 4:2:0 halves the colours both ways and has no odd sizes.
    film = sized(width, height, pix_fmt="yuv444p" if width % 2 or height % 2 else "yuv420p")
    return filmed(name, what, film, strict, newest=newest)


def _looped(
    name: str, what: str, of: Film, seconds: float, strict: Expected | None = None, *, newest: Expected | None = None
) -> Case:
    recipe = Copy(suffix=of.suffix, of=of, before={"stream_loop": -1}, options={"t": seconds})
    return remade(name, what, recipe, of, strict, newest=newest, duration_s=seconds)


def _padded(size_bytes: int, what: str, strict: Expected | None = None, newest: Expected | None = None) -> Case:
    recipe = Padded(suffix=".mp4", of=H264, size_bytes=size_bytes)
    return remade(f"size_{size_bytes}", what, recipe, H264, strict, newest=newest)


SHAPES: tuple[Case, ...] = (
    _shape(359, 480, "width_359", "One pixel narrower than the least, as a web page's embedded player is.", _TOO_LOW),
    _shape(360, 480, "width_360", "As narrow as a video may be, as a widget's player is."),
    _shape(361, 480, "width_361", "One pixel wider than the least, an odd width, as a recorded window is."),
    _shape(480, 359, "height_359", "One pixel lower than the least, as a cropped letterbox is.", _TOO_LOW),
    _shape(480, 361, "height_361", "One pixel higher than the least, an odd height, as a recorded window is."),
    _shape(360, 360, "square_360", "The smallest video that is allowed, square as for social media."),
    _shape(
        5184,
        2160,
        "largest",
        "The largest that is allowed, 5184x2160, a wide wall of screens; its ratio is the widest, too.",
    ),
    _shape(
        5186,
        2160,
        "width_5186",
        "Two columns over the widest, and with them over the ratio, as video walls are.",
        _TOO_HIGH_AND_RATIO,
    ),
    _shape(5184, 2162, "height_2162", "Two rows over the highest, as cameras with a taller sensor record.", _TOO_HIGH),
    _shape(
        2160,
        3840,
        "portrait_4k",
        "A phone held upright at 4K, coded upright as editors export it; the readings of the limit differ.",
        _TOO_HIGH,
        newest=says(),
    ),
    _shape(
        2160,
        5184,
        "largest_portrait",
        "The largest portrait video that the newest reading allows, a tall screen in a shop.",
        _TOO_HIGH,
        newest=says(),
    ),
    _shape(
        2162,
        5184,
        "portrait_width_2162",
        "Two columns over what any reading allows in portrait, a tall screen in a shop.",
        _TOO_HIGH,
        newest=_TOO_HIGH,
    ),
    _shape(864, 360, "ratio_2_4", "Exactly 2.4 times as wide as high, as cinema is cropped."),
    _shape(
        866, 360, "ratio_over_2_4", "Two columns more than the widest ratio, as films in 2.40:1 are scaled.", _RATIO
    ),
    _shape(360, 864, "ratio_2_4_portrait", "Exactly 2.4 times as high as wide, as tall advertisements are."),
    _shape(
        360,
        866,
        "ratio_over_2_4_portrait",
        "Two rows more than the tallest ratio, as long phone screens are recorded.",
        _RATIO,
    ),
)

_TEN_A_SECOND, _FOUR_S = at_rate(10), at_rate(10, 4.0)
# A talk that a camera on a tripod recorded: little sound, little movement.
_TALK = Film(
    suffix=".mp4",
    scene=Scene(frame_rate=Fraction(10)),
    options={**H264.options, "g": 10, "b:a": "24k"},
)

DURATIONS: tuple[Case, ...] = (
    _looped("duration_599_9", "A tenth of a second under ten minutes, as recorders stop themselves.", H264, 599.9),
    _looped(
        "duration_600",
        "Ten minutes to the frame, as surveillance cameras cut: silent, so that nothing lasts longer.",
        _TEN_A_SECOND,
        600.0,
    ),
    remade(
        "duration_600_ts",
        "Ten minutes to the frame in a transport stream, whose clock does not start at zero, as recorders cut it.",
        Copy(suffix=".ts", of=_TEN_A_SECOND, before={"stream_loop": -1}, options={"t": 600}),
        _TEN_A_SECOND,
        duration_s=600.0,
        start_s=1.4,
    ),
    _looped(
        "duration_600_and_its_sound",
        "Ten minutes of picture, whose sound ends with a whole frame 20 ms later, as nearly all does.",
        H264,
        600.0,
        _TOO_LONG,
    ),
    _looped(
        "duration_600_1",
        "A frame over ten minutes, and silent, as a timer that starts late records.",
        _TEN_A_SECOND,
        600.1,
        _TOO_LONG,
    ),
    _looped("duration_600_3", "A little over ten minutes, as episodes are exported.", H264, 600.3, _TOO_LONG),
    _looped("duration_25", "A clip of 25 seconds with a keyframe a second, which can be cut anywhere.", H264, 25.0),
    filmed(
        "duration_4",
        "As short as every reading allows, to the frame, as short advertisements are.",
        _FOUR_S,
        newest=says(),
    ),
    remade(
        "duration_4_ts",
        "Four seconds to the frame, a segment of a live stream, whose clock does not start at zero.",
        Copy(suffix=".ts", of=_FOUR_S),
        _FOUR_S,
        newest=says(),
        start_s=1.4,
    ),
    filmed(
        "duration_4_avi",
        "Four seconds to the frame at 24 a second in AVI, which counts frames and not time, as animators export.",
        Film(
            suffix=".avi",
            scene=Scene(seconds=4, frame_rate=Fraction(24)),
            tones=(),
            options={"c:v": "mpeg4", "q:v": 5, "pix_fmt": "yuv420p"},
        ),
        newest=says(),
    ),
    filmed(
        "duration_3_9",
        "A frame shorter than the newest reading asks for, as a loop for social media; the strict one only warns.",
        at_rate(10, 3.9),
        SHORT,
        newest=REJECTED_AS_SHORT,
    ),
    _looped(
        "talk_of_25_minutes",
        "A talk of 25 minutes, as a conference uploads it: small enough, and two and a half times too long.",
        _TALK,
        1_500.0,
        says("video_duration_too_long", gives=LOSSLESS, requests=3),
    ),
)

# Nothing is harder to encode, and every frame is a keyframe.
_NOISE = Film(
    suffix=".mkv",
    scene=Scene(shows="noise", seconds=12),
    tones=(Tone(seconds=12),),
    options={**MJPEG, "c:a": "aac"},
)
_SLOW_NOISE = Film(suffix=".mkv", scene=Scene(shows="noise", frame_rate=Fraction(5)), tones=(), options=MJPEG)
_BROADCAST = Film(
    suffix=".mxf", options={"c:v": "mpeg2video", "q:v": 5, "g": 25, "pix_fmt": "yuv420p", "c:a": "pcm_s16le"}
)
_SLOWER_NOISE = Film(
    suffix=".avi",
    scene=Scene(shows="noise", frame_rate=Fraction(2)),
    tones=(Tone(sample_rate=8_000, channels=1),),
    options={**MJPEG, "c:a": "pcm_s16le"},
)

SIZES: tuple[Case, ...] = (
    _padded(26_999_997, "Three bytes under the strict limit, as exporters aim for a given size."),
    _padded(
        27_000_000, "As large as the strict reading allows, as exporters aim for: its base64 is 36,000,000 characters."
    ),
    _padded(27_000_001, "A byte over the strict limit, all of it padding that an editor reserved.", _PADDED, says()),
    _padded(
        35_999_999,
        "A byte under the limit of the newest reading, all of it padding that an editor reserved.",
        _PADDED,
        says(),
    ),
    _padded(
        36_000_000, "As large as the newest reading allows, all of it padding that an editor reserved.", _PADDED, says()
    ),
    _padded(36_000_001, "A byte over every reading, all of it padding that an editor reserved.", _PADDED, _PADDED),
    _looped(
        "size_70_s_of_noise",
        "43 MB that are all coded picture, as screen recorders of old wrote it; half of it fits and is long enough.",
        _SLOW_NOISE,
        70.0,
        says("video_filesize_too_large", gives=LOSSLESS, requests=2),
    ),
    _looped(
        "size_120_s_of_noise_avi",
        "Two minutes of Motion JPEG in AVI, every picture as large as it gets, as microscopes record.",
        _SLOWER_NOISE,
        120.0,
        says("video_filesize_too_large", gives=LOSSLESS, requests=2),
        newest=says(),
    ),
    _looped(
        "size_130_s_of_mxf",
        "31 MB of MPEG-2 in MXF, as broadcasters hand it in: it fills up each frame to whole blocks, and fits without.",
        _BROADCAST,
        130.0,
        _PADDED,
        newest=says(),
    ),
    filmed(
        "noise_mkv",
        "37 MB in 12 seconds, as cameras with nothing but keyframes record: cut to fit, the clips would be too short.",
        _NOISE,
        says("video_filesize_too_large", gives=TRANSCODED),
    ),
)

CASES: tuple[Case, ...] = (*SHAPES, *DURATIONS, *SIZES)
