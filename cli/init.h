/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init: what `cairn init` makes, from nothing to a partnership whose broker can be started. Keys
 * first, then the documents in the order in which a receiver takes them, then the files that only
 * repeat what was made.
 */
#ifndef CLI_INIT_H
#define CLI_INIT_H

#include "base/date.h"
#include "cli/fingerprint.h"
#include "cli/partnership.h"

#define INIT_DUTY_PHONE         "01632 960100" /* as in the template; nobody has these numbers */
#define INIT_OUT_OF_HOURS_PHONE "01632 960199"

struct init_options {
    const char *dir;
    const char *name;
    const char *origin;
    const char *endpoint;
    const char *duty_phone;
    const char *out_of_hours_phone;
    bool live;
    char review_by[DATE_TEXT_BYTES]; /* of every document */
};

/* In the folder of `made`, which is there and empty. A failure leaves it as far as it came; it is
 * refused as existing the next time, so that no key is ever made over another. */
int init_make(struct partnership *made, const struct init_options *given,
              char ret_fingerprint[FINGERPRINT_BYTES], struct error *error) MUST_USE;

#endif
