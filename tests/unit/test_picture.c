/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of a child: who sees what of it, and that nobody sees any of it without having said
 * who looks and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "broker/picture.h"
#include "support/stories.h"

/* --- verbs --- */

/* The verdict on a look at the agency's child, or at an alert when one is given. */
static enum verdict look(struct world *world, uint32_t agency, int child, uint64_t alert,
                         struct entry_id *ret)
{
    struct world_entry entry;
    const struct subject_id subject = subject_of(agency, child);
    world_decision(world, agency, alert, ACTION_LOOK, OUTCOME_NONE, &entry);
    entry.header.decision.has_handle = alert == 0;
    memcpy(entry.header.decision.handle, subject.handle, CAIRN_HANDLE_BYTES);
    if (alert != 0) {
        memset(entry.header.decision.handle, 0, CAIRN_HANDLE_BYTES);
    }
    world_refreeze(&entry);
    *ret = entry.header.id;
    return world_send_one(world, agency, &entry);
}

/* The agency asks on the strength of this look. */
static enum verdict ask_with(struct world *world, uint32_t agency, const struct entry_id *by,
                             int32_t until_day, struct wire_picture_reply *ret)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX, .type = WIRE_PICTURE_REQUEST, .correlation = 7};
    const struct wire_picture_request request = {.look = *by, .until_day = until_day};
    enum verdict verdict = VERDICT_STORED;
    wire_frame_begin(&frame, &header);
    wire_picture_request_write(&request, &frame);
    wire_frame_end(&frame);
    world_forget_letters(world);
    world_receive(world, agency, buf_slice(&frame));
    world_turn(world);
    arena_reset(&world->arena);
    struct slice payload = world_letter(world, agency, WIRE_PICTURE_REPLY);
    if (payload.len == 0) {
        payload = world_letter(world, agency, WIRE_ERROR);
        assert_true(wire_error_read(payload, &world->arena, &verdict));
        return verdict;
    }
    assert_true(wire_picture_reply_read(payload, &world->arena, ret));
    return verdict;
}

/* What the agency sees of its child, having looked. */
static struct wire_picture_reply picture_of(struct world *world, uint32_t agency, int child)
{
    struct wire_picture_reply picture = {.flags = 0};
    struct entry_id by;
    assert_int_equal(look(world, agency, child, 0, &by), VERDICT_STORED);
    assert_int_equal(ask_with(world, agency, &by, PICTURE_ALL_DAYS, &picture), VERDICT_STORED);
    return picture;
}

static struct wire_picture_reply picture_of_alert(struct world *world, uint32_t agency,
                                                  uint64_t alert)
{
    struct wire_picture_reply picture = {.flags = 0};
    struct entry_id by;
    assert_int_equal(look(world, agency, ALIX, alert, &by), VERDICT_STORED);
    assert_int_equal(ask_with(world, agency, &by, PICTURE_ALL_DAYS, &picture), VERDICT_STORED);
    return picture;
}

static const struct wire_involved *involved(const struct wire_picture_reply *picture,
                                            uint32_t agency)
{
    for (size_t i = 0; i < picture->n_involved; i++) {
        if (picture->involved[i].agency == agency) {
            return &picture->involved[i];
        }
    }
    return NULL;
}

static size_t with_flag(const struct wire_picture_reply *picture, uint32_t flag)
{
    size_t n = 0;
    for (size_t i = 0; i < picture->n_headlines; i++) {
        n += (picture->headlines[i].flags & flag) != 0 ? 1 : 0;
    }
    return n;
}

static struct entry_id concern(struct world *world, uint32_t agency, int child, uint32_t level,
                               const char *when)
{
    const struct world_record record = {.from = agency,
                                        .child = child,
                                        .day = day_of(when),
                                        .record_kind = RECORD_CONCERN,
                                        .code = CODE_NEGLECT_MEDICAL,
                                        .level = level};
    return store_record(world, &record);
}

/* --- who sees what --- */

static void an_origin_sees_its_own_records_newest_first(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    struct entry_id newest = miss(world, GP, ALIX, "2026-06-10");

    struct wire_picture_reply picture = picture_of(world, GP, ALIX);

    assert_int_equal(picture.n_headlines, 2);
    assert_true(entry_id_equal(&picture.headlines[0].record, &newest));
    assert_int_equal(picture.headlines[0].event_day, day_of("2026-06-10"));
    assert_int_equal(with_flag(&picture, HEADLINE_OWN), 2);
    assert_int_equal(picture.flags, 0);
}

/* What is shared as existing only, with whoever in health is involved by then. */
static void share_existence(struct world *world, const char *more_rules)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_format(&text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": "
               "[{\"id\": \"missed\", \"records\": [\"was-not-brought\"], "
               "\"recipient_class\": \"health\", \"recipient_roles\": [\"any\"], "
               "\"urgency\": [\"routine\"], \"effect\": \"share\", \"mode\": \"existence\"}%s]}",
               more_rules);
    publish_document(world, GOVERNANCE_AGREEMENTS, &text);
}

#define WHO_IS_INVOLVED                                                                            \
    ", {\"id\": \"who\", \"records\": [\"involvement\"], \"recipient_roles\": [\"any\"], "         \
    "\"effect\": \"share\", \"mode\": \"existence\"}"

/* A practice looks at the picture of a child of whom the hospital missed something. */
static struct entry_id looked_at(struct world *world)
{
    state_verified(world, HOSPITAL, ALIX);
    involve(world, HOSPITAL, ALIX);
    struct entry_id missed = miss(world, HOSPITAL, ALIX, "2026-02-03");
    state_verified(world, GP, ALIX);
    involve(world, GP, ALIX);
    assert_int_equal(notices(world, GP, NOTICE_TOLD), 0);
    assert_int_equal(reader_state_at(world, &missed, GP), 0);
    assert_int_equal(picture_of(world, GP, ALIX).n_headlines, 1);
    return missed;
}

static void who_looks_at_the_picture_is_named_to_the_origins_of_what_it_shows(void **state)
{
    struct world *world = *state;
    share_existence(world, WHO_IS_INVOLVED);

    struct entry_id missed = looked_at(world);

    assert_int_equal(reader_state_at(world, &missed, GP), READER_TOLD);
}

static void an_origin_that_may_not_know_who_is_involved_hears_no_name(void **state)
{
    struct world *world = *state;
    share_existence(world, "");

    struct entry_id missed = looked_at(world);

    assert_int_equal(reader_state_at(world, &missed, GP), 0);
    assert_int_equal(reader_state_at(world, &missed, 0), READER_TOLD);
}

static void what_is_held_is_seen_by_nobody_until_an_alert_has_told_of_it(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    state_verified(world, MASH, ALIX);
    involve(world, HOSPITAL, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");

    struct wire_picture_reply colleague = picture_of(world, HOSPITAL, ALIX);
    struct wire_picture_reply door = picture_of(world, MASH, ALIX);
    assert_int_equal(colleague.n_headlines, 0);
    assert_int_equal(door.n_headlines, 0);

    involve(world, GP, ALIX);
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");
    (void)miss(world, GP, ALIX, "2026-09-21");

    colleague = picture_of(world, HOSPITAL, ALIX);
    assert_int_equal(colleague.n_headlines, 3);
    assert_int_equal(with_flag(&colleague, HEADLINE_OWN), 1);
    assert_false(colleague.headlines[0].has_record);
    assert_int_equal(colleague.headlines[0].origin, 0);
    door = picture_of(world, MASH, ALIX);
    assert_int_equal(door.n_headlines, 3);
    assert_true(door.headlines[0].has_record);
    assert_int_equal(door.headlines[0].origin, GP);
}

static void that_something_is_kept_is_said_to_a_front_door_and_to_nobody_else(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    state_verified(world, MASH, ALIX);
    involve(world, HOSPITAL, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");

    struct wire_picture_reply colleague = picture_of(world, HOSPITAL, ALIX);
    assert_int_equal(colleague.flags & PICTURE_WITHHELD, 0);
    struct wire_picture_reply door = picture_of(world, MASH, ALIX);

    assert_int_equal(door.flags & PICTURE_WITHHELD, PICTURE_WITHHELD);
}

static void a_front_door_asks_by_the_alert_before_and_after_it_opens_it(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);

    struct wire_picture_reply before = picture_of_alert(world, MASH, 1);
    assert_int_equal(before.n_headlines, 3);
    assert_int_equal(before.flags, 0);

    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    (void)miss(world, GP, ALIX, "2026-10-02");

    struct wire_picture_reply after = picture_of_alert(world, MASH, 1);
    assert_int_equal(after.n_headlines, 4);
    assert_int_equal(after.headlines[0].event_day, day_of("2026-10-02"));
}

static void an_alert_is_no_way_in_for_who_is_no_front_door_or_was_not_told(void **state)
{
    struct world *world = *state;
    struct entry_id by;
    three_missed(world, ALIX);

    assert_int_equal(look(world, HOSPITAL, ALIX, 1, &by), VERDICT_NOT_ENTITLED);
    assert_int_equal(look(world, SCHOOL, ALIX, 1, &by), VERDICT_NOT_ENTITLED);
    assert_int_equal(look(world, MASH, ALIX, 2, &by), VERDICT_NOT_ENTITLED);
}

static void who_is_not_involved_sees_nothing_and_no_sign_that_there_is_something(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    state_verified(world, SCHOOL, ALIX);

    struct wire_picture_reply picture = picture_of(world, SCHOOL, ALIX);

    assert_int_equal(picture.n_headlines, 0);
    assert_int_equal(picture.n_involved, 0);
    assert_int_equal(picture.flags, 0);
}

static void who_is_involved_is_named_as_far_as_agreements_let(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);

    struct wire_picture_reply colleague = picture_of(world, HOSPITAL, ALIX);
    assert_int_equal(colleague.n_involved, 2);
    assert_non_null(involved(&colleague, GP));
    assert_int_equal(involved(&colleague, GP)->roles, ROLE_BIT(ROLE_REGISTERED_PATIENT));
    struct wire_picture_reply door = picture_of_alert(world, MASH, 1);
    assert_non_null(involved(&door, GP));
    assert_non_null(involved(&door, HOSPITAL));

    change_directory(world, "\"kind\": \"gp\", ", "\"kind\": \"gp\", \"sensitive\": true, ");
    door = picture_of_alert(world, MASH, 1);

    assert_null(involved(&door, GP));
}

static const struct wire_silent *silent(const struct wire_picture_reply *picture, uint32_t agency)
{
    for (size_t i = 0; i < picture->n_silent; i++) {
        if (picture->silent[i].agency == agency) {
            return &picture->silent[i];
        }
    }
    return NULL;
}

static void it_says_whose_feed_is_silent_and_since_when(void **state)
{
    struct world *world = *state;
    int32_t today = instant_london_day(world->clock.real_ms);
    three_missed(world, ALIX);

    struct wire_picture_reply fresh = picture_of(world, HOSPITAL, ALIX);
    assert_null(silent(&fresh, GP));
    assert_non_null(silent(&fresh, SCHOOL));
    assert_int_equal(silent(&fresh, SCHOOL)->last_day, 0);
    clock_fake_advance(&world->clock, 8 * 24 * INT64_C(3600000));
    struct wire_picture_reply later = picture_of(world, HOSPITAL, ALIX);

    assert_non_null(silent(&later, GP));
    assert_int_equal(silent(&later, GP)->last_day, today);
}

static void what_is_hidden_or_left_out_is_in_no_picture(void **state)
{
    struct world *world = *state;
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of("2026-11-02")};
    const struct narrowing ways[] = {
        {.roles = ROLE_BIT(ROLE_REGISTERED_PATIENT)},
        {.hidden_until = instant_london_day(world->clock.real_ms) + 5},
    };
    three_missed(world, ALIX);
    size_t before = picture_of(world, HOSPITAL, ALIX).n_headlines;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct world_entry entry;
        world_record(world, &record, &entry);
        entry.header.record.narrow = ways[i];
        entry.header.record.narrow.reason = NARROW_ENQUIRY;
        entry.header.record.narrow.authority = AUTHORITY_POLICE;
        world_refreeze(&entry);
        assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    }

    assert_int_equal(picture_of(world, HOSPITAL, ALIX).n_headlines, before);
    assert_true(before > 0);
}

static void a_record_that_was_taken_back_says_so(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    struct wire_picture_reply before = picture_of_alert(world, MASH, 1);
    struct entry_id newest = before.headlines[0].record;

    retract(world, &newest, ALIX);

    struct wire_picture_reply after = picture_of_alert(world, MASH, 1);
    assert_int_equal(after.n_headlines, 3);
    assert_int_equal(after.headlines[0].flags & HEADLINE_RETRACTED, HEADLINE_RETRACTED);
    assert_int_equal(with_flag(&after, HEADLINE_RETRACTED), 1);
}

static void a_link_by_name_marks_what_may_be_about_another_child(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_verified(world, MASH, ALIX);
    state_named(world, HOSPITAL, ALIX);
    involve(world, HOSPITAL, ALIX);
    (void)concern(world, GP, ALIX, 3, "2026-02-03");
    (void)concern(world, HOSPITAL, ALIX, 3, "2026-06-10");

    struct wire_picture_reply door = picture_of(world, MASH, ALIX);

    assert_int_equal(door.n_headlines, 2);
    assert_int_equal(door.headlines[0].origin, HOSPITAL);
    assert_int_equal(door.headlines[0].flags & HEADLINE_PROVISIONAL, HEADLINE_PROVISIONAL);
    assert_int_equal(door.headlines[1].flags & HEADLINE_PROVISIONAL, 0);
    assert_int_equal(involved(&door, HOSPITAL)->flags, INVOLVED_PROVISIONAL);
}

static void sharing_that_has_ended_shows_nothing_any_more(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    assert_int_equal(picture_of_alert(world, MASH, 1).n_headlines, 3);

    change_document(world, GOVERNANCE_AGREEMENTS, "\"review_by\": \"2027-11-30\"",
                    "\"review_by\": \"2026-01-01\"");

    assert_int_equal(picture_of_alert(world, MASH, 1).n_headlines, 0);
}

/* --- what came first --- */

static void without_a_look_nothing_is_shown(void **state)
{
    struct world *world = *state;
    struct wire_picture_reply picture;
    state_verified(world, GP, ALIX);
    struct entry_id record = miss(world, GP, ALIX, "2026-02-03");
    const struct entry_id never = {.agency = GP, .stream = 9, .seq = 9};

    assert_int_equal(ask_with(world, GP, &never, PICTURE_ALL_DAYS, &picture), VERDICT_NOT_ENTITLED);
    assert_int_equal(ask_with(world, GP, &record, PICTURE_ALL_DAYS, &picture),
                     VERDICT_NOT_ENTITLED);
}

static void opening_an_alert_is_no_look(void **state)
{
    struct world *world = *state;
    struct wire_picture_reply picture;
    struct world_entry opening;
    three_missed(world, ALIX);
    world_decision(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE, &opening);
    assert_int_equal(world_send_one(world, MASH, &opening), VERDICT_STORED);

    assert_int_equal(ask_with(world, MASH, &opening.header.id, PICTURE_ALL_DAYS, &picture),
                     VERDICT_NOT_ENTITLED);
}

static void a_look_shows_the_child_that_it_names_and_no_other(void **state)
{
    struct world *world = *state;
    struct wire_picture_reply picture;
    struct entry_id by;
    state_verified(world, GP, ALIX);
    state_child(world, GP, BLAKE, &VERIFIED_NHS("9990000026"), 1);
    (void)miss(world, GP, ALIX, "2026-02-03");
    struct entry_id of_blake = miss(world, GP, BLAKE, "2026-06-10");

    assert_int_equal(look(world, GP, BLAKE, 0, &by), VERDICT_STORED);

    assert_int_equal(ask_with(world, GP, &by, PICTURE_ALL_DAYS, &picture), VERDICT_STORED);
    assert_int_equal(picture.n_headlines, 1);
    assert_true(entry_id_equal(&picture.headlines[0].record, &of_blake));
}

static void a_look_of_another_agency_is_not_ones_own(void **state)
{
    struct world *world = *state;
    struct wire_picture_reply picture;
    struct entry_id by;
    three_missed(world, ALIX);
    assert_int_equal(look(world, GP, ALIX, 0, &by), VERDICT_STORED);

    assert_int_equal(ask_with(world, HOSPITAL, &by, PICTURE_ALL_DAYS, &picture),
                     VERDICT_NOT_ENTITLED);
}

static void a_look_at_a_child_that_the_agency_never_named_is_refused(void **state)
{
    struct world *world = *state;
    struct wire_picture_reply picture;
    struct entry_id by;
    three_missed(world, ALIX);

    assert_int_equal(look(world, SCHOOL, ALIX, 0, &by), VERDICT_NOT_ENTITLED);

    assert_int_equal(ask_with(world, SCHOOL, &by, PICTURE_ALL_DAYS, &picture),
                     VERDICT_NOT_ENTITLED);
}

static void a_look_holds_for_a_day(void **state)
{
    struct world *world = *state;
    struct wire_picture_reply picture;
    struct entry_id by;
    state_verified(world, GP, ALIX);
    assert_int_equal(look(world, GP, ALIX, 0, &by), VERDICT_STORED);
    clock_fake_advance(&world->clock, DAY_MS - 60 * 1000);
    assert_int_equal(ask_with(world, GP, &by, PICTURE_ALL_DAYS, &picture), VERDICT_STORED);

    clock_fake_advance(&world->clock, 120 * 1000);

    assert_int_equal(ask_with(world, GP, &by, PICTURE_ALL_DAYS, &picture), VERDICT_NOT_ENTITLED);
}

static void a_look_tells_nobody_and_is_a_leaf_of_the_log(void **state)
{
    struct world *world = *state;
    struct entry_id by;
    three_missed(world, ALIX);
    size_t items = world_items(world, GP, ITEM_NOTICE) + world_items(world, GP, ITEM_DELIVERED) +
                   world_items(world, HOSPITAL, ITEM_NOTICE) +
                   world_items(world, HOSPITAL, ITEM_DELIVERED);
    uint64_t size = world_log_size(world);

    assert_int_equal(look(world, MASH, ALIX, 1, &by), VERDICT_STORED);

    assert_int_equal(world_log_size(world), size + 1);
    assert_int_equal(world_items(world, GP, ITEM_NOTICE) + world_items(world, GP, ITEM_DELIVERED) +
                         world_items(world, HOSPITAL, ITEM_NOTICE) +
                         world_items(world, HOSPITAL, ITEM_DELIVERED),
                     items);
}

/* --- much of it --- */

static void a_long_history_is_told_by_whole_days(void **state)
{
    struct world *world = *state;
    struct wire_picture_reply picture;
    struct entry_id by;
    int32_t first = day_of("2020-01-01");
    state_verified(world, GP, ALIX);
    for (int i = 0; i < CAIRN_PICTURE_HEADLINES_MAX + 3; i++) {
        const struct world_record record = {.from = GP, .child = ALIX, .day = first + i / 2};
        (void)store_record(world, &record);
    }
    assert_int_equal(look(world, GP, ALIX, 0, &by), VERDICT_STORED);

    assert_int_equal(ask_with(world, GP, &by, PICTURE_ALL_DAYS, &picture), VERDICT_STORED);
    assert_int_equal(picture.flags & PICTURE_OLDER, PICTURE_OLDER);
    assert_int_equal(picture.n_headlines, CAIRN_PICTURE_HEADLINES_MAX - 1);
    int32_t oldest = picture.headlines[picture.n_headlines - 1].event_day;

    assert_int_equal(ask_with(world, GP, &by, oldest - 1, &picture), VERDICT_STORED);
    assert_int_equal(picture.flags & PICTURE_OLDER, 0);
    assert_int_equal(picture.n_headlines, 4);
    assert_int_equal(picture.headlines[3].event_day, first);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(an_origin_sees_its_own_records_newest_first),
        STORY(who_looks_at_the_picture_is_named_to_the_origins_of_what_it_shows),
        STORY(an_origin_that_may_not_know_who_is_involved_hears_no_name),
        STORY(what_is_held_is_seen_by_nobody_until_an_alert_has_told_of_it),
        STORY(that_something_is_kept_is_said_to_a_front_door_and_to_nobody_else),
        STORY(a_front_door_asks_by_the_alert_before_and_after_it_opens_it),
        STORY(an_alert_is_no_way_in_for_who_is_no_front_door_or_was_not_told),
        STORY(who_is_not_involved_sees_nothing_and_no_sign_that_there_is_something),
        STORY(who_is_involved_is_named_as_far_as_agreements_let),
        STORY(it_says_whose_feed_is_silent_and_since_when),
        STORY(what_is_hidden_or_left_out_is_in_no_picture),
        STORY(a_record_that_was_taken_back_says_so),
        STORY(a_link_by_name_marks_what_may_be_about_another_child),
        STORY(sharing_that_has_ended_shows_nothing_any_more),
        STORY(without_a_look_nothing_is_shown),
        STORY(opening_an_alert_is_no_look),
        STORY(a_look_shows_the_child_that_it_names_and_no_other),
        STORY(a_look_of_another_agency_is_not_ones_own),
        STORY(a_look_at_a_child_that_the_agency_never_named_is_refused),
        STORY(a_look_holds_for_a_day),
        STORY(a_look_tells_nobody_and_is_a_leaf_of_the_log),
        STORY(a_long_history_is_told_by_whole_days),
    };
#undef STORY
    return cmocka_run_group_tests(tests, NULL, NULL);
}
