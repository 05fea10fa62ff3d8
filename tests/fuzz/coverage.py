#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coverage.py BUILD [--missing FILE]: how much of the parsers (parsers.txt) the committed corpus reaches. BUILD is made with the
preset `coverage`. Each target reads its corpus once, without changing it; LLVM counts lines and branches. --missing shows
the lines of one file that nothing reaches.

Two things are not counted: functions that parsers.txt names, with the reason why they are no parsers; and a block that ends
the process (log_fatal), with the side of its condition that leads there, for no input may lead there. Two more are counted,
and the last line says how many of them are not reached: that a switch over all values of an enum has none of them, and that
an allocation failed."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LINES_AIM = 95
BRANCHES_AIM = 90


def parsers():
    """{file: names of its functions that are no parsers}. Indented lines below a file: "REASON: NAME NAME..."."""
    listed = {}
    for line in (HERE / "parsers.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            reason, _, names = line.strip().partition(": ")
            if not reason or not names:
                sys.exit(f"tests/fuzz/parsers.txt: no reason or no functions: {line}")
            listed[list(listed)[-1]].update(names.split())
        elif line and not line.startswith("#"):
            if not (ROOT / line).is_file():
                sys.exit(f"tests/fuzz/parsers.txt: there is no {line}")
            listed[line] = set()
    return listed


def profile(programs, folder):
    """Reads every corpus; the counts of all, merged."""
    folder.mkdir(exist_ok=True)
    raw = []
    for program in programs:
        raw.append(folder / f"{program.name}.profraw")
        subprocess.run([program, "-runs=0", HERE / "corpus" / program.name.removeprefix("fuzz_")], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "LLVM_PROFILE_FILE": str(raw[-1])})
    merged = folder / "merged.profdata"
    subprocess.run(["llvm-profdata", "merge", "-sparse", *raw, "-o", merged], check=True)
    return merged


def objects(programs):
    return [programs[0], *(word for program in programs[1:] for word in ("-object", program))]


def name_of(path):
    return os.path.relpath(path, ROOT)


def exported(programs, merged):
    said = subprocess.run(["llvm-cov", "export", f"-instr-profile={merged}", *objects(programs)], check=True,
                          capture_output=True, text=True)
    return json.loads(said.stdout)["data"][0]


def line_counts(programs, merged):
    """{file: {line: how often}} of the lines that hold code."""
    shown = subprocess.run(["llvm-cov", "show", f"-instr-profile={merged}", *objects(programs)], check=True,
                           capture_output=True, text=True).stdout
    found = {}
    counts = {}
    for line in shown.splitlines():
        if line.startswith("/") and line.endswith(":"):
            counts = found.setdefault(name_of(line[:-1]), {})
        parts = line.split("|", 2)
        if len(parts) == 3 and parts[0].strip().isdigit() and parts[1].strip():
            counts[int(parts[0])] = parts[1].strip()
    return found


def function_lines(data, listed):
    """{file: lines of the functions that are no parsers}."""
    found = {name: set() for name in listed}
    left = {(name, function) for name, functions in listed.items() for function in functions}
    for function in data["functions"]:
        name = name_of(function["filenames"][0])
        plain = function["name"].rpartition(":")[2]
        if plain in listed.get(name, ()):
            first, last = function["regions"][0][0], function["regions"][0][2]
            found[name].update(range(first, last + 1))
            left.discard((name, plain))
    if left:
        sys.exit("tests/fuzz/parsers.txt: no such function: " + ", ".join(f"{name} {which}" for name, which in sorted(left)))
    return found


def deadly_lines(name):
    """The lines of blocks that end the process, and the lines with their conditions."""
    text = (ROOT / name).read_text(encoding="utf-8").splitlines()
    inside, before = set(), set()
    for at, line in enumerate(text):
        if re.search(r"\blog_fatal\(", line):
            first = at
            while not text[first].rstrip().endswith("{"):
                first -= 1
            last = at
            while text[last].strip() != "}":
                last += 1
            inside.update(range(first + 2, last + 2))
            before.add(first + 1)
    return inside, before


def judge(programs, merged):
    """{file: (covered, lines, covered, branches, lines that nothing reaches, branches likewise)}."""
    listed = parsers()
    data = exported(programs, merged)
    lines = line_counts(programs, merged)
    apart = function_lines(data, listed)
    branches = {name_of(file["filename"]): file["branches"] for file in data["files"]}
    found = {}
    for name in listed:
        if name not in lines:
            sys.exit(f"{name}: no fuzz target reaches it; give it one, or take it out of tests/fuzz/parsers.txt")
        inside, before = deadly_lines(name)
        counted = {line: count for line, count in lines[name].items() if line not in apart[name] | inside}
        sides = [(branch[0], branch[1], side, count) for branch in branches[name] for side, count in
                 (("true", branch[4]), ("false", branch[5]))
                 if branch[0] not in apart[name] | inside and not (branch[0] in before and side == "true")]
        found[name] = (sum(count != "0" for count in counted.values()), len(counted),
                       sum(count > 0 for *_, count in sides), len(sides),
                       [line for line, count in counted.items() if count == "0"],
                       [side[:3] for side in sides if side[3] == 0])
    return found


def percent(covered, count):
    return 100 * covered / count if count else 100


def row(name, lines, branches):
    return (f"{name:40} {percent(*lines):6.1f} % of {lines[1]:5} lines  "
            f"{percent(*branches):6.1f} % of {branches[1]:5} branches")


def of_ourselves(found):
    """Of the sides that nothing reaches: those of a switch that no case takes, and those of an allocation that failed."""
    unmatched = failed = 0
    for name, counts in found.items():
        text = (ROOT / name).read_text(encoding="utf-8").splitlines()
        for line, column, side in counts[5]:
            if text[line - 1][:column - 1].endswith("switch ("):
                unmatched += 1
            elif side == "true" and re.match(r"\w[\w.>-]* == NULL", text[line - 1][column - 1:]):
                failed += any("alloc(" in before for before in text[max(0, line - 4):line - 1])
    return unmatched, failed


def report(found):
    total = [0, 0, 0, 0]
    for name, counts in found.items():
        total = [sum(pair) for pair in zip(total, counts)]
        print(row(name, counts[0:2], counts[2:4]))
    print(row("all", total[0:2], total[2:4]))
    unmatched, failed = of_ourselves(found)
    print(f"aimed at: {LINES_AIM} % of lines, {BRANCHES_AIM} % of branches")
    print(f"of the {total[3] - total[2]} branches not reached, {unmatched} are of a switch that no case takes, "
          f"and {failed} of an allocation that failed")


def missing(found, name):
    if name not in found:
        sys.exit(f"{name} is not in tests/fuzz/parsers.txt")
    text = (ROOT / name).read_text(encoding="utf-8").splitlines()
    lines, sides = found[name][4:]
    for at in sorted({*lines, *(side[0] for side in sides)}):
        never = ", ".join(f"column {column} never {side}" for line, column, side in sides if line == at)
        print(f"{at:5} {'not reached' if at in lines else '':12}{text[at - 1]}{'   <- ' + never if never else ''}")


def main():
    parser = argparse.ArgumentParser(prog="./run fuzz --coverage", description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--missing", metavar="FILE", help="show what nothing reaches of that file")
    given = parser.parse_args()
    programs = sorted(path for path in (given.build / "tests" / "fuzz").glob("fuzz_*")
                      if (HERE / f"{path.name}.c").is_file() and os.access(path, os.X_OK))
    merged = profile(programs, given.build / "profiles")
    found = judge(programs, merged)
    if given.missing:
        missing(found, given.missing)
    else:
        report(found)


if __name__ == "__main__":
    main()
