/* SPDX-License-Identifier: Apache-2.0 */
/* What agents do of themselves about a child that several of them are involved with: three real
 * agents around one broker, without sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/circle.h"
#include "agents/core/inbox.h"
#include "agents/core/open.h"
#include "base/date.h"
#include "support/member.h"
#include "support/stories.h"

struct story {
    struct world *world;
    struct member *gp;
    struct member *visitor; /* health visiting */
    struct member *mash;
};

/* --- agreements --- */

#define SHARED "\"effect\": \"share\", \"mode\": \"content\""
#define ASKED  "\"effect\": \"ask\""
#define HELD                                                                                       \
    "\"urgency\": [\"routine\"], \"level_max\": 2, \"effect\": \"hold\", \"mode\": \"existence\""

/* Whoever is involved knows the others as `circle` says, and gets concerns as `concern` says. */
static void agree(struct story *story, const char *circle, const char *concern)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_format(&text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": ["
               "{\"id\": \"circle\", \"records\": [\"involvement\"], \"recipient_roles\": "
               "[\"any\"], %s},"
               "{\"id\": \"concern\", \"records\": [\"concern\"], \"recipient_roles\": [\"any\"], "
               "%s}]}",
               circle, concern);
    publish_document(story->world, GOVERNANCE_AGREEMENTS, &text);
    member_govern(story->gp);
    member_govern(story->visitor);
    member_govern(story->mash);
}

static int set_up(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    story->world = world_new();
    story->gp = member_new(story->world, GP);
    story->visitor = member_new(story->world, HEALTH_VISITING);
    story->mash = member_new(story->world, MASH);
    *state = story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    member_free(&story->gp);
    member_free(&story->visitor);
    member_free(&story->mash);
    world_free(&story->world);
    base_free(&story);
    return 0;
}

/* --- verbs --- */

static int32_t today(const struct story *story)
{
    return instant_london_day(story->world->clock.real_ms);
}

#define VERIFIED "\"nhs_number\":{\"value\":\"999 411 7025\",\"verified\":true},"
#define NO_NHS   "\"postcode\":\"NM7 4QX\","
#define CHILD(number)                                                                              \
    "\"child\":{" number "\"given_name\":\"Peregrina\",\"family_name\":\"Thistledown\","           \
    "\"birth_date\":\"2022-03-14\"}"

/* Everybody sends and fetches until nothing moves; two rounds answer an answer. */
static void turn(struct story *story)
{
    struct member *members[] = {story->gp, story->visitor, story->mash};
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
            member_send(members[i]);
        }
        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
            (void)member_fetch(members[i]);
        }
    }
}

static struct reference claim(struct member *member, const char *child, const char *from)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    buf_format(&text,
               "{\"format\":\"cairn-involvement/v1\",%s,\"role\":\"open-case\",\"from\":\"%s\","
               "\"contact\":{\"name\":\"Corisande Applegarth\",\"phone\":\"0191 498 0123\"}}",
               child, from);
    return member_submit(member, INTAKE_INVOLVEMENT, buf_text(&text));
}

/* Both are involved, and know it of each other. */
static void make_circle(struct story *story)
{
    (void)claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    (void)claim(story->visitor, CHILD(VERIFIED), "2024-01-01");
    turn(story);
}

static struct entry_id concern(struct story *story, struct member *member, const char *child,
                               const char *members)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    buf_format(&text,
               "{\"kind\":\"concern\",\"code\":\"neglect-physical\",\"event_date\":\"2026-06-20\","
               "%s%s,\"account\":{\"summary\":\"Came without a coat again.\"},"
               "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example, nurse\","
               "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","
               "\"function\":\"early help\",\"family_told\":\"told\"}}",
               members, child);
    struct reference reference = member_submit(member, INTAKE_RECORD, buf_text(&text));
    (void)story;
    return member_out(member, &reference).entry;
}

/* What this agency may do with a part; OPEN_NO_GRANT also when it was never delivered. */
static enum open_result part_at(struct member *member, const struct entry_id *entry, enum part part)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    const struct opening opening = {.agent = &member->agent, .txn = txn, .own = member->number};
    struct wire_delivered delivered;
    uint8_t flags;
    return received_entry(txn, entry, &arena, &delivered, &flags)
               ? open_may(&opening, &delivered, part)
               : OPEN_NO_GRANT;
}

static bool has_come(struct member *member, const struct entry_id *entry)
{
    struct received_row row;
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    return received_get(txn, entry, &row) && row.delivered != 0;
}

static struct circle_standing standing_at(struct story *story, struct member *member,
                                          const struct reference *own, uint32_t agency)
{
    struct out_row row = member_out(member, own);
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    return circle_standing(txn, row.handle, agency, today(story));
}

/* --- the circle --- */

static void who_else_is_involved_is_known_by_our_own_handle_of_the_child(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, HELD);
    struct reference own = claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    struct reference other = claim(story->visitor, CHILD(VERIFIED), "2024-01-01");

    turn(story);

    struct circle_standing standing = standing_at(story, story->gp, &own, HEALTH_VISITING);
    assert_int_equal(standing.roles, ROLE_BIT(ROLE_OPEN_CASE));
    assert_false(standing.by_name);
    assert_int_equal(standing_at(story, story->visitor, &other, GP).roles,
                     ROLE_BIT(ROLE_OPEN_CASE));
    assert_int_equal(standing_at(story, story->gp, &own, MASH).roles, 0);
}

static void what_is_told_between_agents_is_no_news_for_a_person(void **state)
{
    struct story *story = *state;
    struct inbox_row row;
    agree(story, SHARED, HELD);

    make_circle(story);

    _cleanup_(store_end) struct store_txn *txn = store_read(story->gp->agent.store);
    assert_true(inbox_position(txn) >= 1);
    for (uint64_t i = 1; i <= inbox_position(txn); i++) {
        assert_true(inbox_get(txn, i, &row));
        assert_int_equal(row.flags, INBOX_QUIET);
    }
}

static void a_role_that_has_ended_is_none(void **state)
{
    struct story *story = *state;
    const struct circle_member member = {
        .agency = SCHOOL,
        .role = ROLE_ON_ROLL,
        .from_day = today(story) - 10,
        .until_day = today(story),
        .entry = {.agency = SCHOOL, .stream = 1, .seq = 1},
    };
    const uint8_t handle[CAIRN_HANDLE_BYTES] = {7};
    struct store_txn *txn = store_begin(story->gp->agent.store);

    circle_put(txn, handle, &member);

    assert_int_equal(circle_standing(txn, handle, SCHOOL, today(story) - 1).roles,
                     ROLE_BIT(ROLE_ON_ROLL));
    assert_int_equal(circle_standing(txn, handle, SCHOOL, today(story)).roles, 0);
    store_end(&txn);
}

static void an_older_statement_that_is_delivered_again_undoes_nothing(void **state)
{
    struct story *story = *state;
    struct circle_member member = {
        .agency = SCHOOL,
        .role = ROLE_ON_ROLL,
        .from_day = today(story) - 10,
        .until_day = INVOLVEMENT_OPEN,
        .entry = {.agency = SCHOOL, .stream = 1, .seq = 1},
    };
    const uint8_t handle[CAIRN_HANDLE_BYTES] = {7};
    struct store_txn *txn = store_begin(story->gp->agent.store);
    struct circle_member ended = member;
    ended.until_day = today(story);
    ended.entry.seq = 2;
    circle_put(txn, handle, &ended);

    circle_put(txn, handle, &member);
    assert_int_equal(circle_standing(txn, handle, SCHOOL, today(story)).roles, 0);

    member.entry.stream = 2; /* a store made anew counts from one again */
    circle_put(txn, handle, &member);
    assert_int_equal(circle_standing(txn, handle, SCHOOL, today(story)).roles,
                     ROLE_BIT(ROLE_ON_ROLL));
    store_end(&txn);
}

/* --- records --- */

static void a_record_is_sealed_to_whoever_is_involved_and_to_nobody_else(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    make_circle(story);

    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);

    assert_int_equal(part_at(story->visitor, &record, PART_CARD), OPEN_DONE);
    assert_int_equal(part_at(story->visitor, &record, PART_ACCOUNT), OPEN_NEEDS_DECISION);
    assert_false(has_come(story->mash, &record)); /* no rule speaks of it */
}

static void a_role_that_no_rule_names_gets_nothing(void **state)
{
    struct story *story = *state;
    agree(story, SHARED,
          "\"recipient_class\": \"health\", \"effect\": \"deny\", \"exception\": true");
    make_circle(story);

    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);

    assert_false(has_come(story->visitor, &record));
}

static void whoever_is_known_by_name_alone_gets_the_card_alone(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    struct reference own = claim(story->gp, CHILD(NO_NHS), "2024-01-01");
    (void)claim(story->visitor, CHILD(NO_NHS), "2024-01-01");
    turn(story);
    assert_true(standing_at(story, story->gp, &own, HEALTH_VISITING).by_name);

    struct entry_id record = concern(story, story->gp, CHILD(NO_NHS), "");
    turn(story);

    assert_int_equal(part_at(story->visitor, &record, PART_CARD), OPEN_DONE);
    assert_int_equal(part_at(story->visitor, &record, PART_ACCOUNT), OPEN_NO_GRANT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_else_is_involved_is_known_by_our_own_handle_of_the_child),
        TEST(what_is_told_between_agents_is_no_news_for_a_person),
        TEST(a_role_that_has_ended_is_none),
        TEST(an_older_statement_that_is_delivered_again_undoes_nothing),
        TEST(a_record_is_sealed_to_whoever_is_involved_and_to_nobody_else),
        TEST(a_role_that_no_rule_names_gets_nothing),
        TEST(whoever_is_known_by_name_alone_gets_the_card_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
