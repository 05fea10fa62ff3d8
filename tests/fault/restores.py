# SPDX-License-Identifier: Apache-2.0
"""A broker that comes back from an older copy of all that it has. While records flow it is copied again and again, store and
marks; then each copy takes its place. With the marks as they are now it must not start. With the marks of then it starts, and
each agency in turn, alone, says hello to it: within that one exchange the broker has ended, because it was shown a head that it
lost, or the agency has stopped with both notes as evidence. Nothing is taken from such a broker, and with its newest folder
everything goes on."""
import os
import shutil
import time

import kills
import partnership
from partnership import Broken, eventually

COPIES = 25  # of one partnership
MARKS = ("highwater", "signed")  # beside the store


class Copies:
    def __init__(self, binaries):
        self.work = partnership.make_work(binaries)
        self.partnership = self.work.partnership
        self.folder = self.partnership.path("north/broker")
        self.refused = 0
        self.found = {"broker": [], "agency": []}  # seconds since the agent was started

    def agents(self):
        return (self.work.FROM, self.work.TO)

    def keep(self, name):
        shutil.copytree(self.folder, self.partnership.path("copies", name))

    def put(self, name, marks="newest"):
        """The copy takes the folder's place, with the marks of another."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.partnership.path("copies", name), self.folder)
        for mark in MARKS:
            if os.path.exists(self.partnership.path("copies", marks, mark)):
                shutil.copy2(self.partnership.path("copies", marks, mark), os.path.join(self.folder, mark))

    def make(self, n):
        """Under load; the agents have a later head on their disks than any copy, but for the newest."""
        for name in ("broker",) + self.agents():
            self.partnership.start(name)
        self.partnership.connect(*self.agents())
        load = kills.Load(self.work)
        try:
            for i in range(n):
                self.progress(load)
                self.partnership.stop("broker")
                self.keep(str(i))
                self.partnership.start("broker")
            self.progress(load)
        finally:
            load.stop()
        self.work.drain()
        for agency in self.agents():
            self.partnership.stop(agency)
            shutil.copytree(self.partnership.path(agency, "data"), self.partnership.path("copies", agency))
        self.partnership.stop("broker")
        self.keep("newest")

    def progress(self, load):
        enough = len(self.work.stored) + 5

        def is_enough():
            load.check()
            return len(self.work.stored) >= enough
        eventually("records to be stored", is_enough)

    def must_refuse(self, i):
        """An older store beside the marks of today."""
        self.put(str(i))
        process = self.partnership.launch("broker")
        if process.wait_ready():
            raise Broken(f"a broker starts with the store of copy {i} and the marks of today")
        self.partnership.ended("broker")
        self.refused += 1

    def stopped(self, agency):
        answer = self.partnership.ask(agency, "GET", "/v1/health")
        return answer is not None and answer[0] == 200 and answer[1]["link"]["state"] == "stopped"

    def must_be_found(self, i, agency):
        """Everything of then, and one agency that knows better."""
        self.put(str(i), marks=str(i))
        broker = self.partnership.start("broker")
        began = time.monotonic()
        self.partnership.start(agency)
        ended = eventually(f"copy {i} to be found out by {agency}",
                           lambda: (broker.has_ended() and "broker") or (self.stopped(agency) and "agency"))
        self.found[ended].append(time.monotonic() - began)
        if ended == "broker":
            if self.partnership.ended("broker") == 0 or " log_fork " not in self.partnership.read_log("broker"):
                raise Broken(f"the broker of copy {i} ends and does not say why")
        else:
            self.partnership.kill("broker")
        self.partnership.kill(agency)
        shutil.rmtree(self.partnership.path(agency, "data"))
        shutil.copytree(self.partnership.path("copies", agency), self.partnership.path(agency, "data"))

    def go_on(self):
        """The newest folder is no older copy: nobody minds."""
        self.put("newest")
        for name in ("broker",) + self.agents():
            self.partnership.start(name)
        self.work.submit()
        self.work.drain()
        self.partnership.stop("broker")
        return self.work.judge(final=True)


def run(given, say):
    refused, found, records, left = 0, {"broker": [], "agency": []}, 0, given.snapshots
    while left > 0:
        copies = Copies(given.binaries)
        try:
            n = min(left, COPIES)
            copies.make(n)
            for i in range(n):
                copies.must_refuse(i)
                for agency in copies.agents():
                    copies.must_be_found(i, agency)
            records += copies.go_on()["records"]
        finally:
            copies.partnership.remove()
        left, refused = left - n, refused + copies.refused
        for how, times in copies.found.items():
            found[how] += times
        say(f"{refused} copies")
    times = found["broker"] + found["agency"]
    return [("older copies of a broker", given.snapshots), ("records in the logs", records),
            ("store alone put back: refused to start", refused),
            ("everything put back: exchanges, each with one agency", len(times)),
            ("ended by itself, shown a head that it lost", len(found["broker"])),
            ("left by the agency, with both notes as evidence", len(found["agency"])), ("not found out", 0),
            ("from the agent's start until found out, median", f"{kills.at(times, 0.5) * 1000:.0f} ms"),
            ("the same, longest", f"{max(times) * 1000:.0f} ms")]
