/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agency: what `cairn agency approve`, `duty`, `retire`, `revoke` and `list` share, and `cairn
 * broker renew` and `switch`: at the partnership, with the root key at hand for all but `list`.
 * They write the next version of the directory and change nothing else; the broker takes it up when
 * it is told to read again, and every agency gets it with its next message.
 */
#ifndef CLI_AGENCY_H
#define CLI_AGENCY_H

#include "cli/command.h"
#include "cli/partnership.h"

enum {
    AGENCY_REASON = 0x2001,
    AGENCY_INVOLVEMENTS,
    AGENCY_PER_DAY,
    AGENCY_STOLEN,
    AGENCY_CONTACT,
    AGENCY_PHONE
};

struct agency_options {
    const char *dir;
    const char *subject; /* REQUEST.json or ID */
    const char *reason;
    const char *contact; /* NULL: not said */
    const char *phone;
    uint64_t involvements_max;
    uint64_t involvements_per_day_max;
    int arguments; /* how many are needed */
    bool needs_reason;
    bool stolen;
};

error_t agency_option(int key, char *argument, struct argp_state *state); /* into the struct */

/* The directory's entry of an agency, with the keys of `agency`, which may have changed. The
 * caller's. */
struct json *agency_entry(const struct partnership *partnership,
                          const struct agency *agency) MUST_USE;
/* The signing key that it uses: the newest active one, or the newest of all. */
const struct agency_key *agency_key_in_use(const struct agency *agency);

/* Signs and writes the directory with this entry in the place `at` of its agencies; n_agencies for
 * a new one. */
int agency_publish(struct partnership *partnership, size_t at, const struct json *agency,
                   struct error *error) MUST_USE;

/* Likewise with another entry for the broker. */
int agency_publish_broker(struct partnership *partnership, const struct json *broker,
                          struct error *error) MUST_USE;

/* Number, id, fingerprint, and whether this command changed anything. */
void agency_say(struct output *output, const struct agency *agency, bool changed);
/* The version that is there now, and that the broker has to be told. */
void agency_say_reload(struct output *output, const struct partnership *partnership);
enum status agency_open_failed(struct cli *cli, int r, const struct error *error);

/* Parses into `given`, opens the partnership with its root key, and does `work` there. */
enum status agency_run(struct cli *cli, const struct command_line *line, struct command_call call,
                       struct agency_options *given,
                       enum status (*work)(struct cli *, struct partnership *,
                                           const struct agency_options *));

#endif
