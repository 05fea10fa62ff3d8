# SPDX-License-Identifier: Apache-2.0
"""Parts of `./run fault` that are stories of this folder in their long forms: each says what held, a line that begins with
`ok` for each promise, and how far it is, lines that begin with `--`; it ends with another status than 0 at the first promise
that does not hold."""
import os
import subprocess

import partnership

CALLS_A_PARTNERSHIP = 100
FOLDER = os.path.dirname(os.path.abspath(__file__))


def told(given, say, *command):
    """Rows: what held."""
    lines = []
    with subprocess.Popen([os.path.join(FOLDER, command[0]), *command[1:]], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, "CAIRN_BIN": os.path.abspath(given.binaries)}) as story:
        for line in story.stdout:
            if line.startswith("-- "):
                say(line.removeprefix("-- ").strip())
            else:
                lines.append(line)
    if story.returncode != 0:
        raise partnership.Broken(f"{' '.join(command)}: {''.join(lines)[-4000:]}")
    return [(line.removeprefix("ok").strip(), "held") for line in lines if line.startswith("ok")]


def network(given, say):
    say(f"{given.cuts} cuts, {given.resets} resets")
    return told(given, say, "test_network.sh", str(given.cuts), str(given.resets))


def traced_calls(given, say):
    """With strace, a sample. A new partnership now and then: its store would grow with each run."""
    rows, left, seed = [], given.traced_calls, given.seed
    while left > 0:
        now = min(left, CALLS_A_PARTNERSHIP)
        rows += told(given, say, "test_inject.sh", str(now), str(seed))
        left, seed = left - now, seed + 1
        say(f"{left} runs with a failing call are left")
    return rows


def memory(given, say):
    say(f"every {given.allocation_step} allocations")
    rows = told(given, say, os.path.join(os.path.abspath(given.binaries), "tests", "test_alloc"), str(given.allocation_step))
    return rows + [("every so many allocations, refused once and for ever", given.allocation_step)]


def clocks(given, say):
    say("all jumps")
    return told(given, say, "test_clock.sh", "all")


def full_disk(given, say):
    """Another amount of room ends at another place of a commit."""
    rows = []
    for kib in range(0, given.room_kib + 1, 2):
        say(f"{kib} KiB of room")
        rows = told(given, say, "../e2e/test_full_disk.sh", str(kib))
    return rows + [("amounts of room, each ending at another place of a commit", given.room_kib // 2 + 1)]
