/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: what all parts of an agency's daemon share. One per process, made by agent_open, handed to
 * every stage.
 *
 *   main thread     starts and stops the others, watches for signals
 *   settle          seals what is due (settle.h)
 *   watch           takes files out of folders (watch.h): intake, and a school's registers
 *   link            owns the connection to the broker (link.h), calls inbox_take
 *   api             the local interface's threads (api.h): intake, reading the store, link_ask_*
 *
 * What is here is set before the first thread starts and not changed until the last has ended, but
 * for what has its own lock (keep, news, link).
 */
#ifndef AGENTS_AGENT_H
#define AGENTS_AGENT_H

#include "agents/core/govern_keep.h"
#include "agents/core/news.h"
#include "agents/core/options.h"
#include "agents/core/own_keys.h"
#include "agents/core/record_json.h"
#include "agents/core/state.h"
#include "agents/gp/fhir_appointment.h"
#include "base/clock.h"
#include "govern/joining.h"

struct agent_link;

struct agent {
    const struct agent_options *options;
    const struct clock *clock;
    struct own_keys keys;
    struct joining joining;
    struct store *store;
    struct govern_keep *keep;
    struct record_reader *records;
    struct appointment_reader *appointments;
    struct news news;        /* told after every commit that somebody may be waiting for */
    struct agent_link *link; /* NULL until link_start: then link_* say "not connected" */
};

/* Keys from options->keys, the joining file, the store, the governance held; the streams of a fresh
 * store are drawn. Needs crypto_init. `options` and `clock` are borrowed. On failure the error says
 * what to do and *ret is NULL. */
int agent_open(const struct agent_options *options, const struct clock *clock, struct agent **ret,
               struct error *error) MUST_USE;
/* All threads have ended. Wipes the keys. Accepts NULL. */
void agent_close(struct agent **agent);

#endif
