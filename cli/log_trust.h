/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_trust: whom a log or a proof is held against: the key of the checkpoints, from where the
 * reader trusts, and a checkpoint that was got elsewhere.
 */
#ifndef CLI_LOG_TRUST_H
#define CLI_LOG_TRUST_H

#include <argp.h>

#include "cli/command.h"
#include "govern/govern.h"
#include "tree/checkpoint.h"

struct log_trust {
    const char *vkey_text;  /* --key */
    const char *governance; /* --governance, a folder of signed documents */
    const char *head_path;  /* --checkpoint */
    bool has_key;
    struct note_key key;
    struct governance *documents; /* of --governance; NULL when the key was given itself */
    struct buf note;              /* of --checkpoint, as it was read */
};
#define LOG_TRUST_NULL ((struct log_trust){.note = BUF_MAX(CAIRN_NOTE_MAX_BYTES)})
void log_trust_deinit(struct log_trust *trust);

enum {
    LOG_TRUST_KEY = 0x2201,
    LOG_TRUST_GOVERNANCE,
    LOG_TRUST_CHECKPOINT
};
#define LOG_TRUST_KEY_OPTIONS                                                                      \
    {                                                                                              \
        "key",                                                                                     \
        LOG_TRUST_KEY,                                                                             \
        "VKEY",                                                                                    \
        0,                                                                                         \
        "the log's checkpoint key, NAME+ID+KEY, from where you trust",                             \
        2},                                                                                        \
    {                                                                                              \
        "governance", LOG_TRUST_GOVERNANCE, "FOLDER", 0,                                           \
            "instead of --key: the partnership's signed documents, which name the key", 2          \
    }
#define LOG_TRUST_CHECKPOINT_OPTION                                                                \
    {                                                                                              \
        "checkpoint", LOG_TRUST_CHECKPOINT, "FILE", 0,                                             \
            "a signed head, as `cairn log head` prints at an agency", 2                            \
    }
error_t log_trust_option(struct log_trust *trust, int key, char *argument);

/* Reads what the options name. Anything but STATUS_OK was said already. */
enum status log_trust_load(struct cli *cli, struct log_trust *trust) MUST_USE;

#endif
