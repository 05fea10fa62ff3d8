#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The long form of the fault tests (`./run fault`): each part in turn, as often as asked for, and a report of what was
done and what was found. A part is a function that returns rows for the report and raises partnership.Broken at the first
promise that does not hold; PARTS lists them."""
import argparse
import datetime
import os
import platform
import subprocess
import sys
import time

import calls
import crash_points
import kills
import partnership
import power
import renewals
import restores
import stories


def say(words):
    print(f"-- {words}", flush=True)


def kill_part(given):
    return kills.run(given, say)


def crash_point_part(given):
    rounds = visits = records = 0
    for rounds in range(1, given.crash_point_rounds + 1):
        visited, accepted = crash_points.run(given.binaries)
        visits, records = visits + visited, records + accepted
        say(f"{visits} visits of crash points")
    return [("crash points in the table", len(crash_points.points())), ("rounds through all of them", rounds),
            ("deaths at them", visits), ("records accepted", records), ("acknowledged and lost", 0)]


def power_part(given):
    return power.run(given.binaries, given.crash_states, given.seed, given.jobs)


PARTS = (
    ("kills", "kill -9 at random moments under load", kill_part),
    ("crash-points", "Death at every named crash point", crash_point_part),
    ("power", "Loss of power", power_part),
    ("keys", "Keys that are renewed, agencies that are revoked", lambda given: renewals.run(given, say)),
    ("restores", "A broker that comes back from an older copy", lambda given: restores.run(given, say)),
    ("calls", "Every system call fails, once and for ever", lambda given: calls.run(given, say)),
    ("traced-calls", "System calls that fail under strace", lambda given: stories.traced_calls(given, say)),
    ("memory", "Memory that runs out", lambda given: stories.memory(given, say)),
    ("network", "A bad network", lambda given: stories.network(given, say)),
    ("clocks", "Clocks that are set", lambda given: stories.clocks(given, say)),
    ("full-disk", "A full disk", lambda given: stories.full_disk(given, say)),
)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(models)} x {models[0] if models else platform.machine()}, {memory:.0f} GiB, Linux {platform.release()}"


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True,
                          check=False, cwd=crash_points.SOURCE)
    return done.stdout.strip() or "unknown"


def report(given, results, failed):
    lines = ["# Faults", "",
             "Written by `./run fault`; what each part does stands at the top of its file in `tests/fault/`. A run ends at",
             "the first promise that does not hold, and says so here.", "",
             "| | |", "| --- | --- |", f"| command | `./run fault {' '.join(sys.argv[3:])}` |".replace(" ` |", "` |"),
             f"| commit | {given.commit} |", f"| machine | {machine()} |", "| build | debug: as installed, and crash points |",
             f"| seed | {given.seed} |", f"| begun | {given.begun:%Y-%m-%d %H:%M} UTC |"]
    for heading, rows, seconds in results:
        lines += ["", f"## {heading}", "", "| | |", "| --- | --- |"]
        lines += [f"| {words} | {value:,} |" if isinstance(value, int) else f"| {words} | {value} |"
                  for words, value in rows + [("took", f"{seconds:.0f} s")]]
    if failed:
        lines += ["", "## FAILED", "", failed]
    return "\n".join(lines) + "\n"


def options():
    # tools/help.txt says what each is.
    parser = argparse.ArgumentParser(prog="./run fault", description=__doc__)
    parser.add_argument("binaries", help=argparse.SUPPRESS)
    parser.add_argument("report", help=argparse.SUPPRESS)
    parser.add_argument("--broker-kills", type=int, default=2000)
    parser.add_argument("--agent-kills", type=int, default=2000)
    parser.add_argument("--crash-point-rounds", type=int, default=5)
    parser.add_argument("--crash-states", type=int, default=100000)
    parser.add_argument("--agency-renewals", type=int, default=1000)
    parser.add_argument("--broker-renewals", type=int, default=100)
    parser.add_argument("--revocations", type=int, default=100)
    parser.add_argument("--snapshots", type=int, default=100)
    parser.add_argument("--calls", type=int, default=0)
    parser.add_argument("--only-calls", default="")
    parser.add_argument("--traced-calls", type=int, default=200)
    parser.add_argument("--allocation-step", type=int, default=7)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--resets", type=int, default=200)
    parser.add_argument("--room-kib", type=int, default=64)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", choices=[name for name, _, _ in PARTS], action="append")
    return parser.parse_args()


def main():
    given = options()
    given.begun = datetime.datetime.now(datetime.timezone.utc)
    given.commit = commit()
    results, failed = [], ""
    for name, heading, part in PARTS:
        if given.only and name not in given.only:
            continue
        say(heading)
        start = time.monotonic()
        try:
            results.append((heading, part(given), time.monotonic() - start))
        except partnership.Broken as broken:
            failed = f"{heading}: {broken}"
            break
    if given.only:  # the page has the other parts too, from other days
        print(report(given, results, failed))
    else:
        os.makedirs(os.path.dirname(given.report), exist_ok=True)
        with open(given.report, "w", encoding="utf-8") as file:
            file.write(report(given, results, failed))
    say(failed or "nothing was lost" + ("" if given.only else f"; the report is {os.path.relpath(given.report)}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
