/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_parts.h"

#include <string.h>

#include "base/date.h"
#include "broker/candidates.h"
#include "broker/circle.h"
#include "broker/links.h"
#include "broker/picture.h"
#include "broker/timers.h"
#include "crypto/digest.h"

#define RECORDS_BATCH 256
#define HISTORY_DAYS  (15 * 365)
#define CROWD_CHILD   UINT64_C(0x7000000000)
#define DRAWN_CHILD   UINT64_C(0x7000000001)
#define OLDEST_DAY    10000

static double us_each(double start_s, size_t n)
{
    return (bench_now_s() - start_s) * 1e6 / (double)n;
}

static void must_hold(const struct apply *apply)
{
    bench_must(store_fault(apply->txn), "the core's store", NULL);
}

/* The subject's child, which it gets when it has none. */
static uint64_t child_of(struct apply *apply, const struct subject_id *subject)
{
    struct subject_row row;

    if (!links_subject(apply, subject, false, &row)) {
        bench_fail("a child of the core is none");
    }
    return row.child;
}

/* --- records --- */

static double records(struct core *core, size_t n)
{
    int32_t today = instant_london_day(core->time_ms);
    double spent_s = 0;

    for (size_t done = 0; done < n; done += RECORDS_BATCH) {
        core_begin(core);
        for (size_t i = 0; i < RECORDS_BATCH; i++) {
            struct entry_header header;
            struct subject_id subject = core_subject(core, core_pick(core));
            core_missed(core, &subject, today - (int32_t)(core->turn * 37 % HISTORY_DAYS), &header);
            core_add(core, &header, NULL);
        }
        double start_s = bench_now_s();
        core_commit(core);
        spent_s += bench_now_s() - start_s;
    }
    size_t whole_batches = (n + RECORDS_BATCH - 1) / RECORDS_BATCH;
    return spent_s * 1e6 / (double)(whole_batches * RECORDS_BATCH);
}

/* --- who is who --- */

static double whose(struct core *core, struct apply *apply, size_t n)
{
    double spent_s = 0;

    for (size_t i = 0; i < n; i++) {
        struct subject_id subject = core_subject(core, core_pick(core));
        double start_s = bench_now_s();
        (void)child_of(apply, &subject);
        spent_s += bench_now_s() - start_s;
    }
    return spent_s * 1e6 / (double)n;
}

/* Children, not subjects: what is timed after this is about them. */
static uint64_t *pick_children(struct core *core, struct apply *apply, size_t n)
{
    uint64_t *children = base_zalloc(n, sizeof(*children));

    for (size_t i = 0; i < n; i++) {
        struct subject_id subject = core_subject(core, core_pick(core));
        children[i] = child_of(apply, &subject);
    }
    return children;
}

static double candidate(struct core *core, struct apply *apply, size_t n)
{
    _cleanup_(base_free) uint64_t *children = pick_children(core, apply, n);
    double start_s = bench_now_s();

    for (size_t i = 0; i < n; i++) {
        candidates_look(apply, children[i], instant_london_day(core->time_ms));
    }
    return us_each(start_s, n);
}

static double statement(struct core *core, struct apply *apply, size_t n)
{
    double spent_s = 0;

    for (size_t i = 0; i < n; i++) {
        struct subject_header header;
        struct entry_input tokens;
        uint64_t nth = core_pick(core);
        struct subject_id subject = core_subject(core, nth);
        core_statement(core, &subject, nth % core->children, &header, &tokens);
        double start_s = bench_now_s();
        (void)links_state(apply, &header, &tokens);
        candidates_stated(apply, &header);
        spent_s += bench_now_s() - start_s;
    }
    return spent_s * 1e6 / (double)n;
}

/* --- circles --- */

static const enum role roles[] = {ROLE_REGISTERED_PATIENT, ROLE_OPEN_CASE};

/* What is told of an involvement is the entry that said so: here any entry that is there. */
static struct entry_id some_entry(const struct core *core, uint32_t agency)
{
    struct entry_id id = {.agency = agency};
    _cleanup_(store_end) struct store_txn *txn = store_read(core->store);
    struct store_key first = key_entry(&id);
    struct store_walk walk = store_walk_from(txn, T_ENTRY, store_key_slice(&first));
    struct reader reader = reader_over(walk.live ? walk.key : SLICE_NULL);
    id.agency = read_u32(&reader);
    id.stream = read_u64(&reader);
    id.seq = read_u64(&reader);
    store_walk_end(&walk);
    return id;
}

static void involve(struct apply *apply, uint64_t child, const struct entry_id *entries)
{
    struct member_list members;

    members_list(apply->txn, child, &members);
    for (size_t i = 0; i < members.n; i++) {
        for (size_t j = 0; j < ARRAY_LEN(roles); j++) {
            const struct involvement_row row = {
                .from_day = OLDEST_DAY,
                .until_day = INVOLVEMENT_OPEN,
                .entry = entries[members.subjects[i].agency],
            };
            involvement_row_put(apply->txn, &members.subjects[i], roles[j], &row);
        }
    }
}

static double meet(struct apply *apply, const uint64_t *children, size_t n)
{
    double start_s = bench_now_s();

    for (size_t i = 0; i < n; i++) {
        circle_meet(apply, children[i]);
    }
    return us_each(start_s, n);
}

/* One child that every agency knows as often as it may. */
static uint64_t crowd(struct core *core, struct apply *apply)
{
    uint64_t child = 0;

    for (uint32_t i = 0; i < CAIRN_MEMBERS_MAX; i++) {
        struct subject_id subject = {.agency = i % BENCH_SENDERS + 1, .handle = {0xff, (uint8_t)i}};
        struct subject_header header;
        struct entry_input tokens;
        core_statement(core, &subject, CROWD_CHILD, &header, &tokens);
        (void)child_of(apply, &subject);
        (void)links_state(apply, &header, &tokens);
        child = child_of(apply, &subject);
    }
    return child;
}

static void circles(struct core *core, struct apply *apply, size_t n, struct parts_linking *ret)
{
    _cleanup_(base_free) uint64_t *children = pick_children(core, apply, n);
    struct entry_id entries[BENCH_AGENCIES + 1];

    for (uint32_t agency = 1; agency <= BENCH_AGENCIES; agency++) {
        entries[agency] = some_entry(core, agency);
    }
    uint64_t together = crowd(core, apply);
    for (size_t i = 0; i < n; i++) {
        involve(apply, children[i], entries);
    }
    involve(apply, together, entries);
    ret->meet_new = meet(apply, children, n);
    ret->meet = meet(apply, children, n);
    (void)meet(apply, &together, 1);
    ret->meet_crowd = meet(apply, &together, 1);
    if (apply->notes[NOTED_TOLD] == 0) {
        bench_fail("nobody in a circle was told of anybody");
    }
}

void parts_linking(struct core *core, size_t n, struct parts_linking *ret)
{
    struct apply apply;

    ret->record = records(core, n);
    _cleanup_(store_end) struct store_txn *txn = NULL;
    core_try(core, &txn, &apply);
    ret->whose = whose(core, &apply, n);
    ret->candidate = candidate(core, &apply, n);
    ret->statement = statement(core, &apply, n / 4);
    circles(core, &apply, n / 4, ret);
    must_hold(&apply);
    apply_end(&apply);
}

/* --- timers --- */

static void set_timers(struct core *core, size_t n, int64_t due_ms)
{
    _cleanup_(store_end) struct store_txn *txn = store_begin(core->store);
    if (txn == NULL) {
        bench_fail("no write transaction");
    }
    struct store_walk walk = store_walk_from(txn, T_CHRONOLOGY, SLICE_NULL);
    struct chronology_row row = {.counts = false};
    bool there = walk.live && chronology_row_unpack(walk.value, &row);
    store_walk_end(&walk);
    assert(there);
    for (size_t i = 0; i < n; i++) {
        const struct timer_row timer = {
            .due_ms = due_ms, .kind = TIMER_RECORD, .number = i, .entry = row.entry};
        timer_row_put(txn, &timer);
    }
    bench_must(store_commit(&txn), "commit", NULL);
}

static double idle(struct core *core, size_t n)
{
    _cleanup_(store_end) struct store_txn *txn = NULL;
    struct apply apply;

    core_try(core, &txn, &apply);
    double start_s = bench_now_s();
    for (size_t i = 0; i < n; i++) {
        timers_fire(&apply);
    }
    double us = us_each(start_s, n);
    if (apply.notes[NOTED_UNOPENED] > 0) {
        bench_fail("a timer fired that was not due");
    }
    apply_end(&apply);
    return us;
}

void parts_timers(struct core *core, size_t n, struct parts_timers *ret)
{
    int64_t due_ms = core->time_ms + 3600 * 1000;
    size_t ticks = (n + CAIRN_TIMERS_PER_TICK - 1) / CAIRN_TIMERS_PER_TICK;

    set_timers(core, n, due_ms);
    ret->idle = idle(core, n / 10 + 1);
    core->time_ms = due_ms;
    double start_s = bench_now_s();
    for (size_t i = 0; i < ticks; i++) {
        core_begin(core);
        core_add_tick(core);
        core_commit(core);
    }
    ret->fire = us_each(start_s, n);
    _cleanup_(store_end) struct store_txn *txn = store_read(core->store);
    if (txn == NULL || timers_next_ms(txn) <= core->time_ms) {
        bench_fail("a timer that was due did not fire");
    }
}

/* --- the picture --- */

static struct subject_id drawn_subject(const struct core *core, uint32_t agency)
{
    struct subject_id subject = {.agency = agency, .handle = {0xfe}};

    memcpy(subject.handle + 1, &core->batches, sizeof(core->batches));
    return subject;
}

static void state_drawn(struct core *core, const struct subject_id *subject, uint64_t child)
{
    struct entry_header header = {.kind = ENTRY_SUBJECT};
    struct entry_input tokens;

    core_statement(core, subject, child, &header.subject, &tokens);
    header.id.agency = subject->agency;
    core_add(core, &header, &tokens);
}

/* Concerns of level 3, which the front door reads, a day apart. */
static void tell_concerns(struct core *core, const struct subject_id *subject, size_t entries)
{
    int32_t day = instant_london_day(core->time_ms) - (int32_t)entries;

    for (size_t i = 0; i < entries; i++) {
        struct entry_header header;
        core_missed(core, subject, day + (int32_t)i, &header);
        header.record.record_kind = RECORD_CONCERN;
        header.record.code = CODE_NEGLECT_MEDICAL;
        header.record.level = 3;
        core_add(core, &header, NULL);
    }
}

static struct entry_id look(struct core *core, const struct subject_id *subject)
{
    struct entry_header header = {.kind = ENTRY_DECISION, .id = {.agency = subject->agency}};

    header.decision =
        (struct decision_header){.action = ACTION_LOOK, .has_handle = true, .decided_ms = 1};
    memcpy(header.decision.handle, subject->handle, CAIRN_HANDLE_BYTES);
    core_begin(core);
    core_add(core, &header, NULL);
    core_commit(core);
    return header.id;
}

static void draw(struct core *core, const struct entry_id *look, struct parts_picture *ret)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct picture *picture = base_zalloc(1, sizeof(*picture));
    int32_t until = PICTURE_ALL_DAYS;
    bool older = true;

    _cleanup_(store_end) struct store_txn *txn = store_read(core->store);
    while (older) {
        const struct picture_question question = {
            .txn = txn,
            .governance = core->governance,
            .now_ms = core->time_ms,
            .asker = directory_agency(&core->governance->directory, BENCH_MASH),
            .request = {.look = *look, .until_day = until},
        };
        enum verdict verdict = picture_draw(&question, picture);
        if (verdict != VERDICT_STORED) {
            bench_fail("no picture: %s", verdict_words(verdict));
        }
        buf_reset(&bytes);
        wire_picture_reply_write(&picture->reply, &bytes);
        size_t n = picture->reply.n_headlines;
        ret->shown += n;
        older = (picture->reply.flags & PICTURE_OLDER) != 0 && n > 0;
        until = n > 0 ? picture->headlines[n - 1].event_day - 1 : until;
    }
    assert(buf_ok(&bytes));
    base_free(&picture);
}

void parts_picture(struct core *core, size_t entries, struct parts_picture *ret)
{
    uint64_t child = DRAWN_CHILD + core->batches;
    struct subject_id origin = drawn_subject(core, 2);
    struct subject_id asker = drawn_subject(core, BENCH_MASH);

    core_begin(core);
    state_drawn(core, &origin, child);
    state_drawn(core, &asker, child);
    tell_concerns(core, &origin, entries);
    core_commit(core);
    struct entry_id looked = look(core, &asker);
    *ret = (struct parts_picture){.shown = 0};
    double start_s = bench_now_s();
    draw(core, &looked, ret);
    ret->ms = (bench_now_s() - start_s) * 1000;
    if (ret->shown < entries) {
        bench_fail("a picture of %zu entries shows %zu", entries, ret->shown);
    }
}
