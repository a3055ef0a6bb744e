"""An upload takes a few blocks of memory, whole or in chunks, at either end: each a process of its own.

The sizes of the documentation (200 MB, 300 MB) are those of `benchmarks/uploads.py`, by which this is done.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_an_upload_takes_a_few_blocks_of_memory():
    command = [sys.executable, "benchmarks/uploads.py", "64000000", "whole", "64000000", "chunks"]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )

    taken = [
        (float(m[1]), float(m[2])) for m in re.finditer(r"sender \+([\d.]+) MiB, emulator \+([\d.]+)", done.stdout)
    ]
    assert len(taken) == 2, done.stdout
    for sender_mib, emulator_mib in taken:
        assert sender_mib < 8
        assert emulator_mib < 32
