#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""crash_points.py BINARIES: has broker, signer and agents die at every named crash point, at the first passage and in
the middle of work, starts them again, and asks the oracle. The list is lib/base/crash_point.h; a point that stands there
and is not in the code, or is in the code twice, or is not reached, fails."""
import os
import re
import sys
import time

import partnership
from partnership import Broken, eventually

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
STATUS = 93
MANY = 20  # records under way: enough for any batch
SAID = "crash_point reached"
# The broker commits when it starts: governance, and that it started. The later passages are those of somebody's records.
TIMES = (1, 4)
ONCE = ("governance.",)  # is passed once for each document, by an agent that has none yet
SETTLE = "1s"  # before what a feed says leaves its agency


def points():
    """[(identifier, name, whose)]"""
    with open(os.path.join(SOURCE, "lib/base/crash_point.h"), encoding="utf-8") as file:
        return re.findall(r'X\(([A-Z_]+),\s"([a-z_.]+)",[\s\\]+"([a-z]+)"\)', file.read())


def check_places():
    """Each point stands in the code, in one place. That none stands there which is not listed, the compiler sees to."""
    places = {}
    for folder in ("broker", "signer", "agents"):
        for path, _, names in os.walk(os.path.join(SOURCE, folder)):
            for name in names:
                if name.endswith(".c"):
                    with open(os.path.join(path, name), encoding="utf-8") as file:
                        for identifier in re.findall(r"\bCRASH_POINT\(([A-Z_]+)\)", file.read()):
                            places[identifier] = places.get(identifier, 0) + 1
    for identifier, name, _ in points():
        if places.get(identifier) != 1:
            raise Broken(f"{name} stands in the code {places.get(identifier, 0)} times")


def victim_of(name, whose):
    if whose in ("broker", "signer"):
        return "broker"
    at_hub = ("inbox", "acknowledgement", "reading", "decision", "governance", "witness")
    return "hub" if name.split(".")[0] in at_hub else "visitors"


def work_until_dead(work, process, name):
    def step():
        if process.has_ended():
            return True
        if work.waiting() < MANY:
            work.submit(lambda: not process.has_ended(), settles=name.startswith("settle."))
        else:
            time.sleep(0.01)
        work.watch()
        work.take_page()
        if name.startswith("decision."):
            work.decide()
        return process.has_ended()
    eventually(f"{process.name} to come to {name}", step)


def visit(work, name, whose, times):
    victim = victim_of(name, whose)
    if name.startswith("governance."):
        forget_governance(work, victim)
    if victim in work.partnership.processes:
        work.partnership.stop(victim)
    process = work.partnership.launch(victim, CAIRN_CRASH_POINT=f"{name}:{times}")
    if process.wait_ready():
        work_until_dead(work, process, name)
    expect_death(work, victim, whose, name)
    if victim == "broker":
        work.judge(final=False)
        for agency in (work.FROM, work.TO):
            work.partnership.kill(agency)  # they would dial again by themselves, and wait longer each time
    work.partnership.start(victim)
    if victim == "broker":
        work.partnership.start(work.FROM)
        work.partnership.start(work.TO)


def forget_governance(work, victim):
    """A person approves one more: a newer directory for the agent to take."""
    work.partnership.cairn("agency", "list", work.partnership.path("north"))
    number = len(work.newcomers)
    work.newcomers.append(f"new-{number}")
    path = work.partnership.path
    work.partnership.cairn("agency", "request", path(f"new-{number}"), "--id", f"new-{number}", "--kind", "gp", "--name",
                           "A newcomer", "--duty-phone", "01632 960100", "--joining", path("north/joining.json"))
    work.partnership.stop(victim)
    work.partnership.cairn("agency", "approve", path("north"), path(f"new-{number}", "request.json"))
    work.partnership.kill("broker")
    work.partnership.start("broker")


def expect_death(work, victim, whose, name):
    process = work.partnership.processes[victim]
    status = work.partnership.ended(victim)
    if SAID not in process.said():
        raise Broken(f"{victim} ended with {status} and was not at {name}: {process.said()}")
    if whose != "signer" and status != STATUS:
        raise Broken(f"{victim} was at {name} and ended with {status}")


def run(binaries, under=None):
    """Returns how many visits there were."""
    check_places()
    work = partnership.make_work(binaries, under)
    work.newcomers = []
    work.partnership.set_option(f"{work.FROM}/agent.ini", "settle", SETTLE)
    try:
        for name in ("broker", "visitors", "hub"):
            work.partnership.start(name)
        work.partnership.connect("visitors", "hub")
        visits = 0
        for _, name, whose in points():
            for times in TIMES[:1] if name.startswith(ONCE) else TIMES:
                visit(work, name, whose, times)
                visits += 1
        work.drain()
        work.partnership.stop("broker")
        work.judge(final=True)
        return visits, len(work.references)
    finally:
        work.partnership.remove()


def main():
    visits, accepted = run(sys.argv[1])
    print(f"{visits} deaths at {len(points())} crash points, {accepted} records accepted, none lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
