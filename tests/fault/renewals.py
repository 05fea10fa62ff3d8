# SPDX-License-Identifier: Apache-2.0
"""Keys are renewed and agencies revoked while records flow, at about half the rate that the machine takes.

An agency's renewal is the five steps of docs/operations.md: new keys beside the old, a restart, the request approved, the
directory read by the broker, the earlier keys retired; in one of three cases the last two at once, without a moment in which
both keys were good. The broker's is announced, switched to, and the broker restarted. A speaker and a front door are revoked in
the midst of their speaking and being spoken to: how soon that is in force, and what the log says of them behind it.

Afterwards everything accepted is stored once, everything urgent was delivered once, and its reader can open all of it."""
import glob
import json
import os
import random
import re
import signal
import struct
import threading
import time

import kills
import partnership
import verify
from partnership import Broken, eventually, record

KEY_SETS = 16  # that a directory lists
AT_ONCE = 1 / 3  # how often the earlier keys are retired by the version that brings the new
SAMPLE = 25  # accounts that are opened by a named person, of each partnership
REVOKED_WITHIN_S = 1.0
GOVERNANCE, DIRECTORY = 3, 2  # a leaf's type; the document in it


class HalfLoad(kills.Load):
    """Whoever submits rests as long as it worked."""

    def submit(self):
        began = time.monotonic()
        done = super().submit()
        self.enough.wait(time.monotonic() - began)
        return done


class Desk:
    """The partnership's: signs directories and has the broker read them."""

    def __init__(self, work):
        self.partnership = work.partnership
        self.root = work.partnership.path("north")

    def sign(self, *words):
        """The directory's version, as it is now."""
        return json.loads(self.partnership.cairn("--json", *words))["directory_version"]

    def publish(self, version):
        """Seconds until the broker has it in force."""
        began = time.monotonic()
        self.partnership.processes["broker"].child.send_signal(signal.SIGHUP)
        said = re.compile(rf" governance_in_force .*directory={version}\b")
        eventually(f"directory {version} to be in force", lambda: said.search(self.partnership.read_log("broker")))
        return time.monotonic() - began

    def wait_held(self, agency, version):
        said = re.compile(rf" governance_in_force document=directory version={version}\b")
        eventually(f"{agency} to hold directory {version}", lambda: said.search(self.partnership.read_log(agency)))


class Chapter:
    """One partnership under load."""

    def __init__(self, binaries, seed, more=()):
        self.random = random.Random(seed)
        self.work = partnership.make_work(binaries, more=more)
        self.partnership = self.work.partnership
        self.desk = Desk(self.work)
        self.more = [agency for agency, _ in more]
        self.load = None

    def __enter__(self):
        for name in ["broker", self.work.FROM, self.work.TO] + self.more:
            self.partnership.start(name)
        self.partnership.connect(self.work.FROM, self.work.TO, *self.more)
        self.load = HalfLoad(self.work)
        return self

    def __exit__(self, *_):
        try:
            self.load.stop()
        finally:
            self.partnership.remove()

    def progress(self, n=3):
        """Records are stored that were not before."""
        enough = len(self.work.stored) + n

        def is_enough():
            self.load.check()
            return len(self.work.stored) >= enough
        eventually("records to be stored", is_enough)

    def end(self):
        """Everything has arrived, and its reader can open it: (counts, opened)."""
        self.load.stop()
        self.work.drain()
        opened = self.open_all()
        self.partnership.stop("broker")
        return self.work.judge(final=True), opened

    def open_all(self):
        """The card of everything that the front door was told, and the accounts of a sample."""
        records = sorted(self.work.delivered_records() - {None})
        for entry in records:
            self.must_open(entry, "card")
        for entry in self.random.sample(records, min(SAMPLE, len(records))):
            body = json.dumps({"action": "open", "reason": "Whether the keys open it.",
                               "person": {"name": "A. Example", "role": "screener"}})
            answer = self.partnership.ask(self.work.TO, "POST", f"/v1/records/{entry}/decisions", body)
            if answer is None or answer[0] >= 300:
                raise Broken(f"nobody may open {entry}: {answer}")
            self.must_open(entry, "account")
        return len(records)

    def must_open(self, entry, part):
        answer = self.partnership.ask(self.work.TO, "GET", f"/v1/received/{entry}")
        if answer is None or answer[0] != 200 or part not in answer[1]:
            raise Broken(f"the {part} of {entry} does not open: {answer}")


# --- keys ---


def renew_agency(chapter, agency):
    p, desk = chapter.partnership, chapter.desk
    request = json.loads(p.cairn("--json", "agency", "renew", p.path(agency)))["request"]
    p.stop(agency)
    p.start(agency)
    version = desk.sign("agency", "approve", desk.root, request)
    if chapter.random.random() >= AT_ONCE:
        desk.publish(version)
        desk.wait_held(agency, version)
        chapter.progress()
    desk.publish(desk.sign("agency", "retire", desk.root, agency))
    chapter.progress()


def renew_broker(chapter):
    """Seconds from the broker's end until both agencies are connected again."""
    p, desk, work = chapter.partnership, chapter.desk, chapter.work
    version = desk.sign("broker", "renew", desk.root)
    desk.publish(version)
    for agency in (work.FROM, work.TO):
        desk.wait_held(agency, version)
    desk.sign("broker", "switch", desk.root)
    keys = sorted(glob.glob(p.path("north/broker/keys/transport-key*")), key=os.path.getmtime)
    began = time.monotonic()
    p.stop("broker")
    p.start("broker")
    p.connect(work.FROM, work.TO)
    took = time.monotonic() - began
    for old in keys[:-1]:
        os.unlink(old)
    p.stop("broker")
    p.start("broker")
    p.connect(work.FROM, work.TO)
    chapter.progress()
    return took


def renew(given, say):
    left = {"agency": given.agency_renewals, "broker": given.broker_renewals}
    totals = {"agency": 0, "broker": 0, "records": 0, "delivered": 0, "opened": 0, "partnerships": 0}
    away = []
    while left["agency"] + left["broker"] > 0:
        with Chapter(given.binaries, given.seed + totals["partnerships"]) as chapter:
            chapter.progress()
            brokers = min(left["broker"], 4)
            for turn in range(KEY_SETS - 1):
                for agency in (chapter.work.FROM, chapter.work.TO):
                    if left["agency"] > 0:
                        renew_agency(chapter, agency)
                        left["agency"], totals["agency"] = left["agency"] - 1, totals["agency"] + 1
                if turn % 4 == 0 and brokers > 0:
                    away.append(renew_broker(chapter))
                    brokers, left["broker"], totals["broker"] = brokers - 1, left["broker"] - 1, totals["broker"] + 1
            counts, opened = chapter.end()
        totals["records"] += counts["records"]
        totals["delivered"] += counts["delivered"]
        totals["opened"] += opened
        totals["partnerships"] += 1
        say(f"{totals['agency']} renewals at agencies, {totals['broker']} at brokers, {totals['records']} records")
    rows = [("sets of keys renewed by agencies", totals["agency"]), ("transport keys renewed by brokers", totals["broker"]),
            ("partnerships, one after the other", totals["partnerships"]),
            ("records accepted, and stored once", totals["records"]),
            ("acknowledged and lost", 0), ("deliveries handed over, each once", totals["delivered"]),
            ("records told to the front door, all of which open", totals["opened"])]
    if away:
        rows.append(("until all agencies are connected to a broker with another key, median", f"{kills.at(away, 0.5):.1f} s"))
        rows.append(("the same, longest", f"{max(away):.1f} s"))
    return rows


# --- revocation ---


class Speaker(threading.Thread):
    """Goes on submitting, whatever becomes of it."""

    def __init__(self, p, agency):
        super().__init__(daemon=True)
        self.partnership, self.agency = p, agency
        self.enough = threading.Event()
        self.said = 0

    def run(self):
        while not self.enough.wait(0.02):
            self.said += 1
            self.partnership.ask(self.agency, "POST", "/v1/submissions", record(f"{self.agency}-{self.said}", True),
                                 "application/vnd.cairn.record+json")


def numbers(p):
    with open(p.path("north/governance/directory.json"), encoding="utf-8") as file:
        return {agency["id"]: agency["number"] for agency in json.load(file)["agencies"]}


def directory_index(log, version):
    for index, data in enumerate(log.data):
        if data[5] == GOVERNANCE and data[34] == DIRECTORY and struct.unpack(">Q", data[35:43])[0] == version:
            return index
    raise Broken(f"directory {version} is not in the log")


def judge_revoked(log, agency, number, version, deliveries):
    """Nothing of it, and nothing to it, behind the place where its revocation took effect."""
    revoked = directory_index(log, version)
    spoken = sum(leaf.type == verify.ENTRY and leaf.id.startswith(f"{number}-") for leaf in log.leaves[:revoked])
    for index, leaf in enumerate(log.leaves[revoked:], revoked):
        if leaf.type == verify.ENTRY and leaf.id.startswith(f"{number}-") and str(leaf.verdict) in verify.STORED:
            raise Broken(f"{leaf.id} of {agency} is stored at {index}: it was revoked at {revoked}")
    places = {leaf.id: index for index, leaf in enumerate(log.leaves) if leaf.type == verify.ENTRY}
    for entry in deliveries:
        if places[entry] > revoked:
            raise Broken(f"{agency} was sent {entry} of {places[entry]}: it was revoked at {revoked}")
    return spoken


def inbox(p, agency):
    entries, after = [], 0
    while True:
        page = p.ask(agency, "GET", f"/v1/inbox?after={after}&limit=100")
        if page is None or page[0] != 200:
            raise Broken(f"the inbox of {agency} cannot be read: {page}")
        entries += [item["record"] for item in page[1]["items"] if item["kind"] == "record"]
        if page[1]["next"] <= after:
            return entries
        after = page[1]["next"]


def revoke(given, say):
    times, left, spoken, told, chapters = [], given.revocations, 0, 0, 0
    while left > 0:
        pairs = [(f"surgery-{i}", f"desk-{i}") for i in range(min(6, (left + 1) // 2))]
        more = [agency for surgery, desk in pairs for agency in ((surgery, "gp"), (desk, "mash"))]
        with Chapter(given.binaries, given.seed + chapters, more) as chapter:
            p, known = chapter.partnership, numbers(chapter.partnership)
            speakers = {surgery: Speaker(p, surgery) for surgery, _ in pairs}
            versions = {}
            for speaker in speakers.values():
                speaker.start()
            for surgery, desk in pairs:
                for agency in (surgery, desk):
                    chapter.progress(5)
                    versions[agency] = chapter.desk.sign("agency", "revoke", chapter.desk.root, agency, "--reason", "A trial.")
                    times.append(chapter.desk.publish(versions[agency]))
            chapter.progress(20)
            for speaker in speakers.values():
                speaker.enough.set()
                speaker.join()
            inboxes = {agency: inbox(p, agency) for agency in versions}
            chapter.load.stop()
            p.stop("broker")
            chapter.work.judge(final=False)
            log = verify.Log(p.path("export"))
            for agency, version in versions.items():
                spoken += judge_revoked(log, agency, known[agency], version, inboxes[agency])
                told += len(inboxes[agency])
        left, chapters = left - len(versions), chapters + 1
        say(f"{len(times)} revocations")
    if max(times) > REVOKED_WITHIN_S:
        raise Broken(f"a revocation took {max(times):.2f} s to be in force")
    return [("agencies revoked, speakers and front doors", len(times)),
            ("from the broker's signal to in force, median", f"{kills.at(times, 0.5) * 1000:.0f} ms"),
            ("the same, longest", f"{max(times) * 1000:.0f} ms"), ("entries of theirs in the logs, before", spoken),
            ("stored behind it", 0), ("records that they had been sent", told), ("sent of what came behind it", 0)]


def run(given, say):
    return renew(given, say) + revoke(given, say)
