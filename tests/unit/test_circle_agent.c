/* SPDX-License-Identifier: Apache-2.0 */
/* What agents do of themselves about a child that several of them are involved with: three real
 * agents around one broker, without sockets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/ask.h"
#include "agents/core/asked.h"
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

#define BY_UPN  "\"upn\":{\"value\":\"X840200126017\",\"verified\":true},"
#define BY_BOTH VERIFIED BY_UPN

/* The practice knows one child as two, until another agency states both numbers of it. */
static void the_circle_is_known_under_every_handle_that_is_the_child(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    struct reference first = claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    struct reference second = claim(story->gp, CHILD(BY_UPN), "2024-01-01");
    turn(story);
    assert_memory_not_equal(member_out(story->gp, &first).handle,
                            member_out(story->gp, &second).handle, CAIRN_HANDLE_BYTES);

    (void)claim(story->visitor, CHILD(BY_BOTH), "2024-01-01");
    turn(story);

    assert_int_equal(standing_at(story, story->gp, &first, HEALTH_VISITING).roles,
                     ROLE_BIT(ROLE_OPEN_CASE));
    assert_int_equal(standing_at(story, story->gp, &second, HEALTH_VISITING).roles,
                     ROLE_BIT(ROLE_OPEN_CASE));
    struct entry_id one = concern(story, story->gp, CHILD(VERIFIED), "");
    struct entry_id other = concern(story, story->gp, CHILD(BY_UPN), "");
    turn(story);
    assert_int_equal(part_at(story->visitor, &one, PART_ACCOUNT), OPEN_NEEDS_DECISION);
    assert_int_equal(part_at(story->visitor, &other, PART_ACCOUNT), OPEN_NEEDS_DECISION);
}

static void a_handle_that_comes_to_the_child_later_has_its_circle_too(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    struct reference first = claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    (void)claim(story->visitor, CHILD(BY_BOTH), "2024-01-01");
    turn(story);
    assert_int_equal(standing_at(story, story->gp, &first, HEALTH_VISITING).roles,
                     ROLE_BIT(ROLE_OPEN_CASE));

    struct reference second = claim(story->gp, CHILD(BY_UPN), "2024-01-01");
    turn(story);

    assert_int_equal(standing_at(story, story->gp, &second, HEALTH_VISITING).roles,
                     ROLE_BIT(ROLE_OPEN_CASE));
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

static void whom_to_speak_to_opens_when_the_agreements_share_it(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, HELD);
    (void)claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    turn(story);
    struct reference other = claim(story->visitor, CHILD(VERIFIED), "2024-01-01");
    turn(story);

    struct entry_id involvement = member_out(story->visitor, &other).entry;
    assert_int_equal(part_at(story->gp, &involvement, PART_ACCOUNT), OPEN_DONE);
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

static void whom_its_author_left_out_is_not_sealed_to(void **state)
{
    struct story *story = *state;
    struct reference reference;
    struct out_row row;
    agree(story, SHARED, SHARED);
    make_circle(story);

    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED),
                                     "\"narrow\":{\"agencies\":[\"hv\"],\"reason\":\"allegation-"
                                     "against-staff\",\"authority\":\"lado\"},");
    turn(story);

    _cleanup_(store_end) struct store_txn *txn = store_read(story->gp->agent.store);
    assert_true(out_by_entry(txn, &record, &reference) && out_get(txn, &reference, &row));
    assert_int_equal(row.state, OUT_STORED); /* a key for it would have had it refused */
    assert_false(has_come(story->visitor, &record));
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

static void whoever_has_ended_its_involvement_gets_nothing_more(void **state)
{
    struct story *story = *state;
    char day[DATE_TEXT_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    agree(story, SHARED, SHARED);
    struct reference own = claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    (void)claim(story->visitor, CHILD(VERIFIED), "2024-01-01");
    turn(story);
    date_format(today(story), day);
    buf_format(&text, "{%s,\"role\":\"open-case\",\"from\":\"2024-01-01\",\"until\":\"%s\"}",
               CHILD(VERIFIED), day);
    (void)member_submit(story->visitor, INTAKE_INVOLVEMENT, buf_text(&text));
    turn(story);
    assert_int_equal(standing_at(story, story->gp, &own, HEALTH_VISITING).roles, 0);

    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);

    assert_false(has_come(story->visitor, &record));
}

/* --- what is granted later --- */

static void whoever_comes_later_gets_what_was_recorded_since_it_is_involved(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    (void)claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);

    (void)claim(story->visitor, CHILD(VERIFIED), "2024-06-01");
    turn(story);

    assert_int_equal(part_at(story->visitor, &record, PART_CARD), OPEN_DONE);
    assert_int_equal(part_at(story->visitor, &record, PART_ACCOUNT), OPEN_NEEDS_DECISION);
    assert_int_equal(member_count(story->gp, "grant-refused"), 0);
}

/* From a day that is later than anything that was recorded. */
static void claim_from_tomorrow(struct story *story, struct member *member)
{
    char day[DATE_TEXT_BYTES];
    clock_fake_advance(&story->world->clock, 2 * DAY_MS);
    date_format(today(story), day);
    (void)claim(member, CHILD(VERIFIED), day);
    turn(story);
}

static void history_is_not_pushed(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    (void)claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);

    claim_from_tomorrow(story, story->visitor);

    assert_false(has_come(story->visitor, &record));
}

static void what_was_narrowed_or_taken_back_is_granted_to_nobody_later(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    (void)claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    struct entry_id narrowed = concern(story, story->gp, CHILD(VERIFIED),
                                       "\"narrow\":{\"agencies\":[\"hv\"],\"reason\":\"allegation-"
                                       "against-staff\",\"authority\":\"lado\"},");
    struct entry_id taken = concern(story, story->gp, CHILD(VERIFIED),
                                    "\"source\":{\"system\":\"notes\",\"id\":\"c-1\"},");
    turn(story);
    (void)member_submit(story->gp, INTAKE_RECORD,
                        "{\"kind\":\"retraction\",\"retracts\":\"c-1\",\"source\":{\"system\":"
                        "\"notes\",\"id\":\"c-1\"},\"event_date\":"
                        "\"2026-06-20\",\"account\":{\"summary\":\"Another child.\"},"
                        "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example\","
                        "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","
                        "\"function\":\"early help\",\"family_told\":\"told\"}}");
    turn(story);

    (void)claim(story->visitor, CHILD(VERIFIED), "2024-06-01");
    turn(story);

    assert_false(has_come(story->visitor, &narrowed));
    assert_false(has_come(story->visitor, &taken));
    assert_int_equal(member_count(story->gp, "grant-stored"), 1); /* its own involvement */
}

static void a_grant_that_the_broker_refuses_ends_and_is_counted(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    make_circle(story);
    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    struct store_txn *txn = store_begin(story->gp->agent.store);
    const struct granting granting = {.txn = txn,
                                      .governance = story->world->governing.governance,
                                      .own = GP,
                                      .now_ms = story->world->clock.real_ms};
    assert_int_equal(granting_add(&granting, &record, 1, SCHOOL, false), 1);
    assert_int_equal(granting_add(&granting, &record, 1, SCHOOL, false), 0); /* known already */
    assert_int_equal(agent_commit(&txn), 0);

    turn(story);

    struct spool_depth depth;
    assert_int_equal(member_count(story->gp, "grant-refused"), 1);
    txn = store_read(story->gp->agent.store);
    spool_depth(txn, &depth);
    store_end(&txn);
    assert_int_equal(depth.oldest_ms, 0);
}

/* What was granted by the agent alone is granted by a person all the same: the broker may not have
 * taken the first. */
static void what_the_agent_granted_alone_a_person_grants_again(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    make_circle(story);
    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    struct store_txn *txn = store_begin(story->gp->agent.store);
    struct granting granting = {.txn = txn,
                                .governance = story->world->governing.governance,
                                .own = GP,
                                .now_ms = story->world->clock.real_ms};
    assert_int_equal(granting_add(&granting, &record, 1, SCHOOL, false), 1);

    granting.by_person = true;
    assert_int_equal(granting_add(&granting, &record, 1, SCHOOL, false), 1);

    assert_int_equal(granting_add(&granting, &record, 1, SCHOOL, false), 0);
    granting.by_person = false;
    assert_int_equal(granting_add(&granting, &record, 1, SCHOOL, false), 0);
    store_end(&txn);
}

/* --- requests --- */

static struct entry_id ask_for(struct story *story, struct member *member, const char *members)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct reference reference;
    struct error error = ERROR_NULL;
    buf_format(&text, "{\"format\":\"cairn-request/v1\",%s,%s\"purpose\":\"safeguarding\"}",
               CHILD(VERIFIED), members);
    const struct ask_request request = {.body = buf_slice(&text)};
    assert_int_equal(ask_submit(&member->agent, &request, &reference, &error), 0);
    struct entry_id id = member_out(member, &reference).entry;
    turn(story);
    return id;
}

static enum asked_state asked_at(struct member *member, const struct entry_id *request)
{
    struct asked_row row;
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    assert_true(asked_get(txn, request, &row));
    return row.state;
}

static int answer_it(struct member *member, const struct entry_id *request, bool grant)
{
    const struct asked_decision decision = {
        .request = *request,
        .grant = grant,
        .person = {.name = "R. Ashgrove",
                   .role = "safeguarding lead",
                   .reason = "The health visitor needs it for her visit tomorrow."},
    };
    struct error error = ERROR_NULL;
    return asked_decide(&member->agent, &decision, &error);
}

static void history_that_is_shared_is_granted_to_who_asks_for_it(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, SHARED);
    (void)claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    claim_from_tomorrow(story, story->visitor);

    struct entry_id request = ask_for(story, story->visitor, "");

    assert_int_equal(asked_at(story->gp, &request), ASKED_DONE);
    assert_int_equal(part_at(story->visitor, &record, PART_ACCOUNT), OPEN_NEEDS_DECISION);
}

static void what_must_be_asked_for_waits_for_a_person_and_opens_once_granted(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, ASKED);
    make_circle(story);
    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    assert_false(has_come(story->visitor, &record));

    struct entry_id request = ask_for(story, story->visitor, "");
    assert_int_equal(asked_at(story->gp, &request), ASKED_WAITING);
    assert_false(has_come(story->visitor, &record));

    assert_int_equal(answer_it(story->gp, &request, true), 0);
    turn(story);

    assert_int_equal(asked_at(story->gp, &request), ASKED_GRANTED);
    assert_int_equal(part_at(story->visitor, &record, PART_CARD), OPEN_DONE);
    assert_int_equal(part_at(story->visitor, &record, PART_ACCOUNT), OPEN_NEEDS_DECISION);
    assert_int_equal(answer_it(story->gp, &request, false), -EALREADY);
}

static void what_a_person_refuses_stays_closed_and_the_reason_is_kept_sealed(void **state)
{
    struct story *story = *state;
    struct asked_row row;
    agree(story, SHARED, ASKED);
    make_circle(story);
    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    struct entry_id request = ask_for(story, story->visitor, "");

    assert_int_equal(answer_it(story->gp, &request, false), 0);
    turn(story);

    assert_false(has_come(story->visitor, &record));
    _cleanup_(store_end) struct store_txn *txn = store_read(story->gp->agent.store);
    assert_true(asked_get(txn, &request, &row));
    assert_int_equal(row.state, ASKED_REFUSED);
    assert_true(row.sealed.len > 0);
    assert_null(memmem(row.sealed.data, row.sealed.len, "visit", 5));
}

static void who_asked_is_told_that_it_was_refused_and_why(void **state)
{
    struct story *story = *state;
    struct entry_id refusals[CAIRN_ADDRESSEES_MAX];
    struct wire_delivered delivered;
    uint8_t flags;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf reason = BUF_MAX(4096);
    agree(story, SHARED, ASKED);
    make_circle(story);
    (void)concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    struct entry_id request = ask_for(story, story->visitor, "");

    assert_int_equal(answer_it(story->gp, &request, false), 0);
    turn(story);

    _cleanup_(store_end) struct store_txn *txn = store_read(story->visitor->agent.store);
    assert_int_equal(refused_list(txn, &request, refusals), 1);
    assert_int_equal(refusals[0].agency, GP);
    assert_true(received_entry(txn, &refusals[0], &arena, &delivered, &flags));
    const struct opening opening = {
        .agent = &story->visitor->agent, .txn = txn, .own = HEALTH_VISITING};
    assert_int_equal(open_part(&opening, &delivered, PART_ACCOUNT, &reason), OPEN_DONE);
    assert_non_null(memmem(reason.data, reason.len, "R. Ashgrove", 11));
    assert_non_null(memmem(reason.data, reason.len, "for her visit tomorrow", 22));
}

static void a_decision_without_a_reason_decides_nothing(void **state)
{
    struct story *story = *state;
    struct error error = ERROR_NULL;
    agree(story, SHARED, ASKED);
    make_circle(story);
    (void)concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    struct entry_id request = ask_for(story, story->visitor, "");
    const struct asked_decision decision = {
        .request = request,
        .grant = true,
        .person = {.name = "R. Ashgrove", .role = "lead", .reason = "ok"}};

    assert_int_equal(asked_decide(&story->gp->agent, &decision, &error), -EINVAL);

    assert_int_equal(asked_at(story->gp, &request), ASKED_WAITING);
}

static void a_request_of_somebody_who_is_not_involved_is_refused_and_kept(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, ASKED);
    struct reference own = claim(story->gp, CHILD(VERIFIED), "2024-01-01");
    (void)concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    const struct request_header header = {.id = {.agency = SCHOOL, .stream = 9, .seq = 1},
                                          .purpose = PURPOSE_SAFEGUARDING};
    struct out_row row = member_out(story->gp, &own);
    struct store_txn *txn = store_begin(story->gp->agent.store);
    const struct granting granting = {.txn = txn,
                                      .governance = story->world->governing.governance,
                                      .own = GP,
                                      .now_ms = story->world->clock.real_ms};

    struct asked_handles handles = {.n = 1};
    memcpy(handles.of[0], row.handle, CAIRN_HANDLE_BYTES);
    asked_take(&granting, &handles, &header);
    assert_int_equal(agent_commit(&txn), 0);

    assert_int_equal(asked_at(story->gp, &header.id), ASKED_UNINVOLVED);
    assert_int_equal(member_count(story->gp, "request-uninvolved"), 1);
    assert_int_equal(answer_it(story->gp, &header.id, true), -EALREADY);
}

/* What the broker hands over as the visitor's question, with another purpose than it signed. */
static void invent(struct story *story, const struct wire_item *item, struct buf *payload)
{
    struct wire_delivered one;
    struct entry_header header;
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    struct arena *arena = &story->world->arena;
    assert_true(wire_delivered_read(item->payload, arena, &one));
    assert_int_equal(one.kind, ENTRY_REQUEST);
    assert_true(wire_entry_header_read(one.kind, one.header, arena, &header));
    header.request.purpose = PURPOSE_CARE;
    wire_entry_header_write(&header, &bytes);
    one.header = buf_slice(&bytes);
    wire_delivered_write(&one, payload);
}

static void a_request_that_its_asker_did_not_sign_asks_nothing(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct reference reference;
    struct wire_delivery delivery;
    struct asked_row row;
    struct error error = ERROR_NULL;
    uint64_t position = 0;
    agree(story, SHARED, ASKED);
    make_circle(story);
    (void)concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);
    buf_format(&text, "{\"format\":\"cairn-request/v1\",%s,\"purpose\":\"safeguarding\"}",
               CHILD(VERIFIED));
    const struct ask_request request = {.body = buf_slice(&text)};
    assert_int_equal(ask_submit(&story->visitor->agent, &request, &reference, &error), 0);
    struct entry_id id = member_out(story->visitor, &reference).entry;
    member_send(story->visitor);
    assert_true(world_fetch(story->world, GP, member_position(story->gp), &delivery));
    struct wire_item item = delivery.items[0];
    struct checkpoint head = member_head(story->gp, &delivery);

    invent(story, &item, &payload);
    item.payload = buf_slice(&payload);
    const struct wire_delivery invented = {.n_items = 1, .items = &item};
    assert_int_equal(inbox_take(&story->gp->agent, &invented, &head, &position), -EBADMSG);

    struct store_txn *txn = store_read(story->gp->agent.store);
    assert_false(asked_get(txn, &id, &row));
    assert_int_equal(asked_waiting(txn), 0);
    store_end(&txn);
    (void)member_fetch(story->gp); /* as it was signed */
    assert_int_equal(asked_at(story->gp, &id), ASKED_WAITING);
}

static void a_purpose_that_a_rule_does_not_serve_is_answered_by_nothing(void **state)
{
    struct story *story = *state;
    agree(story, SHARED, "\"purposes\": [\"early-help\"], " ASKED);
    make_circle(story);
    struct entry_id record = concern(story, story->gp, CHILD(VERIFIED), "");
    turn(story);

    struct entry_id request = ask_for(story, story->visitor, "");

    assert_int_equal(asked_at(story->gp, &request), ASKED_DONE);
    assert_false(has_come(story->visitor, &record));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_else_is_involved_is_known_by_our_own_handle_of_the_child),
        TEST(the_circle_is_known_under_every_handle_that_is_the_child),
        TEST(a_handle_that_comes_to_the_child_later_has_its_circle_too),
        TEST(what_is_told_between_agents_is_no_news_for_a_person),
        TEST(a_role_that_has_ended_is_none),
        TEST(an_older_statement_that_is_delivered_again_undoes_nothing),
        TEST(a_record_is_sealed_to_whoever_is_involved_and_to_nobody_else),
        TEST(whom_its_author_left_out_is_not_sealed_to),
        TEST(a_role_that_no_rule_names_gets_nothing),
        TEST(whoever_is_known_by_name_alone_gets_the_card_alone),
        TEST(whoever_has_ended_its_involvement_gets_nothing_more),
        TEST(whom_to_speak_to_opens_when_the_agreements_share_it),
        TEST(whoever_comes_later_gets_what_was_recorded_since_it_is_involved),
        TEST(history_is_not_pushed),
        TEST(what_was_narrowed_or_taken_back_is_granted_to_nobody_later),
        TEST(a_grant_that_the_broker_refuses_ends_and_is_counted),
        TEST(what_the_agent_granted_alone_a_person_grants_again),
        TEST(history_that_is_shared_is_granted_to_who_asks_for_it),
        TEST(what_must_be_asked_for_waits_for_a_person_and_opens_once_granted),
        TEST(what_a_person_refuses_stays_closed_and_the_reason_is_kept_sealed),
        TEST(who_asked_is_told_that_it_was_refused_and_why),
        TEST(a_decision_without_a_reason_decides_nothing),
        TEST(a_request_of_somebody_who_is_not_involved_is_refused_and_kept),
        TEST(a_request_that_its_asker_did_not_sign_asks_nothing),
        TEST(a_purpose_that_a_rule_does_not_serve_is_answered_by_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
