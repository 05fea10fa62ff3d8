/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide: a named person opens an account or an alert, or closes an alert, and says why. Options
 * that `cairn record` and `cairn alert` share; what they leave out is asked for, in this order:
 * name, role, reason. The reason may be about a child: `--reason -` reads it from standard input.
 */
#ifndef CLI_DECIDE_H
#define CLI_DECIDE_H

#include "cli/client.h"
#include "cli/prompt.h"

#define DECIDE_TELL_MAX 8

struct decide {
    const char *action;  /* as enum action is written; NULL: nothing is decided */
    const char *record;  /* of a link decided under an alert: a record of whom is meant */
    const char *other;   /* of two who might be one child: a record of the other */
    const char *outcome; /* of closing */
    const char *reason;
    const char *name;
    const char *role;
    size_t n_tell;
    const char *tell[DECIDE_TELL_MAX];
};

enum {
    DECIDE_OPEN = 0x2101,
    DECIDE_CLOSE,
    DECIDE_OUTCOME,
    DECIDE_REASON,
    DECIDE_NAME,
    DECIDE_ROLE,
    DECIDE_TELL,
    DECIDE_CONFIRM_LINK,
    DECIDE_REFUSE_LINK,
    DECIDE_UNDO_LINK,
    DECIDE_SAME_CHILD,
    DECIDE_ANOTHER_CHILD,
    DECIDE_HOLD,
    DECIDE_RELEASE_HOLD
};
/* For a command's own list of options. */
#define DECIDE_OPTIONS                                                                             \
    {"open", DECIDE_OPEN, NULL, 0, "open it: what is kept in it may be read then", 1},             \
        {"reason",                                                                                 \
         DECIDE_REASON,                                                                            \
         "TEXT",                                                                                   \
         0,                                                                                        \
         "why, in at least 20 characters; - reads standard input; asked for when left out",        \
         1},                                                                                       \
        {"name", DECIDE_NAME, "NAME", 0, "the person's name; asked for when left out", 1},         \
        {"role", DECIDE_ROLE, "ROLE", 0, "the person's role; asked for when left out", 1},         \
    {                                                                                              \
        "tell", DECIDE_TELL, "AGENCY", 0,                                                          \
            "let that agency read the reason; origins: those whose records it is about; may be "   \
            "repeated",                                                                            \
            1                                                                                      \
    }
/* Of a record alone. */
#define DECIDE_HOLD_OPTIONS                                                                        \
    {"hold",                                                                                       \
     DECIDE_HOLD,                                                                                  \
     NULL,                                                                                         \
     0,                                                                                            \
     "keep what the broker has of its child from being destroyed, for a year: an inquiry, a "      \
     "court, a review; said again it lasts a year from then",                                      \
     1},                                                                                           \
    {                                                                                              \
        "release-hold", DECIDE_RELEASE_HOLD, NULL, 0, "end the hold that this agency made", 1      \
    }
#define DECIDE_CLOSE_OPTIONS                                                                       \
    {"close", DECIDE_CLOSE, NULL, 0, "close it, with --outcome", 1},                               \
    {                                                                                              \
        "outcome", DECIDE_OUTCOME, "OUTCOME", 0,                                                   \
            "no-further-action, information-and-advice, early-help, social-care-assessment, "      \
            "strategy-discussion, passed-to-allocated-worker or passed-to-another-authority",      \
            1                                                                                      \
    }

/* Of a record, which a front door may pass on to another authority and cannot close otherwise. */
#define DECIDE_PASS_OPTIONS                                                                        \
    {"close",                                                                                      \
     DECIDE_CLOSE,                                                                                 \
     NULL,                                                                                         \
     0,                                                                                            \
     "what is about another authority's child was passed on to it; with --outcome",                \
     1},                                                                                           \
    {                                                                                              \
        "outcome", DECIDE_OUTCOME, "OUTCOME", 0, "passed-to-another-authority", 1                  \
    }

/* Of an answer, which has one action only. */
#define DECIDE_WHO_OPTIONS                                                                         \
    {"reason",                                                                                     \
     DECIDE_REASON,                                                                                \
     "TEXT",                                                                                       \
     0,                                                                                            \
     "why, in at least 20 characters; - reads standard input; asked for when left out",            \
     1},                                                                                           \
        {"name", DECIDE_NAME, "NAME", 0, "the person's name; asked for when left out", 1},         \
    {                                                                                              \
        "role", DECIDE_ROLE, "ROLE", 0, "the person's role; asked for when left out", 1            \
    }
/* Of an alert: whether the child of one of its records is the child of the others. */
#define DECIDE_LINK_OPTIONS                                                                        \
    {"confirm-link",                                                                               \
     DECIDE_CONFIRM_LINK,                                                                          \
     "RECORD",                                                                                     \
     0,                                                                                            \
     "the child of RECORD is the child of the others",                                             \
     1},                                                                                           \
        {"refuse-link",                                                                            \
         DECIDE_REFUSE_LINK,                                                                       \
         "RECORD",                                                                                 \
         0,                                                                                        \
         "the child of RECORD is another child: they are kept apart for good",                     \
         1},                                                                                       \
    {                                                                                              \
        "undo-link", DECIDE_UNDO_LINK, "RECORD", 0,                                                \
            "the child of RECORD is another child, also after a person had confirmed it", 1        \
    }
/* Of a record: it is not about the child that this agency knows. */
#define DECIDE_OWN_LINK_OPTIONS                                                                     \
    {"undo-link",                                                                                   \
     DECIDE_UNDO_LINK,                                                                              \
     NULL,                                                                                          \
     0,                                                                                             \
     "the child of this record is not the child whom this agency knows",                            \
     1},                                                                                            \
        {"same-child", DECIDE_SAME_CHILD, "RECORD", 0, "the child of RECORD is the same child", 1}, \
    {                                                                                               \
        "another-child", DECIDE_ANOTHER_CHILD, "RECORD", 0,                                         \
            "the child of RECORD is another child: they are kept apart for good", 1                 \
    }

/* For the parser's switch; ARGP_ERR_UNKNOWN for another key. */
error_t decide_option(struct decide *decide, int key, char *argument, struct argp_state *state);
/* For the end of a parser's switch, of a command that lists, or with a record decides: the record
 * as argument, which `lister` names, and the options of client and decide. */
struct decide_options {
    struct client client;
    struct decide decide;
    const char *id;     /* of the record; NULL: all are listed */
    const char *lister; /* "`cairn kept`" */
};
error_t decide_about_option(struct decide_options *given, int key, char *argument,
                            struct argp_state *state);
/* At ARGP_KEY_END: a record goes with an act, which `acts` names, and nobody says who and why
 * without. */
error_t decide_about_check(const struct decide_options *given, bool acts_given, const char *acts,
                           struct argp_state *state);
/* At ARGP_KEY_END: whether what was given fits together. */
error_t decide_check(const struct decide *decide, struct argp_state *state);
/* Asks for what is missing, sends it to PATH, says what became of it. */
enum status decide_send(struct cli *cli, const struct client *client, const char *path,
                        const struct decide *decide) MUST_USE;

/* Who and why alone, asked for as above, to PATH. */
enum status decide_answer(struct cli *cli, const struct client *client, const char *path,
                          const struct decide *decide) MUST_USE;

/* Members person and reason of the body: as given, or asked for. Below 0 and the error. */
int decide_who(const struct prompt *prompt, const struct decide *decide, struct json *body,
               struct error *error) MUST_USE;

#endif
