#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coverage.py BUILD [--missing FILE]: how much of the parsers (parsers.txt) the committed corpus reaches. BUILD is made with the
preset `coverage`. Each target reads its corpus once, without changing it; LLVM counts lines and branches. --missing shows
the lines of one file that nothing reaches."""
import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LINES_AIM = 95
BRANCHES_AIM = 90


def parsers():
    lines = (HERE / "parsers.txt").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    gone = [name for name in listed if not (ROOT / name).is_file()]
    if gone:
        sys.exit(f"tests/fuzz/parsers.txt: there is no {' '.join(gone)}")
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


def summary(programs, merged):
    """{file: its counts}."""
    said = subprocess.run(["llvm-cov", "export", "-summary-only", f"-instr-profile={merged}", *objects(programs)],
                          check=True, capture_output=True, text=True)
    found = {}
    for file in json.loads(said.stdout)["data"][0]["files"]:
        found[os.path.relpath(file["filename"], ROOT)] = file["summary"]
    return found


def percent(covered, count):
    return 100 * covered / count if count else 100


def row(name, lines, branches):
    return (f"{name:40} {percent(*lines):6.1f} % of {lines[1]:5} lines  "
            f"{percent(*branches):6.1f} % of {branches[1]:5} branches")


def report(found):
    total = {"lines": [0, 0], "branches": [0, 0]}
    for name in parsers():
        if name not in found:
            sys.exit(f"{name}: no fuzz target reaches it; give it one, or take it out of tests/fuzz/parsers.txt")
        counts = {}
        for what in total:
            counts[what] = (found[name][what]["covered"], found[name][what]["count"])
            total[what][0] += counts[what][0]
            total[what][1] += counts[what][1]
        print(row(name, counts["lines"], counts["branches"]))
    print(row("all", total["lines"], total["branches"]))
    print(f"aimed at: {LINES_AIM} % of lines, {BRANCHES_AIM} % of branches")


def missing(programs, merged, name):
    """The whole listing is read: the filter by file of LLVM 14 does not find our names."""
    shown = subprocess.run(["llvm-cov", "show", f"-instr-profile={merged}", "-show-branches=count", *objects(programs)],
                           check=True, capture_output=True, text=True).stdout
    inside = False
    for line in shown.splitlines():
        if line.startswith("/") and line.endswith(":"):
            inside = line == f"{ROOT / name}:"
        parts = line.split("|")
        if inside and ((len(parts) >= 3 and parts[1].strip() == "0") or ("Branch (" in line and ": 0" in line)):
            print(line)


def main():
    parser = argparse.ArgumentParser(prog="./run fuzz --coverage", description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--missing", metavar="FILE", help="show what nothing reaches of that file")
    given = parser.parse_args()
    programs = sorted(path for path in (given.build / "tests" / "fuzz").glob("fuzz_*")
                      if path.is_file() and os.access(path, os.X_OK))
    merged = profile(programs, given.build / "profiles")
    if given.missing:
        missing(programs, merged, given.missing)
    else:
        report(summary(programs, merged))


if __name__ == "__main__":
    main()
