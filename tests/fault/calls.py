#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""calls.py BINARIES [RUNS]: every instance of every system call of a broker, a sending and a taking agent fails, once and
for ever, with each error that the manual names for it, and the process dies there.

A short life has four phases: `join` (the first start of all, over new folders, and the first connection), `start` (over
what is there), `work` (two records, one of them urgent, and a retraction; sent, stored, delivered, read and acknowledged)
and `stop`. Each is first lived through a few times while tests/fault/calls.c counts the calls of each thread: the largest
counts are the instances. Then, for each instance and each error, the phase is lived again and that call fails. In each
run, the process goes on or ends by itself, and says something when it can still write; it is never ended by a signal that says that
our memory is wrong or that a wall was run into; once nothing fails any more it goes on, or starts again, and everything
that was accepted becomes stored, everything urgent is handed over, nothing twice. After each chapter the oracle compares
the log with what was written down.

What stands for what, so that a run may leave it out:

* The hub's agent is the program that the visitors' is: it joins, starts and stops in the same way, and fails at work only.

* The threads of libzmq know nothing of what is stored: in `join` they do what they do in `start`, and fail there only.
* An error that the manual of a call does not name for what we use it for: the kernel does not give it (ERRORS).
* `for ever` means all later calls of that thread and name until the phase is over. EINTR for ever is every third call: a
  call that is always interrupted is no call at all.
* Death at an instance stands for death right after the one before it: between two calls nothing outside of the process
  changes, but for mapped counters, of which nothing is promised.
* A process that goes on is not started again after each run: the next run of `start` or `stop`, at the latest the end of
  the chapter, starts over what all the runs before have left.
* An instance is the n-th call of that name by that thread since the phase began. Two threads may come to theirs in another
  order, and a loop may turn once less: such a run ends with nothing having failed, is counted as not reached, and tried
  again REACH times before that.

What the loader does before main, and the C library within itself (stdio, malloc), is not seen by the shim: test_inject.sh
lets strace do the same with those, for a sample."""
import argparse
import concurrent.futures
import errno
import json
import mmap
import os
import random
import re
import shutil
import signal
import struct
import sys
import tempfile
import time

import partnership
from partnership import Broken, eventually

FOLDER = os.path.dirname(os.path.abspath(__file__))
DEATH = 0
STATUS_OF_DEAD = 137
THREADS, NAME_BYTES, HEAD = 32, 16, 8
FIRST_SLOTS = ("main", "other")  # of calls.c
FULL = ("EIO", "ENOSPC", "EINTR")
ERRORS = {  # of calls.h, in its order: which errors
    "OPENAT": ("EIO", "ENOSPC", "EINTR", "EMFILE", "ENOMEM"),
    "MMAP": ("ENOMEM",),
    "FTRUNCATE": FULL,
    "FALLOCATE": FULL,
    "PWRITE64": FULL,
    "WRITEV": FULL,
    "WRITE": FULL,
    "READ": ("EIO", "EINTR"),
    "PREAD64": ("EIO", "EINTR"),
    "FDATASYNC": FULL,
    "FSYNC": FULL,
    "CLOSE": FULL,
    "SENDTO": ("EINTR", "ENOMEM"),
    "RECVFROM": ("EINTR", "ENOMEM"),
    "RECVMSG": ("EINTR", "EMFILE", "ENOMEM"),
    "EPOLL_WAIT": ("EINTR",),
    "POLL": ("EINTR", "ENOMEM"),
    "ACCEPT4": ("EINTR", "EMFILE", "ENOMEM"),
    "UNLINK": ("EIO", "ENOSPC", "ENOMEM"),
    "RENAME": ("EIO", "ENOSPC", "ENOMEM"),
}
CALLS = list(ERRORS)
WHO = ("broker", "visitors", "hub")
PHASES = {"join": WHO[:2], "start": WHO[:2], "work": WHO, "stop": WHO[:2]}  # and who fails in each
OF_LIBZMQ = ("ZMQ", "zap")
RECORDINGS = 4
REACH = 3  # tries
CHAPTER = 60  # runs of one partnership: its log is hashed anew at the end
LOOK_S = 0.02  # between two questions of ours to an agent, each of which is calls of its own
WORK_S = 1.5  # that work may take while a call fails
END_S = 15  # that an end may take
WAITING = 3  # partnerships for each job: they wait for one another more than they compute
BAD_SIGNALS = {signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV, signal.SIGSYS}


class Control:
    """calls.h's struct control, in a file of each process."""

    BYTES = 4 * HEAD + 4 * THREADS * len(CALLS) + THREADS * NAME_BYTES

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(self.BYTES)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), self.BYTES)
        for i, name in enumerate(FIRST_SLOTS):  # which the process will take, and may be told of before it does
            self.set_name(i, name)

    def put(self, place, *words):
        struct.pack_into(f"={len(words)}I", self.map, 4 * place, *words)

    def get(self, place):
        return struct.unpack_from("=I", self.map, 4 * place)[0]

    def names(self):
        at = 4 * HEAD + 4 * THREADS * len(CALLS)
        raw = [self.map[at + i * NAME_BYTES:at + (i + 1) * NAME_BYTES] for i in range(THREADS)]
        return [name.split(b"\0")[0].decode() for name in raw]

    def set_name(self, slot, name):
        at = 4 * HEAD + 4 * THREADS * len(CALLS) + slot * NAME_BYTES
        self.map[at:at + len(name)] = name.encode()

    def name(self, thread):
        """Its slot, which it will find there."""
        names = self.names()
        if thread not in names:
            self.set_name(names.index(""), thread)
        return self.names().index(thread)

    def disarm(self):
        self.put(0, 0)

    def clear(self):
        self.disarm()
        self.map[4 * HEAD:4 * HEAD + 4 * THREADS * len(CALLS)] = bytes(4 * THREADS * len(CALLS))

    def counts(self):
        """{(thread, call): n}"""
        found = {}
        for i, thread in enumerate(self.names()):
            for j, call in enumerate(CALLS):
                n = self.get(HEAD + i * len(CALLS) + j)
                if thread and n:
                    found[thread, call] = n
        return found

    def arm(self, thread, call, instance, how):
        self.disarm()
        error, _, again = how.partition("+")
        self.put(1, self.name(thread), CALLS.index(call), instance, int(again or 0),
                 DEATH if error == "KILL" else getattr(errno, error), 0, 0)
        self.put(0, 1)

    def hits(self):
        return self.get(7)

    def is_mute(self):
        """All that it writes fails, also the line that would say why it ends."""
        return self.hits() > 0 and CALLS[self.get(2)] == "WRITE" and self.get(4) > 0


class Life:
    """A partnership whose processes can fail: one at a time, one call of one thread."""

    def __init__(self, binaries):
        self.shim = os.path.join(os.path.abspath(binaries), "libcairn_calls.so")
        work = partnership.make_work(binaries)
        self.partnership, self.hub_number = work.partnership, work.agency_number
        self.new = self.partnership.folder + ".new"
        shutil.copytree(self.partnership.folder, self.new)
        self.begin_anew()

    def begin_anew(self):
        """As if nothing had ever been started."""
        for name in list(self.partnership.processes):
            self.partnership.kill(name)
        shutil.rmtree(self.partnership.folder)
        shutil.copytree(self.new, self.partnership.folder)
        self.work = partnership.Work(self.partnership, urgent_every=2)
        self.work.agency_number = self.hub_number
        self.control = {who: Control(self.partnership.path(f"calls.{who}")) for who in WHO}
        self.deadline = 0.0
        self.to_retract, self.retracted = None, set()
        self.runs = 0

    # --- processes ---

    def launch(self, who):
        return self.partnership.launch(who, LD_PRELOAD=self.shim, CAIRN_CALLS=self.control[who].path)

    def start(self, who):
        process = self.launch(who)
        if not process.wait_ready():
            raise Broken(f"{who} does not start again: {process.said()}")

    def is_alive(self, who):
        process = self.partnership.processes.get(who)
        return process is not None and not process.has_ended()

    def bury(self, who):
        """Its status; it must have ended in one of the ways in which it may."""
        process = self.partnership.processes.pop(who)
        status = process.wait_ended()
        process.close()
        if status < 0 and -status in BAD_SIGNALS:
            raise Broken(f"{who} was ended by signal {-status}: {process.said()}")
        if status not in (0, STATUS_OF_DEAD) and not process.said().strip() and not self.control[who].is_mute():
            raise Broken(f"{who} ended with {status} and said nothing")
        return status

    def end(self, who):
        """It is told to end, and does."""
        process = self.partnership.processes[who]
        process.child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_S
        while not process.has_ended():
            if time.monotonic() > deadline:
                raise Broken(f"{who} neither goes on nor ends: {process.said()}")
            time.sleep(0.002)
        return self.bury(who)

    def kill_agents(self):
        """They would dial the next broker by themselves, and wait longer each time."""
        for who in WHO[1:]:
            if who in self.partnership.processes:
                self.partnership.kill(who)

    # --- work ---

    def may_go_on(self, who_fails):
        return self.is_alive(who_fails) and time.monotonic() < self.deadline

    def retract(self):
        """Also when it was accepted before and nobody could be told."""
        source = "r" + self.to_retract[1:]
        body = json.dumps({"kind": "retraction", "event_date": "2026-11-21", "retracts": self.to_retract,
                           "source": {"system": "test", "id": source}})
        answer = self.partnership.ask("visitors", "POST", "/v1/submissions", body, "application/vnd.cairn.record+json")
        if answer is None or answer[0] >= 500:
            return
        item = answer[1]["items"][0] if answer[0] == 202 else {}
        if item.get("outcome") not in ("retracted", "known-already"):
            raise Broken(f"the retraction of {self.to_retract} was refused: {answer}")
        self.work.note_reference(source, item["reference"])
        self.retracted.add(self.to_retract)
        self.to_retract = None

    def is_done(self):
        if self.to_retract is not None:
            self.retract()
        while self.work.watch():
            pass
        self.work.take_page()
        work = self.work
        if self.to_retract is not None or work.pending is not None or len(work.stored) < len(work.references):
            return False
        return {work.stored[reference][0] for reference in work.urgent} <= work.delivered_records()

    def do_work(self, who_fails):
        """One normal record and one urgent are told, and the normal one of the last time is taken back."""
        self.deadline = time.monotonic() + WORK_S
        last = f"s-{self.work.number - 1}"
        for _ in range(2):
            if self.may_go_on(who_fails):
                self.work.submit(lambda: self.may_go_on(who_fails))
        if last in self.work.references and last not in self.retracted:
            self.to_retract = last
        while self.may_go_on(who_fails) and not self.is_done():
            time.sleep(LOOK_S)

    def catch_up(self):
        """Nothing fails any more: who has ended starts again, and everything arrives."""
        died = [who for who in WHO if not self.is_alive(who)]
        for who in died:
            if who in self.partnership.processes:
                self.bury(who)
        if "broker" in died:
            self.kill_agents()
            died = WHO
        for who in died:
            self.start(who)
        if self.work.pending is not None:
            self.work.submit()
        eventually("everything to be sent, stored and handed over", self.is_done)

    # --- phases ---

    def await_ready(self, process):
        """True when it is; false when it has ended, or was told to, because it did neither."""
        deadline = time.monotonic() + END_S
        process.notify.settimeout(0.02)
        while time.monotonic() < deadline:
            try:
                if b"READY=1" in process.notify.recv(4096):
                    return True
            except TimeoutError:
                if process.has_ended():
                    return False
        self.end(process.name)
        return False

    def await_connected(self, who):
        self.deadline = time.monotonic() + WORK_S
        agents = WHO[1:] if who == "broker" else (who,)
        while self.may_go_on(who) and not all(self.partnership.is_connected(agent) for agent in agents):
            time.sleep(LOOK_S)

    def begin(self, who, others, arm):
        """`who` starts, and before and after it those of `others` who are not there. What was counted until it had a
        connection."""
        control = self.control[who]
        control.clear()
        arm(control)
        for name in WHO:
            if name == who:
                if not self.await_ready(self.launch(name)):
                    return control.counts()
            elif name in others:
                self.start(name)
        self.await_connected(who)
        counted = control.counts()
        self.do_work(who)
        return counted

    def phase_of(self, phase, who, arm):
        control = self.control[who]
        if phase == "join":
            return self.begin(who, WHO, arm)
        if phase == "start":
            if who == "broker":
                self.kill_agents()
            if self.end(who) != 0:
                raise Broken(f"{who} did not end in order")
            return self.begin(who, WHO if who == "broker" else (), arm)
        control.clear()
        arm(control)
        if phase == "work":
            self.do_work(who)
        else:
            self.end(who)
        return control.counts()

    def live(self, phase, who, arm=lambda control: None):
        """One phase in which `who` may fail, and then nothing fails. What was counted, how often it failed, and how it
        ended: None when it did not."""
        self.runs += 1
        self.partnership.patience_s = WORK_S
        try:
            counted = self.phase_of(phase, who, arm)
        finally:
            self.control[who].disarm()
            self.partnership.patience_s = partnership.PATIENCE_S
        hits = self.control[who].hits()
        process = self.partnership.processes.get(who)
        status = process.child.poll() if process is not None else 0
        self.catch_up()
        return counted, hits, status

    def judge(self):
        for who in WHO[::-1]:
            self.partnership.stop(who)
        self.work.judge(final=True)

    def remove(self):
        self.partnership.remove()
        shutil.rmtree(self.new, ignore_errors=True)


class Fault(tuple):
    """(phase, who, thread, call, instance, how)"""

    def arm(self, control):
        control.arm(*self[2:])

    def __str__(self):
        return "/".join(str(word) for word in self)


# --- the plan ---

def recorded(binaries):
    """{(phase, who, thread, call): instances}"""
    most = {}

    def note(phase, who, counted):
        for (thread, call), n in counted.items():
            key = (phase, who, thread, call)
            most[key] = max(most.get(key, 0), n)
    life = Life(binaries)
    for _ in range(RECORDINGS):
        for who in PHASES["join"]:
            life.begin_anew()
            note("join", who, life.live("join", who)[0])
        for phase in list(PHASES)[1:]:
            for who in PHASES[phase]:
                note(phase, who, life.live(phase, who)[0])
        life.judge()
    life.remove()
    return most


def hows(call):
    """An error, an error for ever, and death."""
    for error in ERRORS[call]:
        yield error
        yield error + ("+3" if error == "EINTR" else "+1")
    yield "KILL"


def plan(most):
    return [Fault((phase, who, thread, call, instance, how)) for (phase, who, thread, call), n in sorted(most.items())
            if phase != "join" or not thread.startswith(OF_LIBZMQ)
            for instance in range(1, n + 1) for how in hows(call)]


# --- the runs ---

def dies_late(fault, broken):
    """It had looked whether it is to die before nothing was to fail any more, and died while it was being stopped."""
    return fault[-1] == "KILL" and f"({STATUS_OF_DEAD})" in str(broken)


class Chapter:
    """Some runs of one phase, in one partnership, or when something broke in several."""

    def __init__(self, binaries):
        self.binaries, self.life = binaries, None
        self.wrong = []
        self.told = {}  # (who, call): [runs, failed, went on, ended in order, ended by itself, died]

    def prepare(self, phase):
        if self.life is None:
            self.life = Life(self.binaries)
            if phase != "join":
                for who in WHO:
                    self.life.start(who)
                self.life.partnership.connect(*WHO[1:])
                self.life.do_work("broker")
                self.life.catch_up()

    def turn(self, fault):
        phase, who, _, call, _, _ = fault
        for _ in range(1 if phase == "join" else REACH):
            self.prepare(phase)
            if phase == "join":
                self.life.begin_anew()
            _, hits, status = self.life.live(phase, who, fault.arm)
            if phase == "join":
                self.life.judge()
            if hits > 0:
                break
        row = self.told.setdefault((who, call), [0] * 6)
        row[0] += 1
        row[1] += hits > 0
        if hits > 0:
            row[2 if status is None else 3 if status == 0 else 5 if status == STATUS_OF_DEAD else 4] += 1

    def run(self, fault):
        for again in (True, False):
            try:
                self.turn(fault)
                return
            except (Broken, OSError, KeyError) as broken:
                self.leave()
                if not again or not dies_late(fault, broken):
                    self.wrong.append(f"{fault}: {broken!r}")
                    return

    def leave(self):
        """CAIRN_KEEP: a folder to which what is left of it is copied."""
        life, self.life = self.life, None
        if life is not None:
            if "CAIRN_KEEP" in os.environ:
                shutil.copytree(life.partnership.folder, tempfile.mkdtemp(dir=os.environ["CAIRN_KEEP"]), dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("*.sock", "n.*"))
            life.remove()

    def finish(self, phase):
        if self.life is not None and phase != "join":
            try:
                self.life.judge()
            except Broken as broken:
                self.wrong.append(f"after {self.life.runs} runs: {broken}")
        self.leave()


def chapter(binaries, faults):
    one = Chapter(binaries)
    for fault in faults:
        one.run(fault)
    one.finish(faults[0][0])
    return one.told, one.wrong


def add(told, part):
    for key, row in part.items():
        told[key] = [a + b for a, b in zip(told.get(key, [0] * 6), row)]


def chapters(faults):
    """Runs of one phase and process side by side."""
    of = {}
    for fault in faults:
        of.setdefault(tuple(fault[:2]), []).append(fault)
    parts = [part[i:i + CHAPTER] for part in of.values() for i in range(0, len(part), CHAPTER)]
    random.Random(1).shuffle(parts)  # so that what is left of a run that was stopped is a sample
    return parts


def rows_of(told, whole, done):
    total = [sum(row[i] for row in told.values()) for i in range(6)]
    rows = [("combinations of instance and error", whole), ("of these run", done), ("in which the call failed", total[1]),
            ("the process went on", total[2]), ("ended in order", total[3]), ("ended by itself, and said why", total[4]),
            ("died there", total[5])]
    for (who, call), row in sorted(told.items()):
        rows.append((f"{who}, {call.lower()}: failed, went on, ended, died",
                     f"{row[1]:,}, {row[2]:,}, {row[3] + row[4]:,}, {row[5]:,}"))
    return rows


def run(given, say):
    """Rows for the report. Every run is made; then Broken says which did not hold."""
    everything = plan(recorded(given.binaries))
    chosen = everything
    if given.only_calls:
        chosen = [fault for fault in everything if re.search(given.only_calls, str(fault))]
    if given.calls:
        chosen = random.Random(given.seed).sample(chosen, min(given.calls, len(chosen)))
    say(f"{len(chosen)} of {len(everything)} combinations")
    told, wrong, done = {}, [], 0
    with concurrent.futures.ProcessPoolExecutor(given.jobs * WAITING) as pool:
        jobs = {pool.submit(chapter, given.binaries, faults): len(faults) for faults in chapters(chosen)}
        for job in concurrent.futures.as_completed(jobs):
            part, broken = job.result()
            add(told, part)
            done += jobs[job]
            for words in broken:
                say(words)
            wrong += broken
            say(f"{done} of {len(chosen)} runs, {len(wrong)} did not hold")
    if wrong:
        raise Broken(f"{len(wrong)} of {done} runs: " + "; ".join(wrong[:20]))
    return rows_of(told, len(everything), done)


def main():
    parser = argparse.ArgumentParser(description="every instance of every system call fails")
    parser.add_argument("binaries")
    parser.add_argument("--calls", type=int, default=0, help="so many runs, drawn; 0: all")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", dest="only_calls", default="", help="a regular expression over PHASE/WHO/THREAD/CALL/INSTANCE/HOW")
    given = parser.parse_args()
    try:
        rows = run(given, lambda words: print(f"-- {words}", flush=True))
    except Broken as broken:
        print(broken)
        return 1
    for words, value in rows:
        print(f"ok    {words}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
