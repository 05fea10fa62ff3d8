/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agreement: what `cairn agreement check`, `explain`, `compile`, `diff` and `sign` share: a folder
 * with the partnership's signed documents, and agreements beside those in force, which need no
 * signature to be looked at. Only `sign` needs the root key.
 */
#ifndef CLI_AGREEMENT_H
#define CLI_AGREEMENT_H

#include "cli/client.h"
#include "cli/command.h"
#include "cli/partnership.h"
#include "govern/agreed.h"

enum {
    AGREEMENT_ORIGIN = 0x2001,
    AGREEMENT_RECIPIENT,
    AGREEMENT_RECORD,
    AGREEMENT_LEVEL,
    AGREEMENT_URGENCY,
    AGREEMENT_ROLE,
    AGREEMENT_PURPOSE,
    AGREEMENT_DAY
};

struct agreement_options {
    struct client client; /* whose documents are meant without a folder */
    const char *dir;      /* NULL: none was given */
    const char *files[2];
    size_t n_files;
    size_t min_files;
    size_t max_files;
    const char *origin; /* the rest: `explain` */
    const char *recipient;
    const char *record;
    uint32_t level;
    uint32_t urgency;
    uint32_t roles;
    uint32_t purpose;
    int32_t day;
    bool has_day;
};

error_t agreement_option(int key, char *argument, struct argp_state *state); /* into the struct */

/* What a command looks at. */
struct agreement_desk {
    struct partnership partnership;
    int32_t day;                           /* the one that was given, else today */
    struct agreements *owned[2];           /* read from files */
    const struct agreements *looked_at[2]; /* as files; the first that was not given is what is in
                                            force */
};

/* DIR is a partnership's folder, or holds signed documents; without it they are those that the
 * agent of this machine holds, verified again. Reads as many agreements as
 * `wanted`, the last one from the last file; for what no file gives, those in force. Anything but
 * STATUS_OK was said already. */
enum status agreement_desk_open(struct cli *cli, const struct agreement_options *given,
                                size_t wanted, struct agreement_desk *ret) MUST_USE;
void agreement_desk_close(struct agreement_desk *desk);
/* -E2BIG of agreed.h, said. */
enum status agreement_too_many(struct cli *cli);

/* What an outcome means to the recipient: "gets it at once". */
const char *agreement_words(enum effect effect, enum mode mode);
/* ", and hears of the 90 days before the role began"; "" without a history. */
#define AGREEMENT_HISTORY_BYTES 96
const char *agreement_history(struct decision decision, char out[AGREEMENT_HISTORY_BYTES]);
/* Says what is wrong with agreements; how many problems that are no warnings. */
enum status agreement_report(struct cli *cli, const struct agreements *agreements,
                             const struct agreement_desk *desk, size_t *ret_problems) MUST_USE;

#endif
