/* SPDX-License-Identifier: Apache-2.0 */
/*
 * governing: a partnership's desk for tests. It holds two root keys, signs whatever text a test
 * gives it, and offers it to a snapshot. Keys come from fixed seeds, so every run has the same
 * bytes. The caller has called crypto_init.
 */
#ifndef SUPPORT_GOVERNING_H
#define SUPPORT_GOVERNING_H

#include "govern/govern.h"
#include "json/schema.h"

#define GOVERNING_ORIGIN "cairn.example.org/test"
#define GOVERNING_KEYS   2

struct governing {
    struct signer *signers[GOVERNING_KEYS];
    struct note_key keys[GOVERNING_KEYS];
    struct governance *governance;
    struct error error; /* of the last offer */
};

struct test_agency {
    uint32_t number;
    const char *id;
    const char *kind;
    bool revoked;
};

/* Root version 1, threshold 1, first key only. */
void governing_init(struct governing *governing);
void governing_deinit(struct governing *governing);

void governing_root_text(const struct governing *governing, size_t n_keys, size_t threshold,
                         struct buf *out);
/* config/governance/NAME.json of the source tree. */
void governing_template(const char *name, struct buf *out);
/* config/schemas/NAME.schema.json, which lib/govern checks that document by. The caller's. */
struct schema *governing_schema(const char *name);
/* A directory of the shipped kinds and these agencies. */
void governing_directory_text(const struct test_agency *agencies, size_t n, struct buf *out);
/* In that text the agency has `sets` sets of keys, of which the oldest `retired` are so; its
 * linkage key is sealed to the newest. */
void governing_renew(uint32_t agency, unsigned sets, unsigned retired, struct buf *text);
/* The public half of the agency's transport key in such a directory. */
void governing_transport_key(uint32_t agency, uint8_t out[32]);
/* The private halves behind that directory: sort is "sign", "open" or "curve"; of later sets what
 * key_name makes of it. */
void governing_seed(uint32_t agency, const char *sort, struct secret *ret);

/* A note signed by the first n_keys keys. */
void governing_note(const struct governing *governing, size_t n_keys,
                    enum governance_document document, uint64_t version, struct slice text,
                    struct buf *out);
/* Signs by the first key and offers; what is accepted becomes governing->governance. */
enum govern_result governing_offer(struct governing *governing, enum governance_document document,
                                   uint64_t version, struct slice text);
/* The same, but the desk stays as it is and the new snapshot is the caller's; NULL unless accepted.
 */
enum govern_result governing_try(const struct governing *governing,
                                 enum governance_document document, uint64_t version,
                                 struct slice text, struct governance **ret, struct error *error);
/* Offers text and note as they are. */
enum govern_result governing_offer_signed(struct governing *governing,
                                          enum governance_document document, struct slice text,
                                          struct slice note);
/* The directory of these agencies and the shipped agreements, patterns and calendar, all version 1.
 */
void governing_fill(struct governing *governing, const struct test_agency *agencies, size_t n);

/* For a test of one document: a desk with a root only, and room for a text. governing_world_new
 * calls crypto_init; the tear-down is cmocka's, with the world as its state. */
struct governing_world {
    struct governing governing;
    struct buf text;
};
struct governing_world *governing_world_new(void);
int governing_world_tear_down(void **state);

/* Replaces the first `from` in the text; asserts that it is there. */
void text_replace(struct buf *text, const char *from, const char *to);

#endif
