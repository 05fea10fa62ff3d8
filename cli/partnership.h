/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnership: the folder that `cairn init` makes and the partnership keeps.
 *
 *   DIR/root/        root-key, linkage-key-EPOCH    offline, 0700
 *   DIR/governance/  NAME.json and NAME.note        what the broker serves to everybody
 *   DIR/broker/      broker.ini, keys/, data/       moves to the broker's machine
 *   DIR/joining.json                                what every agency is given
 *
 * Publishing is judged like any receiver would judge it before a byte is written: what this command
 * line writes is always accepted elsewhere.
 */
#ifndef CLI_PARTNERSHIP_H
#define CLI_PARTNERSHIP_H

#include "cli/folder.h"
#include "govern/govern.h"
#include "json/json.h"

#define PARTNERSHIP_EPOCH 1U /* of the linkage key, until a second one is made */

struct partnership {
    struct folder folder;
    struct governance *governance;
    struct signer *signer; /* NULL when opened without the root key */
    struct note_key key;
};
#define PARTNERSHIP_NULL ((struct partnership){.governance = NULL})

/* Loads the documents. */
int partnership_open(const char *dir, struct partnership *ret, struct error *error) MUST_USE;
/* And the root key, for publishing; it must be one of the root's. */
int partnership_open_with_key(const char *dir, struct partnership *ret,
                              struct error *error) MUST_USE;
void partnership_close(struct partnership *partnership);

/* The root's note key of this origin, "ORIGIN/root". False when that cannot be a note key's name.
 */
bool partnership_key_of(const char *origin, const uint8_t public_key[SIGN_PUBLIC_BYTES],
                        struct note_key *ret) MUST_USE;

/* Signs the text as the next version of the document, checks it, writes it, and goes on with it. */
int partnership_publish(struct partnership *partnership, enum governance_document document,
                        struct slice text, struct error *error) MUST_USE;

/* Reads the file (standard input for "-") and publishes it in the folder DIR, with the root key
 * that lies there. Says what was signed and what is next; or the problem. */
enum status partnership_sign_file(struct cli *cli, const char *dir, const char *path,
                                  enum governance_document document) MUST_USE;

/* A directory with each agency on a line of its own, so that versions can be compared. Takes
 * nothing. */
struct directory_parts {
    const char *review_by;
    const struct json *broker;
    const struct json *kinds;
    const struct json *const *agencies;
    size_t n_agencies;
};
int directory_text(const struct directory_parts *parts, struct buf *out) MUST_USE;

#endif
