/* SPDX-License-Identifier: Apache-2.0 */
/* log_report: what is found when a log is verified, and how it is said. One thread. */
#ifndef CLI_LOG_REPORT_H
#define CLI_LOG_REPORT_H

#include "cli/audit.h"
#include "cli/command.h"
#include "wire/leaf.h"

enum log_result {
    LOG_SOUND = 1,
    LOG_NOT_SOUND, /* it was read, and something in it is not what it should be */
    LOG_NOT_READ   /* nothing can be said about it: no such folder, not allowed, no log */
};

/* What was found. Plain data without pointers: it travels between processes. */
struct log_report {
    enum log_result result;
    char where[160];   /* of a problem: which leaf, which document */
    char problem[256]; /* "" when sound */
    bool has_bad_leaf;
    uint64_t bad_leaf; /* the first */
    char origin[NOTE_NAME_MAX_BYTES];
    uint64_t size;
    struct hash root;
    uint64_t leaves[LEAF_TYPES + 1]; /* by type, index 0 unused */
    uint64_t refused;                /* entries among them that were not stored */
    int64_t first_ms;
    int64_t last_ms;
    size_t documents;          /* of governance, signed, and in the log as they are held */
    bool compared;             /* with a signed checkpoint ... */
    uint64_t compared_size;    /* ... over that many leaves */
    char key[NOTE_VKEY_BYTES]; /* that signed it ... */
    bool own_key;              /* ... and that nobody but the log itself named */
    bool audited;              /* of a broker's folder: the rest of it */
    struct audit audit;
};

/* For what the caller found itself. Always false. */
bool log_report_bad(struct log_report *report, const char *where, const char *format, ...)
    PRINTF(3, 4);
bool log_report_bad_leaf(struct log_report *report, uint64_t leaf, const char *words);
void log_report_unread(struct log_report *report, const struct error *error);

const char *leaf_type_text(enum leaf_type type);

/* As text or as JSON; `path` is what was looked at. STATUS_OK when the log is sound. */
enum status log_report_say(struct cli *cli, const char *path, const struct log_report *report);

#endif
