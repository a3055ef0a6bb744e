"""A journal's file: whose it is, what is none, and disks that do not take it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from preflight.errors import JournalError, OutOfSpaceError
from preflight.submitter.journal import Journal, read_status
from preflight.submitter.journal.file import VERSION, JournalFile
from tests.submitter.journal.made import embeddings, expected, key

HOLD = """
import sys, time
from preflight.submitter.journal import Journal
journal = Journal(sys.argv[1])
journal.begin_run(inputs=2, profile="m", route="r")
known = journal.enter(0, bytes(32), "a", made_by="1")
print("held", flush=True)
time.sleep(60)
"""


LOOK_AS_NOBODY = """
import os, sys
from preflight.errors import JournalError
from preflight.submitter.journal import Journal, read_status
if os.geteuid() == 0:
    os.seteuid(65534)
print(read_status(sys.argv[1]).inputs.not_reached)
try:
    Journal(sys.argv[1])
except JournalError as error:
    print(error)
"""


@pytest.fixture
def place(tmp_path):
    return tmp_path / "run.db"


class TestTwoAtOnce:
    def test_in_one_process(self, place):
        with Journal(place), pytest.raises(JournalError, match="another run is using the journal"):
            Journal(place)
        Journal(place).close()

    def test_by_another_way_to_it(self, place, tmp_path):
        (tmp_path / "link.db").symlink_to(place)
        with Journal(place), pytest.raises(JournalError, match="another run"):
            Journal(tmp_path / "link.db")

    def test_in_two_processes_until_one_is_killed(self, place):
        process = subprocess.Popen([sys.executable, "-c", HOLD, place], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout.readline() == "held\n"
            with pytest.raises(JournalError, match="Wait until it ends"):
                Journal(place)
            status = read_status(place)  # which may be asked meanwhile
            assert (status.inputs.pending, status.inputs.not_reached, status.ended_at) == (1, 1, None)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        with Journal(place):
            assert read_status(place).inputs.pending == 1


class TestWhatIsNone:
    @pytest.mark.parametrize("content", [b"a text that is long enough to be looked at\n" * 40, b"short"])
    def test_another_file(self, place, content):
        place.write_bytes(content)
        for use in (Journal, read_status):
            with pytest.raises(JournalError, match=r"run\.db is no journal of preflight"):
                use(place)
        assert place.read_bytes() == content

    def test_a_database_of_something_else(self, place):
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("CREATE TABLE run (id)")
        before = place.read_bytes()
        for use in (Journal, read_status):
            with pytest.raises(JournalError, match="is no journal of preflight"):
                use(place)
        assert place.read_bytes() == before

    def test_one_of_another_version(self, place):
        Journal(place).close()
        with closing(sqlite3.connect(place)) as connection:
            connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        for use in (Journal, read_status):
            with pytest.raises(
                JournalError, match=f"version {VERSION + 1}, and this preflight reads version {VERSION}"
            ):
                use(place)

    def test_a_damaged_one(self, place):
        with Journal(place) as journal:
            journal.begin_run(inputs=1, profile="m", route="r")
        content = bytearray(place.read_bytes())
        content[4096:] = b"\xff" * len(content[4096:])
        place.write_bytes(content)
        with pytest.raises(JournalError, match="is damaged"), Journal(place) as journal:
            journal.begin_run(inputs=1, profile="m", route="r")

    def test_an_empty_file_becomes_one(self, place):
        place.touch()
        with pytest.raises(JournalError, match="no run has written"):
            read_status(place)
        Journal(place).close()
        assert read_status(place).inputs.done == 0

    def test_one_whose_making_was_cut_off(self, place, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr("preflight.submitter.journal.file.APPLICATION_ID", "no number at all")
            with pytest.raises(JournalError):
                JournalFile(place)
        Journal(place).close()

    def test_nothing_there(self, place, tmp_path):
        with pytest.raises(JournalError, match="is not there"):
            read_status(place)
        with pytest.raises(JournalError, match="cannot be written"):
            Journal(tmp_path / "no" / "run.db")
        with pytest.raises(JournalError, match="cannot be written"):
            Journal(tmp_path)


class TestDisks:
    def test_full(self, small_disk):
        journal = Journal(small_disk / "run.db")
        journal.begin_run(inputs=1, profile="m", route="r")
        kept = 0

        def embed_many() -> None:
            nonlocal kept
            for number in range(200):
                known = journal.enter(number, key(number), "a", made_by="1")
                request = journal.expect(known.id, 1, expected(number))
                journal.begin(request.id)
                journal.answered(request.id, embeddings(number), start_s=None)
                kept += 1

        with pytest.raises(OutOfSpaceError, match="no space left for the journal"):
            embed_many()
        journal.close()
        assert kept
        (small_disk / "run.db-lock").unlink()
        assert read_status(small_disk / "run.db").requests.done == kept

    def test_read_only(self):
        folder = Path(tempfile.mkdtemp())  # where nobody else may read is no place to be nobody in
        try:
            with Journal(folder / "run.db") as journal:
                journal.begin_run(inputs=1, profile="m", route="r")
            (folder / "run.db").chmod(0o444)
            (folder / "run.db-lock").unlink()
            folder.chmod(0o555)
            call = [sys.executable, "-c", LOOK_AS_NOBODY, folder / "run.db"]
            done = subprocess.run(call, capture_output=True, text=True, check=False)
        finally:
            folder.chmod(0o755)
            shutil.rmtree(folder)
        assert done.stdout.splitlines()[:1] == ["1"], done.stderr
        assert "cannot be written" in done.stdout
