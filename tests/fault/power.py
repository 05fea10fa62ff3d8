#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""power.py BINARIES [STATES]: loss of power. A broker, two agents and the command that makes an agency's keys run with a
recorder of every write and sync (recorder.c); each promise that is given is written down together with how much had been
recorded by then. Then cairn-power (power_replay.c) builds the disks that a power cut at any moment could have left, and
has the real code open each."""
import concurrent.futures
import mmap
import os
import re
import shutil
import struct
import subprocess
import sys

import partnership
import verify
from partnership import Broken, eventually

RECORDS = 40  # submitted one after the other, in lockstep: so that the moment of a promise is known exactly
SHARES = {"broker": 2, "visitors": 3, "hub": 5, "keys": 20}  # of the states: one in so many
ROUND = 25000  # states of one recording
BURST = 5  # of these, so many now and then at once


class Recording:
    def __init__(self, path):
        self.path = path
        self.promises = []

    def environment(self, binaries):
        return {"LD_PRELOAD": os.path.join(os.path.abspath(binaries), "libcairn_recorder.so"), "CAIRN_RECORD": self.path,
                "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}

    def used(self):
        with open(self.path, "rb") as file, mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ) as head:
            return struct.unpack("=Q", head[:8])[0]

    def promise(self, *words):
        self.promises.append(" ".join([str(self.used())] + [str(word) for word in words]))

    def journal(self):
        path = self.path + ".promises"
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in self.promises)
        return path


class Recorded(partnership.Work):
    """The work, with each promise noted as it is given."""

    recordings = {}

    def take_answer(self, source, urgent, item):
        self.recordings[self.FROM].promise("out", item["reference"])
        super().take_answer(source, urgent, item)

    def ask_stored(self, reference):
        found = super().ask_stored(reference)
        if found:
            self.recordings["broker"].promise("entry", *self.stored[reference])
        return found

    def take_page(self):
        before, shown = self.read, len(self.shown)
        found = super().take_page()
        if len(self.shown) > shown:
            self.recordings[self.TO].promise("inbox", max(self.shown))
        if self.read > before:
            self.recordings[self.TO].promise("read", self.read)
        return found

    def note_head(self):
        answer = self.partnership.ask(self.TO, "GET", "/v1/log/head")
        if answer is not None and answer[0] == 200:
            size, root = answer[1].split("\n")[1:3]
            self.recordings["broker"].promise("head", size, verify.unbase64(root).hex())


def work_on(work):
    for number in range(RECORDS):
        for _ in range(BURST if number % 10 == 9 else 1):
            work.submit()
        eventually("everything to be stored", lambda: work.watch() and False or work.waiting() == 0)
        while work.take_page():
            pass
        work.note_head()


def record_keys(work, recordings):
    """`cairn agency request` makes an agency's keys."""
    path, binaries = work.partnership.path, work.partnership.binaries
    recording = recordings["keys"] = Recording(path("r.keys"))
    done = subprocess.run([os.path.join(binaries, "cairn"), "agency", "request", path("keys-of"), "--id", "keys-of",
                           "--kind", "gp", "--name", "Keys", "--duty-phone", "01632 960100", "--joining",
                           path("north/joining.json")], capture_output=True, text=True, check=False,
                          env=dict(os.environ, **recording.environment(binaries)))
    if done.returncode != 0:
        raise Broken(f"cairn agency request: {done.stderr}")
    recording.promise("keys")


def record(work):
    """{name: recording} of everybody."""
    recordings = work.recordings = {}
    for name in ("broker", work.FROM, work.TO):
        recordings[name] = Recording(work.partnership.path(f"r.{name}"))
        work.partnership.start(name, **recordings[name].environment(work.partnership.binaries))
    work.partnership.connect(work.FROM, work.TO)
    work_on(work)
    for name in (work.FROM, work.TO, "broker"):
        work.partnership.stop(name)
    record_keys(work, recordings)
    return recordings


FOLDERS = {"broker": ("broker", "north/broker"), "visitors": ("agent", "visitors"), "hub": ("agent", "hub"),
           "keys": ("keys", "keys-of")}


def replay(work, name, recording, states, seed):
    """(states, moments, torn, promises)"""
    kind, folder = FOLDERS[name]
    path = work.partnership.path
    before, disk = path(f"b.{name}"), path(f"d.{name}")
    for made in (before, disk):
        shutil.rmtree(made, ignore_errors=True)
        os.mkdir(made, 0o700)
    done = subprocess.run([os.path.join(work.partnership.binaries, "cairn-power"), kind, recording.path, before,
                           path(folder), recording.journal(), disk, str(states), str(seed)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Broken(f"{name}, power lost: {done.stderr[-1000:]} (seed {seed})")
    return [int(number) for number in done.stdout.split()]


def expect_failure(work, name, recording, seed):
    """Promises that were given before anything was written are broken by every disk: that is found, or nothing is."""
    kept = recording.promises
    recording.promises = ["0 " + promise.split(" ", 1)[1] for promise in kept]
    try:
        replay(work, name, recording, 10000, seed)
    except Broken:
        return
    finally:
        recording.promises = kept
    raise Broken(f"{name}: a promise that was broken was not found")


def make_recorded(binaries):
    under = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # the states are many, and none is to last
    work = partnership.make_work(binaries, under)
    work.__class__ = Recorded
    return work


def run_once(binaries, states, seed, jobs):
    """{name: numbers} of one recording of each."""
    work = make_recorded(binaries)
    try:
        recordings = record(work)
        for name, recording in recordings.items():
            expect_failure(work, name, recording, seed)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            parts = {name: pool.submit(replay, work, name, recording, states // SHARES[name] + 1, seed)
                     for name, recording in recordings.items()}
        return {name: part.result() for name, part in parts.items()}
    finally:
        work.partnership.remove()


def run(binaries, states, seed, jobs=2):
    """Rows for the report."""
    recordings, totals = 0, {name: [0, 0, 0, 0] for name in FOLDERS}
    while sum(total[0] for total in totals.values()) < (states if states > ROUND else 1):
        for name, numbers in run_once(binaries, min(states, ROUND), seed + recordings, jobs).items():
            totals[name] = [total + number for total, number in zip(totals[name], numbers)]
        recordings += 1
    sums = [sum(column) for column in zip(*totals.values())]
    return [("recordings of all four", recordings), ("crash states", sums[0])] + [
        (f"of {name}", f"{total[0]:,} at {total[1]:,} moments") for name, total in totals.items()] + [
        ("with a torn write", sums[2]), ("promises that had to be kept, at the end", sums[3]),
        ("acknowledged and lost", 0), ("refused to open after something was promised", 0)]


def main():
    for words, value in run(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400, 1):
        print(f"{words}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
