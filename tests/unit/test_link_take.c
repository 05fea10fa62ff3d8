/* SPDX-License-Identifier: Apache-2.0 */
/* The link's own side of a delivery, over a connection that is made of two frames and no socket. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/link_internal.h"
#include "base/date.h"
#include "net/dealer.h"
#include "support/member.h"

struct story {
    struct world *world;
    struct member *mash;
    struct agent_link *link;
};

/* --- the connection --- */

struct dealer {
    struct net_frame waiting;
    bool refuses; /* our key, once */
};
static struct dealer line;

int dealer_open(const struct dealer_options *options, struct dealer **ret, struct error *error)
{
    (void)options;
    (void)error;
    line.waiting = NET_FRAME_NULL;
    *ret = &line;
    return 0;
}

void dealer_close(struct dealer **dealer)
{
    net_frame_deinit(&line.waiting);
    *dealer = NULL;
}

int dealer_reconnect(struct dealer *dealer)
{
    net_frame_deinit(&dealer->waiting);
    return 0;
}

bool dealer_refused(struct dealer *dealer)
{
    bool refused = dealer->refuses;
    dealer->refuses = false;
    return refused;
}

int dealer_wait(struct dealer *dealer, int timeout_ms, bool *ret_readable)
{
    (void)timeout_ms;
    *ret_readable = net_frame_slice(&dealer->waiting).len > 0;
    return 0;
}

void dealer_wake(struct dealer *dealer)
{
    (void)dealer;
}

bool dealer_receive(struct dealer *dealer, struct net_frame *ret_frame)
{
    if (net_frame_slice(&dealer->waiting).len == 0) {
        return false;
    }
    net_frame_move(ret_frame, &dealer->waiting);
    return true;
}

int dealer_send(struct dealer *dealer, struct net_frame *frame)
{
    (void)dealer;
    net_frame_deinit(frame);
    return 0;
}

/* --- setup --- */

static struct story *story_of(struct world *world, struct member *mash)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    struct error error = ERROR_NULL;
    story->world = world;
    story->mash = mash;
    assert_int_equal(link_open(&mash->agent, &error), 0);
    story->link = mash->agent.link;
    return story;
}

static int set_up(void **state)
{
    struct world *world = world_new();
    struct story *story = story_of(world, member_new(world, MASH));
    story->link->session.state = SESSION_READY;
    story->link->session.judged = true;
    *state = story;
    return 0;
}

static int set_up_newcomer(void **state)
{
    struct world *world = world_new();
    *state = story_of(world, member_new_alone(world, MASH, &world->clock.clock));
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    link_close(&story->mash->agent);
    member_free(&story->mash);
    world_free(&story->world);
    base_free(&story);
    return 0;
}

/* --- verbs --- */

static void send_immediate(struct world *world)
{
    struct world_record record = {.from = SCHOOL,
                                  .child = ALIX,
                                  .record_kind = RECORD_CONCERN,
                                  .code = CODE_OTHER_CONCERN,
                                  .urgency = URGENCY_IMMEDIATE};
    struct world_entry entry;
    assert_true(date_parse(slice_of_text("2026-11-20"), &record.day));
    world_record(world, &record, &entry);
    assert_int_equal(world_send_one(world, SCHOOL, &entry), VERDICT_STORED);
}

static void bring(struct story *story, const struct wire_delivery *delivery)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_DELIVERY};
    wire_frame_begin(&bytes, &header);
    wire_delivery_write(delivery, &bytes);
    wire_frame_end(&bytes);
    assert_true(buf_ok(&bytes));
    net_frame_copy(&line.waiting, buf_slice(&bytes));
    link_take_frames(story->link);
}

static void fetch(struct story *story, struct wire_delivery *ret)
{
    assert_true(world_fetch(story->world, MASH, member_position(story->mash), ret));
    assert_int_equal(ret->n_items, 1);
}

/* --- acknowledging --- */

static void what_was_kept_is_acknowledged(void **state)
{
    struct story *story = *state;
    struct wire_delivery delivery;
    send_immediate(story->world);
    fetch(story, &delivery);

    bring(story, &delivery);

    assert_int_equal(member_position(story->mash), 1);
    assert_int_equal(story->link->acks.position, 1);
    assert_false(story->link->redial);
}

static void what_does_not_hold_is_neither_kept_nor_acknowledged(void **state)
{
    struct story *story = *state;
    struct wire_delivery delivery;
    struct wire_item item;
    send_immediate(story->world);
    fetch(story, &delivery);
    item = delivery.items[0];
    item.payload.len--;
    delivery.items = &item;

    bring(story, &delivery);

    assert_int_equal(member_position(story->mash), 0);
    assert_int_equal(story->link->acks.position, 0);
    assert_true(story->link->redial);
}

/* --- a broker that takes nothing from us any more --- */

static void refuse(struct story *story, enum verdict verdict)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_ERROR};
    wire_frame_begin(&bytes, &header);
    wire_error_write(verdict, &bytes);
    wire_frame_end(&bytes);
    assert_true(buf_ok(&bytes));
    net_frame_copy(&line.waiting, buf_slice(&bytes));
    link_take_frames(story->link);
}

static void an_agency_that_was_revoked_says_so_until_a_hello_is_answered(void **state)
{
    struct story *story = *state;
    struct link_status status;
    link_set_status(story->link, LINK_IS_CONNECTED, "");

    refuse(story, VERDICT_REVOKED_KEY);

    link_status(&story->mash->agent, &status);
    assert_int_equal(status.state, LINK_IS_REVOKED);
    assert_non_null(strstr(status.reason, "revoked"));

    link_drop(story->link, "nothing was heard");

    link_status(&story->mash->agent, &status);
    assert_int_equal(status.state, LINK_IS_REVOKED);
}

static void another_refusal_is_no_revocation(void **state)
{
    struct story *story = *state;
    struct link_status status;
    link_set_status(story->link, LINK_IS_CONNECTED, "");

    refuse(story, VERDICT_BUSY);

    link_status(&story->mash->agent, &status);
    assert_int_equal(status.state, LINK_IS_CONNECTED);
}

/* --- a broker that does not let us in --- */

/* The door refuses the key; returns what is said of the link then. */
static struct link_status turned_away(struct story *story)
{
    struct link_status status;
    line.refuses = true;
    link_turn(story->link);
    link_status(&story->mash->agent, &status);
    return status;
}

static void who_was_never_let_in_waits_for_approval_and_says_when_it_tries_again(void **state)
{
    struct story *story = *state;
    struct clock_fake *clock = &story->world->clock;

    for (int i = 0; i < 20; i++) {
        struct link_status status = turned_away(story);

        assert_int_equal(status.state, LINK_IS_UNAPPROVED);
        assert_non_null(strstr(status.reason, "has to approve this agency"));
        assert_in_range(status.retry_ms - clock->real_ms, 1, 30000);

        clock_fake_advance(clock, status.retry_ms - clock->real_ms);
        link_turn(story->link);
        link_status(&story->mash->agent, &status);

        assert_int_equal(status.state, LINK_IS_UNAPPROVED);
        assert_int_equal(status.retry_ms, 0);
    }
}

static void who_was_let_in_before_does_not_wait_for_approval(void **state)
{
    struct story *story = *state;

    struct link_status status = turned_away(story);

    assert_int_equal(status.state, LINK_IS_CONNECTING);
    assert_non_null(strstr(status.reason, "revoked"));
    assert_true(story->link->redial);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_kept_is_acknowledged),
        TEST(what_does_not_hold_is_neither_kept_nor_acknowledged),
        TEST(an_agency_that_was_revoked_says_so_until_a_hello_is_answered),
        TEST(another_refusal_is_no_revocation),
        cmocka_unit_test_setup_teardown(
            who_was_never_let_in_waits_for_approval_and_says_when_it_tries_again, set_up_newcomer,
            tear_down),
        TEST(who_was_let_in_before_does_not_wait_for_approval),
    };
#undef TEST
    return cmocka_run_group_tests_name("link_take", tests, NULL, NULL);
}
