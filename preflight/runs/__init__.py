"""One run over many inputs: probed, made and uploaded side by side, given back in order, remembered in a journal."""

from preflight.runs.interface import Result, RunProgress
from preflight.runs.run import Run

__all__ = ["Result", "Run", "RunProgress"]
