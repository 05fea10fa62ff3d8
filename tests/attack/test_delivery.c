/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a broker hands over, with any bit of it changed: the real inbox refuses it and keeps
 * nothing, or what it keeps of what others signed, and of what the log tells, is to the byte what
 * was handed over. What is left is the broker's word (docs/threat-model.md, B5): our handle, flags,
 * where in the log the entry is said to lie, and a grant, which then does not open. One item of
 * each sort that each agency's mailbox has, in the order in which they came, so that what belongs
 * to an earlier one finds it.
 *
 * The short form takes a part of the bits; `./run attack` sets CAIRN_ATTACK_STEP, from one bit to
 * the next. The linker leads store_commit here, so that what was taken of a changed item is not
 * kept.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/inbox.h"
#include "attack/store_life.h"
#include "base/log.h"
#include "support/member.h"
#include "support/setting.h"
#include "support/stories.h"

#define SHORT_BITS   400 /* of a delivery, in the short form */
#define DELIVERY_MAX 131072
#define SORTS        64 /* of an item: the kind of the entry delivered, the type of the notice */

static struct scene {
    struct world *world;
    struct member *member;
    bool trying; /* nothing is kept */
    bool seen[ITEM_WITHHELD + 1][SORTS];
    uint64_t sorts;
    uint64_t cases;
    uint64_t taken;
} scene;

int __real_store_commit(struct store_txn **txn);
int __wrap_store_commit(struct store_txn **txn);

int __wrap_store_commit(struct store_txn **txn)
{
    if (!scene.trying) {
        return __real_store_commit(txn);
    }
    store_end(txn);
    return 0;
}

static int open_scene(void **state)
{
    (void)state;
    scratch_under("/dev/shm");
    log_init("test_delivery", (enum log_level)0); /* each refusal is an error */
    return 0;
}

/* --- what must be as it was handed over --- */

static bool same_delivered(struct slice a, struct slice b)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivered one;
    struct wire_delivered other;

    if (!wire_delivered_read(a, &arena, &one) || !wire_delivered_read(b, &arena, &other)) {
        return false;
    }
    return one.kind == other.kind && one.index == other.index &&
           slice_equal(one.head, other.head) && slice_equal(one.header, other.header) &&
           slice_equal(one.body, other.body) && slice_equal(one.signature, other.signature) &&
           hash_equal(&one.grants_digest, &other.grants_digest) && one.n_grants == other.n_grants;
}

static bool same_release(struct slice a, struct slice b)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_release one;
    struct wire_release other;

    return wire_release_read(a, &arena, &one) && wire_release_read(b, &arena, &other) &&
           entry_id_equal(&one.record, &other.record) && one.alert == other.alert &&
           one.n_grants == other.n_grants;
}

static bool same_item(const struct wire_item *kept, const struct wire_item *good)
{
    if (kept->kind != good->kind || kept->position != good->position ||
        !slice_equal(kept->leaf, good->leaf)) {
        return false;
    }
    switch (good->kind) {
    case ITEM_DELIVERED:
        return same_delivered(kept->payload, good->payload);
    case ITEM_RELEASE:
        return same_release(kept->payload, good->payload);
    case ITEM_NOTICE:
        return slice_equal(kept->payload, good->payload);
    case ITEM_WITHHELD:
        return true; /* the position passes: nothing of it is read */
    }
    return false;
}

/* --- handing over --- */

/* As the link hands it to the inbox: read, its head checked, then each item. */
static bool is_taken(struct slice payload, struct arena *arena, struct wire_delivery *ret)
{
    struct checkpoint head;
    uint64_t before = member_position(scene.member);
    uint64_t position = before;

    if (!wire_delivery_read(payload, arena, ret) ||
        !checkpoint_check(ret->checkpoint,
                          &scene.world->governing.governance->directory.checkpoint_key, &head)) {
        return false;
    }
    int r = inbox_take(&scene.member->agent, ret, &head, &position);
    assert_true(r == 0 || r == -EBADMSG);
    assert_int_equal(member_position(scene.member), scene.trying ? before : position);
    return position != before;
}

static void expect_refused_or_same(struct slice payload, const struct wire_item *good,
                                   const char *what, size_t at)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivery delivery;

    scene.cases++;
    if (!is_taken(payload, &arena, &delivery)) {
        return;
    }
    scene.taken++;
    if (delivery.n_items != 1 || !same_item(&delivery.items[0], good)) {
        fail_msg("an item of kind %d for agency %u is taken with %s at %zu", (int)good->kind,
                 scene.member->number, what, at);
    }
}

static void change_everywhere(const struct buf *payload, const struct wire_item *good)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(DELIVERY_MAX);
    uint64_t step = setting_step(payload->len * 8, SHORT_BITS);

    buf_add_slice(&bytes, buf_slice(payload));
    for (uint64_t bit = 0; bit < bytes.len * 8; bit += step) {
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        expect_refused_or_same(buf_slice(&bytes), good, "a bit changed", (size_t)bit);
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (uint64_t len = 0; len < bytes.len; len += step) {
        expect_refused_or_same(slice_make(bytes.data, (size_t)len), good, "its end cut off",
                               (size_t)len);
    }
}

/* Of the entry delivered, of the notice. */
static unsigned sort_of(const struct wire_item *item)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivered delivered;
    struct wire_notice notice;

    if (item->kind == ITEM_DELIVERED && wire_delivered_read(item->payload, &arena, &delivered)) {
        return (unsigned)delivered.kind;
    }
    if (item->kind == ITEM_NOTICE && wire_notice_read(item->payload, &arena, &notice)) {
        return (unsigned)notice.type;
    }
    return 0;
}

static void try_item(const struct wire_delivery *delivery, const struct wire_item *item)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(DELIVERY_MAX);
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivery one = *delivery;
    struct wire_delivery read;
    unsigned sort = sort_of(item);

    one.n_items = 1;
    one.items = item;
    wire_delivery_write(&one, &payload);
    assert_true(sort < SORTS);
    if (!scene.seen[item->kind][sort]) {
        scene.seen[item->kind][sort] = true;
        scene.sorts++;
        scene.trying = true;
        change_everywhere(&payload, item);
        scene.trying = false;
    }
    assert_true(is_taken(buf_slice(&payload), &arena, &read));
}

static void try_mailbox(uint32_t agency)
{
    struct wire_delivery delivery;
    uint64_t after = 0;

    scene.member = member_new(scene.world, agency);
    while (world_fetch(scene.world, agency, after, &delivery)) {
        for (size_t i = 0; i < delivery.n_items; i++) {
            try_item(&delivery, &delivery.items[i]);
        }
        after = delivery.items[delivery.n_items - 1].position;
    }
    member_free(&scene.member);
}

static void alert_and_release(struct world *world)
{
    three_missed(world, ALIX);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
}

static void withheld(struct world *world)
{
    const struct world_record concern = {.from = SCHOOL,
                                         .child = ALIX,
                                         .day = day_of("2026-11-02"),
                                         .record_kind = RECORD_CONCERN,
                                         .code = CODE_NEGLECT_PHYSICAL,
                                         .level = 3,
                                         .urgency = URGENCY_ROUTINE};
    _cleanup_(buf_deinit) struct buf none = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    (void)store_record(world, &concern);
    buf_add_text(
        &none,
        "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": []}");
    publish_document(world, GOVERNANCE_AGREEMENTS, &none);
}

static void try_story(void (*tell)(struct world *world))
{
    scene.world = world_new();
    tell(scene.world);
    for (uint32_t agency = GP; agency <= SCHOOL; agency++) {
        try_mailbox(agency);
    }
    world_free(&scene.world);
}

static void what_is_changed_on_its_way_is_refused_or_was_the_brokers_word(void **state)
{
    (void)state;

    try_story(alert_and_release);
    try_story(withheld);
    try_story(store_life);

    if (getenv("CAIRN_ATTACK_STEP") != NULL) {
        (void)printf("%" PRIu64 " sorts of items, %" PRIu64 " changed deliveries, %" PRIu64
                     " taken with nothing changed that is not the broker's word\n",
                     scene.sorts, scene.cases, scene.taken);
    }
    for (size_t kind = ITEM_DELIVERED; kind <= ITEM_WITHHELD; kind++) {
        bool met = false;
        for (size_t sort = 0; sort < SORTS; sort++) {
            met = met || scene.seen[kind][sort];
        }
        if (!met) {
            fail_msg("no item of kind %zu was met", kind);
        }
    }
    assert_true(scene.cases > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_changed_on_its_way_is_refused_or_was_the_brokers_word),
    };

    return cmocka_run_group_tests_name("delivery", tests, open_scene, NULL);
}
