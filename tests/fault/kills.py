# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, under load: the broker while records are being stored, one agent or the other while they are
taken in and delivered, now and then both at once, and a program that is just starting. After each death of the broker
the oracle compares its log with what was written down; at the end of each chapter, which is a partnership of its own,
everything that was accepted is stored once and everything urgent was delivered once."""
import concurrent.futures
import random
import threading
import time

import partnership
from partnership import Broken, eventually

CHAPTER = 25  # rounds: a log that is hashed anew after each death stays short
MANY = 60  # records under way
BOTH = 0.1  # how often an agent dies with the broker
STARTING = 0.1  # how often a program is killed again before it is ready


class Load:
    """The work's three threads. What one of them finds broken is raised by check()."""

    def __init__(self, work):
        self.work = work
        self.enough = threading.Event()
        self.wrong = []
        self.threads = [threading.Thread(target=self.repeat, args=(step,), daemon=True)
                        for step in (self.submit, work.watch, work.take_page, self.take_head)]
        for thread in self.threads:
            thread.start()

    def submit(self):
        if self.work.waiting() < MANY:
            self.work.submit(lambda: not self.enough.is_set())
            return True
        return False

    def take_head(self):
        self.work.take_head()
        self.enough.wait(0.2)
        return True

    def repeat(self, step):
        while not self.enough.is_set():
            try:
                if not step():
                    self.enough.wait(0.01)
            except Exception as error:  # to be raised where it is seen
                self.wrong.append(error)
                return

    def check(self):
        if self.wrong:
            raise self.wrong[0]

    def stop(self):
        self.enough.set()
        for thread in self.threads:
            thread.join()
        self.check()


class Kills:
    """How many of each are still to come, and what was seen."""

    def __init__(self, binaries, broker, agent, seed):
        self.binaries = binaries
        self.left = {"broker": broker, "agent": agent}
        self.random = random.Random(seed)
        self.killed = {"broker": 0, "agent": 0, "starting": 0}
        self.restarts = {"broker": [], "agent": []}
        self.counts = {"accepted": 0, "stored": 0, "delivered": 0, "heads": 0, "judged": 0}

    def kind(self, name):
        return "broker" if name == "broker" else "agent"

    def kill(self, work, name):
        work.partnership.kill(name)
        self.killed[self.kind(name)] += 1
        self.left[self.kind(name)] -= 1

    def restart(self, work, name):
        if self.random.random() < STARTING and self.left[self.kind(name)] > 0:
            work.partnership.launch(name)
            time.sleep(self.random.random() * 0.1)
            self.kill(work, name)
            self.killed["starting"] += 1
        process = work.partnership.start(name)
        self.restarts[self.kind(name)].append(process.took)

    def kill_broker(self, work, agent):
        both = self.random.random() < BOTH and self.left["agent"] > 0
        self.kill(work, "broker")
        if both:
            self.kill(work, agent)
        work.judge(final=False)
        self.counts["judged"] += 1
        self.restart(work, "broker")
        if both:
            self.restart(work, agent)

    def round(self, work, load):
        """The random moments are the test, not a wait."""
        agent = self.random.choice((work.FROM, work.TO))
        if self.left["broker"] > 0:
            self.wait_progress(work, load)
            time.sleep(self.random.random() * 0.03)
            self.kill_broker(work, agent)
        if self.left["agent"] > 0:
            time.sleep(self.random.random() * 0.1)
            self.kill(work, agent)
            self.restart(work, agent)

    def wait_progress(self, work, load):
        enough = len(work.stored) + self.random.randrange(1, 12)

        def is_enough():
            load.check()
            return len(work.stored) >= enough
        eventually("records to be stored", is_enough)

    def chapter(self):
        work = partnership.make_work(self.binaries)
        try:
            for name in ("broker", work.FROM, work.TO):
                work.partnership.start(name)
            load = Load(work)
            try:
                for _ in range(CHAPTER):
                    self.round(work, load)
            finally:
                load.stop()
            work.drain()
            work.partnership.stop("broker")
            counts = work.judge(final=True)
            self.counts["accepted"] += len(work.references)
            self.counts["stored"] += counts["records"]
            self.counts["delivered"] += counts["delivered"]
            self.counts["heads"] += counts["heads"]
        finally:
            work.partnership.remove()


def at(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def chapters(binaries, broker, agent, seed, say):
    """One process's share."""
    kills = Kills(binaries, broker, agent, seed)
    while kills.left["broker"] > 0 or kills.left["agent"] > 0:
        try:
            kills.chapter()
        except Broken as broken:
            raise Broken(f"{broken} (seed {seed}, after {kills.killed})") from broken
        say(f"{kills.killed['broker']} broker and {kills.killed['agent']} agent kills, "
            f"{kills.counts['accepted']} records accepted")
    return kills.killed, kills.counts, kills.restarts


def share(total, jobs, job):
    return total // jobs + (1 if job < total % jobs else 0)


def run(given, say):
    """Rows (words, value) for the report. Raises Broken at the first promise that does not hold."""
    killed, counts, restarts = {}, {}, {}
    with concurrent.futures.ProcessPoolExecutor(given.jobs) as pool:
        jobs = [pool.submit(chapters, given.binaries, share(given.broker_kills, given.jobs, job),
                            share(given.agent_kills, given.jobs, job), given.seed + job, say)
                for job in range(given.jobs)]
        for job in jobs:
            for total, part in zip((killed, counts, restarts), job.result()):
                for name, value in part.items():
                    total[name] = total[name] + value if name in total else value
    rows = [("broker killed", killed["broker"]), ("agents killed", killed["agent"]),
            ("of these while starting", killed["starting"]), ("partnerships at a time", given.jobs),
            ("records accepted", counts["accepted"]), ("of these stored, each once", counts["stored"]),
            ("acknowledged and lost", 0), ("deliveries handed over", counts["delivered"]),
            ("handed over again after acknowledgement", 0), ("logs compared by the oracle", counts["judged"]),
            ("signed heads compared", counts["heads"])]
    for name, took in restarts.items():
        rows.append((f"{name} ready again, median", f"{at(took, 0.5) * 1000:.0f} ms"))
        rows.append((f"{name} ready again, 99th percentile", f"{at(took, 0.99) * 1000:.0f} ms"))
    return rows
