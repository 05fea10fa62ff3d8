/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker with its real keys withholds, invents, changes and repeats what it delivers to real
 * agents, passes documents off as the root's, keeps newer ones from somebody, and talks nonsense.
 * Nothing of it is kept or acted upon that its origin did not sign, and each agency says what it
 * noticed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/inbox.h"
#include "agents/core/link_internal.h"
#include "agents/core/open.h"
#include "attack/liar.h"
#include "attack/said.h"
#include "crypto/digest.h"

static int set_up(void **state)
{
    struct liar *liar = liar_new();
    liar_join(liar, GP);
    liar_join(liar, MASH);
    liar_connect(liar, GP);
    liar_connect(liar, MASH);
    *state = liar;
    return 0;
}

static int tear_down(void **state)
{
    struct liar *liar = *state;
    liar_free(&liar);
    return 0;
}

static uint64_t position_of(struct liar *liar, uint32_t agency)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(liar_agent(liar, agency)->store);
    return inbox_position(txn);
}

static uint64_t rows_of(struct liar *liar, uint32_t agency, enum agent_table table)
{
    uint64_t rows[STORE_TABLES_MAX];
    assert_int_equal(store_rows(liar_agent(liar, agency)->store, rows), 0);
    return rows[table];
}

static bool keep_nothing(struct liar *liar, uint32_t from, const struct wire_header *header,
                         struct slice payload)
{
    (void)liar;
    (void)from;
    (void)header;
    (void)payload;
    return true;
}

/* --- withheld --- */

static enum lie deliver_nothing(struct liar *liar, const struct saying *saying, struct buf *payload)
{
    (void)liar;
    (void)payload;
    return saying->to == MASH && saying->header.type == WIRE_DELIVERY ? LIE_SILENT : LIE_NOT;
}

static enum lie without_the_first(struct liar *liar, const struct saying *saying,
                                  struct buf *payload)
{
    struct wire_delivery delivery;
    if (saying->to != MASH || saying->header.type != WIRE_DELIVERY) {
        return LIE_NOT;
    }
    assert_true(wire_delivery_read(saying->payload, &liar->arena, &delivery));
    if (delivery.n_items < 2 || delivery.items[0].position != 1) {
        return LIE_NOT;
    }
    delivery.items++;
    delivery.n_items--;
    wire_delivery_write(&delivery, payload);
    return LIE_TOLD;
}

static void a_delivery_that_is_passed_over_is_a_gap_that_stops_nothing(void **state)
{
    struct liar *liar = *state;
    struct inbox_gaps gaps;
    liar->lie = deliver_nothing;
    for (int i = 0; i < 3; i++) {
        (void)said_concern(&liar->nodes[GP], "a concern", true);
    }
    liar_live(liar, 30);

    liar->lie = without_the_first;
    liar->lies = 0;
    liar_live(liar, 30);

    assert_int_equal(liar->lies, 1);
    assert_true(liar_heard(liar, "delivery_gap first=1 last=1 missing=1"));
    _cleanup_(store_end) struct store_txn *txn = store_read(liar_agent(liar, MASH)->store);
    inbox_gaps(txn, &gaps);
    store_end(&txn);
    assert_int_equal(gaps.missing, 1);
    assert_true(position_of(liar, MASH) >= 3);
    assert_int_equal(node_link(&liar->nodes[MASH]), LINK_IS_CONNECTED);
}

/* Nothing shows at the reader while nothing comes behind it. Its author is told to telephone. */
static void what_is_urgent_and_reaches_nobody_is_said_to_be_telephoned(void **state)
{
    struct liar *liar = *state;
    liar->lie = deliver_nothing;
    struct reference reference = said_concern(&liar->nodes[GP], "a concern", true);

    liar_live(liar, 120);

    assert_int_equal(member_out(liar->nodes[GP].member, &reference).verdict, VERDICT_STORED);
    assert_int_equal(position_of(liar, MASH), 0);
    said_expect_telephone(&liar->nodes[GP], &reference);
}

/* --- invented --- */

struct row {
    const char *check; /* what the agent's log says did not hold */
    uint32_t sender;
    uint32_t signer;
    const char *origin;
    struct invention invention;
    bool another_digest;
    bool release;
};

static const struct row rows[] = {
    {.check = "inclusion", .sender = GP, .signer = GP, .invention = {.bad_path = true}},
    {.check = "told", .sender = GP, .signer = GP, .invention = {.told = HOSPITAL}},
    {.check = "told", .sender = GP, .signer = GP, .invention = {.leaf_of_another_kind = true}},
    {.check = "digest", .sender = GP, .signer = GP, .another_digest = true},
    {.check = "signature", .sender = GP, .signer = STRANGER},
    {.check = "signature", .sender = GP, .signer = MASH},
    {.check = "partnership", .sender = GP, .signer = GP, .origin = "cairn.example.org/elsewhere"},
    {.check = "entry", .sender = STRANGER, .signer = STRANGER},
    {.check = "record", .sender = GP, .signer = GP, .release = true},
};

static void make_payload(struct liar *liar, const struct row *row, const struct world_entry *entry,
                         struct buf *payload)
{
    const struct hearsay hearsay = {
        .entry = entry, .sender = row->sender, .signer = row->signer, .origin = row->origin};
    const struct wire_grant grant = {.part = PART_CARD, .recipient = MASH, .sealed = {1}};
    const struct wire_release release = {
        .record = entry->header.id, .log_index = 1, .n_grants = 1, .grants = &grant, .alert = 1};
    if (row->release) {
        wire_release_write(&release, payload);
    } else {
        liar_hearsay(liar, &hearsay, payload);
    }
    assert_true(buf_ok(payload));
}

static void invent(struct liar *liar, const struct row *row)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct world_entry entry;
    struct invention invention = row->invention;
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of("2026-10-01")};
    world_record(liar->world, &record, &entry);
    make_payload(liar, row, &entry, &payload);
    wire_item_digest(entry.wire.header, entry.wire.body, &invention.what);
    invention.what.bytes[0] ^= row->another_digest ? 1 : 0;
    invention.kind = row->release ? ITEM_RELEASE : ITEM_DELIVERED;
    invention.payload = buf_slice(&payload);
    invention.alert = row->release ? 1 : 0;
    invention.parts = invention.leaf_of_another_kind ? 0 : 3; /* as such a leaf has them */
    liar->swallow = keep_nothing; /* the honest stages must not hear of that head */
    liar_deliver(liar, MASH, &invention);
    liar_live(liar, 2);
}

static void nothing_is_kept_that_its_origin_did_not_say_and_the_log_does_not_prove(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *made = NULL;
        char words[64];
        (void)set_up(&made);
        struct liar *liar = made;

        invent(liar, &rows[i]);

        (void)snprintf(words, sizeof(words), "delivery_refused position=1 check=%s", rows[i].check);
        if (!liar_heard(liar, words)) {
            fail_msg("row %zu: no \"%s\"", i, words);
        }
        assert_int_equal(position_of(liar, MASH), 0);
        assert_int_equal(rows_of(liar, MASH, AT_INBOX), 0);
        assert_int_equal(rows_of(liar, MASH, AT_RECEIVED), 0);
        (void)tear_down(&made);
    }
}

static void a_delivery_whose_head_does_not_go_on_from_ours_ends_the_talking(void **state)
{
    struct liar *liar = *state;
    const struct row row = {.sender = GP, .signer = GP, .invention = {.bad_consistency = true}};
    (void)said_concern(&liar->nodes[GP], "a concern", false);
    liar_live(liar, 10);
    uint64_t before = position_of(liar, MASH);

    invent(liar, &row);

    assert_true(liar_heard(liar, "log_fork"));
    assert_int_equal(node_link(&liar->nodes[MASH]), LINK_IS_STOPPED);
    assert_int_equal(position_of(liar, MASH), before);
}

/* The counterpart: the same invention with nothing wrong in it is taken, so that the rows above
 * fail for their own reason. */
static void what_holds_is_taken_once_however_often_it_comes(void **state)
{
    struct liar *liar = *state;
    const struct row good = {.sender = GP, .signer = GP};
    struct row again = good;

    invent(liar, &good);
    assert_int_equal(position_of(liar, MASH), 1);
    again.invention.position = 1;
    invent(liar, &again);

    assert_int_equal(position_of(liar, MASH), 1);
    assert_int_equal(rows_of(liar, MASH, AT_INBOX), 1);
    assert_int_equal(rows_of(liar, MASH, AT_RECEIVED), 1);
}

/* Somebody who is not involved asks, and the broker passes it on as if it were entitled. */
static void a_request_that_the_broker_should_have_refused_grants_nothing(void **state)
{
    struct liar *liar = *state;
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct reference reference = said_concern(&liar->nodes[GP], "a concern", false);
    liar_live(liar, 30);
    struct out_row row = member_out(liar->nodes[GP].member, &reference);
    struct world_entry request;
    world_request(liar->world, STRANGER, ALIX, NULL, &request);
    struct hearsay hearsay = {
        .entry = &request, .sender = STRANGER, .signer = STRANGER, .has_handle = true};
    memcpy(hearsay.about.handle, row.handle, CAIRN_HANDLE_BYTES);
    liar_hearsay(liar, &hearsay, &payload);
    struct invention invention = {.kind = ITEM_DELIVERED, .payload = buf_slice(&payload)};
    wire_item_digest(request.wire.header, request.wire.body, &invention.what);

    liar->swallow = keep_nothing;
    liar_deliver(liar, GP, &invention);
    liar_live(liar, 10);

    assert_true(liar_heard(liar, "request_without_involvement agency=6"));
    assert_int_equal(rows_of(liar, GP, AT_SPOOL), 0); /* no grant is on its way */
}

/* --- changed --- */

static enum lie spoil_grants(struct liar *liar, const struct saying *saying, struct buf *payload)
{
    static struct wire_item items[CAIRN_CREDIT_MAX];
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_delivery delivery;
    struct wire_delivered delivered;
    struct wire_grant grants[CAIRN_GRANTS_MAX];
    if (saying->to != MASH || saying->header.type != WIRE_DELIVERY) {
        return LIE_NOT;
    }
    assert_true(wire_delivery_read(saying->payload, &liar->arena, &delivery));
    memcpy(items, delivery.items, delivery.n_items * sizeof(items[0]));
    if (items[0].kind != ITEM_DELIVERED ||
        !wire_delivered_read(items[0].payload, &liar->arena, &delivered) ||
        delivered.n_grants == 0) {
        return LIE_NOT;
    }
    memcpy(grants, delivered.grants, delivered.n_grants * sizeof(grants[0]));
    for (size_t i = 0; i < delivered.n_grants; i++) {
        grants[i].sealed[40] ^= 1;
    }
    delivered.grants = grants;
    wire_delivered_write(&delivered, &bytes);
    items[0].payload = buf_slice(&bytes);
    delivery.items = items;
    wire_delivery_write(&delivery, payload);
    return LIE_TOLD;
}

static void a_grant_that_is_spoiled_on_its_way_does_not_open_and_that_shows(void **state)
{
    struct liar *liar = *state;
    struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(65536);
    struct wire_delivered delivered;
    uint8_t flags;
    liar->lie = spoil_grants;

    struct reference reference = said_concern(&liar->nodes[GP], "a concern", true);
    liar_live(liar, 30);

    assert_true(liar->lies > 0);
    struct out_row row = member_out(liar->nodes[GP].member, &reference);
    _cleanup_(store_end) struct store_txn *txn = store_read(liar_agent(liar, MASH)->store);
    assert_true(received_entry(txn, &row.entry, &arena, &delivered, &flags));
    const struct opening opening = {.agent = liar_agent(liar, MASH), .txn = txn, .own = MASH};
    assert_int_equal(open_part(&opening, &delivered, PART_CARD, &text), OPEN_DOES_NOT_OPEN);
    store_end(&txn);
    arena_deinit(&arena);
}

/* --- documents --- */

static struct buf forged_text;
static struct buf forged_note;

static enum lie pass_off_directory(struct liar *liar, const struct saying *saying,
                                   struct buf *payload)
{
    struct wire_hello_reply reply;
    struct wire_governance_document document;
    if (saying->to != MASH) {
        return LIE_NOT;
    }
    if (saying->header.type == WIRE_HELLO_REPLY) {
        assert_true(wire_hello_reply_read(saying->payload, &liar->arena, &reply));
        reply.versions.of[GOVERNANCE_DIRECTORY] = 2;
        wire_hello_reply_write(&reply, payload);
        return LIE_TOLD;
    }
    if (saying->header.type != WIRE_GOVERNANCE_DOCUMENT) {
        return LIE_NOT;
    }
    assert_true(wire_governance_document_read(saying->payload, &liar->arena, &document));
    document.version = 2;
    document.text = buf_slice(&forged_text);
    document.note = buf_slice(&forged_note);
    wire_governance_document_write(&document, payload);
    return LIE_TOLD;
}

/* Its own keys for those of a member, and for that of the log. */
static void a_directory_that_the_root_did_not_sign_comes_into_force_nowhere(void **state)
{
    struct liar *liar = *state;
    forged_text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    forged_note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    world_directory_text(&forged_text);
    governing_note(&liar->world->governing, 1, GOVERNANCE_DIRECTORY, 2, buf_slice(&forged_text),
                   &forged_note); /* of the true one */
    text_replace(&forged_text, "\"Agency 3\"", "\"Agency 9\"");
    liar->lie = pass_off_directory;

    liar_restart(liar, MASH);
    liar_live(liar, 60);

    assert_true(liar_heard(liar, "governance_refused document=directory"));
    _cleanup_(governance_unref) struct governance *held =
        govern_keep_current(liar_agent(liar, MASH)->keep);
    assert_int_equal(held->versions[GOVERNANCE_DIRECTORY], 1);
    buf_deinit(&forged_text);
    buf_deinit(&forged_note);
}

/* As if nothing newer had ever been signed. */
static enum lie keep_documents_back(struct liar *liar, const struct saying *saying,
                                    struct buf *payload)
{
    struct wire_hello_reply reply;
    struct wire_pong pong;
    if (saying->to == MASH && saying->header.type == WIRE_HELLO_REPLY) {
        assert_true(wire_hello_reply_read(saying->payload, &liar->arena, &reply));
        reply.versions.of[GOVERNANCE_DIRECTORY] = 1;
        wire_hello_reply_write(&reply, payload);
        return LIE_TOLD;
    }
    if (saying->to == MASH && saying->header.type == WIRE_PONG) {
        assert_true(wire_pong_read(saying->payload, &liar->arena, &pong));
        pong.versions.of[GOVERNANCE_DIRECTORY] = 1;
        wire_pong_write(&pong, payload);
        return LIE_TOLD;
    }
    return LIE_NOT;
}

static void a_document_that_others_have_and_that_does_not_come_is_missed(void **state)
{
    struct liar *liar = *state;
    liar->lie = keep_documents_back;
    change_directory(liar->world, "\"Agency 3\"", "\"Agency Three\"");
    liar_live(liar, 60);

    (void)said_concern(&liar->nodes[GP], "a concern", true); /* the GP's agent has heard of it */
    liar_live(liar, 60);
    assert_false(liar_heard(liar, "governance_withheld"));
    liar_live(liar, 600);

    _cleanup_(governance_unref) struct governance *held =
        govern_keep_current(liar_agent(liar, MASH)->keep);
    assert_int_equal(held->versions[GOVERNANCE_DIRECTORY], 1);
    assert_true(liar_heard(liar, "governance_withheld document=directory version=2 held=1 "
                                 "agency=1"));
}

/* --- nonsense --- */

static uint32_t below(uint32_t limit)
{
    static uint32_t random = 4711;
    random = random * 1664525U + 1013904223U;
    return (random >> 8) % limit;
}

static void nonsense_from_the_broker_breaks_nothing(void **state)
{
    enum {
        ROUNDS = 150,
        FRAMES = 8
    };
    struct liar *liar = *state;

    for (int round = 0; round < ROUNDS; round++) {
        liar_connect(liar, MASH);
        for (int i = 0; i < FRAMES; i++) {
            _cleanup_(buf_deinit) struct buf payload = BUF_MAX(1024);
            uint32_t len = below(200);
            for (uint32_t at = 0; at < len; at++) {
                const uint8_t byte = (uint8_t)below(256);
                buf_add(&payload, &byte, 1);
            }
            liar_say(liar, MASH, (enum wire_type)(1 + below(17)), below(50), &payload);
        }
        liar_live(liar, 1);
    }
    (void)said_concern(&liar->nodes[GP], "a concern", true);
    liar_connect(liar, MASH);
    liar_live(liar, 30);

    assert_true(position_of(liar, MASH) >= 1);
    assert_false(liar_heard(liar, "log_fork"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(a_delivery_that_is_passed_over_is_a_gap_that_stops_nothing),
    TEST(what_is_urgent_and_reaches_nobody_is_said_to_be_telephoned),
    cmocka_unit_test(nothing_is_kept_that_its_origin_did_not_say_and_the_log_does_not_prove),
    TEST(a_delivery_whose_head_does_not_go_on_from_ours_ends_the_talking),
    TEST(what_holds_is_taken_once_however_often_it_comes),
    TEST(a_request_that_the_broker_should_have_refused_grants_nothing),
    TEST(a_grant_that_is_spoiled_on_its_way_does_not_open_and_that_shows),
    TEST(a_directory_that_the_root_did_not_sign_comes_into_force_nowhere),
    TEST(a_document_that_others_have_and_that_does_not_come_is_missed),
    TEST(nonsense_from_the_broker_breaks_nothing),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
