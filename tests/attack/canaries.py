# SPDX-License-Identifier: Apache-2.0
"""canaries.py [--digests] LIST PATH...: which line of LIST is in one of these files, or in a file below one of these folders?

Each is looked for as it is (in any case of letters), as UTF-16, in base64 at each of its three places in a group of bytes, in hex;
with --digests, also as its plain SHA-256, SHA-1 and MD5, raw and in hex. Lines "hex:..." name bytes. Says each that is found and in
what form; the exit status is 1 when any is. Python's standard library and nothing else.
"""
import base64
import hashlib
import os
import sys


def inner_base64(value):
    """What stays of a value's base64 wherever it stands in a longer one."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + value)
        skip = (0, 2, 3)[before]
        yield text[skip : len(text) // 4 * 4 - 4].rstrip(b"=")


def forms(value, digests):
    yield "as it is", value.lower()
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None:
        yield "UTF-16LE", text.encode("utf-16-le").lower()
        yield "UTF-16BE", text.encode("utf-16-be").lower()
    for place, form in enumerate(inner_base64(value)):
        yield "base64 (%d)" % place, form
    yield "hex", value.hex().encode()
    if digests:
        for name in ("sha256", "sha1", "md5"):
            digest = hashlib.new(name, value).digest()
            yield name, digest
            yield name + " in hex", digest.hex().encode()


def files_of(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, _, names in os.walk(path):
            for name in names:
                yield os.path.join(folder, name)


def content_of(path):
    """Without the blocks of nothing but zeros, of which a file that has grown ahead of its use is full."""
    kept, size = [], 0
    with open(path, "rb") as file:
        while block := file.read(4096):
            size += len(block)
            kept.append(block if block.strip(b"\0") else b"\0")
    return b"".join(kept), size


def main():
    arguments = sys.argv[1:]
    digests = arguments[0] == "--digests"
    if digests:
        arguments = arguments[1:]
    wanted = []
    with open(arguments[0], encoding="utf-8") as lines:
        for line in lines.read().splitlines():
            value = bytes.fromhex(line[4:]) if line.startswith("hex:") else line.encode()
            wanted += [(line, name, form) for name, form in forms(value, digests) if len(form) >= 5]
    found = searched = 0
    for path in files_of(arguments[1:]):
        if not os.path.isfile(path):
            continue
        content, size = content_of(path)
        searched += size
        lower = content.lower()
        for line, name, form in wanted:
            exact = name.startswith("base64") or (digests and "hex" not in name and name in ("sha256", "sha1", "md5"))
            if form in (content if exact else lower):
                print("%s: %s, %s" % (path, line if not line.startswith("hex:") else "a key", name))
                found += 1
    print("%d bytes searched for %d forms, %d found" % (searched, len(wanted), found))
    return 1 if found else 0


sys.exit(main())
