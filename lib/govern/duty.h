/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duty: whether somebody is there to open what is urgent, by the documents in force, and what to do
 * when nobody is. The broker and every agent say it in these words.
 */
#ifndef GOVERN_DUTY_H
#define GOVERN_DUTY_H

#include "govern/govern.h"

/* clang-format off */
/* Name, number (in the broker's counters and in metrics), text, words. */
#define DUTY_GAPS(X)                                                                                                  \
    X(NONE, 0, "none", "")                                                                                            \
    X(FRONT_DOOR, 1, "front-door",                                                                                    \
      "no front door (a MASH) is in the directory: nobody is there to open what is urgent; the partnership takes "    \
      "one in with `cairn agency approve`, and has the broker read it")                                               \
    X(CALENDAR, 2, "calendar",                                                                                        \
      "no calendar is in force: whoever sends what is urgent hears of no desk to telephone; the partnership signs "   \
      "one with `cairn calendar sign`, and has the broker read it")                                                   \
    X(DESK, 3, "desk",                                                                                                \
      "no desk of the calendar is at a front door of the directory: nobody is named to act on what is urgent; the "   \
      "partnership signs a calendar that has one with `cairn calendar sign`, and has the broker read it")
/* clang-format on */

enum duty_gap {
#define X(name, number, text, words) DUTY_GAP_##name = (number),
    DUTY_GAPS(X)
#undef X
};

/* The gravest; DUTY_GAP_NONE before there is a directory: nothing is known then. */
enum duty_gap duty_gap(const struct governance *governance);
const char *duty_gap_text(enum duty_gap gap);
/* By the number, which may come from a file of another version; "" for none. */
const char *duty_gap_words(uint64_t number);

#endif
