#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""differential.py BUILD [--seed N] [--cases N]: checkpoints, proofs, cosignatures and leaves, bent by chance (cairn-differ), as C
reads them and as the oracle reads them (verify.py, which shares nothing with it): both refuse, or both accept and have
read the same. Status 1 with each on which they do not agree."""
import argparse
import base64
import collections
import pathlib
import subprocess
import sys

import verify

CASES = 4000


def of_checkpoint(checkpoint):
    size, root = checkpoint
    return f"{size}:{root.hex()}"


def asked_of_oracle(kind, data, key):
    try:
        if kind == "checkpoint":
            return of_checkpoint(verify.checkpoint_of(verify.text_of(data), key))
        if kind == "proof":
            return of_checkpoint(verify.proof_check(verify.text_of(data), key)[2:])
        if kind == "cosignature":
            verify.cosignature_check(data[:72], data[72:], key)
            return "good"
        leaf = verify.Leaf(data)
        return f"{leaf.type}:{leaf.time_ms}:{leaf.agency}"
    except verify.Wrong:
        return "refused"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=CASES)
    given = parser.parse_args()
    said = subprocess.run([given.build / "cairn-differ", str(given.seed), str(given.cases)], check=True, capture_output=True,
                          text=True).stdout.splitlines()
    key = verify.Key(said[0].split(" ")[1])
    counts = collections.Counter()
    differ = 0
    for line in said[1:]:
        kind, text, answer = line.split(" ")
        heard = asked_of_oracle(kind, b"" if text == "-" else base64.b64decode(text), key)
        counts[kind, "refused" if answer == "refused" else "accepted"] += 1
        if heard != answer:
            differ += 1
            print(f"{kind} {text}: C says {answer}, the oracle says {heard}")
    for (kind, what), count in sorted(counts.items()):
        print(f"{kind}: {count} {what}")
    if any(counts[kind, what] == 0 for kind, _ in list(counts) for what in ("accepted", "refused")):
        print("there is a kind that was never accepted, or never refused")
        return 1
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
