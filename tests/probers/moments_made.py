"""Sound with pauses and a film with a change of scene, made by the independent FFmpeg and by numpy."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def spoken(
    path: Path, *, seconds: float, pauses: Sequence[tuple[float, float]], noise: float = 0.0, rate: int = 8_000
) -> Path:
    """A tone of -10 dBFS with pauses, in WAV of 16 bit."""
    time_s = np.arange(round(seconds * rate)) / rate
    sound = 0.3 * np.sin(2 * np.pi * 300 * time_s)
    for start_s, end_s in pauses:
        sound[(time_s >= start_s) & (time_s < end_s)] = 0
    sound += noise * np.sin(2 * np.pi * 1_000 * time_s)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 32_767).astype("<i2").tobytes())
    return path


def change_of_scene(path: Path, *, first_s: float, second_s: float) -> Path:
    joined = "[1]format=yuv420p[b];[0]format=yuv420p[a];[a][b]concat=n=2"
    films = [f"testsrc=s=384x360:r=25:d={first_s}", f"color=c=navy:s=384x360:r=25:d={second_s}"]
    inputs = [part for film in films for part in ("-f", "lavfi", "-i", film)]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", joined, *coding, path], check=True)
    return path
