/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One fixed example of each message on the wire, the same in every run: what docs/protocol.md shows
 * in hex, what the wire's tests bend and break, and what fuzzing starts from. The parcel's digests
 * and signature are real (seed 00 01 .. 1f), so another implementation can check itself against
 * them; sealed bytes are counting bytes. Call crypto_init first.
 */
#ifndef SUPPORT_WIRE_SAMPLES_H
#define SUPPORT_WIRE_SAMPLES_H

#include "wire/wire.h"

struct wire_sample {
    const char *name; /* as in docs/protocol.md */
    size_t fields;    /* distinct field numbers in it, outermost level */
    size_t corpus;    /* which fuzz target starts from it */
    void (*write)(struct buf *out);
    /* Reads strictly and writes what was read; false when reading refuses. */
    bool (*again)(struct slice payload, struct arena *arena, struct buf *out);
};

extern const struct wire_sample wire_samples[];
extern const size_t wire_samples_count;
/* The sample of that name; ends the test when there is none. */
const struct wire_sample *wire_sample_named(const char *name);

/* Folders below tests/fuzz/corpus, by wire_sample.corpus. */
enum {
    CORPUS_PARCEL,
    CORPUS_ENTRY,
    CORPUS_DELIVERY,
    CORPUS_SESSION
};

/* A good header of each kind in use. */
struct entry_header wire_sample_header(enum entry_kind kind);
/* The parcel of the documents: a subject statement and a record with three grants, signed. */
struct wire_sample_parcel {
    struct wire_parcel parcel;
    struct wire_entry entries[2];
    struct wire_grant grants[3];
    struct parcel_head head;
    uint8_t storage[4096];
    struct hash items[2];
    struct hash grants_digests[2];
    struct hash digests[2];
    struct hash leaves[2];
    uint8_t public_key[32];
};
void wire_sample_parcel_init(struct wire_sample_parcel *sample);

#endif
