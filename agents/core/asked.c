/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/asked.h"

#include <errno.h>
#include <string.h>

#include "agents/core/decide.h"
#include "agents/core/govern_keep.h"
#include "agents/core/link.h"
#include "agents/core/room.h"
#include "agents/core/seal.h"
#include "base/date.h"
#include "base/log.h"

#define PURPOSE      "answered request"
#define META_WAITING "requests-waiting"
#define ROW_MAX_BYTES                                                                              \
    (1 + 1 + CAIRN_MEMBERS_PER_AGENCY_MAX * CAIRN_HANDLE_BYTES + 1 + 1 + ENTRY_ID_BYTES + 8 + 8 +  \
     4 + 4 + 4 + DECIDE_SEALED_MAX_BYTES)

const char *asked_state_text(enum asked_state state)
{
    switch (state) {
#define X(name, number, text)                                                                      \
    case ASKED_##name:                                                                             \
        return (text);
        ASKED_STATES(X)
#undef X
    }
    return "unknown";
}

/* --- rows --- */

static bool unpack(struct slice value, struct asked_row *ret)
{
    uint8_t id[ENTRY_ID_BYTES];
    struct reader reader = reader_over(value);
    struct asked_row row = {.state = (enum asked_state)read_u8(&reader)};
    row.handles.n = read_u8(&reader);
    for (size_t i = 0; i < row.handles.n && i < ARRAY_LEN(row.handles.of); i++) {
        read_into(&reader, row.handles.of[i], sizeof(row.handles.of[i]));
    }
    row.purpose = (enum purpose)read_u8(&reader);
    row.has_record = read_u8(&reader) != 0;
    read_into(&reader, id, sizeof(id));
    row.record = entry_id_unpack(id);
    row.taken_ms = (int64_t)read_u64(&reader);
    row.decided_ms = (int64_t)read_u64(&reader);
    row.granted = read_u32(&reader);
    row.by_uid = read_u32(&reader);
    row.sealed = read_sized(&reader, DECIDE_SEALED_MAX_BYTES);
    if (!reader_end(&reader) || row.handles.n > ARRAY_LEN(row.handles.of)) {
        return false;
    }
    *ret = row;
    return true;
}

bool asked_unpack(struct slice key, struct slice value, struct entry_id *ret_request,
                  struct asked_row *ret)
{
    if (key.len != ENTRY_ID_BYTES || !unpack(value, ret)) {
        return false;
    }
    *ret_request = entry_id_unpack(key.data);
    return true;
}

bool asked_get(struct store_txn *txn, const struct entry_id *request, struct asked_row *ret)
{
    struct store_key key = agent_key_entry(request);
    struct slice value;
    if (!store_get(txn, AT_ASKED, store_key_slice(&key), &value)) {
        return false;
    }
    if (!unpack(value, ret)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void put(struct store_txn *txn, const struct entry_id *request, const struct asked_row *row)
{
    uint8_t storage[ROW_MAX_BYTES];
    uint8_t id[ENTRY_ID_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = agent_key_entry(request);
    entry_id_pack(&row->record, id);
    write_u8(&writer, (uint8_t)row->state);
    write_u8(&writer, (uint8_t)row->handles.n);
    for (size_t i = 0; i < row->handles.n; i++) {
        write_bytes(&writer, row->handles.of[i], sizeof(row->handles.of[i]));
    }
    write_u8(&writer, (uint8_t)row->purpose);
    write_u8(&writer, row->has_record ? 1 : 0);
    write_bytes(&writer, id, sizeof(id));
    write_u64(&writer, (uint64_t)row->taken_ms);
    write_u64(&writer, (uint64_t)row->decided_ms);
    write_u32(&writer, row->granted);
    write_u32(&writer, row->by_uid);
    write_sized(&writer, row->sealed);
    assert(writer_ok(&writer));
    store_put(txn, AT_ASKED, store_key_slice(&key), writer_slice(&writer));
}

uint64_t asked_waiting(struct store_txn *txn)
{
    return agent_meta_u64(txn, META_WAITING, 0);
}

/* --- what is asked for --- */

static size_t find_under(const struct granting *granting, const struct entry_id *request,
                         const struct asked_row *row, size_t handle, enum effect effect,
                         struct entry_id ret[GRANTING_MAX])
{
    const uint8_t *own = row->handles.of[handle];
    const struct granting_search search = {
        .handle = own,
        .reader = request->agency,
        .standing = circle_standing(granting->txn, own, request->agency,
                                    instant_london_day(granting->now_ms)),
        .effect = effect,
        .purpose = row->purpose,
        .since_day = INT32_MIN,
        .only = row->has_record ? &row->record : NULL,
    };
    return granting_find(granting, &search, ret);
}

/* Under each handle that we have for the child, the newest of each first. */
static size_t find(const struct granting *granting, const struct entry_id *request,
                   const struct asked_row *row, enum effect effect,
                   struct entry_id ret[GRANTING_MAX])
{
    struct entry_id found[GRANTING_MAX];
    size_t n = 0;
    for (size_t i = 0; i < row->handles.n; i++) {
        size_t more = find_under(granting, request, row, i, effect, found);
        for (size_t j = 0; j < more && n < GRANTING_MAX; j++) {
            ret[n++] = found[j];
        }
    }
    return n;
}

/* Under any of them. */
static struct circle_standing standing_of(const struct granting *granting,
                                          const struct entry_id *request,
                                          const struct asked_row *row)
{
    struct circle_standing all = {.roles = 0};
    for (size_t i = 0; i < row->handles.n; i++) {
        struct circle_standing one =
            circle_standing(granting->txn, row->handles.of[i], request->agency,
                            instant_london_day(granting->now_ms));
        all.roles |= one.roles;
        all.by_name = all.by_name || one.by_name;
    }
    return all;
}

size_t asked_records(const struct granting *granting, const struct entry_id *request,
                     const struct asked_row *row, struct entry_id ret[GRANTING_MAX])
{
    return find(granting, request, row, EFFECT_ASK, ret);
}

/* --- being asked --- */

static void refuse_uninvolved(const struct granting *granting, const struct entry_id *request,
                              struct asked_row *row)
{
    row->state = ASKED_UNINVOLVED;
    count_add(granting->txn, instant_london_day(granting->now_ms), "request-uninvolved", 1);
    log_event(LOG_LEVEL_WARNING, "request_without_involvement", "agency=%u",
              (unsigned)request->agency);
}

void asked_take(const struct granting *granting, const struct asked_handles *handles,
                const struct request_header *header)
{
    struct entry_id entries[GRANTING_MAX];
    struct asked_row row = {.state = ASKED_DONE,
                            .purpose = header->purpose,
                            .has_record = header->has_record,
                            .record = header->record,
                            .handles = *handles,
                            .taken_ms = granting->now_ms};
    struct asked_row held;
    if (asked_get(granting->txn, &header->id, &held)) {
        return; /* delivered again: it has its answer */
    }
    struct circle_standing standing = standing_of(granting, &header->id, &row);
    if (standing.roles == 0) {
        refuse_uninvolved(granting, &header->id, &row);
    } else {
        size_t n = find(granting, &header->id, &row, EFFECT_SHARE, entries);
        row.granted =
            (uint32_t)granting_add(granting, entries, n, header->id.agency, standing.by_name);
        n = asked_records(granting, &header->id, &row, entries);
        if (n > 0) {
            row.state = ASKED_WAITING;
            agent_meta_put_u64(granting->txn, META_WAITING, asked_waiting(granting->txn) + 1);
        }
        count_add(granting->txn, instant_london_day(granting->now_ms), "request-taken", 1);
    }
    put(granting->txn, &header->id, &row);
}

/* --- a person decides --- */

/* Signed and sealed to who asked: that is told of it, and why. */
static int tell_refused(struct agent *agent, const struct granting *granting,
                        const struct asked_decision *decision)
{
    _cleanup_(seal_end) struct seal seal = SEAL_NULL;
    const struct decide_request refusal = {
        .action = ACTION_REFUSE_REQUEST,
        .has_record = true,
        .record = decision->request,
        .person = decision->person,
        .n_recipients = 1,
        .recipients = {decision->request.agency},
        .by_uid = decision->by_uid,
    };
    struct out_row row = {.kind = ENTRY_DECISION,
                          .urgency = URGENCY_ROUTINE,
                          .event_day = instant_london_day(granting->now_ms),
                          .created_ms = granting->now_ms,
                          .by_uid = decision->by_uid};
    struct reference reference;
    int r = reference_new(granting->now_ms, &reference);
    if (r == 0) {
        r = seal_begin(agent, granting->txn, &seal);
    }
    if (r == 0) {
        r = seal_decision(&seal, &refusal, &reference, &row);
    }
    if (r == 0) {
        out_put(granting->txn, &reference, &row);
    }
    return r;
}

static int answer(const struct granting *granting, struct agent *agent,
                  const struct asked_decision *decision)
{
    struct entry_id entries[GRANTING_MAX];
    uint8_t sealed[DECIDE_SEALED_MAX_BYTES];
    size_t len = 0;
    struct asked_row row;
    if (!asked_get(granting->txn, &decision->request, &row)) {
        return -ENOENT;
    }
    if (row.state != ASKED_WAITING) {
        return -EALREADY;
    }
    struct circle_standing standing = standing_of(granting, &decision->request, &row);
    if (decision->grant && standing.roles == 0) {
        return -EPERM;
    }
    int r = decide_seal(&agent->keys.store, PURPOSE, &decision->person, sealed, &len);
    if (r == 0) {
        r = room_for(granting->txn, LANE_NORMAL, decision->grant ? GRANTING_MAX + 1 : 1);
    }
    if (r == 0 && !decision->grant) {
        r = tell_refused(agent, granting, decision);
    }
    if (r != 0) {
        return r;
    }
    if (decision->grant) {
        size_t n = asked_records(granting, &decision->request, &row, entries);
        row.granted += (uint32_t)granting_add(granting, entries, n, decision->request.agency,
                                              standing.by_name);
    }
    agent_meta_put_u64(granting->txn, META_WAITING, asked_waiting(granting->txn) - 1);
    row.state = decision->grant ? ASKED_GRANTED : ASKED_REFUSED;
    row.decided_ms = granting->now_ms;
    row.by_uid = decision->by_uid;
    row.sealed = slice_make(sealed, len);
    put(granting->txn, &decision->request, &row);
    return 0;
}

int asked_decide(struct agent *agent, const struct asked_decision *decision, struct error *error)
{
    _cleanup_(governance_unref) struct governance *governance = govern_keep_current(agent->keep);
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    _cleanup_(store_end) struct store_txn *txn = NULL;
    int r = decide_check_person(&decision->person, error);
    if (r != 0) {
        return r;
    }
    if (!govern_keep_place(agent->keep, &place)) {
        return -EAGAIN;
    }
    txn = store_begin(agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    const struct granting granting = {.txn = txn,
                                      .governance = governance,
                                      .own = place.agency,
                                      .now_ms = clock_real_ms(agent->clock),
                                      .by_person = true};
    r = answer(&granting, agent, decision);
    if (r == 0) {
        r = agent_commit(&txn);
    }
    if (r == 0) {
        link_wake(agent);
        news_tell(&agent->news);
    }
    return r;
}

/* --- being refused --- */

void refused_put(struct store_txn *txn, const struct entry_id *request,
                 const struct entry_id *refusal)
{
    uint8_t id[ENTRY_ID_BYTES];
    struct store_key key = agent_key_entry_of(request, refusal->agency);
    entry_id_pack(refusal, id);
    store_put(txn, AT_REFUSED, store_key_slice(&key), SLICE_OF(id));
}

size_t refused_list(struct store_txn *txn, const struct entry_id *request,
                    struct entry_id ret[CAIRN_ADDRESSEES_MAX])
{
    struct store_key prefix = agent_key_entry(request);
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_REFUSED, store_key_slice(&prefix));
    for (; walk.live && n < CAIRN_ADDRESSEES_MAX &&
           agent_key_has_prefix(walk.key, store_key_slice(&prefix));
         store_walk_next(&walk)) {
        if (walk.value.len != ENTRY_ID_BYTES) {
            store_fail(txn, -EBADMSG);
            return 0;
        }
        ret[n++] = entry_id_unpack(walk.value.data);
    }
    return n;
}
