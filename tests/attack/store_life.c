/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/store_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/stories.h"

#define DAY_MS INT64_C(86400000)

/* A number of handles, apart from those of children. */
#define ANNA 101

/* --- one step each --- */

static void agree(struct world *world, const char *rules)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    buf_format(
        &text,
        "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": [%s]}",
        rules);
    publish_document(world, GOVERNANCE_AGREEMENTS, &text);
}

#define MISSED_IS_HELD                                                                             \
    "{\"id\": \"missed\", \"records\": [\"was-not-brought\"], \"recipient_kind\": \"mash\", "      \
    "\"urgency\": [\"routine\"], \"effect\": \"hold\", \"mode\": \"content\"}"
#define CONCERNS_ARE_TOLD                                                                          \
    "{\"id\": \"concern\", \"records\": [\"neglect-physical\"], \"recipient_kind\": \"mash\", "    \
    "\"urgency\": [\"routine\", \"immediate\"], \"effect\": \"share\", \"mode\": \"content\"}"
#define ADULTS_ARE_TOLD                                                                            \
    "{\"id\": \"adult\", \"records\": [\"adult-service\"], \"recipient_class\": \"health\", "      \
    "\"recipient_roles\": [\"any\"], \"urgency\": [\"routine\"], \"effect\": \"share\", "          \
    "\"mode\": \"content\"}"

static void know_an_adult(struct world *world)
{
    const struct stated stated = {TOKEN_PERSON_NHS_NUMBER, IDENTIFIER_VERIFIED, "9990000101"};
    struct world_entry entry;
    struct subject_id subject = subject_of(GP, ANNA);

    make_statement(world, &subject, &stated, 1, &entry);
    entry.header.subject.person = true;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
}

static void tie_her(struct world *world)
{
    struct world_entry entry = {.header = {.kind = ENTRY_TIE}};
    const struct subject_id child = subject_of(GP, ALIX);
    const struct subject_id adult = subject_of(GP, ANNA);

    entry.header.id = world_next_id(world, GP, LANE_NORMAL);
    entry.header.tie = (struct tie_header){
        .id = entry.header.id, .relationship = RELATIONSHIP_MOTHER, .until_day = TIE_OPEN};
    memcpy(entry.header.tie.handle, child.handle, CAIRN_HANDLE_BYTES);
    memcpy(entry.header.tie.person, adult.handle, CAIRN_HANDLE_BYTES);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
}

static struct entry_id concern(struct world *world, enum urgency urgency)
{
    return store_record(world, &(const struct world_record){.from = SCHOOL,
                                                            .child = ALIX,
                                                            .day = day_of("2026-11-02"),
                                                            .record_kind = RECORD_CONCERN,
                                                            .code = CODE_NEGLECT_PHYSICAL,
                                                            .urgency = urgency});
}

static void hold(struct world *world, uint32_t agency, const struct entry_id *record)
{
    struct world_entry entry;

    world_decision(world, agency, 0, ACTION_HOLD, OUTCOME_NONE, &entry);
    entry.header.decision.has_record = true;
    entry.header.decision.record = *record;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
}

static void ask(struct world *world)
{
    struct world_entry entry;

    world_request(world, HEALTH_VISITING, ALIX, NULL, &entry);
    (void)world_send_one(world, HEALTH_VISITING, &entry);
}

static void acknowledge(struct world *world, uint32_t agency)
{
    struct world_entry entry;
    struct agency_row row;

    {
        _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
        agency_row_get(txn, agency, &row);
    }
    world_acknowledgement(world, agency, row.next_position - 1, &entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
}

/* What is refused has a row and a leaf too; what was changed since only a leaf. */
static void be_refused(struct world *world)
{
    struct world_entry entry;
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of("2026-10-11")};

    world_decision(world, GP, 99, ACTION_OPEN, OUTCOME_NONE, &entry);
    assert_false(verdict_is_stored(world_send_one(world, GP, &entry)));
    world_record(world, &record, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    entry.header.record.level = 2;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_EQUIVOCATION);
    const struct world_parcel forged = {.agency = GP, .signer = SCHOOL, .n = 1, .entries = &entry};
    assert_false(verdict_is_stored(world_send(world, &forged)));
    commit_flush_refused(&world->commit);
}

static void pass_days(struct world *world, int days)
{
    for (int step = 1; days > 0; days -= step, step = days < 7 ? days : 7) {
        clock_fake_advance(&world->clock, step * DAY_MS);
        world_turn(world);
    }
}

/* --- the whole --- */

static void expect_nothing_empty(struct world *world)
{
    uint64_t rows[STORE_TABLES_MAX];

    assert_int_equal(store_rows(world->store, rows), 0);
    for (unsigned table = 0; table < N_TABLES; table++) {
        if (rows[table] == 0) {
            fail_msg("the table %s is empty", state_table_names[table]);
        }
    }
}

static void people_and_records(struct world *world)
{
    struct world_entry entry;

    three_missed(world, ALIX);
    state_named(world, HEALTH_VISITING, ALIX);
    involve(world, HEALTH_VISITING, ALIX);
    struct entry_id by_name = miss(world, HEALTH_VISITING, ALIX, "2026-09-30");
    state_verified(world, SCHOOL, ALIX);
    involve(world, SCHOOL, ALIX);
    know_an_adult(world);
    tie_her(world);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    const struct world_link link = {.action = ACTION_UNDO_LINK, .record = &by_name};
    assert_int_equal(decide_link(world, HEALTH_VISITING, &link), VERDICT_STORED);
    state_named(world, STRANGER,
                ALIX); /* the front door may be asked whether it is the same child */
    ask(world);
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of("2026-10-12")};
    world_record(world, &record, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    retract(world, &entry.header.id, ALIX);
}

void store_life(struct world *world)
{
    agree(world, MISSED_IS_HELD ", " CONCERNS_ARE_TOLD ", " ADULTS_ARE_TOLD);
    (void)miss(world, GP, BLAKE, "2025-06-01"); /* to be destroyed soon */
    people_and_records(world);
    struct entry_id held = concern(world, URGENCY_IMMEDIATE);
    hold(world, MASH, &held);
    acknowledge(world, MASH);
    acknowledge(world, GP);
    (void)concern(world, URGENCY_ROUTINE);
    agree(world, MISSED_IS_HELD ", " ADULTS_ARE_TOLD); /* what waits is withheld */
    be_refused(world);
    pass_days(world, 3);
    world_revoke(world, 1U << STRANGER);
    acknowledge(world, MASH);
    (void)concern(world, URGENCY_ROUTINE);
    expect_nothing_empty(world);
}
