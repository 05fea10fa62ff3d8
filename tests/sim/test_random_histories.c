/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random lives of a partnership, the same for the same seed. After each: the journal alone gives
 * the same bytes and the same root, and the tables say the same about the same thing. A failure
 * names its seed: CAIRN_SEED=n runs that one alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "support/replaying.h"
#include "support/stories.h"

#define SEEDS    10
#define STEPS    90
#define KEPT     64 /* entries that may be sent again, retracted or opened later */
#define CHILDREN 4

struct life {
    struct world *world;
    uint32_t seed;
    uint32_t random;
    size_t n_kept;
    struct world_entry kept[KEPT];
};

static struct life life;

static uint32_t below(uint32_t limit)
{
    life.random = life.random * 1664525U + 1013904223U;
    return (life.random >> 8) % limit;
}

static uint32_t any_agency(void)
{
    return 1 + below(WORLD_AGENCIES);
}

static int any_child(void)
{
    return 1 + (int)below(CHILDREN);
}

static void send_and_keep(const struct world_entry *entry)
{
    (void)world_send_one(life.world, entry->header.id.agency, entry);
    life.kept[life.n_kept < KEPT ? life.n_kept++ : below(KEPT)] = *entry;
}

static const struct world_entry *any_kept(void)
{
    return life.n_kept == 0 ? NULL : &life.kept[below((uint32_t)life.n_kept)];
}

/* --- what may happen --- */

static void state_something(void)
{
    static const char *const numbers[] = {"9990000018", "9990000026", "9990000034"};
    static const char *const names[] = {"alix", "blake"};
    static const enum identifier_status statuses[] = {IDENTIFIER_VERIFIED, IDENTIFIER_VERIFIED,
                                                      IDENTIFIER_WELL_FORMED};
    struct stated stated[5];
    struct world_entry entry;
    struct subject_id subject = subject_of(any_agency(), any_child());
    size_t n = 0;
    if (below(3) > 0) {
        stated[n++] = (struct stated){TOKEN_NHS_NUMBER, statuses[below(3)], numbers[below(3)]};
    }
    if (below(4) == 0) {
        stated[n++] = (struct stated){TOKEN_UPN, IDENTIFIER_VERIFIED, numbers[below(3)]};
    }
    if (below(2) == 0) {
        stated[n++] = NAMED(names[below(2)]);
    }
    if (below(2) == 0) {
        stated[n++] = (struct stated){TOKEN_NAME_BIRTH, IDENTIFIER_WELL_FORMED, names[below(2)]};
    }
    if (below(4) == 0) {
        stated[n++] =
            (struct stated){TOKEN_FAMILY_BIRTH_POSTCODE, IDENTIFIER_WELL_FORMED, names[below(2)]};
    }
    make_statement(life.world, &subject, stated, n, &entry);
    send_and_keep(&entry);
}

static void record_something(void)
{
    struct world_entry entry;
    uint32_t from = any_agency();
    bool concern = from == SCHOOL || below(5) == 0;
    const struct world_record record = {
        .from = from,
        .child = any_child(),
        .day = instant_london_day(life.world->clock.real_ms) - (int32_t)below(700),
        .record_kind = concern ? (below(4) == 0 ? RECORD_REFERRAL : RECORD_CONCERN) : 0,
        .code = concern ? CODE_NOT_SAID : 0,
        .level = concern ? below(5) : 0,
        .urgency = 1 + below(3),
        .service = below(4) == 0 ? "paediatrics" : NULL,
    };
    world_record(life.world, &record, &entry);
    if (below(6) == 0) {
        entry.header.record.narrow = (struct narrowing){.n_agencies = 1,
                                                        .agencies = {any_agency()},
                                                        .reason = NARROW_ENQUIRY,
                                                        .authority = AUTHORITY_POLICE};
        world_refreeze(&entry);
    }
    send_and_keep(&entry);
}

static void retract_something(void)
{
    struct world_entry entry;
    const struct world_entry *kept = any_kept();
    if (kept == NULL) {
        return;
    }
    struct entry_id id = kept->header.id;
    const struct world_record record = {.from = below(8) == 0 ? any_agency() : id.agency,
                                        .child = any_child(),
                                        .day = instant_london_day(life.world->clock.real_ms),
                                        .record_kind = RECORD_RETRACTION,
                                        .retracts = &id};
    world_record(life.world, &record, &entry);
    send_and_keep(&entry);
}

static void decide_something(void)
{
    struct world_entry entry;
    const struct world_entry *kept = any_kept();
    enum action action = below(3) == 0 ? ACTION_CLOSE : ACTION_OPEN;
    world_decision(life.world, below(4) == 0 ? any_agency() : MASH, 1 + below(6), action,
                   action == ACTION_CLOSE ? OUTCOME_EARLY_HELP : OUTCOME_NONE, &entry);
    if (kept != NULL && below(4) == 0) {
        entry.header.decision.alert = 0;
        entry.header.decision.has_record = true;
        entry.header.decision.record = kept->header.id;
        world_refreeze(&entry);
    }
    send_and_keep(&entry);
}

static void judge_a_link(void)
{
    struct world_entry entry;
    const struct world_entry *kept = any_kept();
    if (kept == NULL) {
        return;
    }
    struct entry_id id = kept->header.id;
    const struct world_link link = {.action =
                                        below(3) == 0 ? ACTION_CONFIRM_LINK : ACTION_UNDO_LINK,
                                    .alert = 1 + below(6),
                                    .record = &id};
    world_link_decision(life.world, MASH, &link, &entry);
    send_and_keep(&entry);
}

static void involve_somebody(void)
{
    struct world_entry entry;
    world_involvement(life.world, any_agency(), any_child(), &entry);
    send_and_keep(&entry);
}

static void acknowledge_something(void)
{
    struct world_entry entry;
    uint32_t agency = any_agency();
    struct agency_row row;
    {
        _cleanup_(store_end) struct store_txn *txn = store_read(life.world->store);
        agency_row_get(txn, agency, &row);
    }
    world_acknowledgement(life.world, agency, below((uint32_t)row.next_position + 1), &entry);
    send_and_keep(&entry);
}

static void send_again(void)
{
    const struct world_entry *kept = any_kept();
    if (kept == NULL) {
        return;
    }
    static struct world_entry again;
    again = *kept;
    if (below(3) == 0 && again.header.kind == ENTRY_RECORD) {
        again.header.record.event_day--; /* the same id for something else */
        world_refreeze(&again);
    }
    (void)world_send_one(life.world, again.header.id.agency, &again);
}

static void send_forged(void)
{
    const struct world_entry *kept = any_kept();
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    if (kept == NULL) {
        return;
    }
    const struct world_parcel parcel = {.agency = kept->header.id.agency, .n = 1, .entries = kept};
    world_cut(life.world, &parcel, &frame);
    frame.data[frame.len - 1 - below(40)] ^= 1;
    world_forget_letters(life.world);
    world_receive(life.world, parcel.agency, buf_slice(&frame));
    world_turn(life.world);
}

static void change_governance(void)
{
    switch (below(3)) {
    case 0:
        world_revoke(life.world, below(3) == 0 ? 1U << any_agency() : 0);
        return;
    case 1:
        change_document(life.world, GOVERNANCE_PATTERNS, "\"occurrences_min\": 3",
                        below(2) == 0 ? "\"occurrences_min\": 2" : "\"occurrences_min\": 4");
        return;
    default:
        change_document(life.world, GOVERNANCE_AGREEMENTS,
                        "\"recipient_class\": \"health\",\n      \"effect\": \"hold\"",
                        below(2) == 0
                            ? "\"recipient_class\": \"health\",\n      \"effect\": \"deny\""
                            : "\"recipient_class\": \"health\",\n      \"effect\": \"hold\"");
    }
}

static void let_time_pass(void)
{
    static const int64_t steps[] = {1000, 60000, 3700000, 90000000};
    clock_fake_advance(&life.world->clock, steps[below(ARRAY_LEN(steps))]);
    if (below(5) == 0) {
        clock_fake_step(&life.world->clock, -30000);
    }
}

static void restart(void)
{
    assert_int_equal(world_restart(life.world), 0);
    commit_start(&life.world->commit, NULL, 0);
}

struct happening {
    uint32_t weight;
    void (*happen)(void);
};

static const struct happening happenings[] = {
    {12, state_something},      {30, record_something}, {5, retract_something},
    {8, decide_something},      {8, judge_a_link},      {5, involve_somebody},
    {6, acknowledge_something}, {6, send_again},        {3, send_forged},
    {3, change_governance},     {5, let_time_pass},     {1, restart},
};

static void happen(void)
{
    uint32_t total = 0;
    for (size_t i = 0; i < ARRAY_LEN(happenings); i++) {
        total += happenings[i].weight;
    }
    uint32_t drawn = below(total);
    for (size_t i = 0; i < ARRAY_LEN(happenings); i++) {
        if (drawn < happenings[i].weight) {
            happenings[i].happen();
            return;
        }
        drawn -= happenings[i].weight;
    }
}

/* --- what must hold afterwards --- */

static void every_entry_has_the_leaf_that_it_names(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_ENTRY, SLICE_NULL);
    while (walk.live) {
        struct entry_id id = entry_id_unpack(walk.key.data);
        struct entry_row row;
        struct entry_input input;
        struct slice bytes;
        struct leaf leaf;
        assert_true(entry_row_get(txn, &id, &row));
        assert_int_equal(log_leaf(txn, T_LOG, row.log_index, &bytes), 0);
        assert_true(leaf_read(bytes, &leaf));
        assert_int_equal(leaf.type, LEAF_ENTRY);
        assert_true(entry_id_equal(&leaf.id, &id));
        assert_int_equal(leaf.verdict, row.verdict);
        assert_true(hash_equal(&leaf.digest, &row.item));
        assert_true(journal_entry_at(txn, row.batch, row.offset, &input));
        assert_true(entry_id_equal(&input.id, &id));
        assert_true(hash_equal(&input.item, &row.item));
        store_walk_next(&walk);
    }
}

static void every_member_is_where_its_subject_says(struct store_txn *txn)
{
    size_t members = 0;
    size_t subjects = 0;
    uint64_t last = 0;
    size_t of_child = 0;
    struct store_walk walk = store_walk_from(txn, T_MEMBER, SLICE_NULL);
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        uint64_t child = read_u64(&reader);
        struct subject_id subject = subject_id_unpack(walk.key.data + 8);
        struct subject_row row;
        assert_true(subject_row_get(txn, &subject, &row));
        assert_int_equal(row.child, child);
        assert_int_equal(row.link, walk.value.data[0]);
        of_child = child == last ? of_child + 1 : 1;
        last = child;
        assert_true(of_child <= CAIRN_MEMBERS_MAX);
        members++;
        store_walk_next(&walk);
    }
    store_walk_end(&walk);
    walk = store_walk_from(txn, T_SUBJECT, SLICE_NULL);
    for (; walk.live; store_walk_next(&walk)) {
        subjects++;
    }
    store_walk_end(&walk);
    assert_int_equal(members, subjects);
}

/* Somebody of every child is there not only by name. */
static void every_child_has_a_firm_member(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_MEMBER, SLICE_NULL);
    uint64_t last = 0;
    bool firm = true;
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        uint64_t child = read_u64(&reader);
        assert_true(child == last || firm);
        firm = (child == last && firm) || walk.value.data[0] != LINK_PROVISIONAL;
        last = child;
        store_walk_next(&walk);
    }
    assert_true(firm);
}

static void every_row_of_a_chronology_is_with_its_subjects_child(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_CHRONOLOGY, SLICE_NULL);
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        uint64_t child = read_u64(&reader);
        struct chronology_row row;
        struct subject_row subject;
        struct entry_row entry;
        assert_true(chronology_row_unpack(walk.value, &row));
        assert_true(subject_row_get(txn, &row.subject, &subject));
        assert_int_equal(subject.child, child);
        assert_true(entry_row_get(txn, &row.entry, &entry));
        assert_int_equal(entry.retracted, row.retracted);
        store_walk_next(&walk);
    }
}

static void every_token_is_one_that_its_subject_states(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_TOKEN, SLICE_NULL);
    while (walk.live) {
        struct subject_id subject = subject_id_unpack(walk.key.data + 33);
        struct subject_row row;
        bool stated = false;
        assert_true(subject_row_get(txn, &subject, &row));
        for (size_t i = 0; i < row.n_tokens; i++) {
            stated = stated || (row.tokens[i].class == walk.key.data[0] &&
                                memcmp(row.tokens[i].stored, walk.key.data + 1, 32) == 0);
        }
        assert_true(stated);
        store_walk_next(&walk);
    }
}

/* So that a record need look at no other child than at those that are marked
 * (broker/candidates.h). */
static void whoever_states_what_another_child_states_is_marked(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_TOKEN, SLICE_NULL);
    uint8_t token[33] = {0};
    uint64_t first = 0;
    while (walk.live) {
        struct subject_id subject = subject_id_unpack(walk.key.data + sizeof(token));
        enum token_class class = walk.key.data[0];
        struct subject_row row;
        assert_true(subject_row_get(txn, &subject, &row));
        bool same = memcmp(token, walk.key.data, sizeof(token)) == 0;
        if (same && first != row.child &&
            (class == TOKEN_NAME_BIRTH || class == TOKEN_FAMILY_BIRTH_POSTCODE)) {
            assert_true(alike_row_get(txn, first));
            assert_true(alike_row_get(txn, row.child));
        }
        memcpy(token, walk.key.data, sizeof(token));
        first = same ? first : row.child;
        store_walk_next(&walk);
    }
}

static void every_current_alert_is_of_its_child(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_CHILD_ALERT, SLICE_NULL);
    while (walk.live) {
        struct reader key = reader_over(walk.key);
        struct reader value = reader_over(walk.value);
        struct alert_row alert;
        assert_true(alert_row_get(txn, read_u64(&value), &alert));
        assert_int_equal(alert.child, read_u64(&key));
        assert_true(alert.n_records > 0 && alert.n_records <= CAIRN_ALERT_RECORDS_MAX);
        store_walk_next(&walk);
    }
}

static struct record_header header_of(struct store_txn *txn, const struct entry_id *id)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_row row;
    struct entry_input input;
    struct entry_header header = {.kind = ENTRY_RECORD};
    assert_true(entry_row_get(txn, id, &row));
    assert_true(journal_entry_at(txn, row.batch, row.offset, &input));
    if (row.kind == ENTRY_RECORD) {
        assert_true(wire_entry_header_read(row.kind, input.header, &arena, &header));
    }
    return header.record;
}

/* Told at the position that its leaf names; never of a record whose author left the reader out. */
static void every_telling_is_logged_and_allowed_by_its_author(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_MAILBOX, SLICE_NULL);
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        uint32_t agency = read_u32(&reader);
        uint64_t position = read_u64(&reader);
        struct mailbox_row row;
        struct slice bytes;
        struct leaf leaf;
        assert_true(mailbox_row_unpack(walk.value, &row));
        assert_int_equal(log_leaf(txn, T_LOG, row.told, &bytes), 0);
        assert_true(leaf_read(bytes, &leaf));
        assert_int_equal(leaf.type, LEAF_TOLD);
        assert_int_equal(leaf.agency, agency);
        assert_int_equal(leaf.number, position);
        assert_int_equal(leaf.parts, row.parts);
        assert_int_equal(leaf.alert, row.alert);
        if (row.kind == ITEM_DELIVERED || row.kind == ITEM_RELEASE) {
            struct record_header header = header_of(txn, &row.entry);
            for (size_t i = 0; i < header.narrow.n_agencies; i++) {
                assert_int_not_equal(header.narrow.agencies[i], agency);
            }
        }
        store_walk_next(&walk);
    }
}

static void audit(struct world *world)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    every_entry_has_the_leaf_that_it_names(txn);
    every_member_is_where_its_subject_says(txn);
    every_child_has_a_firm_member(txn);
    every_row_of_a_chronology_is_with_its_subjects_child(txn);
    every_token_is_one_that_its_subject_states(txn);
    whoever_states_what_another_child_states_is_marked(txn);
    every_current_alert_is_of_its_child(txn);
    every_telling_is_logged_and_allowed_by_its_author(txn);
}

/* --- */

static int tear_down(void **state)
{
    (void)state;
    if (life.world != NULL) {
        print_error("CAIRN_SEED=%u\n", life.seed);
        world_free(&life.world);
    }
    return 0;
}

static void live(uint32_t seed)
{
    memset(&life, 0, sizeof(life));
    life.seed = seed;
    life.random = seed * 2654435761U;
    life.world = world_new();
    log_init("test", (enum log_level)(LOG_LEVEL_ERROR - 1)); /* equivocations are part of it */
    for (int i = 0; i < STEPS; i++) {
        happen();
    }
    audit(life.world);
    expect_replay_is_the_same(life.world->store);
    world_free(&life.world);
}

static void every_history_replays_to_the_same_bytes_and_agrees_with_itself(void **state)
{
    const char *only = getenv("CAIRN_SEED");
    uint64_t seed = 0;
    (void)state;

    if (only != NULL && u64_parse(only, UINT32_MAX, &seed)) {
        live((uint32_t)seed);
        return;
    }
    for (uint32_t i = 1; i <= SEEDS; i++) {
        live(i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_history_replays_to_the_same_bytes_and_agrees_with_itself,
                                  tear_down),
    };
    return cmocka_run_group_tests_name("random_histories", tests, NULL, NULL);
}
