"""Being told to stop, also where what is raised is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What a callback of a weak reference raises is printed and lost, as what one of FFmpeg's or of an import's lock does.
LOST = """
import os, signal, threading, weakref
from preflight.cli.signals import is_terminated, raise_if_stopped, stop_cleanly

class Thing:
    pass

stop_cleanly()
raise_if_stopped()
thing = Thing()
reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.{name}))
del thing
print("went on")
beside = threading.Thread(target=raise_if_stopped)
beside.start()
beside.join()
try:
    raise_if_stopped()
except KeyboardInterrupt as error:
    print(type(error).__name__, is_terminated())
"""


@pytest.mark.parametrize(("name", "raised"), [("SIGINT", "KeyboardInterrupt False"), ("SIGTERM", "Terminated True")])
def test_a_signal_that_was_lost_is_raised_again_in_the_main_thread(name, raised):
    script = LOST.format(name=name)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout.splitlines() == ["went on", raised]
    assert done.stderr == ""


def test_what_else_is_lost_is_still_printed():
    script = LOST.format(name="SIGINT").replace("os.kill(os.getpid(), signal.SIGINT)", "1 / 0")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=20)
    assert "ZeroDivisionError" in done.stderr
