/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection itself: what is known of it, where it goes, and what is forgotten when it ends.
 * libzmq dials again by itself when the transport breaks, and tells nobody; what we call dialling
 * is to begin anew, after an answer that does not hold, silence, or a broker that does not know us.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/link_internal.h"
#include "base/log.h"

#define REDIAL_MIN_MS 1000
#define REDIAL_MAX_MS 30000

#define UNAPPROVED_REASON                                                                          \
    "not in the broker's directory yet: the partnership has to approve this agency"
#define NOT_LET_IN_REASON                                                                          \
    "the broker does not let this agency in: it was revoked, or these are not its keys"

/* --- status --- */

int64_t link_boot_ms(const struct agent_link *link)
{
    return clock_boot_ms(link->agent->clock);
}

void link_lock_status(struct agent_link *link)
{
    int r = pthread_mutex_lock(&link->status_lock);
    assert(r == 0);
}

void link_unlock_status(struct agent_link *link)
{
    int r = pthread_mutex_unlock(&link->status_lock);
    assert(r == 0);
}

void link_set_status(struct agent_link *link, enum link_state state, const char *reason)
{
    link_lock_status(link);
    bool changed = link->status.state != state;
    if (changed) {
        link->status.since_ms = clock_real_ms(link->agent->clock);
    }
    link->status.state = state;
    (void)snprintf(link->status.reason, sizeof(link->status.reason), "%s", reason);
    link_unlock_status(link);
    if (changed) {
        char said[sizeof(link->status.reason)];
        log_event(LOG_LEVEL_NOTICE, "link_changed", "state=%s reason=\"%s\"",
                  link_state_text(state), log_escape(reason, said, sizeof(said)));
        news_tell(&link->agent->news);
    }
}

void link_note_contact(struct agent_link *link)
{
    link->heard_ms = link_boot_ms(link);
    link_lock_status(link);
    link->status.last_contact_ms = clock_real_ms(link->agent->clock);
    link->status.log_size = link->session.witness.head.size;
    link->status.clock_ahead_ms = link->session.clock_ahead_ms;
    link_unlock_status(link);
}

/* --- the connection --- */

void link_begin(struct agent_link *link)
{
    questions_set_open(&link->questions, false);
    sending_reset(&link->sending);
    acks_reset(&link->acks);
    session_start(&link->session, link->agent);
    link->hello_ms = 0;
    link->heard_ms = link_boot_ms(link);
    link->ping_ms = link_boot_ms(link);
    link->fetch_wanted = true;
    link->fetch_ms = 0;
    link->ping_wanted = false;
    link->redial = false;
    link_lock_status(link);
    link->status.log_size = link->session.witness.head.size;
    link->status.retry_ms = 0;
    link_unlock_status(link);
}

/* Of the backoff, for whoever asks how it stands. */
static void tell_retry(struct agent_link *link)
{
    int64_t wait_ms = link->backoff.not_before_ms - link_boot_ms(link);
    link_lock_status(link);
    link->status.retry_ms = clock_real_ms(link->agent->clock) + wait_ms;
    link_unlock_status(link);
}

static void drop(struct agent_link *link, enum link_state state, const char *reason)
{
    if (link->redial) {
        return;
    }
    link->redial = true;
    if (link->session.state == SESSION_NEW) { /* no hello was answered this way */
        link->way++;
    }
    if (link->way % link_ways(link) == 0) {
        backoff_fail(&link->backoff, link_boot_ms(link), REDIAL_MIN_MS, REDIAL_MAX_MS);
    } else {
        link->backoff.not_before_ms = link_boot_ms(link) + REDIAL_MIN_MS; /* not all were tried */
    }
    tell_retry(link);
    questions_set_open(&link->questions, false);
    if (link->status.state != LINK_IS_REVOKED) { /* it stays so until a hello is answered */
        link_set_status(link, state, reason);
    }
}

void link_drop(struct agent_link *link, const char *reason)
{
    drop(link, LINK_IS_CONNECTING, reason);
}

static bool has_directory(const struct agent_link *link)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(link->agent->keep);
    return governance->versions[GOVERNANCE_DIRECTORY] > 0;
}

/* Whoever holds no directory was never let in: it waits to be approved. Said once, until a hello is
 * answered. */
void link_refuse(struct agent_link *link)
{
    bool joined = has_directory(link);
    if (link->session.state == SESSION_NEW && (link->way + 1) % link_ways(link) != 0) {
        link_drop(link, "the broker refused this key: the next is tried");
        return;
    }
    drop(link, joined ? LINK_IS_CONNECTING : LINK_IS_UNAPPROVED,
         joined ? NOT_LET_IN_REASON : UNAPPROVED_REASON);
    if (!link->refused && joined) {
        log_event(LOG_LEVEL_WARNING, "not_let_in", "retry_max_s=%d", REDIAL_MAX_MS / 1000);
    } else if (!link->refused) {
        log_event(LOG_LEVEL_NOTICE, "waits_for_approval", "retry_max_s=%d next=\"%s\"",
                  REDIAL_MAX_MS / 1000,
                  "send request.json to the partnership; once it is approved and the broker has "
                  "read its directory, this agent is let in by itself");
    }
    link->refused = true;
}

/* The set in use first, then the newest of those that the broker may know us by. */
static size_t list_own(const struct own_keys *keys, const struct directory *directory,
                       const struct own_key_set *ret[AGENCY_KEYS_MAX])
{
    size_t n = 0;
    ret[n++] = own_keys_in_use(keys, directory);
    for (size_t i = keys->n; i > 0; i--) {
        const struct own_key_set *set = &keys->sets[i - 1];
        if (set != ret[0] && own_keys_may_connect(set, directory)) {
            ret[n++] = set;
        }
    }
    return n;
}

static size_t count_brokers(const struct directory *directory)
{
    return directory->has_next_curve_key ? 2 : 1;
}

unsigned link_ways(const struct agent_link *link)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(link->agent->keep);
    const struct own_key_set *own[AGENCY_KEYS_MAX];
    const struct directory *directory = &governance->directory;
    return (unsigned)(list_own(&link->agent->keys, directory, own) * count_brokers(directory));
}

struct link_address link_present_address(const struct agent_link *link)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(link->agent->keep);
    const struct directory *directory = &governance->directory;
    const struct joining *joining = &link->agent->joining;
    const struct own_key_set *own[AGENCY_KEYS_MAX];
    bool known = governance->versions[GOVERNANCE_DIRECTORY] > 0;
    size_t brokers = count_brokers(directory);
    size_t n_own = list_own(&link->agent->keys, directory, own);
    bool next = link->way % brokers == 1;
    const uint8_t *key = next ? directory->broker_next_curve_key : directory->broker_curve_key;
    struct link_address address = {.endpoint = "", .own = own[link->way / brokers % n_own]};
    (void)snprintf(address.endpoint, sizeof(address.endpoint), "%s",
                   known ? directory->broker_endpoint : joining->endpoint);
    memcpy(address.key, known ? key : joining->curve_key, sizeof(address.key));
    return address;
}

static bool same_address(const struct link_address *a, const struct link_address *b)
{
    return strcmp(a->endpoint, b->endpoint) == 0 &&
           slice_equal(SLICE_OF(a->key), SLICE_OF(b->key)) && a->own == b->own;
}

int link_dial(struct agent_link *link, const struct link_address *address, struct error *error)
{
    struct dealer_options options = {
        .endpoint = address->endpoint,
        .secret_key = &address->own->curve,
    };
    struct dealer *dealer = NULL;
    memcpy(options.server_key, address->key, CURVE_KEY_BYTES);
    int r = dealer_open(&options, &dealer, error);
    if (r != 0) {
        return r;
    }
    link_lock_status(link); /* link_wake uses it from other threads */
    struct dealer *old = link->dealer;
    link->dealer = dealer;
    link_unlock_status(link);
    dealer_close(&old);
    link->dialled = *address;
    return 0;
}

void link_follow(struct agent_link *link)
{
    struct link_address address = link_present_address(link);
    if (same_address(&address, &link->dialled)) {
        return;
    }
    link->way = 0;
    address = link_present_address(link);
    if (!same_address(&address, &link->dialled)) {
        link_drop(link, "the broker has moved, or keys were renewed");
    }
}

void link_redial(struct agent_link *link)
{
    struct link_address address = link_present_address(link);
    struct error error = ERROR_NULL;
    int r = same_address(&address, &link->dialled) ? dealer_reconnect(link->dealer)
                                                   : link_dial(link, &address, &error);
    if (r != 0) {
        error = log_escape_error(&error);
        (void)log_fault(-r, "dial_failed", "reason=\"%s\"", error.what);
        backoff_fail(&link->backoff, link_boot_ms(link), REDIAL_MIN_MS, REDIAL_MAX_MS);
        tell_retry(link);
        return;
    }
    link_begin(link);
}
