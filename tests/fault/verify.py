#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""verify.py EXPORT [--submitted FILE] [--acknowledged FILE] [--delivered FILE] [--owed FILE] [--heads FILE]
[--proofs FILE] [--in-order]

The oracle of the fault tests: a second implementation of the log's tree and of everything that is verified about it,
which shares no line and no library with Cairn (Python's standard library only), and the comparison of an exported log
(`cairn log export`) with what the tests wrote down themselves, outside of whatever was killed:

  submitted      ID                       about to be handed to the system; it may or may not arrive
  acknowledged   ID VERDICT INDEX         the system said so: it is in the log, there, once; VERDICT is its number, or
                                          "stored" where an agent says no more
  delivered      AGENCY POSITION [ID]     handed over to an application, which acknowledged it
  owed           AGENCY ID                must have been delivered by now, and once
  heads          BASE64 of a signed note  every head that the system ever showed
  proofs         BASE64 of a tlog-proof   every proof that it gave

Each file has one line an item and may be missing a last line's end. Says what does not hold, a line each; status 1 when
there is anything. The formats are in docs/protocol.md, cli/log_export.h and tree/checkpoint.h.
"""
import argparse
import base64
import hashlib
import re
import struct
import sys

# --- Ed25519, RFC 8032 section 5.1.7: slow, and plain enough to be read against it ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    return ((f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P)


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def points_equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P != 0 or (x == 0 and sign == 1):
        return None
    return P - x if x & 1 != sign else x


def point_decode(data):
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def ed25519_verify(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key = point_decode(public_key)
    commitment = point_decode(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return points_equal(point_multiply(scalar, BASE), point_add(commitment, point_multiply(challenge, key)))


# --- the tree: RFC 6962 section 2.1, and checking proofs as RFC 9162 sections 2.1.3.2 and 2.1.4.2 ---


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(hashes):
    """By the definition: split at the largest power of two below the size."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(tree_root(hashes[:split]), tree_root(hashes[split:]))


class Frontier:
    """The complete subtrees of a log that grows: the root at every size without hashing everything again."""

    def __init__(self):
        self.size = 0
        self.peaks = []

    def append(self, hashed):
        self.peaks.append(hashed)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self.peaks.pop()
            self.peaks[-1] = node_hash(self.peaks[-1], right)

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def inclusion_root(index, size, leaf, path):
    """The root that the path leads to; None for a path of another length."""
    if index >= size:
        return None
    at, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            while at & 1 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def consistency_holds(old_size, old_root, new_size, new_root, path):
    if old_size == new_size:
        return not path and old_root == new_root
    if old_size == 0 or old_size > new_size or not path:
        return False
    if old_size & (old_size - 1) == 0:
        path = [old_root] + path
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old, new = path[0], path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while at & 1 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


# --- signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-proof) ---


NOTE_MAX_BYTES = 8192
SIGNATURES_MAX = 16
NUMBER_MAX = 2**63 - 1
PROVED_MAX_BYTES = 1024
PATH_MAX = 63


class Wrong(Exception):
    """What was to be verified does not hold."""


def unbase64(text):
    """In its one form: bits that nothing needs are zero."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong("is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Wrong("is not base64 in its one form")
    return data


def text_of(data):
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Wrong("is no text") from error


def number_of(text):
    if not re.fullmatch("0|[1-9][0-9]*", text) or int(text) > NUMBER_MAX:
        raise Wrong("is no number")
    return int(text)


def is_name(text):
    return text != "" and not any(letter <= " " or letter == "+" or letter.isspace() for letter in text)


class Key:
    """NAME+HASH+BASE64 of the type and the public key."""

    def __init__(self, vkey):
        try:
            self.name, self.id, key = vkey.split("+", 2)
        except ValueError as error:
            raise Wrong("is no verifier key") from error
        raw = unbase64(key)
        self.public = raw[1:]
        expected = hashlib.sha256(self.name.encode() + b"\n" + raw).hexdigest()[:8]
        if raw[0] != 1 or len(self.public) != 32 or self.id != expected:
            raise Wrong("is no Ed25519 verifier key")


def note_of(note):
    """The text of a signed note, and (name, id, payload) of each of its signatures."""
    if len(note.encode()) > NOTE_MAX_BYTES or any(letter < " " and letter != "\n" for letter in note):
        raise Wrong("a note is too long or holds control characters")
    text, separator, block = note.rpartition("\n\n")
    lines = block.split("\n")
    if not separator or lines.pop() != "" or not 1 <= len(lines) <= SIGNATURES_MAX:
        raise Wrong("a note has another form")
    signatures = []
    for line in lines:
        name, space, payload = line.removeprefix("\u2014 ").partition(" ")
        raw = unbase64(payload)
        if not line.startswith("\u2014 ") or not space or not is_name(name) or len(raw) <= 4:
            raise Wrong("a signature has another form")
        signatures.append((name, raw[:4].hex(), raw[4:]))
    return text + "\n", signatures


def checkpoint_of(note, key):
    """Size and root of a checkpoint that this key signed; no signature in its name may be bad."""
    text, signatures = note_of(note)
    lines = text.split("\n")
    if len(lines) != 4 or lines[0] != key.name:
        raise Wrong("a head is no checkpoint of this log")
    size, root = number_of(lines[1]), unbase64(lines[2])
    if len(root) != 32:
        raise Wrong("a head has no root")
    ours = [payload for name, key_id, payload in signatures if name == key.name and key_id == key.id]
    if not ours:
        raise Wrong(f"the head of size {size} is not signed")
    if not all(ed25519_verify(key.public, text.encode(), payload) for payload in ours):
        raise Wrong(f"the signature of the head of size {size} does not hold")
    return size, root


def cosignature_check(cosignature, checkpoint_text, key):
    """Eight bytes of time, and a signature of it and of the checkpoint's text."""
    time_s = int.from_bytes(cosignature[:8], "big")
    signed = f"cosignature/v1\ntime {time_s}\n".encode() + checkpoint_text
    if time_s > NUMBER_MAX or not ed25519_verify(key.public, signed, cosignature[8:]):
        raise Wrong("a cosignature does not hold")


def proof_check(document, key):
    """(index, leaf, size, root) of a tlog-proof document that holds."""
    head, separator, note = document.partition("\n\n")
    lines = head.split("\n")
    leaf = b""
    if not separator or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Wrong("a proof has another form")
    if lines and lines[0].startswith("extra "):
        leaf = unbase64(lines.pop(0)[len("extra "):])
        if not 1 <= len(leaf) <= PROVED_MAX_BYTES:
            raise Wrong("a proof is of nothing, or of too much")
    if not lines or not lines[0].startswith("index "):
        raise Wrong("a proof has no index")
    index = number_of(lines.pop(0)[len("index "):])
    path = [unbase64(line) for line in lines]
    if len(path) > PATH_MAX or any(len(hashed) != 32 for hashed in path):
        raise Wrong("a proof's path is no list of hashes")
    size, root = checkpoint_of(note, key)
    if inclusion_root(index, size, leaf_hash(leaf), path) != root:
        raise Wrong(f"the proof of leaf {index} does not lead to the head of size {size}")
    return index, leaf, size, root


# --- leaves, and the exported log ---

ENTRY, TOLD, GOVERNANCE, START, REFUSED, TICK, DESTROYED = range(1, 8)
LENGTHS = {ENTRY: 121, TOLD: 84, GOVERNANCE: 75, START: 74, REFUSED: 46, TICK: 34, DESTROYED: 55}
VERDICTS = {1, 2, 10, 11, 12, 14, 15, *range(20, 25), *range(30, 35), 40, 41, 42, *range(44, 49), 50}
KINDS = range(1, 9)  # of entries
DELIVERED, RELEASE, NOTICE, WITHHELD = range(1, 5)  # items that are told of
RECORD = 1  # kind of entry
STORED = ("1", "2")  # verdicts: with a reader, and without


class Leaf:
    def __init__(self, data):
        if len(data) < 34 or data[:4] != b"CRNL" or data[4] != 1 or LENGTHS.get(data[5]) != len(data):
            raise Wrong("a leaf has another form")
        self.type = data[5]
        self.time_ms, self.agency = struct.unpack(">qI", data[6:18])
        sound = True
        if self.type == ENTRY:
            agency, stream, seq, self.kind, self.verdict = struct.unpack(">IQQBH", data[34:57])
            self.id = f"{agency}-{stream:016x}-{seq}"
            self.stream, self.seq = (agency, stream), seq
            sound = self.kind in KINDS and self.verdict in VERDICTS
        elif self.type == TOLD:
            self.position, self.item, parts, alert = struct.unpack(">QBBQ", data[34:52])
            sound = (DELIVERED <= self.item <= WITHHELD and parts <= 3 and (parts == 0 or self.item < NOTICE) and
                     (parts != 0 or self.item != RELEASE) and (alert == 0 or self.item == RELEASE))
        elif self.type == GOVERNANCE:
            sound = 1 <= data[34] <= 5
        elif self.type == DESTROYED:
            sound = 1 <= data[54] <= 2
        if not sound:
            raise Wrong("a leaf says what there is not")


class Log:
    """An exported log, hashed anew. roots[n] is the root over the first n leaves."""

    def __init__(self, path):
        with open(path, encoding="utf-8", newline="\n") as file:
            if file.readline() != "cairn-log/v1\n":
                raise Wrong("is no exported log")
            self.origin = file.readline().rstrip("\n")
            self.key = Key(file.readline().rstrip("\n"))
            size = int(file.readline())
            self.data = [unbase64(file.readline().rstrip("\n")) for _ in range(size)]
            if file.readline() not in ("\n", ""):
                raise Wrong("has another number of leaves than it says")
            self.note = file.read()
        self.leaves = [Leaf(data) for data in self.data]
        frontier = Frontier()
        self.roots = [frontier.root()]
        for data in self.data:
            frontier.append(leaf_hash(data))
            self.roots.append(frontier.root())
        if self.key.name != self.origin:
            raise Wrong("its key is of another log")


# --- the comparison ---


def lines_of(paths):
    """Lines, as lists of words; an empty one is skipped."""
    for path in paths or []:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    yield line.split()


class Oracle:
    def __init__(self, log):
        self.log = log
        self.problems = []
        self.entries = {}  # id -> indices of its leaves
        for index, leaf in enumerate(log.leaves):
            if leaf.type == ENTRY:
                self.entries.setdefault(leaf.id, []).append(index)

    def problem(self, words):
        self.problems.append(words)

    def check_time(self):
        for index in range(1, len(self.log.leaves)):
            if self.log.leaves[index].time_ms < self.log.leaves[index - 1].time_ms:
                self.problem(f"leaf {index} is of an earlier time than the one before it")

    def check_once(self):
        for entry, indices in self.entries.items():
            if len(indices) > 1:
                self.problem(f"{entry} is in the log {len(indices)} times")

    def check_order(self):
        """Entries of a stream are in the log in the order of their numbers."""
        last = {}
        for leaf in self.log.leaves:
            if leaf.type == ENTRY:
                if leaf.seq <= last.get(leaf.stream, 0):
                    self.problem(f"{leaf.id} comes after {last[leaf.stream]} of its stream")
                last[leaf.stream] = leaf.seq

    def check_submitted(self, submitted):
        """Nothing is in a stream of ours that we did not submit."""
        streams = {entry.rsplit("-", 1)[0] for entry in submitted}
        for entry in self.entries:
            if entry.rsplit("-", 1)[0] in streams and entry not in submitted:
                self.problem(f"{entry} is in the log and was never submitted")

    def check_acknowledged(self, lines):
        seen = {}
        for entry, verdict, index in lines:
            if seen.setdefault(entry, (verdict, index)) != (verdict, index):
                self.problem(f"{entry} was acknowledged in two ways")
            indices = self.entries.get(entry)
            if not indices:
                self.problem(f"{entry} was acknowledged at {index} and is LOST")
            elif indices != [int(index)]:
                self.problem(f"{entry} was acknowledged at {index} and is at {indices}")
            elif str(self.log.leaves[int(index)].verdict) not in (STORED if verdict == "stored" else (verdict,)):
                self.problem(f"{entry} was answered {verdict}; the log says {self.log.leaves[int(index)].verdict}")
        return len(seen)

    def check_delivered(self, lines, owed):
        told = {(leaf.agency, leaf.position) for leaf in self.log.leaves if leaf.type == TOLD}
        positions = {}
        times = {}
        for agency, position, *rest in lines:
            meaning = rest[0] if rest else ""
            place = (int(agency), int(position))
            if place not in told:
                self.problem(f"delivery {position} of agency {agency} is told of by no leaf")
            if place in positions:
                self.problem(f"delivery {position} of agency {agency} was handed over after it was acknowledged")
            positions[place] = meaning
            if meaning:
                times[(agency, meaning)] = times.get((agency, meaning), 0) + 1
                if meaning not in self.entries:
                    self.problem(f"{meaning} was delivered and is not in the log")
        for agency, entry in owed:
            if times.get((agency, entry), 0) != 1:
                self.problem(f"{entry} was delivered to agency {agency} {times.get((agency, entry), 0)} times")
        return len(positions)

    def check_heads(self, lines):
        """Every head ever shown is the root over that many leaves of this log: no fork, nothing rewritten."""
        notes = {unbase64(line[0]) for line in lines}
        for note in notes:
            self.check_head(*checkpoint_of(note.decode(), self.log.key))
        return len(notes)

    def check_head(self, size, root):
        if size >= len(self.log.roots):
            self.problem(f"a head of size {size} was signed and the log has {len(self.log.data)} leaves")
        elif self.log.roots[size] != root:
            self.problem(f"a head of size {size} was signed and the log's first leaves have another root")

    def check_proofs(self, lines):
        count = 0
        for line in lines:
            index, leaf, size, root = proof_check(unbase64(line[0]).decode(), self.log.key)
            self.check_head(size, root)
            if index >= len(self.log.data) or self.log.data[index] != leaf:
                self.problem(f"leaf {index} was proved to be another than it is")
            count += 1
        return count


def judge(export, journals, in_order=False):
    """Returns (problems, counts). `journals` has lists of paths by their names above."""
    log = Log(export)
    oracle = Oracle(log)
    oracle.check_time()
    oracle.check_once()
    if in_order:
        oracle.check_order()
    if log.note:
        oracle.check_head(*checkpoint_of(log.note, log.key))
    if journals.get("submitted"):
        oracle.check_submitted({line[0] for line in lines_of(journals["submitted"])})
    counts = {
        "leaves": len(log.data),
        "records": sum(leaf.type == ENTRY and leaf.kind == RECORD for leaf in log.leaves),
        "acknowledged": oracle.check_acknowledged(lines_of(journals.get("acknowledged"))),
        "delivered": oracle.check_delivered(lines_of(journals.get("delivered")), lines_of(journals.get("owed"))),
        "heads": oracle.check_heads(lines_of(journals.get("heads"))),
        "proofs": oracle.check_proofs(lines_of(journals.get("proofs"))),
    }
    return oracle.problems, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export")
    names = ("submitted", "acknowledged", "delivered", "owed", "heads", "proofs")
    for name in names:
        parser.add_argument("--" + name, action="append", metavar="FILE")
    parser.add_argument("--in-order", action="store_true")
    given = parser.parse_args()
    try:
        problems, counts = judge(given.export, {name: getattr(given, name) for name in names}, given.in_order)
    except Wrong as wrong:
        problems, counts = [str(wrong)], {}
    for words in problems:
        print(words)
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return 1 if problems or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
