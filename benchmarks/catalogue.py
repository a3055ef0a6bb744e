"""How long the edge cases of `preflight.testing` take to make, all of them: cold, and when they are there already.

    python benchmarks/catalogue.py [PATTERN ...]

The limit is the encoder's start-up and the disk; one core is used.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path


def main(patterns: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PREFLIGHT_TESTING_CACHE"] = folder
        from preflight.testing import catalogue
        from preflight.testing.medium import store

        started = time.perf_counter()
        files = [each for each in catalogue.cases(*patterns) if each.is_file]
        print(f"{time.perf_counter() - started:8.2f} s to read {len(catalogue.cases())} recipes")

        took: dict[str, float] = {}
        for each in files:
            started = time.perf_counter()
            _ = each.path
            took[each.name] = time.perf_counter() - started
        made = [p for p in Path(folder).rglob("*") if p.is_file() and not p.is_symlink()]
        on_disk = sum(p.stat().st_blocks * 512 for p in made)
        made_and_kept = f"{len(files)} cases, {store().made} files, {on_disk / 1e6:,.0f} MB on disk"
        print(f"{sum(took.values()):8.2f} s cold: {made_and_kept}")

        started = time.perf_counter()
        for each in files:
            _ = each.path
        print(f"{time.perf_counter() - started:8.2f} s warm")
        for name in sorted(took, key=lambda n: -took[n])[:10]:
            print(f"{took[name]:8.2f} s {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
