/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told what of an alert, and what people then do with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/stories.h"

static struct wire_notice newest_notice(struct world *world, uint32_t agency, enum notice_type type)
{
    struct wire_notice notice = {.alert = 0};
    size_t n = notices(world, agency, type);
    assert_true(n > 0);
    assert_true(world_notice(world, agency, type, n - 1, &notice));
    return notice;
}

/* --- headlines --- */

/* A record whose author leaves an agency out. */
static struct entry_id miss_narrowed(struct world *world, uint32_t left_out, const char *when)
{
    struct world_entry entry;
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of(when)};
    world_record(world, &record, &entry);
    entry.header.record.narrow = (struct narrowing){.n_agencies = 1,
                                                    .agencies = {left_out},
                                                    .reason = NARROW_STAFF_ALLEGATION,
                                                    .authority = AUTHORITY_LADO};
    size_t kept = 0;
    for (size_t i = 0; i < entry.wire.n_grants; i++) {
        if (entry.grants[i].recipient != left_out) {
            entry.grants[kept++] = entry.grants[i];
        }
    }
    entry.wire.n_grants = kept;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    return entry.header.id;
}

static void an_agency_left_out_gets_no_headline_of_that_record(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);

    (void)miss_narrowed(world, HOSPITAL, "2026-10-01");

    assert_int_equal(newest_notice(world, MASH, NOTICE_EXTENDED).n_headlines, 1);
    assert_int_equal(notices(world, HOSPITAL, NOTICE_EXTENDED), 0);
}

static void a_front_door_left_out_gets_neither_headline_nor_card(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    size_t cards = world_items(world, MASH, ITEM_DELIVERED);

    (void)miss_narrowed(world, MASH, "2026-10-01");

    assert_int_equal(notices(world, MASH, NOTICE_EXTENDED), 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), cards);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 3);
}

static void who_is_denied_is_told_of_the_alert_and_of_its_own_records_only(void **state)
{
    struct world *world = *state;
    change_document(world, GOVERNANCE_AGREEMENTS,
                    "\"recipient_class\": \"health\",\n      \"effect\": \"hold\"",
                    "\"recipient_class\": \"health\",\n      \"effect\": \"deny\"");

    three_missed(world, ALIX);

    struct wire_notice notice = newest_notice(world, HOSPITAL, NOTICE_RAISED);
    assert_int_equal(notice.n_headlines, 1);
    assert_int_equal(notice.headlines[0].flags, HEADLINE_OWN);
    assert_int_equal(newest_notice(world, GP, NOTICE_RAISED).n_headlines, 2);
    assert_int_equal(newest_notice(world, MASH, NOTICE_RAISED).n_headlines, 3);
}

static void a_headline_of_existence_gives_class_day_and_kind_and_nothing_else(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);

    struct wire_notice notice = newest_notice(world, HOSPITAL, NOTICE_RAISED);

    const struct wire_headline *line = &notice.headlines[0];
    assert_true(slice_is_text(line->class, "health-contact"));
    assert_true(slice_is_text(line->origin_kind, "gp"));
    assert_int_equal(line->event_day, day_of("2026-02-03"));
    assert_false(line->has_record);
    assert_int_equal(line->record_kind, 0);
    assert_int_equal(line->code, 0);
    assert_int_equal(line->origin, 0);
    assert_int_equal(line->log_index, 0);
}

static void whoever_has_a_headline_of_a_record_is_named_to_its_origin(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    involve(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    involve(world, HOSPITAL, ALIX);
    struct entry_id first = miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");
    assert_int_equal(reader_state_at(world, &first, HOSPITAL), 0);

    (void)miss(world, GP, ALIX, "2026-09-14");

    assert_int_equal(reader_state_at(world, &first, HOSPITAL), READER_TOLD);
    assert_int_equal(reader_state_at(world, &first, MASH), READER_QUEUED);
    assert_int_equal(reader_state_at(world, &first, GP), 0);
}

static void the_front_door_gets_cards_and_no_account(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    three_missed(world, ALIX);

    assert_true(world_fetch(world, MASH, 0, &delivery));

    size_t cards = 0;
    for (size_t i = 0; i < delivery.n_items; i++) {
        struct wire_delivered delivered;
        if (delivery.items[i].kind != ITEM_DELIVERED) {
            continue;
        }
        assert_true(wire_delivered_read(delivery.items[i].payload, &world->arena, &delivered));
        assert_int_equal(delivered.n_grants, 1);
        assert_int_equal(delivered.grants[0].part, PART_CARD);
        assert_int_equal(delivered.grants[0].recipient, MASH);
        cards++;
    }
    assert_int_equal(cards, 3);
}

/* --- addressees --- */

#define CROWD 46

/* A directory of the six of every world and forty more practices. */
static void add_practices(struct world *world)
{
    static const char *const six[] = {"gp-elm", "hospital", "hv", "mash", "school", "gp-oak"};
    static const char *const kinds[] = {"gp",   "hospital", "health-visiting",
                                        "mash", "school",   "gp"};
    static char ids[CROWD][16];
    struct test_agency agencies[CROWD];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    for (uint32_t i = 0; i < CROWD; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "gp-%u", i);
        agencies[i] = (struct test_agency){.number = i + 1,
                                           .id = i < WORLD_AGENCIES ? six[i] : ids[i],
                                           .kind = i < WORLD_AGENCIES ? kinds[i] : "gp"};
    }
    governing_directory_text(agencies, CROWD, &text);
    publish_document(world, GOVERNANCE_DIRECTORY, &text);
}

/* world.c numbers the streams of its own six only. */
static struct entry_id crowd_id(uint32_t agency, uint64_t seq)
{
    return (struct entry_id){.agency = agency, .stream = 7, .seq = seq};
}

static void state_and_involve(struct world *world, uint32_t agency)
{
    const struct stated stated[] = {VERIFIED_NHS("9990000001")};
    struct world_entry entry;
    struct subject_id subject = {.agency = GP};
    make_statement(world, &subject, stated, ARRAY_LEN(stated), &entry);
    subject = subject_of(agency, ALIX);
    entry.header.id = crowd_id(agency, 1);
    entry.header.subject.id = entry.header.id;
    memcpy(entry.header.subject.handle, subject.handle, CAIRN_HANDLE_BYTES);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
    entry = (struct world_entry){.header = {.kind = ENTRY_INVOLVEMENT, .id = crowd_id(agency, 2)}};
    entry.header.involvement = (struct involvement_header){
        .id = entry.header.id,
        .role = ROLE_REGISTERED_PATIENT,
        .from_day = day_of("2026-01-01"),
        .until_day = INVOLVEMENT_OPEN,
    };
    memcpy(entry.header.involvement.handle, subject.handle, CAIRN_HANDLE_BYTES);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
}

static bool is_told(const struct alert_row *alert, uint32_t agency)
{
    for (size_t i = 0; i < alert->n_addressees; i++) {
        if (alert->addressees[i].agency == agency) {
            return true;
        }
    }
    return false;
}

static void more_addressees_than_an_alert_has_room_for_never_crowd_out_the_front_door(void **state)
{
    struct world *world = *state;
    add_practices(world);
    for (uint32_t agency = WORLD_AGENCIES + 1; agency <= CROWD; agency++) {
        state_and_involve(world, agency);
    }

    three_missed(world, ALIX);

    struct alert_row alert = alert_row_of(world, 1);
    assert_int_equal(alert.n_addressees, CAIRN_ADDRESSEES_MAX);
    assert_true(is_told(&alert, MASH));
    assert_true(is_told(&alert, GP));
    assert_true(is_told(&alert, HOSPITAL));
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);
}

static void an_involvement_that_has_ended_tells_nobody(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    state_verified(world, HEALTH_VISITING, ALIX);
    world_involvement(world, HEALTH_VISITING, ALIX, &entry);
    entry.header.involvement.until_day = instant_london_day(world->clock.real_ms);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &entry), VERDICT_STORED);

    three_missed(world, ALIX);

    assert_int_equal(world_items(world, HEALTH_VISITING, ITEM_NOTICE), 0);
}

static void who_becomes_involved_later_is_told_when_the_alert_is_extended(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    state_verified(world, HEALTH_VISITING, ALIX);
    involve(world, HEALTH_VISITING, ALIX);
    assert_int_equal(world_items(world, HEALTH_VISITING, ITEM_NOTICE), 0);

    (void)miss(world, HOSPITAL, ALIX, "2026-10-05");

    assert_int_equal(newest_notice(world, HEALTH_VISITING, NOTICE_EXTENDED).n_headlines, 4);
}

static void a_revoked_agency_is_told_nothing_more(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    size_t before = world_items(world, HOSPITAL, ITEM_NOTICE);
    world_revoke(world, 1U << HOSPITAL);

    (void)miss(world, GP, ALIX, "2026-10-05");

    world_revoke(world, 0);
    assert_int_equal(world_items(world, HOSPITAL, ITEM_NOTICE), before);
    assert_int_equal(notices(world, MASH, NOTICE_EXTENDED), 1);
}

static void an_extension_carries_what_each_addressee_was_not_told_yet(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    state_verified(world, HEALTH_VISITING, ALIX);
    involve(world, HEALTH_VISITING, ALIX);

    struct entry_id fourth = miss(world, GP, ALIX, "2026-10-05");

    struct wire_notice notice = newest_notice(world, MASH, NOTICE_EXTENDED);
    assert_int_equal(notice.n_headlines, 1);
    assert_true(entry_id_equal(&notice.headlines[0].record, &fourth));
    assert_int_equal(newest_notice(world, HEALTH_VISITING, NOTICE_EXTENDED).n_headlines, 4);
    (void)miss(world, HOSPITAL, ALIX, "2026-10-06");
    assert_int_equal(newest_notice(world, MASH, NOTICE_EXTENDED).n_headlines, 1);
    assert_int_equal(newest_notice(world, HEALTH_VISITING, NOTICE_EXTENDED).n_headlines, 1);
}

static void what_was_added_while_an_agency_was_revoked_reaches_it_afterwards(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    world_revoke(world, 1U << HOSPITAL);
    (void)miss(world, GP, ALIX, "2026-10-05");
    world_revoke(world, 0);

    (void)miss(world, GP, ALIX, "2026-10-06");

    assert_int_equal(newest_notice(world, HOSPITAL, NOTICE_EXTENDED).n_headlines, 2);
    assert_int_equal(newest_notice(world, MASH, NOTICE_EXTENDED).n_headlines, 1);
}

/* --- long lists --- */

static struct entry_id miss_on(struct world *world, int32_t day)
{
    const struct world_record record = {.from = GP, .child = ALIX, .day = day};
    return store_record(world, &record);
}

static void more_records_than_a_list_has_room_for_leave_the_newest(void **state)
{
    struct world *world = *state;
    int32_t first = day_of("2026-03-01");
    state_verified(world, GP, ALIX);

    for (int32_t i = 0; i < CAIRN_ALERT_RECORDS_MAX + 6; i++) {
        (void)miss_on(world, first + i);
    }

    struct alert_row alert = alert_row_of(world, 1);
    assert_int_equal(alert.n_records, CAIRN_ALERT_RECORDS_MAX);
    assert_int_equal(alert.records[0].day, first + 6);
    assert_int_equal(alert.records[CAIRN_ALERT_RECORDS_MAX - 1].day,
                     first + CAIRN_ALERT_RECORDS_MAX + 5);
}

static void a_late_arrival_older_than_a_full_list_pushes_nothing_out(void **state)
{
    struct world *world = *state;
    int32_t first = day_of("2026-03-01");
    state_verified(world, GP, ALIX);
    for (int32_t i = 0; i < CAIRN_ALERT_RECORDS_MAX; i++) {
        (void)miss_on(world, first + i);
    }
    struct alert_row before = alert_row_of(world, 1);

    (void)miss_on(world, first - 5);

    struct alert_row alert = alert_row_of(world, 1);
    assert_int_equal(alert.records[0].day, first);
    assert_int_equal(alert.revision, before.revision);
    (void)miss_on(world, first + 100);
    alert = alert_row_of(world, 1);
    assert_int_equal(alert.records[CAIRN_ALERT_RECORDS_MAX - 1].day, first + 100);
    assert_int_equal(alert.records[0].day, first + 1);
}

static size_t headlines_told(struct world *world, uint32_t agency)
{
    struct wire_notice notice;
    size_t n = 0;
    for (size_t i = 0; world_notice(world, agency, NOTICE_RAISED, i, &notice); i++) {
        n += notice.n_headlines;
    }
    for (size_t i = 0; world_notice(world, agency, NOTICE_EXTENDED, i, &notice); i++) {
        n += notice.n_headlines;
    }
    return n;
}

static void a_parcel_full_of_signals_tells_a_full_list_of_addressees_of_each_once(void **state)
{
    struct world *world = *state;
    static struct world_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    struct store_stats before;
    struct store_stats after;
    add_practices(world);
    for (uint32_t agency = WORLD_AGENCIES + 1; agency <= CROWD; agency++) {
        state_and_involve(world, agency);
    }
    state_verified(world, GP, ALIX);
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        const struct world_record record = {
            .from = GP, .child = ALIX, .day = day_of("2026-03-01") + (int32_t)i};
        world_record(world, &record, &entries[i]);
    }
    assert_int_equal(store_stats(world->store, &before), 0);

    const struct world_parcel parcel = {.agency = GP, .n = ARRAY_LEN(entries), .entries = entries};
    assert_int_equal(world_send(world, &parcel), VERDICT_STORED);

    assert_int_equal(store_stats(world->store, &after), 0);
    assert_int_equal(alert_row_of(world, 1).n_addressees, CAIRN_ADDRESSEES_MAX);
    assert_int_equal(headlines_told(world, MASH), CAIRN_PARCEL_ENTRIES_MAX);
    assert_int_equal(headlines_told(world, GP), CAIRN_PARCEL_ENTRIES_MAX);
    assert_true(after.used_bytes - before.used_bytes < UINT64_C(8) << 20);
}

/* One parcel of notes, which no pattern counts. */
static void write_notes(struct world *world, int32_t day)
{
    static struct world_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        const struct world_record note = {
            .from = GP, .child = ALIX, .day = day, .record_kind = RECORD_CASE_NOTE};
        world_record(world, &note, &entries[i]);
    }
    const struct world_parcel parcel = {.agency = GP, .n = ARRAY_LEN(entries), .entries = entries};
    assert_int_equal(world_send(world, &parcel), VERDICT_STORED_NO_READER);
}

static void a_long_history_of_notes_hides_no_pattern(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    for (size_t n = 0; n <= CAIRN_CHRONOLOGY_SCAN_MAX; n += CAIRN_PARCEL_ENTRIES_MAX) {
        write_notes(world, day_of("2026-05-01"));
    }

    (void)miss(world, GP, ALIX, "2026-06-03");
    (void)miss(world, GP, ALIX, "2026-06-10");
    (void)miss(world, GP, ALIX, "2026-04-21");

    assert_int_equal(newest_notice(world, MASH, NOTICE_RAISED).n_headlines, 3);
}

/* --- two children turn out to be one --- */

/* BLAKE, as the hospital knows the child, with a number of its own; then the GP's third handle says
 * that both numbers are of one child. */
#define TWIN 9

static void three_missed_by_one(struct world *world, uint32_t agency, int child)
{
    (void)miss(world, agency, child, "2026-03-03");
    (void)miss(world, agency, child, "2026-07-10");
    (void)miss(world, agency, child, "2026-10-21");
}

static void state_as(struct world *world, uint32_t agency, int child, const char *upn)
{
    const struct stated stated[] = {{TOKEN_UPN, IDENTIFIER_VERIFIED, upn}};
    state_child(world, agency, child, stated, ARRAY_LEN(stated));
}

/* One statement with both identifiers joins what two agencies knew as two children. */
static void join_both(struct world *world)
{
    const struct stated both[] = {{TOKEN_UPN, IDENTIFIER_VERIFIED, "A1"},
                                  VERIFIED_NHS("9990000031")};
    state_child(world, HEALTH_VISITING, TWIN, both, ARRAY_LEN(both));
}

static void state_two(struct world *world)
{
    const struct stated other[] = {VERIFIED_NHS("9990000031")};
    state_as(world, GP, TWIN, "A1");
    state_child(world, HOSPITAL, TWIN, other, ARRAY_LEN(other));
}

static void when_children_with_open_alerts_are_joined_one_alert_goes_on_with_all(void **state)
{
    struct world *world = *state;
    state_two(world);
    three_missed_by_one(world, GP, TWIN);
    three_missed_by_one(world, HOSPITAL, TWIN);

    join_both(world);

    uint64_t child = subject_row_of(world, HOSPITAL, TWIN).child;
    assert_int_equal(child, subject_row_of(world, GP, TWIN).child);
    uint64_t current = current_alert_of(world, child);
    assert_int_equal(alert_row_of(world, current).n_records, 6);
    assert_int_equal(newest_notice(world, MASH, NOTICE_EXTENDED).n_headlines, 3);
}

static void a_decision_about_an_alert_that_went_on_as_another_is_one_about_both(void **state)
{
    for (uint64_t named = 1; named <= 2; named++) {
        void *fresh = world_new();
        struct world *world = fresh;
        (void)state;
        state_two(world);
        three_missed_by_one(world, GP, TWIN);
        three_missed_by_one(world, HOSPITAL, TWIN);
        join_both(world);

        assert_int_equal(decide(world, MASH, named, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
        assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 6);
        assert_int_equal(decide(world, MASH, named, ACTION_CLOSE, OUTCOME_EARLY_HELP),
                         VERDICT_STORED);

        for (uint64_t alert = 1; alert <= 2; alert++) {
            assert_int_equal(alert_row_of(world, alert).state, ALERT_CLOSED);
            assert_int_equal(alert_row_of(world, alert).outcome, OUTCOME_EARLY_HELP);
            assert_int_equal(decide(world, MASH, alert, ACTION_CLOSE, OUTCOME_EARLY_HELP),
                             VERDICT_CONFLICT);
        }
        assert_int_equal(notices(world, MASH, NOTICE_CLOSED), 2);
        (void)world_tear_down(&fresh);
    }
}

/* The MASH is told of the first alert, another front door of the second, and then they are one
 * child's. */
static void join_alerts_of_two_front_doors(struct world *world)
{
    change_directory(world, "\"id\": \"gp-oak\", \"kind\": \"gp\"",
                     "\"id\": \"gp-oak\", \"kind\": \"out-of-hours\"");
    state_two(world);
    three_missed_by_one(world, GP, TWIN);
    change_document(world, GOVERNANCE_PATTERNS, "{\"to\": \"kind\", \"id\": \"mash\"}",
                    "{\"to\": \"kind\", \"id\": \"out-of-hours\"}");
    change_document(world, GOVERNANCE_AGREEMENTS,
                    "\"recipient_kind\": \"mash\",\n      \"effect\": \"hold\",\n      \"mode\": "
                    "\"content\",\n      \"source\": \"Local neglect strategy: three",
                    "\"recipient_class\": \"front-door\",\n      \"effect\": \"hold\",\n      "
                    "\"mode\": \"content\",\n      \"source\": \"Local neglect strategy: three");
    three_missed_by_one(world, HOSPITAL, TWIN);
    assert_true(alert_row_of(world, 1).addressees[0].agency == MASH);
    join_both(world);
    assert_int_equal(alert_row_of(world, 1).into, 2);
}

static void a_front_door_decides_of_joined_alerts_what_it_was_told_of(void **state)
{
    struct world *world = *state;
    join_alerts_of_two_front_doors(world);

    assert_int_equal(decide(world, STRANGER, 1, ACTION_CLOSE, OUTCOME_EARLY_HELP),
                     VERDICT_NOT_ENTITLED);
    assert_int_equal(decide(world, STRANGER, 2, ACTION_CLOSE, OUTCOME_EARLY_HELP), VERDICT_STORED);

    assert_int_equal(alert_row_of(world, 2).state, ALERT_CLOSED);
    assert_int_equal(alert_row_of(world, 1).state, ALERT_OPEN);
    assert_int_equal(notices(world, MASH, NOTICE_CLOSED), 0);
    assert_int_equal(current_alert_of(world, subject_row_of(world, HOSPITAL, TWIN).child), 1);
    assert_int_equal(decide(world, STRANGER, 2, ACTION_CLOSE, OUTCOME_EARLY_HELP),
                     VERDICT_CONFLICT);
}

static void the_alert_that_was_not_decided_goes_on_and_is_decided_by_its_own(void **state)
{
    struct world *world = *state;
    join_alerts_of_two_front_doors(world);
    assert_int_equal(decide(world, STRANGER, 2, ACTION_CLOSE, OUTCOME_EARLY_HELP), VERDICT_STORED);

    (void)miss(world, GP, TWIN, "2026-12-01");

    assert_true(alert_row_of(world, 1).n_records > 3);
    assert_int_equal(decide(world, MASH, 1, ACTION_CLOSE, OUTCOME_ASSESSMENT), VERDICT_STORED);
    assert_int_equal(alert_row_of(world, 1).outcome, OUTCOME_ASSESSMENT);
    assert_int_equal(alert_row_of(world, 2).outcome, OUTCOME_EARLY_HELP);
}

/* What two years apart was noticed of two children is on no alert's list together. */
static void an_alert_that_went_on_as_another_follows_its_child_into_the_next_join(void **state)
{
    struct world *world = *state;
    const struct stated first[] = {{TOKEN_UPN, IDENTIFIER_VERIFIED, "A1"}};
    const struct stated second[] = {VERIFIED_NHS("9990000031")};
    state_child(world, HEALTH_VISITING, ALIX, first, ARRAY_LEN(first));
    state_child(world, GP, TWIN, second, ARRAY_LEN(second));
    (void)miss(world, GP, TWIN, "2024-03-03");
    (void)miss(world, GP, TWIN, "2024-07-10");
    (void)miss(world, GP, TWIN, "2024-10-21");
    three_missed_by_one(world, HOSPITAL, TWIN);
    state_child(world, HOSPITAL, TWIN, second, ARRAY_LEN(second));
    assert_int_equal(alert_row_of(world, 1).into, 2);

    join_both(world);

    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 6);
    assert_int_equal(notices(world, MASH, NOTICE_OPENED), 2);
}

static void a_younger_note_hides_no_pattern_of_children_that_are_joined(void **state)
{
    struct world *world = *state;
    const struct world_record note = {
        .from = GP, .child = TWIN, .day = day_of("2026-11-01"), .record_kind = RECORD_CASE_NOTE};
    state_two(world);
    (void)miss(world, GP, TWIN, "2024-03-03");
    (void)miss(world, HOSPITAL, TWIN, "2024-07-10");
    (void)miss(world, GP, TWIN, "2024-10-21");
    (void)store_record(world, &note);

    join_both(world);

    assert_int_equal(newest_notice(world, MASH, NOTICE_RAISED).n_headlines, 3);
}

/* Either of the two says what tells them apart. */
static void who_parts_takes_its_pattern_along(void **state)
{
    const struct stated named[] = {NAMED("x")};
    const struct stated one[] = {VERIFIED_NHS("9990000031"), NAMED("x")};
    const struct stated other[] = {VERIFIED_NHS("9990000058"), NAMED("x")};
    for (int last = GP; last <= HOSPITAL; last++) {
        void *fresh = world_new();
        struct world *world = fresh;
        (void)state;
        state_child(world, GP, TWIN, last == GP ? named : one, last == GP ? 1 : 2);
        state_child(world, HOSPITAL, TWIN, last == GP ? other : named, last == GP ? 2 : 1);
        three_missed_by_one(world, HOSPITAL, TWIN);
        assert_int_equal(subject_row_of(world, HOSPITAL, TWIN).link, LINK_PROVISIONAL);

        state_child(world, (uint32_t)last, TWIN, last == GP ? one : other, 2);

        uint64_t child = subject_row_of(world, HOSPITAL, TWIN).child;
        assert_true(child != subject_row_of(world, GP, TWIN).child);
        assert_int_equal(alert_row_of(world, current_alert_of(world, child)).n_records, 3);
        assert_int_equal(decide(world, MASH, 2, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
        assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 3);
        (void)world_tear_down(&fresh);
    }
}

static void an_open_alert_stays_the_current_one_when_its_child_joins_one_whose_is_closed(
    void **state)
{
    for (uint64_t closed = 1; closed <= 2; closed++) {
        void *fresh = world_new();
        struct world *world = fresh;
        (void)state;
        state_two(world);
        three_missed_by_one(world, GP, TWIN);
        three_missed_by_one(world, HOSPITAL, TWIN);
        assert_int_equal(decide(world, MASH, closed, ACTION_CLOSE, OUTCOME_EARLY_HELP),
                         VERDICT_STORED);

        join_both(world);

        uint64_t child = subject_row_of(world, GP, TWIN).child;
        assert_int_equal(current_alert_of(world, child), 3 - closed);
        (void)miss(world, GP, TWIN, "2026-10-25");
        assert_int_equal(notices(world, MASH, NOTICE_RAISED), 2);
        (void)world_tear_down(&fresh);
    }
}

static void what_a_join_brings_to_a_closed_alert_raises_again(void **state)
{
    struct world *world = *state;
    state_two(world);
    (void)miss(world, HOSPITAL, TWIN, "2026-05-01");
    three_missed_by_one(world, GP, TWIN);
    assert_int_equal(decide(world, MASH, 1, ACTION_CLOSE, OUTCOME_NO_FURTHER_ACTION),
                     VERDICT_STORED);

    join_both(world);

    struct wire_notice notice = newest_notice(world, MASH, NOTICE_RAISED);
    assert_int_equal(notice.alert, 2);
    assert_int_equal(notice.n_headlines, 4);
    assert_int_equal(notice.earlier_outcome, OUTCOME_NO_FURTHER_ACTION);
}

static void a_join_that_brings_nothing_leaves_a_closed_alert_closed(void **state)
{
    struct world *world = *state;
    state_two(world);
    three_missed_by_one(world, GP, TWIN);
    assert_int_equal(decide(world, MASH, 1, ACTION_CLOSE, OUTCOME_NO_FURTHER_ACTION),
                     VERDICT_STORED);

    join_both(world);

    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);
}

static void two_closed_alerts_of_one_child_stay_closed(void **state)
{
    struct world *world = *state;
    state_two(world);
    three_missed_by_one(world, GP, TWIN);
    three_missed_by_one(world, HOSPITAL, TWIN);
    assert_int_equal(decide(world, MASH, 2, ACTION_CLOSE, OUTCOME_EARLY_HELP), VERDICT_STORED);
    assert_int_equal(decide(world, MASH, 1, ACTION_CLOSE, OUTCOME_EARLY_HELP), VERDICT_STORED);

    join_both(world);

    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 2);
    (void)miss(world, GP, TWIN, "2026-11-01");
    assert_int_equal(newest_notice(world, MASH, NOTICE_RAISED).alert, 3);
}

/* --- provisional --- */

static void a_provisional_account_opens_once_an_identifier_confirms_it(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_named(world, HOSPITAL, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");
    (void)miss(world, GP, ALIX, "2026-09-21");
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 2);

    state_verified(world, HOSPITAL, ALIX);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);

    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 3);
}

/* --- retraction --- */

static void each_is_told_of_a_retraction_as_far_as_it_knew(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    struct entry_id narrowed = miss_narrowed(world, HOSPITAL, "2026-10-01");

    retract(world, &narrowed, ALIX);
    assert_int_equal(notices(world, HOSPITAL, NOTICE_RETRACTED), 0);
    struct wire_notice notice = newest_notice(world, MASH, NOTICE_RETRACTED);
    assert_true(entry_id_equal(&notice.record, &narrowed));
    assert_int_equal(notice.alert, 1);

    struct entry_id known = miss(world, GP, ALIX, "2026-10-05");
    retract(world, &known, ALIX);
    notice = newest_notice(world, HOSPITAL, NOTICE_RETRACTED);
    assert_false(notice.has_record);
    assert_int_equal(notice.agency, 0);
    assert_int_equal(notice.alert, 1);
    notice = newest_notice(world, GP, NOTICE_RETRACTED);
    assert_true(entry_id_equal(&notice.record, &known));
}

static void who_got_a_record_without_an_alert_is_told_that_it_was_retracted(void **state)
{
    struct world *world = *state;
    const struct world_record record = {.from = SCHOOL,
                                        .child = ALIX,
                                        .day = day_of("2026-11-20"),
                                        .record_kind = RECORD_CONCERN,
                                        .code = CODE_OTHER_CONCERN,
                                        .urgency = URGENCY_IMMEDIATE};
    struct entry_id shared = store_record(world, &record);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);

    retract(world, &shared, ALIX);

    struct wire_notice notice = newest_notice(world, MASH, NOTICE_RETRACTED);
    assert_true(entry_id_equal(&notice.record, &shared));
    assert_int_equal(notice.alert, 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 2); /* its signed retraction too */
    assert_int_equal(world_items(world, HOSPITAL, ITEM_NOTICE), 0);
    assert_int_equal(world_items(world, HOSPITAL, ITEM_DELIVERED), 0);
}

/* The practices may read what the hospital missed, at once; the rule tells origins and the MASH. */
static void a_reader_who_is_no_addressee_is_told_of_a_retraction_but_not_of_the_alert(void **state)
{
    struct world *world = *state;
    change_document(world, GOVERNANCE_AGREEMENTS,
                    "\"recipient_class\": \"health\",\n      \"effect\": \"hold\",\n      "
                    "\"mode\": \"existence\"",
                    "\"recipient_class\": \"health\",\n      \"effect\": \"share\",\n      "
                    "\"mode\": \"content\"");
    change_document(world, GOVERNANCE_PATTERNS,
                    "{\"to\": \"involved-class\", \"id\": \"health\"}, ", "");
    state_verified(world, HEALTH_VISITING, ALIX);
    involve(world, HEALTH_VISITING, ALIX);
    state_verified(world, GP, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, GP, ALIX, "2026-06-10");
    struct entry_id record = miss(world, GP, ALIX, "2026-09-21");
    assert_int_equal(world_items(world, HEALTH_VISITING, ITEM_DELIVERED), 3);
    assert_int_equal(notices(world, HEALTH_VISITING, NOTICE_RAISED), 0);

    retract(world, &record, ALIX);

    struct wire_notice notice = newest_notice(world, HEALTH_VISITING, NOTICE_RETRACTED);
    assert_true(entry_id_equal(&notice.record, &record));
    assert_int_equal(notice.alert, 0);
    assert_int_equal(newest_notice(world, MASH, NOTICE_RETRACTED).alert, 1);
    assert_int_equal(world_items(world, HEALTH_VISITING, ITEM_DELIVERED), 4);
    assert_int_equal(world_items(world, GP, ITEM_DELIVERED), 0); /* it is the origin */
}

static void only_its_origin_may_retract_a_record_and_only_one_that_is_there(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct entry_id record = miss(world, GP, ALIX, "2026-02-03");
    const struct world_record foreign = {.from = HOSPITAL,
                                         .child = ALIX,
                                         .day = day_of("2026-02-03"),
                                         .record_kind = RECORD_RETRACTION,
                                         .retracts = &record};
    world_record(world, &foreign, &entry);
    assert_int_equal(world_send_one(world, HOSPITAL, &entry), VERDICT_NOT_ENTITLED);

    record.seq += 1000;
    const struct world_record nothing = {.from = GP,
                                         .child = ALIX,
                                         .day = day_of("2026-02-03"),
                                         .record_kind = RECORD_RETRACTION,
                                         .retracts = &record};
    world_record(world, &nothing, &entry);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_NOT_FOUND);
}

static void a_retracted_record_opens_no_account(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    struct entry_id record = miss(world, GP, ALIX, "2026-10-05");
    retract(world, &record, ALIX);

    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);

    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 3);
}

/* --- decisions --- */

struct judged {
    const char *what;
    uint32_t agency;
    uint64_t alert;
    enum action action;
    enum outcome outcome;
    enum verdict verdict;
};

static const struct judged judgements[] = {
    {"closing without an outcome", MASH, 1, ACTION_CLOSE, OUTCOME_NONE, VERDICT_CONFLICT},
    {"opening with an outcome", MASH, 1, ACTION_OPEN, OUTCOME_EARLY_HELP, VERDICT_CONFLICT},
    {"an addressee that is no front door", GP, 1, ACTION_CLOSE, OUTCOME_EARLY_HELP,
     VERDICT_NOT_ENTITLED},
    {"a stranger", STRANGER, 1, ACTION_OPEN, OUTCOME_NONE, VERDICT_NOT_ENTITLED},
    {"an alert that is not there", MASH, 77, ACTION_CLOSE, OUTCOME_EARLY_HELP,
     VERDICT_NOT_ENTITLED},
    {"closing", MASH, 1, ACTION_CLOSE, OUTCOME_EARLY_HELP, VERDICT_STORED},
    {"closing what is closed", MASH, 1, ACTION_CLOSE, OUTCOME_ASSESSMENT, VERDICT_CONFLICT},
    {"opening what is closed", MASH, 1, ACTION_OPEN, OUTCOME_NONE, VERDICT_CONFLICT},
};

static void a_decision_that_does_not_fit_changes_nothing(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);

    for (size_t i = 0; i < ARRAY_LEN(judgements); i++) {
        const struct judged *row = &judgements[i];
        enum verdict verdict = decide(world, row->agency, row->alert, row->action, row->outcome);
        /* What contradicts itself may also be refused as bytes, before it is anybody's decision. */
        if (verdict != row->verdict &&
            !(row->verdict == VERDICT_CONFLICT && row->outcome != OUTCOME_ASSESSMENT &&
              verdict == VERDICT_MALFORMED)) {
            print_error("%s: %s\n", row->what, verdict_name(verdict));
            fail();
        }
    }

    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 0);
    assert_int_equal(notices(world, GP, NOTICE_CLOSED), 1);
}

static void every_addressee_hears_the_outcome(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);

    assert_int_equal(decide(world, MASH, 1, ACTION_CLOSE, OUTCOME_ASSESSMENT), VERDICT_STORED);

    static const uint32_t told[] = {GP, HOSPITAL, MASH};
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        struct wire_notice notice = newest_notice(world, told[i], NOTICE_CLOSED);
        assert_int_equal(notice.outcome, OUTCOME_ASSESSMENT);
        assert_int_equal(notice.agency, MASH);
        assert_int_equal(notice.has_handle, told[i] != MASH);
    }
    assert_int_equal(world_items(world, SCHOOL, ITEM_NOTICE), 0);
}

static void a_second_opening_releases_only_what_came_since(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    (void)miss(world, GP, ALIX, "2026-10-05");

    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);

    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 4);
}

static enum verdict open_record(struct world *world, uint32_t agency, const struct entry_id *record,
                                enum action action)
{
    struct world_entry entry;
    world_decision(world, agency, 0, action,
                   action == ACTION_CLOSE ? OUTCOME_EARLY_HELP : OUTCOME_NONE, &entry);
    entry.header.decision.has_record = true;
    entry.header.decision.record = *record;
    world_refreeze(&entry);
    return world_send_one(world, agency, &entry);
}

static void the_origin_hears_that_a_person_opened_what_it_shared(void **state)
{
    struct world *world = *state;
    const struct world_record record = {.from = GP,
                                        .child = ALIX,
                                        .day = day_of("2026-11-20"),
                                        .record_kind = RECORD_REFERRAL,
                                        .urgency = URGENCY_SAME_DAY};
    struct entry_id shared = store_record(world, &record);

    assert_int_equal(open_record(world, MASH, &shared, ACTION_OPEN), VERDICT_STORED);

    struct wire_notice notice = newest_notice(world, GP, NOTICE_RECORD_OPENED);
    assert_int_equal(notice.agency, MASH);
    assert_true(entry_id_equal(&notice.record, &shared));
}

static void a_record_that_was_never_delivered_cannot_be_opened(void **state)
{
    struct world *world = *state;
    struct entry_id record = miss(world, GP, ALIX, "2026-02-03");

    assert_int_equal(open_record(world, MASH, &record, ACTION_OPEN), VERDICT_NOT_ENTITLED);
    record.seq += 50;
    assert_int_equal(open_record(world, MASH, &record, ACTION_OPEN), VERDICT_NOT_ENTITLED);

    assert_int_equal(notices(world, GP, NOTICE_RECORD_OPENED), 0);
}

/* --- a referral --- */

static struct entry_id refer(struct world *world, const char *when)
{
    return store_record(world, &(const struct world_record){.from = SCHOOL,
                                                            .child = ALIX,
                                                            .day = day_of(when),
                                                            .record_kind = RECORD_REFERRAL});
}

static void a_referral_puts_what_was_kept_before_the_screener(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_verified(world, SCHOOL, ALIX);
    struct entry_id kept = miss(world, GP, ALIX, "2026-06-10");
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 0);

    struct entry_id referral = refer(world, "2026-09-21");

    struct wire_notice notice = newest_notice(world, MASH, NOTICE_RAISED);
    assert_true(slice_is_text(notice.pattern, "referral-made"));
    assert_int_equal(notice.n_headlines, 2);
    assert_true(entry_id_equal(&notice.headlines[0].record, &kept));
    assert_true(entry_id_equal(&notice.headlines[1].record, &referral));
    assert_int_equal(notices(world, GP, NOTICE_RAISED), 0);
    assert_int_equal(decide(world, MASH, notice.alert, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 2);
}

static void a_referral_of_a_child_of_whom_nothing_is_kept_is_no_alert(void **state)
{
    struct world *world = *state;
    state_verified(world, SCHOOL, ALIX);
    state_verified(world, GP, ALIX);
    (void)miss(world, GP, ALIX, "2024-06-10"); /* before the window */

    (void)refer(world, "2026-09-21");

    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(an_agency_left_out_gets_no_headline_of_that_record),
        STORY(a_front_door_left_out_gets_neither_headline_nor_card),
        STORY(who_is_denied_is_told_of_the_alert_and_of_its_own_records_only),
        STORY(a_headline_of_existence_gives_class_day_and_kind_and_nothing_else),
        STORY(whoever_has_a_headline_of_a_record_is_named_to_its_origin),
        STORY(the_front_door_gets_cards_and_no_account),
        STORY(more_addressees_than_an_alert_has_room_for_never_crowd_out_the_front_door),
        STORY(a_referral_puts_what_was_kept_before_the_screener),
        STORY(a_referral_of_a_child_of_whom_nothing_is_kept_is_no_alert),
        STORY(an_involvement_that_has_ended_tells_nobody),
        STORY(who_becomes_involved_later_is_told_when_the_alert_is_extended),
        STORY(a_revoked_agency_is_told_nothing_more),
        STORY(an_extension_carries_what_each_addressee_was_not_told_yet),
        STORY(what_was_added_while_an_agency_was_revoked_reaches_it_afterwards),
        STORY(more_records_than_a_list_has_room_for_leave_the_newest),
        STORY(a_late_arrival_older_than_a_full_list_pushes_nothing_out),
        STORY(a_parcel_full_of_signals_tells_a_full_list_of_addressees_of_each_once),
        STORY(a_long_history_of_notes_hides_no_pattern),
        STORY(when_children_with_open_alerts_are_joined_one_alert_goes_on_with_all),
        STORY(a_front_door_decides_of_joined_alerts_what_it_was_told_of),
        STORY(the_alert_that_was_not_decided_goes_on_and_is_decided_by_its_own),
        cmocka_unit_test(a_decision_about_an_alert_that_went_on_as_another_is_one_about_both),
        STORY(an_alert_that_went_on_as_another_follows_its_child_into_the_next_join),
        STORY(a_younger_note_hides_no_pattern_of_children_that_are_joined),
        cmocka_unit_test(who_parts_takes_its_pattern_along),
        cmocka_unit_test(
            an_open_alert_stays_the_current_one_when_its_child_joins_one_whose_is_closed),
        STORY(what_a_join_brings_to_a_closed_alert_raises_again),
        STORY(a_join_that_brings_nothing_leaves_a_closed_alert_closed),
        STORY(two_closed_alerts_of_one_child_stay_closed),
        STORY(a_provisional_account_opens_once_an_identifier_confirms_it),
        STORY(each_is_told_of_a_retraction_as_far_as_it_knew),
        STORY(who_got_a_record_without_an_alert_is_told_that_it_was_retracted),
        STORY(a_reader_who_is_no_addressee_is_told_of_a_retraction_but_not_of_the_alert),
        STORY(only_its_origin_may_retract_a_record_and_only_one_that_is_there),
        STORY(a_retracted_record_opens_no_account),
        STORY(a_decision_that_does_not_fit_changes_nothing),
        STORY(every_addressee_hears_the_outcome),
        STORY(a_second_opening_releases_only_what_came_since),
        STORY(the_origin_hears_that_a_person_opened_what_it_shared),
        STORY(a_record_that_was_never_delivered_cannot_be_opened),
    };
    return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
