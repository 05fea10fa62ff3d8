/* SPDX-License-Identifier: Apache-2.0 */
/* Who learns that another agency is involved with a child, and what may be asked for and given
 * later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/stories.h"

static int32_t today(const struct world *world)
{
    return instant_london_day(world->clock.real_ms);
}

#define HELD             "\"effect\": \"hold\", \"mode\": \"existence\""
#define SHARED_CONTENT   "\"effect\": \"share\", \"mode\": \"content\""
#define SHARED_EXISTENCE "\"effect\": \"share\", \"mode\": \"existence\""
#define ASKED            "\"effect\": \"ask\""
#define DENIED           "\"effect\": \"deny\""

/* Rules of this test: everybody involved may know who else is, and health gets each other's missed
 * appointments as `outcome` says. */
static void agree(struct world *world, const char *outcome)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_format(&text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": ["
               "{\"id\": \"circle\", \"records\": [\"involvement\"], \"recipient_class\": "
               "\"health\", \"effect\": \"share\", \"mode\": \"content\"},"
               "{\"id\": \"missed\", \"records\": [\"was-not-brought\"], \"recipient_class\": "
               "\"health\", \"urgency\": [\"routine\"], %s}]}",
               outcome);
    publish_document(world, GOVERNANCE_AGREEMENTS, &text);
}

static struct entry_id claim(struct world *world, uint32_t agency, int child)
{
    struct world_entry entry;
    world_involvement(world, agency, child, &entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
    return entry.header.id;
}

static void know(struct world *world, uint32_t agency)
{
    state_verified(world, agency, ALIX);
    (void)claim(world, agency, ALIX);
}

/* How often this entry lies in the agency's mailbox; *ret, when not NULL, is the last of them. */
static size_t delivered(struct world *world, uint32_t agency, const struct entry_id *id,
                        struct wire_delivered *ret)
{
    struct wire_delivery delivery;
    size_t n = 0;
    if (!world_fetch(world, agency, 0, &delivery)) {
        return 0;
    }
    for (size_t i = 0; i < delivery.n_items; i++) {
        struct wire_delivered one;
        struct entry_header header;
        if (delivery.items[i].kind != ITEM_DELIVERED ||
            !wire_delivered_read(delivery.items[i].payload, &world->arena, &one) ||
            !wire_entry_header_read(one.kind, one.header, &world->arena, &header) ||
            !entry_id_equal(&header.id, id)) {
            continue;
        }
        n++;
        if (ret != NULL) {
            *ret = one;
        }
    }
    return n;
}

static struct world_entry grant_of(struct world *world, uint32_t origin, uint32_t recipient,
                                   const struct world_entry *record)
{
    struct world_entry grant;
    world_grant(world, origin, record, &grant);
    world_grant_to(world, &grant, record, recipient);
    return grant;
}

static struct world_entry request_for(struct world *world, uint32_t asker,
                                      const struct entry_id *record)
{
    struct world_entry request;
    world_request(world, asker, ALIX, record, &request);
    return request;
}

/* --- the circle --- */

static void those_who_are_involved_learn_of_each_other(void **state)
{
    struct world *world = *state;
    agree(world, HELD);
    state_verified(world, GP, ALIX);
    struct entry_id first = claim(world, GP, ALIX);

    state_verified(world, HEALTH_VISITING, ALIX);
    struct entry_id second = claim(world, HEALTH_VISITING, ALIX);

    struct wire_delivered one = {.kind = ENTRY_RECORD};
    assert_int_equal(delivered(world, HEALTH_VISITING, &first, &one), 1);
    assert_int_equal(one.kind, ENTRY_INVOLVEMENT);
    assert_true(one.has_handle);
    assert_int_equal(delivered(world, GP, &second, NULL), 1);
    assert_int_equal(delivered(world, GP, &first, NULL), 0);
    assert_int_equal(delivered(world, SCHOOL, &first, NULL), 0);
}

static void children_who_turn_out_to_be_one_bring_their_circles_together(void **state)
{
    struct world *world = *state;
    agree(world, HELD);
    struct entry_id first = claim(world, GP, ALIX);
    struct entry_id second = claim(world, HOSPITAL, ALIX);
    assert_int_equal(delivered(world, GP, &second, NULL), 0);

    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);

    assert_int_equal(delivered(world, GP, &second, NULL), 1);
    assert_int_equal(delivered(world, HOSPITAL, &first, NULL), 1);
}

static void who_is_linked_by_name_is_named_and_no_more(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    agree(world, HELD);
    world_statement(world, GP, ALIX, false, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    world_statement(world, HOSPITAL, ALIX, false, &entry);
    assert_int_equal(world_send_one(world, HOSPITAL, &entry), VERDICT_STORED);
    (void)claim(world, GP, ALIX);

    struct entry_id id = claim(world, HOSPITAL, ALIX);

    struct wire_delivered one = {.flags = 0};
    assert_int_equal(delivered(world, GP, &id, &one), 1);
    assert_true((one.flags & DELIVERED_PROVISIONAL) != 0);
    assert_int_equal(one.n_grants, 0);
}

static void a_sensitive_service_is_in_nobody_s_circle(void **state)
{
    struct world *world = *state;
    agree(world, HELD);
    change_directory(world, "\"kind\": \"hospital\", ",
                     "\"kind\": \"hospital\", \"sensitive\": true, ");
    know(world, GP);
    state_verified(world, HOSPITAL, ALIX);

    struct entry_id id = claim(world, HOSPITAL, ALIX);

    assert_int_equal(delivered(world, GP, &id, NULL), 0);
    assert_int_equal(world_items(world, HOSPITAL, ITEM_DELIVERED), 0);
}

static void an_involvement_that_has_ended_is_told_to_nobody_new(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    agree(world, HELD);
    state_verified(world, GP, ALIX);
    world_involvement(world, GP, ALIX, &entry);
    entry.header.involvement.until_day = today(world);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);

    know(world, HOSPITAL);

    assert_int_equal(delivered(world, HOSPITAL, &entry.header.id, NULL), 0);
}

static void whoever_was_told_of_an_involvement_is_told_that_it_ended(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    agree(world, HELD);
    know(world, GP);
    know(world, HOSPITAL);
    world_involvement(world, HOSPITAL, ALIX, &entry);
    entry.header.involvement.until_day = today(world);
    world_refreeze(&entry);

    assert_int_equal(world_send_one(world, HOSPITAL, &entry), VERDICT_STORED);

    assert_int_equal(delivered(world, GP, &entry.header.id, NULL), 1);
    assert_int_equal(delivered(world, SCHOOL, &entry.header.id, NULL), 0);
}

/* Sealed while it was involved; the broker tells by the roles of the day on which it comes. */
static void whose_involvement_ends_while_a_record_is_on_its_way_is_not_told_of_it(void **state)
{
    struct world *world = *state;
    struct world_entry record;
    struct world_entry ended;
    const struct world_record what = {.from = GP, .child = ALIX, .day = day_of("2026-02-03")};
    agree(world, SHARED_CONTENT);
    know(world, GP);
    know(world, HOSPITAL);
    know(world, HEALTH_VISITING);
    world_record(world, &what, &record);

    world_involvement(world, HOSPITAL, ALIX, &ended);
    ended.header.involvement.until_day = today(world);
    world_refreeze(&ended);
    assert_int_equal(world_send_one(world, HOSPITAL, &ended), VERDICT_STORED);
    assert_int_equal(world_send_one(world, GP, &record), VERDICT_STORED);

    assert_int_equal(delivered(world, HOSPITAL, &record.header.id, NULL), 0);
    assert_int_equal(delivered(world, HEALTH_VISITING, &record.header.id, NULL), 1);
}

/* Told on a day on which it was involved; what still waits is judged again each day (waiting.h). */
static void what_waits_for_whoever_is_not_involved_any_more_is_withheld_the_next_day(void **state)
{
    struct world *world = *state;
    struct world_entry record;
    struct world_entry ended;
    const struct world_record what = {.from = GP, .child = ALIX, .day = day_of("2026-02-03")};
    agree(world, SHARED_CONTENT);
    know(world, GP);
    know(world, HOSPITAL);
    world_record(world, &what, &record);
    assert_int_equal(world_send_one(world, GP, &record), VERDICT_STORED);

    world_involvement(world, HOSPITAL, ALIX, &ended);
    ended.header.involvement.until_day = today(world);
    world_refreeze(&ended);
    assert_int_equal(world_send_one(world, HOSPITAL, &ended), VERDICT_STORED);

    assert_int_equal(delivered(world, HOSPITAL, &record.header.id, NULL), 1);
    clock_fake_advance(&world->clock, INT64_C(86400) * 1000);
    world_turn(world);

    assert_int_equal(delivered(world, HOSPITAL, &record.header.id, NULL), 0);
    assert_int_equal(world_items(world, HOSPITAL, ITEM_WITHHELD),
                     2); /* and who else was involved */
}

/* Nothing can tell a false claim from a true one; so everybody who works with the child hears of
 * it, signed, and it is in the log with its verdict, also when it is refused. */
static void a_claim_of_a_stranger_is_told_to_the_circle_and_in_the_log(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    agree(world, HELD);
    know(world, HEALTH_VISITING);
    know(world, HOSPITAL);
    change_directory(world, "{\"max\": 10000, \"per_day_max\": 1000}",
                     "{\"max\": 1, \"per_day_max\": 1}"); /* the practice */
    state_verified(world, GP, ALIX);
    uint64_t before = world_log_size(world);

    struct entry_id claimed = claim(world, GP, ALIX);

    assert_int_equal(delivered(world, HEALTH_VISITING, &claimed, NULL), 1);
    assert_int_equal(delivered(world, HOSPITAL, &claimed, NULL), 1);
    assert_int_equal(delivered(world, SCHOOL, &claimed, NULL), 0);
    assert_true(world_log_size(world) > before);
    before = world_log_size(world);
    world_involvement(world, GP, BLAKE, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_OVER_LIMIT);
    assert_true(world_log_size(world) > before);
}

static void who_turns_out_to_be_the_same_child_for_sure_is_told_again(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct wire_delivered one = {.flags = DELIVERED_PROVISIONAL};
    agree(world, HELD);
    state_verified(world, GP, ALIX);
    (void)claim(world, GP, ALIX);
    world_statement(world, HOSPITAL, ALIX, false, &entry);
    assert_int_equal(world_send_one(world, HOSPITAL, &entry), VERDICT_STORED);
    struct entry_id id = claim(world, HOSPITAL, ALIX);
    assert_int_equal(delivered(world, GP, &id, NULL), 1);

    state_verified(world, HOSPITAL, ALIX);
    (void)claim(world, SCHOOL, BLAKE); /* of another child: nothing to do with it */

    assert_int_equal(delivered(world, GP, &id, &one), 2);
    assert_int_equal(one.flags & DELIVERED_PROVISIONAL, 0);
}

static void more_claims_than_the_directory_allows_are_refused(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    change_directory(world, "{\"max\": 10000, \"per_day_max\": 1000}",
                     "{\"max\": 1, \"per_day_max\": 2}"); /* the first listed: the practice */
    (void)claim(world, GP, ALIX);
    (void)claim(world, GP, ALIX); /* the same again opens nothing */

    world_involvement(world, GP, BLAKE, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_OVER_LIMIT);

    clock_fake_advance(&world->clock, 2 * DAY_MS);
    world_involvement(world, GP, BLAKE, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_OVER_LIMIT); /* the ceiling */
    world_involvement(world, GP, ALIX, &entry);
    entry.header.involvement.until_day = today(world);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    (void)claim(world, GP, BLAKE);
}

static void more_claims_in_a_day_than_the_directory_allows_are_refused_until_the_next(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    change_directory(world, "{\"max\": 10000, \"per_day_max\": 1000}",
                     "{\"max\": 10000, \"per_day_max\": 2}");
    (void)claim(world, GP, ALIX);
    (void)claim(world, GP, ALIX);

    world_involvement(world, GP, BLAKE, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_OVER_LIMIT);

    clock_fake_advance(&world->clock, INT64_C(86400000));
    (void)claim(world, GP, BLAKE);
}

/* --- told at once --- */

static void what_an_agreement_tells_without_content_is_a_notice(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    agree(world, SHARED_EXISTENCE);
    know(world, GP);
    know(world, HEALTH_VISITING);

    (void)miss(world, GP, ALIX, "2026-02-03");

    assert_true(world_notice(world, HEALTH_VISITING, NOTICE_TOLD, 0, &notice));
    assert_int_equal(notice.n_headlines, 1);
    assert_false(notice.headlines[0].has_record);
    assert_int_equal(notice.headlines[0].flags & HEADLINE_MAY_ASK, 0);
    assert_true(notice.has_handle);
    assert_false(world_notice(world, HOSPITAL, NOTICE_TOLD, 0, &notice));
}

static void who_should_have_it_but_was_not_known_is_introduced_to_the_origin(void **state)
{
    struct world *world = *state;
    agree(world, SHARED_CONTENT);
    state_verified(world, GP, ALIX); /* has no involvement: nobody's circle */
    state_verified(world, HEALTH_VISITING, ALIX);
    struct entry_id id = claim(world, HEALTH_VISITING, ALIX);
    struct world_entry record;
    const struct world_record what = {.from = GP, .child = ALIX, .day = day_of("2026-02-03")};
    world_record(world, &what, &record);
    world_withhold(&record, HEALTH_VISITING);
    assert_int_equal(delivered(world, GP, &id, NULL), 0);

    assert_int_equal(world_send_one(world, GP, &record), VERDICT_STORED);

    assert_int_equal(delivered(world, GP, &id, NULL), 1);
    struct world_entry grant = grant_of(world, GP, HEALTH_VISITING, &record);
    assert_int_equal(world_send_one(world, GP, &grant), VERDICT_STORED);
    struct wire_delivered one;
    assert_int_equal(delivered(world, HEALTH_VISITING, &record.header.id, NULL), 1);
    assert_int_equal(delivered(world, HEALTH_VISITING, &grant.header.id, &one), 1);
    assert_int_equal(one.n_grants, 2);
}

/* --- asking and granting --- */

static struct world_entry asked_for(struct world *world)
{
    struct world_entry record;
    const struct world_record what = {.from = GP, .child = ALIX, .day = day_of("2026-02-03")};
    agree(world, ASKED);
    know(world, GP);
    know(world, HEALTH_VISITING);
    world_record(world, &what, &record);
    assert_int_equal(world_send_one(world, GP, &record), VERDICT_STORED);
    return record;
}

static void what_may_be_asked_for_is_told_and_the_question_reaches_its_origin(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    (void)asked_for(world);
    assert_true(world_notice(world, HEALTH_VISITING, NOTICE_TOLD, 0, &notice));
    assert_true((notice.headlines[0].flags & HEADLINE_MAY_ASK) != 0);
    assert_false(notice.headlines[0].has_record);

    struct world_entry request = request_for(world, HEALTH_VISITING, NULL);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &request), VERDICT_STORED);

    struct wire_delivered one;
    assert_int_equal(delivered(world, GP, &request.header.id, &one), 1);
    assert_true(one.has_handle);
    assert_int_equal(delivered(world, HOSPITAL, &request.header.id, NULL), 0);
}

/* The agency refuses what that request asks for, and lets its asker read why. */
static enum verdict refuse(struct world *world, uint32_t agency, const struct entry_id *request,
                           struct entry_id *ret)
{
    struct world_entry entry;
    world_decision(world, agency, 0, ACTION_REFUSE_REQUEST, OUTCOME_NONE, &entry);
    entry.header.decision.has_record = true;
    entry.header.decision.record = *request;
    world_refreeze(&entry);
    *ret = entry.header.id;
    return world_send_one(world, agency, &entry);
}

static void a_refusal_comes_to_whoever_asked_and_to_nobody_else(void **state)
{
    struct world *world = *state;
    struct entry_id refusal;
    (void)asked_for(world);
    struct world_entry request = request_for(world, HEALTH_VISITING, NULL);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &request), VERDICT_STORED);

    assert_int_equal(refuse(world, GP, &request.header.id, &refusal), VERDICT_STORED);

    assert_int_equal(delivered(world, HEALTH_VISITING, &refusal, NULL), 1);
    assert_int_equal(delivered(world, MASH, &refusal, NULL), 0);
}

static void only_who_was_asked_refuses(void **state)
{
    struct world *world = *state;
    struct entry_id refusal;
    struct world_entry record = asked_for(world);
    struct world_entry request = request_for(world, HEALTH_VISITING, NULL);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &request), VERDICT_STORED);

    assert_int_equal(refuse(world, HOSPITAL, &request.header.id, &refusal), VERDICT_NOT_ENTITLED);
    assert_int_equal(refuse(world, GP, &record.header.id, &refusal), VERDICT_NOT_ENTITLED);

    assert_int_equal(delivered(world, HEALTH_VISITING, &refusal, NULL), 0);
}

static void only_who_is_involved_may_ask(void **state)
{
    struct world *world = *state;
    struct world_entry record = asked_for(world);
    state_verified(world, HOSPITAL, ALIX);

    struct world_entry request = request_for(world, HOSPITAL, NULL);
    assert_int_equal(world_send_one(world, HOSPITAL, &request), VERDICT_NOT_ENTITLED);
    request = request_for(world, HOSPITAL, &record.header.id);
    assert_int_equal(world_send_one(world, HOSPITAL, &request), VERDICT_NOT_ENTITLED);
}

static void what_does_not_exist_and_what_may_not_be_asked_for_get_one_answer(void **state)
{
    struct world *world = *state;
    struct world_entry record = asked_for(world);
    struct entry_id invented = record.header.id;
    agree(world, DENIED);

    struct world_entry request = request_for(world, HEALTH_VISITING, &record.header.id);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &request), VERDICT_NOT_ENTITLED);
    invented.seq += 1000;
    request = request_for(world, HEALTH_VISITING, &invented);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &request), VERDICT_NOT_ENTITLED);
}

static void nobody_grants_what_is_another_s_or_to_whom_it_is_denied(void **state)
{
    struct world *world = *state;
    struct world_entry record = asked_for(world);

    struct world_entry foreign = grant_of(world, HOSPITAL, HEALTH_VISITING, &record);
    assert_int_equal(world_send_one(world, HOSPITAL, &foreign), VERDICT_NOT_ENTITLED);
    struct world_entry denied = grant_of(world, GP, SCHOOL, &record);
    assert_int_equal(world_send_one(world, GP, &denied), VERDICT_BAD_GRANT);
    struct world_entry not_involved = grant_of(world, GP, HOSPITAL, &record);
    assert_int_equal(world_send_one(world, GP, &not_involved), VERDICT_BAD_GRANT);

    assert_int_equal(delivered(world, SCHOOL, &record.header.id, NULL), 0);
    assert_int_equal(delivered(world, HOSPITAL, &record.header.id, NULL), 0);
}

/* By the agent itself, while it held that it is shared. */
static struct world_entry granted_alone(struct world *world, const struct world_entry *record)
{
    struct world_entry grant;
    world_grant(world, GP, record, &grant);
    grant.header.grant.judged_by = JUDGED_BY_STANDING_DECISION;
    world_refreeze(&grant);
    world_grant_to(world, &grant, record, HEALTH_VISITING);
    return grant;
}

static void what_an_agent_grants_by_itself_is_taken_only_while_it_is_shared(void **state)
{
    static const char *const stricter[] = {ASKED, HELD, DENIED};
    struct world *world = *state;
    struct world_entry record = asked_for(world);

    for (size_t i = 0; i < ARRAY_LEN(stricter); i++) {
        agree(world, stricter[i]);
        struct world_entry grant = granted_alone(world, &record);
        assert_int_equal(world_send_one(world, GP, &grant), VERDICT_BAD_GRANT);
    }
    assert_int_equal(delivered(world, HEALTH_VISITING, &record.header.id, NULL), 0);

    agree(world, SHARED_CONTENT);
    struct world_entry grant = granted_alone(world, &record);
    assert_int_equal(world_send_one(world, GP, &grant), VERDICT_STORED);
    assert_int_equal(delivered(world, HEALTH_VISITING, &grant.header.id, NULL), 1);
}

static void what_an_agent_granted_by_itself_does_not_wait_for_what_is_to_be_asked_for(void **state)
{
    struct world *world = *state;
    struct world_entry record = asked_for(world);
    agree(world, SHARED_CONTENT);
    struct world_entry alone = granted_alone(world, &record);
    assert_int_equal(world_send_one(world, GP, &alone), VERDICT_STORED);
    struct world_entry by_person = grant_of(world, GP, HEALTH_VISITING, &record);
    assert_int_equal(world_send_one(world, GP, &by_person), VERDICT_STORED);

    agree(world, ASKED);

    assert_int_equal(delivered(world, HEALTH_VISITING, &alone.header.id, NULL), 0);
    assert_int_equal(delivered(world, HEALTH_VISITING, &by_person.header.id, NULL), 1);
}

/* Everybody may know that there is somebody, and nobody who it is. */
static void who_it_is_that_is_involved_is_granted_only_where_an_agreement_shares_it(void **state)
{
    struct world *world = *state;
    struct world_entry claimed;
    agree(world, HELD);
    know(world, HEALTH_VISITING);
    state_verified(world, GP, ALIX);
    world_involvement(world, GP, ALIX, &claimed);
    assert_int_equal(world_send_one(world, GP, &claimed), VERDICT_STORED);
    assert_int_equal(delivered(world, HEALTH_VISITING, &claimed.header.id, NULL), 1);
    struct world_entry grant = grant_of(world, GP, HEALTH_VISITING, &claimed);
    assert_int_equal(world_send_one(world, GP, &grant), VERDICT_STORED);

    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_add_text(&text, "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", "
                        "\"rules\": [{\"id\": \"circle\", \"records\": [\"involvement\"], "
                        "\"recipient_class\": \"health\", \"effect\": \"share\", \"mode\": "
                        "\"existence\"}]}");
    publish_document(world, GOVERNANCE_AGREEMENTS, &text);
    grant = grant_of(world, GP, HEALTH_VISITING, &claimed);
    assert_int_equal(world_send_one(world, GP, &grant), VERDICT_BAD_GRANT);
}

static void questions_of_one_day_are_bounded(void **state)
{
    struct world *world = *state;
    (void)asked_for(world);
    for (int i = 0; i < CAIRN_REQUESTS_PER_DAY; i++) {
        struct world_entry request = request_for(world, HEALTH_VISITING, NULL);
        assert_int_equal(world_send_one(world, HEALTH_VISITING, &request), VERDICT_STORED);
    }

    struct world_entry request = request_for(world, HEALTH_VISITING, NULL);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &request), VERDICT_OVER_LIMIT);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(those_who_are_involved_learn_of_each_other),
        STORY(children_who_turn_out_to_be_one_bring_their_circles_together),
        STORY(who_is_linked_by_name_is_named_and_no_more),
        STORY(a_sensitive_service_is_in_nobody_s_circle),
        STORY(an_involvement_that_has_ended_is_told_to_nobody_new),
        STORY(whoever_was_told_of_an_involvement_is_told_that_it_ended),
        STORY(whose_involvement_ends_while_a_record_is_on_its_way_is_not_told_of_it),
        STORY(what_waits_for_whoever_is_not_involved_any_more_is_withheld_the_next_day),
        STORY(a_claim_of_a_stranger_is_told_to_the_circle_and_in_the_log),
        STORY(who_turns_out_to_be_the_same_child_for_sure_is_told_again),
        STORY(more_claims_than_the_directory_allows_are_refused),
        STORY(more_claims_in_a_day_than_the_directory_allows_are_refused_until_the_next),
        STORY(what_an_agreement_tells_without_content_is_a_notice),
        STORY(who_should_have_it_but_was_not_known_is_introduced_to_the_origin),
        STORY(what_may_be_asked_for_is_told_and_the_question_reaches_its_origin),
        STORY(a_refusal_comes_to_whoever_asked_and_to_nobody_else),
        STORY(only_who_was_asked_refuses),
        STORY(only_who_is_involved_may_ask),
        STORY(what_does_not_exist_and_what_may_not_be_asked_for_get_one_answer),
        STORY(nobody_grants_what_is_another_s_or_to_whom_it_is_denied),
        STORY(what_an_agent_grants_by_itself_is_taken_only_while_it_is_shared),
        STORY(what_an_agent_granted_by_itself_does_not_wait_for_what_is_to_be_asked_for),
        STORY(who_it_is_that_is_involved_is_granted_only_where_an_agreement_shares_it),
        STORY(questions_of_one_day_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
