#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle is itself tested: against published vectors, against the tree's definition, and against lies."""
import base64
import hashlib
import os
import tempfile
import unittest

import verify

# RFC 8032 section 7.1, TEST 3
PUBLIC = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
MESSAGE = bytes.fromhex("af82")
SIGNATURE = bytes.fromhex(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")

# The leaves and roots of Certificate Transparency's reference tests
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def subtree_path(index, hashes):
    """RFC 6962 section 2.1.1."""
    if len(hashes) <= 1:
        return []
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if index < split:
        return subtree_path(index, hashes[:split]) + [verify.tree_root(hashes[split:])]
    return subtree_path(index - split, hashes[split:]) + [verify.tree_root(hashes[:split])]


def consistency_path(old, hashes, whole=True):
    """RFC 6962 section 2.1.2."""
    if old == len(hashes):
        return [] if whole else [verify.tree_root(hashes)]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if old <= split:
        return consistency_path(old, hashes[:split], whole) + [verify.tree_root(hashes[split:])]
    return consistency_path(old - split, hashes[split:], False) + [verify.tree_root(hashes[:split])]


class Arithmetic(unittest.TestCase):
    def test_the_published_signature_holds_and_no_other(self):
        self.assertTrue(verify.ed25519_verify(PUBLIC, MESSAGE, SIGNATURE))
        self.assertFalse(verify.ed25519_verify(PUBLIC, MESSAGE + b"x", SIGNATURE))
        for at in range(0, 64, 7):
            bent = bytearray(SIGNATURE)
            bent[at] ^= 1
            self.assertFalse(verify.ed25519_verify(PUBLIC, MESSAGE, bytes(bent)))

    def test_roots_are_the_published_ones_by_both_ways_of_hashing(self):
        frontier = verify.Frontier()
        hashes = []
        for size in range(9):
            if size in ROOTS:
                self.assertEqual(frontier.root().hex(), ROOTS[size])
            self.assertEqual(frontier.root(), verify.tree_root(hashes))
            if size < 8:
                hashes.append(verify.leaf_hash(LEAVES[size]))
                frontier.append(hashes[-1])

    def test_every_inclusion_proof_holds_and_no_bent_one(self):
        hashes = [verify.leaf_hash(bytes([i])) for i in range(21)]
        for size in range(1, 22):
            root = verify.tree_root(hashes[:size])
            for index in range(size):
                path = subtree_path(index, hashes[:size])
                self.assertEqual(verify.inclusion_root(index, size, hashes[index], path), root)
                self.assertNotEqual(verify.inclusion_root(index, size, hashes[index - 1], path), root if size > 1 else None)
                self.assertNotEqual(verify.inclusion_root(index, size, hashes[index], path + [root]), root)

    def test_every_consistency_proof_holds_and_no_bent_one(self):
        hashes = [verify.leaf_hash(bytes([i])) for i in range(21)]
        roots = [verify.tree_root(hashes[:size]) for size in range(22)]
        for new in range(1, 22):
            for old in range(1, new + 1):
                path = consistency_path(old, hashes[:new])
                self.assertTrue(verify.consistency_holds(old, roots[old], new, roots[new], path))
                self.assertFalse(verify.consistency_holds(old, roots[old - 1], new, roots[new], path))
                self.assertFalse(verify.consistency_holds(old, roots[old], new, roots[new], path + [roots[0]]))


def leaf(kind, agency, rest):
    return (b"CRNL\x01" + bytes([kind]) + (1000).to_bytes(8, "big") + agency.to_bytes(4, "big") + bytes(16) + rest)


def entry(seq, verdict=1):
    return leaf(1, 7, (7).to_bytes(4, "big") + (9).to_bytes(8, "big") + seq.to_bytes(8, "big") + b"\x01" +
                verdict.to_bytes(2, "big") + bytes(64))


def told(position):
    return leaf(2, 8, position.to_bytes(8, "big") + b"\x01\x03" + bytes(40))


class Lies(unittest.TestCase):
    """A small log, and journals that it does not agree with."""

    def judge(self, leaves, **journals):
        key = b"\x01" + PUBLIC
        name = "log.example.org"
        key_id = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
        vkey = f"{name}+{key_id}+{base64.b64encode(key).decode()}"
        with tempfile.TemporaryDirectory() as folder:
            export = os.path.join(folder, "export")
            with open(export, "w", encoding="utf-8") as file:
                file.write(f"cairn-log/v1\n{name}\n{vkey}\n{len(leaves)}\n")
                file.writelines(base64.b64encode(data).decode() + "\n" for data in leaves)
                file.write("\n")
            paths = {}
            for journal, lines in journals.items():
                paths[journal] = [os.path.join(folder, journal)]
                with open(paths[journal][0], "w", encoding="utf-8") as file:
                    file.writelines(line + "\n" for line in lines)
            return verify.judge(export, paths, in_order=True)[0]

    def expect(self, words, problems):
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(words, problems[0])

    ID = "7-0000000000000009-"

    def test_a_log_that_agrees_with_its_journals_is_sound(self):
        problems = self.judge([entry(1), told(1), entry(2)], submitted=[self.ID + "1", self.ID + "2"],
                              acknowledged=[self.ID + "1 1 0"], delivered=["8 1 " + self.ID + "1"],
                              owed=["8 " + self.ID + "1"])
        self.assertEqual(problems, [])

    def test_what_was_acknowledged_and_is_gone_is_found(self):
        self.expect("LOST", self.judge([entry(1)], acknowledged=[self.ID + "2 1 1"]))

    def test_what_is_elsewhere_than_acknowledged_is_found(self):
        self.expect("is at [1]", self.judge([told(1), entry(1)], acknowledged=[self.ID + "1 1 0"]))

    def test_another_answer_is_found(self):
        self.expect("the log says 1", self.judge([entry(1)], acknowledged=[self.ID + "1 2 0"]))

    def test_what_is_there_twice_or_out_of_order_is_found(self):
        self.assertEqual(len(self.judge([entry(1), entry(1)])), 2)
        self.expect("comes after 2", self.judge([entry(2), entry(1)]))

    def test_what_nobody_submitted_is_found(self):
        self.expect("never submitted", self.judge([entry(1), entry(2)], submitted=[self.ID + "1"]))

    def test_what_is_handed_over_again_or_not_at_all_is_found(self):
        twice = ["8 1 " + self.ID + "1", "8 1 " + self.ID + "1"]
        self.expect("handed over after", self.judge([entry(1), told(1)], delivered=twice))
        self.expect("told of by no leaf", self.judge([entry(1), told(1)], delivered=["8 2 " + self.ID + "1"]))
        self.expect("delivered to agency 8 0 times", self.judge([entry(1)], owed=["8 " + self.ID + "1"]))

    def test_a_head_that_was_not_signed_by_the_log_is_refused(self):
        note = "log.example.org\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n"
        with self.assertRaises(verify.Wrong):
            self.judge([entry(1)], heads=[base64.b64encode(note.encode()).decode()])


if __name__ == "__main__":
    unittest.main()
