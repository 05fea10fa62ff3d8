/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/acks.h"

#include <errno.h>
#include <inttypes.h>

#include "base/date.h"
#include "base/log.h"

int acks_start(struct acks *acks, struct agent *agent)
{
    *acks = (struct acks){.agent = agent, .next_seq = 1};
    while (acks->stream == 0) {
        int r = random_bytes(&acks->stream, sizeof(acks->stream));
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

void acks_reset(struct acks *acks)
{
    acks->flight.up = false;
}

static int64_t boot_ms(const struct acks *acks)
{
    return clock_boot_ms(acks->agent->clock);
}

void acks_want(struct acks *acks, uint64_t position)
{
    if (position > acks->position) {
        acks->position = position;
    }
    int64_t soon_ms = boot_ms(acks) + ACKS_WAIT_MS;
    if (acks->position > acks->told && (acks->due_ms == 0 || acks->due_ms > soon_ms)) {
        acks->due_ms = soon_ms;
    }
}

void acks_cosign(struct acks *acks, int64_t wait_ms)
{
    int64_t next_ms =
        acks->landed_ms == 0 ? boot_ms(acks) + wait_ms : acks->landed_ms + ACKS_COSIGN_MS;
    if (acks->due_ms == 0) {
        acks->due_ms = next_ms;
    }
}

static bool may_send(const struct acks *acks)
{
    const struct flight *flight = &acks->flight;
    int64_t now_ms = boot_ms(acks);
    return acks->due_ms != 0 && now_ms >= acks->due_ms &&
           (!flight->up || now_ms - flight->sent_ms >= SENDING_RECEIPT_MAX_MS) &&
           backoff_over(&flight->backoff, now_ms);
}

int64_t acks_next_ms(const struct acks *acks)
{
    if (acks->due_ms == 0) {
        return INT64_MAX;
    }
    if (acks->flight.up) {
        return acks->flight.sent_ms + SENDING_RECEIPT_MAX_MS;
    }
    return acks->due_ms > acks->flight.backoff.not_before_ms ? acks->due_ms
                                                             : acks->flight.backoff.not_before_ms;
}

static int cosign(const struct acks *acks, const struct governance *governance,
                  struct acknowledgement_header *header)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct checkpoint head = {.size = header->log_size, .root = header->log_root};
    const struct own_key_set *own = own_keys_in_use(&acks->agent->keys, &governance->directory);
    checkpoint_text(&head, governance->root.origin, &text);
    return cosignature_make(buf_slice(&text), (uint64_t)clock_real_ms(acks->agent->clock) / 1000,
                            own->signer, header->cosignature);
}

static int cut(const struct acks *acks, const struct parcel_terms *terms, struct parcel *ret)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    struct entry_header header = {
        .kind = ENTRY_ACKNOWLEDGEMENT,
        .id = {.agency = terms->agency, .stream = acks->stream, .seq = acks->next_seq},
    };
    header.acknowledgement = (struct acknowledgement_header){
        .id = header.id,
        .position = acks->position,
        .log_size = terms->head->size,
        .log_root = terms->head->root,
    };
    int r = cosign(acks, terms->governance, &header.acknowledgement);
    if (r != 0) {
        return r;
    }
    wire_entry_header_write(&header, &bytes);
    struct spool_entry entry = {
        .lane = LANE_NORMAL,
        .seq = acks->next_seq,
        .kind = ENTRY_ACKNOWLEDGEMENT,
        .header = buf_slice(&bytes),
    };
    return parcel_cut(terms, &entry, 1, ret);
}

static int cut_now(const struct acks *acks, struct session *session, uint64_t correlation,
                   struct parcel *ret)
{
    _cleanup_(governance_unref) struct governance *governance = NULL;
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    struct agent *agent = acks->agent;
    if (!govern_keep_place(agent->keep, &place)) {
        return -EAGAIN;
    }
    governance = govern_keep_current(agent->keep);
    int r = session_save(session);
    if (r != 0) {
        return r;
    }
    struct parcel_terms terms = {
        .governance = governance,
        .keys = &agent->keys,
        .agency = place.agency,
        .stream = acks->stream,
        .head = &session->witness.head,
        .day = instant_london_day(clock_real_ms(agent->clock)),
        .protocol = session->protocol,
        .correlation = correlation,
        .lane = LANE_NORMAL,
    };
    return cut(acks, &terms, ret);
}

int acks_cut(struct acks *acks, struct session *session, uint64_t correlation, struct parcel *ret)
{
    if (!may_send(acks)) {
        return -ENOENT;
    }
    int r = cut_now(acks, session, correlation, ret);
    if (r != 0) {
        (void)log_fault(-r, "acknowledgement_not_made", "position=%" PRIu64, acks->position);
        backoff_fail(&acks->flight.backoff, boot_ms(acks), SENDING_REFUSED_MS, SENDING_REFUSED_MS);
    }
    return r;
}

void acks_sent(struct acks *acks, const struct parcel *parcel)
{
    acks->flight.up = true;
    acks->flight.correlation = parcel->correlation;
    acks->flight.stream = parcel->stream;
    acks->flight.sent_ms = boot_ms(acks);
    acks->flight_position = acks->position;
    acks->next_seq++; /* an answer lost on the way must not meet another header under this number */
}

static bool is_mine(const struct acks *acks, uint64_t correlation)
{
    return acks->flight.up && acks->flight.correlation == correlation;
}

static void landed(struct acks *acks, enum verdict verdict)
{
    acks->flight.up = false;
    if (verdict_is_stored(verdict)) {
        backoff_succeed(&acks->flight.backoff);
        acks->told = acks->flight_position;
        acks->landed_ms = boot_ms(acks);
        acks->due_ms = acks->position > acks->told ? boot_ms(acks) : 0;
        return;
    }
    if (verdict_is_retry(verdict)) {
        backoff_fail(&acks->flight.backoff, boot_ms(acks), SENDING_RETRY_MIN_MS,
                     SENDING_RETRY_MAX_MS);
        return;
    }
    log_event(LOG_LEVEL_ERROR, "acknowledgement_refused", "position=%" PRIu64 " verdict=%s",
              acks->flight_position, verdict_name(verdict));
    backoff_fail(&acks->flight.backoff, boot_ms(acks), SENDING_REFUSED_MS, SENDING_REFUSED_MS);
}

enum sending_result acks_receipt(struct acks *acks, uint64_t correlation,
                                 const struct wire_receipt *receipt)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(acks->agent->keep);
    if (!is_mine(acks, correlation) || receipt->stream != acks->stream) {
        return SENDING_NOT_MINE;
    }
    struct checkpoint head;
    if (receipt->n_results != 1 ||
        !receipt_holds(receipt, &governance->directory.checkpoint_key, &head)) {
        acks->flight.up = false;
        return SENDING_INVALID;
    }
    landed(acks, receipt->results[0].verdict);
    return receipt->results[0].verdict == VERDICT_STALE_DIRECTORY ? SENDING_STALE : SENDING_DONE;
}

enum sending_result acks_error(struct acks *acks, uint64_t correlation, enum verdict verdict)
{
    if (!is_mine(acks, correlation)) {
        return SENDING_NOT_MINE;
    }
    landed(acks, verdict);
    return verdict == VERDICT_STALE_DIRECTORY ? SENDING_STALE : SENDING_DONE;
}
