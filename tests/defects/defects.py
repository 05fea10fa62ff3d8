#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeded defects: proof that the tests can fail. Each file NAME.defect beside this one says what is broken, which tests must
notice (names as ctest knows them, the quickest first), in which file, and which text becomes which:

    what:  a revoked signing key goes on
    tests: test_apply
    file:  broker/apply.c
    --- was
    the text, exactly as it stands, once in that file
    --- becomes
    the text with the defect
    --- end

From `file` on it may say so again: where two checks stand behind each other, one alone is no hole.

`defects.py --check` only looks whether every defect still applies: a test of every run, so that whoever moves such a line
takes its defect along. `./run defects [NAME...]` makes a copy of the tree in build/defects, and there, for one defect after
the other, builds what its tests need and runs them until one fails. A defect that does not compile, or that no test
notices, fails the command. Before that, all those tests must pass without any defect."""
import argparse
import dataclasses
import datetime
import filecmp
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFECTS = ROOT / "tests" / "defects"
COPY = ROOT / "build" / "defects" / "tree"
BUILT = COPY / "build" / "debug"
PROGRAMS = ["cairn", "cairn-agent", "cairn-broker", "cairn-signer"]
# A story has a day of its own, and some a disk, calls or a network that fail.
STORY = [*PROGRAMS, "cairn_clock", "cairn_shim", "cairn_calls", "cairn-proxy"]
# What a test needs to be built, where its name does not say so.
NEEDS = {"check_source": [], "sim": ["cairn-sim"], "test_power": [*PROGRAMS, "cairn_recorder", "cairn-power"]}
TEST_SECONDS = 300


class Broken(Exception):
    """A defect file that is wrong, or a tree that cannot be built or tested without defects."""


@dataclasses.dataclass
class Edit:
    file: str
    was: str
    becomes: str


@dataclasses.dataclass
class Defect:
    name: str
    what: str
    tests: list
    edits: list


# --- the files ---


HEAD = re.compile(r"(?:#[^\n]*\n)*what: +([^\n]+)\ntests: +([a-z0-9_ ]+)\n")
EDIT = re.compile(r"file: +(\S+)\n--- was\n(.+?\n)--- becomes\n(.*?)--- end\n", re.DOTALL)


def read_defect(path):
    text = path.read_text(encoding="utf-8")
    head = HEAD.match(text)
    edits = [Edit(*found.groups()) for found in EDIT.finditer(text)]
    if head is None or not edits or head.group(0) + "".join(found.group(0) for found in EDIT.finditer(text)) != text:
        raise Broken(f"{path.name}: not of the form that defects.py describes")
    return Defect(path.stem, head.group(1), head.group(2).split(), edits)


def read_all():
    return [read_defect(path) for path in sorted(DEFECTS.glob("*.defect"))]


def has_test(name):
    """A program test_NAME, a fuzz target, a story (e2e_ or fault_test_ before its name), or one of NEEDS."""
    if name in NEEDS:
        return True
    if name.startswith(("e2e_test_", "fault_test_")):
        folder, story = name.split("_", 1)
        return (ROOT / "tests" / folder / f"{story}.sh").is_file()
    return bool(list(ROOT.glob(f"tests/*/{name}.c")))


def edit_problem(edit):
    path = ROOT / edit.file
    if not path.is_file():
        return f"there is no {edit.file}"
    times = path.read_text(encoding="utf-8").count(edit.was)
    if times != 1:
        return f"its text is there {times} times in {edit.file}, not once: write the defect anew for the code as it is now"
    return "it changes nothing" if edit.was == edit.becomes else None


def problem(defect):
    """Why a defect does not apply to this tree, or None."""
    missing = [name for name in defect.tests if not has_test(name)]
    if missing:
        return f"there is no test {' '.join(missing)}"
    return next((why for edit in defect.edits if (why := edit_problem(edit))), None)


def check(defects):
    found = [f"tests/defects/{defect.name}.defect: {why}" for defect in defects if (why := problem(defect))]
    if found:
        raise Broken("\n".join(found))


# --- the copy ---


def tree_files():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    return {str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
            if path.is_file() and path.relative_to(ROOT).parts[0] not in ("build", ".git")}


def copy_tree():
    """What has not changed keeps its time, so that little is built again."""
    files = tree_files()
    for path in list(COPY.rglob("*")) if COPY.exists() else []:
        name = path.relative_to(COPY)
        if name.parts[0] != "build" and path.is_file() and str(name) not in files:
            path.unlink()
    for name in files:
        target = COPY / name
        if not target.exists() or not filecmp.cmp(ROOT / name, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)


def configure():
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    subprocess.run(["cmake", "--preset", "debug", "--log-level=WARNING", *launcher], cwd=COPY, check=True,
                   stdout=subprocess.DEVNULL)


def targets_of(tests):
    targets = set()
    for name in tests:
        if name in NEEDS:
            targets.update(NEEDS[name])
        elif name.startswith(("e2e_", "fault_test_")):
            targets.update(STORY)
        elif name.startswith("fuzz_"):
            targets.add(name.replace("fuzz_", "replay_", 1))
        else:
            targets.add(name)
    return sorted(targets)


def build(tests):
    """The compiler's words when it does not compile."""
    targets = targets_of(tests)
    if not targets:
        return None
    made = subprocess.run(["ninja", "-C", BUILT, *targets], capture_output=True, text=True, check=False)
    return None if made.returncode == 0 else made.stdout[-4000:]


# --- the tests ---


def run_test(name):
    """None when it passes; else what of it failed, as far as it says so."""
    done = subprocess.run(["ctest", "--test-dir", BUILT, "-R", f"^{name}$", "--no-tests=error", "--timeout",
                           str(TEST_SECONDS), "--output-on-failure"], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    failed = re.findall(r"^(?:\d+: )?\[  FAILED  \] ([a-z0-9_]+)$", done.stdout, re.MULTILINE)
    if failed:
        return failed[0]
    begun = re.findall(r"\[ RUN      \] ([a-z0-9_]+)", done.stdout)
    ended = re.findall(r"\[       OK \] ([a-z0-9_]+)", done.stdout)
    if len(begun) > len(ended):
        return f"{begun[-1]} (the program dies)"
    if "Timeout" in done.stdout:
        return "it does not end"
    said = re.findall(r"\[([a-z-]+)\]", done.stdout) if name == "check_source" else []
    return said[0] if said else ""


def prove_sound(defects):
    tests = sorted({name for defect in defects for name in defect.tests})
    say(f"{len(tests)} tests without any defect")
    words = build(tests)
    if words:
        raise Broken(words)
    failing = [name for name in tests if run_test(name) is not None and run_test(name) is not None]
    if failing:
        raise Broken(f"these fail without any defect: {' '.join(failing)}")


def apply(defect):
    """What stood in each file. Not to be read from ROOT again: somebody may go on working there."""
    sound = {COPY / edit.file: (COPY / edit.file).read_text(encoding="utf-8") for edit in defect.edits}
    for edit in defect.edits:
        path = COPY / edit.file
        path.write_text(path.read_text(encoding="utf-8").replace(edit.was, edit.becomes), encoding="utf-8")
    return sound


def restore(sound):
    for path, text in sound.items():
        path.write_text(text, encoding="utf-8")


def first_to_fail(defect):
    for name in defect.tests:
        failed = run_test(name)
        if failed is not None:
            return f"`{name}`" + (f": `{failed}`" if failed else "")
    return None


def try_defect(defect):
    """(what caught it or None, seconds). The compiler alone is no proof: what it refuses is not caught."""
    start = time.monotonic()
    sound = apply(defect)
    try:
        words = build(defect.tests)
        if words:
            say(f"{defect.name} does not compile:\n{words}")
            return None, time.monotonic() - start
        return first_to_fail(defect), time.monotonic() - start
    finally:
        restore(sound)


# --- the report ---


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(models)} x {models[0] if models else platform.machine()}, {memory:.0f} GiB, Linux {platform.release()}"


def commit():
    said = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


REPORT_HEAD = """# Seeded defects

A test that cannot fail proves nothing. Each line below is a defect that was put into a copy of the tree, one at a time;
the tests that its file in `tests/defects` names were built and run, and the last column says which of them failed first.
Without any defect, all of these tests passed in the same run. `./run defects NAME` does one again; that every defect still
applies to the code is a test of every run (`defects_in_source`).

`./run defects`, {when}, commit {commit}, {machine}: **{caught} of {n} defects caught**, in {minutes:.0f} minutes.

| defect | file | caught by |
| --- | --- | --- |
"""


def write_report(results, seconds, path):
    rows = [f"| {defect.what} (`{defect.name}`) | {' '.join(dict.fromkeys(f'`{edit.file}`' for edit in defect.edits))} | "
            f"{caught or '**nothing**'} |\n" for defect, caught in results]
    head = REPORT_HEAD.format(when=datetime.date.today(), commit=commit(), machine=machine(), n=len(results),
                              caught=sum(caught is not None for _, caught in results), minutes=seconds / 60)
    pathlib.Path(path).write_text(head + "".join(rows), encoding="utf-8")


def say(words):
    print(f"-- {words}", flush=True)


def run(defects, report):
    start = time.monotonic()
    results = []
    copy_tree()
    configure()
    prove_sound(defects)
    for defect in defects:
        caught, seconds = try_defect(defect)
        results.append((defect, caught))
        say(f"{defect.name}: {'caught by ' + caught if caught else 'SURVIVES ' + ' '.join(defect.tests)} ({seconds:.0f} s)")
    if report:
        write_report(results, time.monotonic() - start, report)
    survivors = [defect.name for defect, caught in results if caught is None]
    if survivors:
        raise Broken(f"{len(survivors)} of {len(results)} defects survive: {' '.join(survivors)}")
    say(f"{len(results)} defects, each caught")


def main():
    parser = argparse.ArgumentParser(prog="./run defects", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="only whether every defect still applies to the tree")
    parser.add_argument("--report", metavar="FILE", help="write the table there")
    parser.add_argument("name", nargs="*", help="of a defect (default: all)")
    given = parser.parse_args()
    try:
        defects = read_all()
        unknown = set(given.name) - {defect.name for defect in defects}
        if unknown:
            raise Broken(f"there is no defect {' '.join(sorted(unknown))}; there are: {' '.join(d.name for d in defects)}")
        chosen = [defect for defect in defects if not given.name or defect.name in given.name]
        check(chosen)
        if not given.check:
            run(chosen, given.report)
    except Broken as broken:
        print(broken, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
