#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""seeds.py BUILD [TARGET...]: structured inputs for the targets that read JSON or protobuf. Each input of the corpus that is
one is changed in every place in turn: left out, doubled, of another type, empty, too long, just over a limit, or what
another input has there. The same corpus gives the same inputs. libFuzzer keeps those that reach an edge which nothing in
the corpus reaches. BUILD is made with the preset `coverage`, in which every branch is an edge."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ROUNDS = 2  # what one change has reached is changed again
BASES_MAX = 14
BASE_MAX_BYTES = 6000
DEPTH_MAX = 4

# --- JSON ---

ODD_VALUES = [None, True, False, 0, -1, 1, 2, 7, 10**6, 10**12, 2**63 - 1, 0.5, "", "x", "-", "\n", "a\tb", "x" * 70, "x" * 300,
              "x" * 1100, "x" * 4200, "2026-11-31", "1850-01-01", "2026-11-21", "2031-01-01", "2026-11-20T10:00:00Z",
              "9990000000", "0000000000", "A123456789012", "\u00a0x", "e\u0301", "\u202e", "<b>", [], {}, [[]], ["x"], [""],
              {"x": 1}, [0] * 300]


def enumerated(node, name, found):
    """Every text that a schema lets stand under a name."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "enum" and isinstance(value, list):
                found.setdefault(name, set()).update(text for text in value if isinstance(text, str))
            enumerated(value, name if key in ("enum", "items", "type", "oneOf", "anyOf") else key, found)
    elif isinstance(node, list):
        for value in node:
            enumerated(value, name, found)


def gather(node, name, found):
    if isinstance(node, dict):
        for key, value in node.items():
            gather(value, key, found)
    elif isinstance(node, list):
        for value in node:
            gather(value, name, found)
    elif isinstance(node, str) and len(node) < 200:
        found.setdefault(name, set()).add(node)


def schema_words():
    found = {}
    for path in sorted((ROOT / "docs").rglob("*.schema.json")) + sorted((ROOT / "config").rglob("*.schema.json")):
        enumerated(json.loads(path.read_text(encoding="utf-8")), "", found)
    return found


def paths_of(node, path=()):
    yield path, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from paths_of(value, path + (key,))
    elif isinstance(node, list):
        for at, value in enumerate(node[:3]):
            yield from paths_of(value, path + (at,))


def with_value(node, path, value):
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = with_value(copy[path[0]], path[1:], value)
    return copy


def without(node, path):
    copy = dict(node) if isinstance(node, dict) else list(node)
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(copy[path[0]], path[1:])
    return copy


def grown(value):
    """A list or an object in other orders and numbers."""
    if isinstance(value, list) and value:
        yield value + [value[0]]
        yield value[1:] + value[:1]
        yield value[:1]
        yield value[:1] * 300
        yield list(reversed(value))
    elif isinstance(value, dict):
        yield {**value, "nobody-knows": 1}
        yield {key: value[key] for key in list(value)[:1]}
    elif isinstance(value, str) and value:
        yield from (value + "x", value[:-1], value + "\n", value.upper(), value[::-1], value + value, " " + value,
                    value + "\u00e9", "\u2019" + value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from (value + 1, value - 1, -value, value * 1000)


def json_changes(document, words, whole):
    for path, value in paths_of(document):
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        if path:
            yield without(document, path)
        for other in grown(value):
            yield with_value(document, path, other)
        for other in sorted(words.get(key, ())):
            yield with_value(document, path, other)
            yield with_value(document, path, [other])
        for other in ODD_VALUES:
            yield with_value(document, path, other)
        if isinstance(value, dict):
            for name, others in sorted(words.items()):
                if name not in value:
                    for other in sorted(others)[:1] + [True]:
                        yield with_value(document, path, {**value, name: other})
    for other in whole:
        if isinstance(other, dict) and isinstance(document, dict):
            for key in other:
                yield {**document, key: other[key]}


def json_of(data):
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError):
        return None


def json_seeds(inputs, cut):
    """`cut` gives the bytes before the document, the document, and those behind it."""
    parts = [(before, json_of(text), behind) for before, text, behind in map(cut, inputs)]
    parts = [part for part in parts if isinstance(part[1], (dict, list))]
    words = schema_words()
    for _, document, _ in parts:
        gather(document, "", words)
    whole = [document for _, document, _ in parts]
    for before, document, behind in parts:
        for changed in json_changes(document, words, whole):
            yield before + json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode() + behind


# --- protobuf ---

NUMBERS = [0, 1, 2, 3, 4, 5, 8, 64, 65, 127, 128, 255, 256, 1000, 4097, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1,
           2**63, 2**64 - 1, 2**64 - 1000]
LENGTHS = [0, 1, 15, 16, 17, 31, 32, 33, 64, 65, 80, 200, 600, 2100, 4200, 70000]


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields_of(data):
    """[(number, wire type, value)]; None when this is no message."""
    fields, at = [], 0
    try:
        while at < len(data):
            tag, at = read_varint(data, at)
            wire = tag & 7
            if wire == 0:
                value, at = read_varint(data, at)
            elif wire in (1, 5):
                size = 8 if wire == 1 else 4
                value, at = data[at:at + size], at + size
            elif wire == 2:
                size, at = read_varint(data, at)
                value, at = data[at:at + size], at + size
            else:
                return None
            if at > len(data) or tag >> 3 == 0 or tag >> 3 > 64:
                return None
            fields.append((tag >> 3, wire, value))
    except IndexError:
        return None
    return fields or None


def message_of(fields):
    out = b""
    for number, wire, value in fields:
        out += varint(number << 3 | wire)
        out += varint(value) if wire == 0 else varint(len(value)) + value if wire == 2 else value
    return out


def value_changes(wire, value, depth):
    if wire == 0:
        yield from NUMBERS
        yield from ((value + 1) % 2**64, (value - 1) % 2**64)
    elif wire in (1, 5):
        size = 8 if wire == 1 else 4
        yield from (bytes(size), b"\xff" * size, b"\x01" + bytes(size - 1))
    else:
        yield from (bytes(length) for length in LENGTHS)
        yield from (value[:-1], value + b"\x01", value + value, bytes(len(value)), b"\xff" * len(value))
        if depth < DEPTH_MAX and fields_of(value):
            yield from message_changes(value, depth + 1)


def message_changes(data, depth=0, others=()):
    fields = fields_of(data) or []
    seen = {}
    for at, (number, wire, value) in enumerate(fields):
        seen[number] = seen.get(number, 0) + 1
        if seen[number] > 2:
            continue  # a list's others are like its first
        yield message_of(fields[:at] + fields[at + 1:])
        yield message_of(fields[:at + 1] + fields[at:])
        yield message_of(fields[:at] + [fields[at]] * 70 + fields[at + 1:])
        if wire != 2 or len(value) < 40:
            yield message_of(fields[:at] + [fields[at]] * 1100 + fields[at + 1:])
        for other in value_changes(wire, value, depth):
            yield message_of(fields[:at] + [(number, wire, other)] + fields[at + 1:])
    for number in range(1, 30):
        for wire, value in ((0, 1), (0, 2), (0, 70000), (1, b"\1" * 8), (5, b"\1" * 4), (2, b"\1" * 16), (2, b"\1" * 32),
                            (2, message_of([(1, 0, 1), (2, 1, b"\1" * 8), (3, 0, 1)]))):
            yield message_of(sorted(fields + [(number, wire, value)], key=lambda field: field[0]))
    for other in others:
        for field in fields_of(other) or []:
            rest = [kept for kept in fields if kept[0] != field[0]]
            yield message_of(sorted(rest + [field], key=lambda one: one[0]))


def protobuf_seeds(inputs, cut):
    parts = [(before, text, behind) for before, text, behind in map(cut, inputs) if fields_of(text)]
    others = [text for _, text, _ in parts if len(text) < 300]
    for before, text, behind in parts:
        for changed in message_changes(text, 0, others):
            yield before + changed + behind


# --- the targets ---


def cut_at(count):
    return lambda data: (data[:count], data[count:], b"")


def cut_request(data):
    """Behind five lines."""
    found = re.match(rb"(?:[^\n]*\n){5}", data)
    end = found.end() if found else 0
    return data[:end], data[end:], b""


def cut_schema(data):
    at = data.find(b"\0")
    return (b"", data, b"") if at < 0 else (b"", data[:at], data[at:])


def cut_checked(data):
    at = data.find(b"\0") + 1
    return data[:at], data[at:], b""


def framed(before):
    """A frame's header says how long the rest is: bytes 20 to 23."""
    def seeds(inputs, cut):
        for seed in protobuf_seeds(inputs, cut):
            head, rest = seed[:before + 24], seed[before + 24:]
            yield head[:before + 20] + len(rest).to_bytes(4, "big") + rest
    return seeds


TARGETS = {
    "agent_answer": [(protobuf_seeds, cut_at(1))],
    "agreements": [(json_seeds, cut_at(0))],
    "api_request": [(json_seeds, cut_request)],
    "calendar": [(json_seeds, cut_at(0))],
    "cli_answer": [(json_seeds, cut_at(0))],
    "directory": [(json_seeds, cut_at(0))],
    "family": [(json_seeds, cut_at(0))],
    "fhir": [(json_seeds, cut_at(0))],
    "gate_frame": [(framed(1), cut_at(25))],
    "joining": [(json_seeds, cut_at(0))],
    "patterns": [(json_seeds, cut_at(0))],
    "record_json": [(json_seeds, cut_at(0))],
    "schema": [(json_seeds, cut_schema), (json_seeds, cut_checked)],
    "wire_delivery": [(protobuf_seeds, cut_at(0))],
    "wire_entry": [(protobuf_seeds, cut_at(0))],
    "wire_parcel": [(protobuf_seeds, cut_at(0)), (framed(0), cut_at(24))],
    "wire_session": [(protobuf_seeds, cut_at(0))],
}


def bases(paths):
    """Those that somebody named, and of the others some of every size but the largest."""
    paths = [path for path in paths if path.stat().st_size < BASE_MAX_BYTES]
    named = sorted(path for path in paths if not re.fullmatch("[0-9a-f]{40}", path.name))
    others = sorted(set(paths) - set(named), key=lambda path: (path.stat().st_size, path.name))
    room = max(1, BASES_MAX - len(named))
    return named[:BASES_MAX] + others[::max(1, -(-len(others) // room))]


def write_seeds(paths, folder, ways):
    folder.mkdir(parents=True, exist_ok=True)
    inputs = [path.read_bytes() for path in bases(paths)]
    seen = set(inputs)
    for make, cut in ways:
        for seed in make(inputs, cut):
            if seed not in seen:
                seen.add(seed)
                (folder / f"{len(seen):06d}").write_bytes(seed)
    return len(seen) - len(inputs)


def keep(program, corpus, folder):
    """The inputs that are in the corpus now and were not. One that the target does not survive ends everything."""
    before = set(corpus.iterdir())
    artifacts = folder.parent / f"{program.name}."
    done = subprocess.run([program, "-set_cover_merge=1", "-use_counters=0", "-timeout=10", f"-artifact_prefix={artifacts}", corpus,
                           folder], capture_output=True, text=True, errors="replace", check=False,
                          env={**os.environ, "LLVM_PROFILE_FILE": os.devnull})
    found = sorted(folder.parent.glob(f"{program.name}.*"))
    if done.returncode != 0 or found:
        sys.exit(f"{program.name}: {found[0] if found else done.stderr[-4000:]}")
    return set(corpus.iterdir()) - before


def grow(name, build):
    corpus = HERE / "corpus" / name
    program = (build / "tests" / "fuzz" / f"fuzz_{name}").resolve()
    changed = set(corpus.iterdir())
    for turn in range(ROUNDS):
        folder = build / "seeds" / f"{name}-{turn}"
        shutil.rmtree(folder, ignore_errors=True)
        made = write_seeds(changed, folder, TARGETS[name])
        changed = keep(program, corpus, folder)
        print(f"fuzz_{name}: {made} inputs made, {len(changed)} kept", flush=True)
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(prog="./run fuzz --seeds", description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("target", nargs="*", help="fuzz_NAME; every one unless told")
    given = parser.parse_args()
    names = [name.removeprefix("fuzz_") for name in given.target] or sorted(TARGETS)
    for name in names:
        if name not in TARGETS:
            sys.exit(f"fuzz_{name} reads neither JSON nor protobuf; those that do: {' '.join(sorted(TARGETS))}")
        grow(name, given.build)


if __name__ == "__main__":
    main()
