/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/alerts.h"
#include "agents/core/inbox.h"
#include "agents/core/inbox_internal.h"
#include "base/text.h"
#include "support/member.h"
#include "support/stories.h"
#include "wire/leaf.h"

#define APRIL "2026-04-14"

struct story {
    struct world *world;
    struct member *mash;
};

static int set_up(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    story->world = world_new();
    story->mash = member_new(story->world, MASH);
    *state = story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    member_free(&story->mash);
    world_free(&story->world);
    base_free(&story);
    return 0;
}

/* --- verbs --- */

static struct entry_id send_immediate(struct world *world)
{
    return store_record(world, &(struct world_record){.from = SCHOOL,
                                                      .child = ALIX,
                                                      .day = day_of("2026-11-20"),
                                                      .record_kind = RECORD_CONCERN,
                                                      .code = CODE_OTHER_CONCERN,
                                                      .urgency = URGENCY_IMMEDIATE});
}

static void raise_alert(struct world *world)
{
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");
    (void)miss(world, GP, ALIX, "2026-09-21");
}

static struct store_txn *look(struct story *story)
{
    struct store_txn *txn = store_read(story->mash->agent.store);
    assert_non_null(txn);
    return txn;
}

static struct known_alert alert_now(struct story *story, uint64_t number)
{
    struct known_alert row;
    _cleanup_(store_end) struct store_txn *txn = look(story);
    assert_true(known_alert_get(txn, number, &row));
    return row;
}

/* --- taking --- */

static void what_is_delivered_is_on_disk_and_survives_a_restart(void **state)
{
    struct story *story = *state;
    struct inbox_row row;
    struct received_row received;
    struct entry_id record = send_immediate(story->world);

    assert_int_equal(member_fetch(story->mash), 1);
    member_restart(story->mash);

    _cleanup_(store_end) struct store_txn *txn = look(story);
    assert_int_equal(inbox_position(txn), 1);
    assert_true(inbox_get(txn, 1, &row));
    assert_int_equal(row.kind, ITEM_DELIVERED);
    assert_int_equal(row.flags, 0);
    assert_true(row.taken_ms == story->world->clock.real_ms);
    assert_true(received_get(txn, &record, &received));
    assert_int_equal(received.delivered, 1);
    assert_int_equal(received.retraction, RETRACTION_NONE);
    assert_int_equal(store_fault(txn), 0);
}

static void taking_tells_whoever_waits(void **state)
{
    struct story *story = *state;
    uint64_t before = news_count(&story->mash->agent.news);
    (void)send_immediate(story->world);

    (void)member_fetch(story->mash);

    assert_int_equal(news_count(&story->mash->agent.news), before + 1);
}

static void the_same_delivery_again_is_nothing(void **state)
{
    struct story *story = *state;
    struct wire_delivery delivery;
    uint64_t position = 0;
    (void)send_immediate(story->world);
    (void)member_fetch(story->mash);
    uint64_t told = news_count(&story->mash->agent.news);

    assert_true(world_fetch(story->world, MASH, 0, &delivery));
    struct checkpoint head = member_head(story->mash, &delivery);
    assert_int_equal(inbox_take(&story->mash->agent, &delivery, &head, &position), 0);

    assert_int_equal(position, 1);
    assert_int_equal(news_count(&story->mash->agent.news), told);
}

static struct inbox_gaps gaps_now(struct story *story)
{
    struct inbox_gaps gaps;
    _cleanup_(store_end) struct store_txn *txn = look(story);
    inbox_gaps(txn, &gaps);
    return gaps;
}

/* What the broker has told the MASH after `after`, without the first `skipped` items of it. */
static int take_without(struct story *story, uint64_t after, size_t skipped, uint64_t *position)
{
    struct wire_delivery delivery;
    assert_true(world_fetch(story->world, MASH, after, &delivery));
    assert_true(delivery.n_items > skipped);
    struct checkpoint head = member_head(story->mash, &delivery);
    delivery.items += skipped;
    delivery.n_items -= skipped;
    return inbox_take(&story->mash->agent, &delivery, &head, position);
}

static void positions_passed_over_are_a_gap_that_is_kept_and_stops_nothing(void **state)
{
    struct story *story = *state;
    uint64_t position = 99;
    for (size_t i = 0; i < 4; i++) {
        (void)send_immediate(story->world);
    }

    assert_int_equal(take_without(story, 0, 3, &position), 0);
    assert_int_equal(position, 4);
    member_restart(story->mash);
    (void)send_immediate(story->world);
    assert_int_equal(member_fetch(story->mash), 5);

    struct inbox_gaps gaps = gaps_now(story);
    assert_int_equal(gaps.gaps, 1);
    assert_int_equal(gaps.missing, 3);
    assert_int_equal(gaps.first, 1);
    assert_int_equal(gaps.last, 3);
    assert_true(gaps.noticed_ms == story->world->clock.real_ms);
}

static void another_gap_is_counted_with_the_first(void **state)
{
    struct story *story = *state;
    uint64_t position = 0;
    for (size_t i = 0; i < 5; i++) {
        (void)send_immediate(story->world);
    }

    assert_int_equal(take_without(story, 0, 1, &position), 0);
    for (size_t i = 0; i < 3; i++) {
        (void)send_immediate(story->world);
    }
    assert_int_equal(take_without(story, position, 2, &position), 0);

    struct inbox_gaps gaps = gaps_now(story);
    assert_int_equal(position, 8);
    assert_int_equal(gaps.gaps, 2);
    assert_int_equal(gaps.missing, 3);
    assert_int_equal(gaps.first, 1);
    assert_int_equal(gaps.last, 7);
}

static void without_a_gap_none_is_shown(void **state)
{
    struct story *story = *state;
    (void)send_immediate(story->world);
    (void)member_fetch(story->mash);

    assert_int_equal(gaps_now(story).gaps, 0);
    assert_int_equal(gaps_now(story).missing, 0);
}

static void a_bad_item_makes_no_gap(void **state)
{
    struct story *story = *state;
    struct wire_delivery delivery;
    struct wire_item item;
    uint64_t position = 99;
    (void)send_immediate(story->world);
    (void)send_immediate(story->world);
    assert_true(world_fetch(story->world, MASH, 0, &delivery));
    struct checkpoint head = member_head(story->mash, &delivery);
    item = delivery.items[0];
    item.position = 2; /* the leaf says that it is the first */
    delivery.items = &item;
    delivery.n_items = 1;

    assert_int_equal(inbox_take(&story->mash->agent, &delivery, &head, &position), -EBADMSG);

    assert_int_equal(position, 0);
    assert_int_equal(gaps_now(story).gaps, 0);
}

/* The computer of the MASH is lost, and another one begins under the same keys. */
static void lose_the_store(struct story *story)
{
    struct world_entry acknowledgement;
    uint64_t position = member_position(story->mash);
    world_acknowledgement(story->world, MASH, position, &acknowledgement);
    assert_int_equal(world_send_one(story->world, MASH, &acknowledgement), VERDICT_STORED);
    member_free(&story->mash);
    story->mash = member_new(story->world, MASH);
}

static void a_store_made_anew_receives_what_comes_behind_what_it_had_acknowledged(void **state)
{
    struct story *story = *state;
    struct received_row row;
    (void)send_immediate(story->world);
    (void)send_immediate(story->world);
    (void)member_fetch(story->mash);
    lose_the_store(story);

    struct entry_id record = send_immediate(story->world);
    assert_int_equal(member_fetch(story->mash), 3);

    assert_int_equal(gaps_now(story).first, 1);
    assert_int_equal(gaps_now(story).last, 2);
    _cleanup_(store_end) struct store_txn *txn = look(story);
    assert_true(received_get(txn, &record, &row));
    assert_int_equal(row.delivered, 3);
}

static void a_release_of_a_record_lost_in_a_gap_stops_nothing(void **state)
{
    struct story *story = *state;
    uint64_t releases = 0;
    raise_alert(story->world);
    uint64_t before = member_fetch(story->mash);
    lose_the_store(story);
    assert_int_equal(decide(story->world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    (void)send_immediate(story->world);

    uint64_t position = member_fetch(story->mash);

    _cleanup_(store_end) struct store_txn *txn = look(story);
    for (uint64_t i = before + 1; i <= position; i++) {
        struct inbox_row row;
        assert_true(inbox_get(txn, i, &row));
        if (row.kind == ITEM_RELEASE) {
            releases++;
            assert_int_equal(row.flags, INBOX_NOT_HELD);
        }
    }
    assert_int_equal(releases, 3);
    assert_int_equal(store_fault(txn), 0);
}

static void what_stands_before_a_bad_item_is_kept(void **state)
{
    struct story *story = *state;
    struct wire_delivery delivery;
    struct wire_item items[2];
    uint64_t position = 99;
    (void)send_immediate(story->world);
    (void)send_immediate(story->world);
    assert_true(world_fetch(story->world, MASH, 0, &delivery));
    struct checkpoint head = member_head(story->mash, &delivery);
    memcpy(items, delivery.items, sizeof(items));
    items[1].path.hashes[0].bytes[3] ^= 1;
    delivery.items = items;

    assert_int_equal(inbox_take(&story->mash->agent, &delivery, &head, &position), -EBADMSG);

    assert_int_equal(position, 1);
    assert_int_equal(member_position(story->mash), 1);
    assert_int_equal(member_fetch(story->mash), 2);
}

static void an_empty_delivery_acknowledges_what_is_held(void **state)
{
    struct story *story = *state;
    const struct wire_delivery nothing = {.n_items = 0};
    const struct checkpoint head = {.size = 0};
    uint64_t position = 99;
    (void)send_immediate(story->world);
    (void)member_fetch(story->mash);

    assert_int_equal(inbox_take(&story->mash->agent, &nothing, &head, &position), 0);

    assert_int_equal(position, 1);
}

/* --- every element of the proof --- */

/* One delivery being bent: the item at hand, and of an entry what its payload says. */
struct bending {
    struct story *story;
    struct checkpoint head;
    struct wire_item item;
    struct wire_delivered delivered;
    struct parcel_head parcel;
    struct wire_release release;
    uint32_t signer; /* whose key signs the parcel's head again; 0: it stays as it came */
    uint8_t bytes[CAIRN_BODY_MAX_BYTES];
};

static void bend_head_root(struct bending *b)
{
    b->head.root.bytes[0] ^= 1;
}
static void bend_head_size(struct bending *b)
{
    b->head.size = b->item.log_index;
}
static void bend_leaf(struct bending *b)
{
    memcpy(b->bytes, b->item.leaf.data, b->item.leaf.len);
    b->bytes[b->item.leaf.len - 1] ^= 1;
    b->item.leaf.data = b->bytes;
}
static void bend_log_index(struct bending *b)
{
    b->item.log_index--;
}
static void bend_path(struct bending *b)
{
    b->item.path.hashes[b->item.path.n - 1].bytes[31] ^= 1;
}
static void bend_path_length(struct bending *b)
{
    b->item.path.n--;
}
static void bend_kind(struct bending *b)
{
    b->item.kind = b->item.kind == ITEM_NOTICE ? ITEM_RELEASE : ITEM_NOTICE;
}
static void bend_header(struct bending *b)
{
    struct entry_header header;
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    bool good = wire_entry_header_read(b->delivered.kind, b->delivered.header,
                                       &b->story->world->arena, &header);
    assert_true(good);
    header.record.level = 4;
    wire_entry_header_write(&header, &bytes);
    memcpy(b->bytes, bytes.data, bytes.len);
    b->delivered.header = slice_make(b->bytes, bytes.len);
}
static void bend_body(struct bending *b)
{
    memcpy(b->bytes, b->delivered.body.data, b->delivered.body.len);
    b->bytes[40] ^= 1;
    b->delivered.body.data = b->bytes;
}
static void bend_grants_digest(struct bending *b)
{
    b->delivered.grants_digest.bytes[5] ^= 1;
}
static void bend_parcel_path(struct bending *b)
{
    b->delivered.path.n = 1;
}
static void bend_index(struct bending *b)
{
    b->delivered.index = 1;
}
static void bend_signature(struct bending *b)
{
    memcpy(b->bytes, b->delivered.signature.data, SIGN_SIGNATURE_BYTES);
    b->bytes[63] ^= 1;
    b->delivered.signature.data = b->bytes;
}
static void bend_signer(struct bending *b)
{
    b->signer = GP;
}
static void bend_partnership(struct bending *b)
{
    b->parcel.partnership.bytes[0] ^= 1;
    b->signer = SCHOOL;
}
static void bend_origin(struct bending *b)
{
    b->parcel.agency = 77;
    b->signer = SCHOOL;
}
static void bend_to_another_origin(struct bending *b)
{
    const struct agency *gp =
        directory_agency(&b->story->world->governing.governance->directory, GP);
    b->parcel.agency = GP;
    b->parcel.key_id = gp->sign_keys[0].id;
    b->signer = GP;
}
static void bend_key(struct bending *b)
{
    b->parcel.key_id++;
    b->signer = SCHOOL;
}
static void bend_root(struct bending *b)
{
    b->parcel.root.bytes[9] ^= 1;
    b->signer = SCHOOL;
}
static void bend_stream(struct bending *b)
{
    b->parcel.stream++;
    b->signer = SCHOOL;
}
static void bend_first_seq(struct bending *b)
{
    b->parcel.first_seq++;
    b->signer = SCHOOL;
}
static void bend_to_nonsense(struct bending *b)
{
    b->item.payload = slice_make("\xff\xff", 2);
}
static void bend_released_record(struct bending *b)
{
    b->release.record.seq++;
}
static void bend_released_alert(struct bending *b)
{
    b->release.alert++;
}
static void bend_released_part(struct bending *b)
{
    static struct wire_grant grant;
    grant = b->release.grants[0];
    grant.part = PART_CARD; /* the log speaks of the account */
    b->release.grants = &grant;
}
static void bend_notice(struct bending *b)
{
    memcpy(b->bytes, b->item.payload.data, b->item.payload.len);
    b->bytes[3] ^= 1;
    b->item.payload.data = b->bytes;
}

struct bend_row {
    const char *name;
    void (*bend)(struct bending *b);
};

static const struct bend_row bends_of_all[] = {
    {"the head's root", bend_head_root},
    {"the head's size", bend_head_size},
    {"the leaf", bend_leaf},
    {"the leaf's index", bend_log_index},
    {"the leaf's path", bend_path},
    {"the length of the path", bend_path_length},
    {"the kind", bend_kind},
    {"no message at all", bend_to_nonsense},
};
static const struct bend_row bends_of_delivered[] = {
    {"the header", bend_header},
    {"the body", bend_body},
    {"the grants' digest", bend_grants_digest},
    {"the path in the parcel", bend_parcel_path},
    {"the index in the parcel", bend_index},
    {"the signature", bend_signature},
    {"another agency's signature", bend_signer},
    {"another partnership", bend_partnership},
    {"an origin that is not in the directory", bend_origin},
    {"an origin that did not say it", bend_to_another_origin},
    {"a key that is not the origin's", bend_key},
    {"the parcel's root", bend_root},
    {"the parcel's stream", bend_stream},
    {"the parcel's first number", bend_first_seq},
};

static void sign_again(struct bending *b, struct buf *head, uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    governing_seed(b->signer, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    wire_parcel_head_write(&b->parcel, head);
    assert_int_equal(signer_sign(signer, SIGN_PARCEL, buf_slice(head), signature), 0);
    b->delivered.head = buf_slice(head);
    b->delivered.signature = slice_make(signature, SIGN_SIGNATURE_BYTES);
}

static void write_payload(struct bending *b, struct buf *payload)
{
    if (b->item.payload.len <= 2) {
        return; /* nonsense stays nonsense */
    }
    if (b->delivered.header.len > 0) {
        wire_delivered_write(&b->delivered, payload);
    } else if (b->release.n_grants > 0) {
        wire_release_write(&b->release, payload);
    } else {
        return;
    }
    b->item.payload = buf_slice(payload);
}

static int take_bent(struct bending *b, uint64_t *position)
{
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    _cleanup_(buf_deinit) struct buf head = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    if (b->signer != 0) {
        sign_again(b, &head, signature);
    }
    write_payload(b, &payload);
    const struct wire_delivery delivery = {.n_items = 1, .items = &b->item};
    return inbox_take(&b->story->mash->agent, &delivery, &b->head, position);
}

/* The item at that position of the mailbox, read; all before it is taken. */
static void begin_bending(struct story *story, uint64_t position, struct bending *ret)
{
    static struct bending empty;
    struct wire_delivery delivery;
    *ret = empty;
    ret->story = story;
    assert_true(world_fetch(story->world, MASH, position - 1, &delivery));
    ret->head = member_head(story->mash, &delivery);
    ret->item = delivery.items[0];
    assert_int_equal(ret->item.position, position);
    struct arena *arena = &story->world->arena;
    if (ret->item.kind == ITEM_DELIVERED) {
        assert_true(wire_delivered_read(ret->item.payload, arena, &ret->delivered));
        assert_true(wire_parcel_head_read(ret->delivered.head, arena, &ret->parcel));
    } else if (ret->item.kind == ITEM_RELEASE) {
        assert_true(wire_release_read(ret->item.payload, arena, &ret->release));
    }
}

static void expect_refused(struct story *story, uint64_t position, const struct bend_row *rows,
                           size_t n)
{
    struct bending *b = base_alloc(sizeof(*b));
    for (size_t i = 0; i < n; i++) {
        uint64_t reached = 99;
        begin_bending(story, position, b);
        rows[i].bend(b);
        int r = take_bent(b, &reached);
        if (r != -EBADMSG) {
            print_message("taken in spite of: %s\n", rows[i].name);
        }
        assert_int_equal(r, -EBADMSG);
        assert_int_equal(reached, position - 1);
        assert_int_equal(member_position(story->mash), position - 1);
    }
    base_free(&b);
}

static void a_record_whose_proof_is_bent_anywhere_is_refused(void **state)
{
    struct story *story = *state;
    raise_alert(story->world); /* the hospital is told something too */
    (void)send_immediate(story->world);
    struct wire_delivery delivery;
    assert_true(world_fetch(story->world, MASH, 0, &delivery));
    uint64_t last = delivery.items[delivery.n_items - 1].position;
    struct checkpoint head = member_head(story->mash, &delivery);
    uint64_t position;
    delivery.n_items--;
    assert_int_equal(inbox_take(&story->mash->agent, &delivery, &head, &position), 0);
    assert_int_equal(position, last - 1);

    expect_refused(story, last, bends_of_all, ARRAY_LEN(bends_of_all));
    expect_refused(story, last, bends_of_delivered, ARRAY_LEN(bends_of_delivered));

    assert_int_equal(member_fetch(story->mash), last);
}

static void what_the_log_told_another_agency_is_not_for_us(void **state)
{
    struct story *story = *state;
    struct wire_delivery delivery;
    uint64_t position = 99;
    raise_alert(story->world);
    assert_true(world_fetch(story->world, HOSPITAL, 0, &delivery));
    struct checkpoint head = member_head(story->mash, &delivery);
    assert_int_equal(delivery.items[0].position, 1);

    assert_int_equal(inbox_take(&story->mash->agent, &delivery, &head, &position), -EBADMSG);

    assert_int_equal(position, 0);
}

static void a_notice_or_a_release_that_is_bent_is_refused(void **state)
{
    static const struct bend_row of_notice[] = {{"its payload", bend_notice}};
    static const struct bend_row of_release[] = {{"another record", bend_released_record},
                                                 {"another alert", bend_released_alert},
                                                 {"another part", bend_released_part}};
    struct story *story = *state;
    struct wire_delivery delivery;
    uint64_t position = 0;
    bool bent[ITEM_NOTICE + 1] = {false};
    raise_alert(story->world);
    assert_int_equal(decide(story->world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);

    while (world_fetch(story->world, MASH, position, &delivery)) {
        enum item_kind kind = delivery.items[0].kind;
        if (kind == ITEM_NOTICE && !bent[kind]) {
            expect_refused(story, position + 1, bends_of_all, ARRAY_LEN(bends_of_all));
            expect_refused(story, position + 1, of_notice, 1);
        } else if (kind == ITEM_RELEASE && !bent[kind]) {
            expect_refused(story, position + 1, bends_of_all, ARRAY_LEN(bends_of_all));
            expect_refused(story, position + 1, of_release, ARRAY_LEN(of_release));
        }
        bent[kind] = true;
        assert_true(world_fetch(story->world, MASH, position, &delivery));
        struct checkpoint head = member_head(story->mash, &delivery);
        delivery.n_items = 1;
        assert_int_equal(inbox_take(&story->mash->agent, &delivery, &head, &position), 0);
    }

    assert_true(bent[ITEM_NOTICE]);
    assert_true(bent[ITEM_RELEASE]);
}

/* The first agency's signing key is revoked, and another one takes its place. */
static void replace_first_key(struct buf *directory)
{
    char text[256];
    uint8_t key[SIGN_PUBLIC_BYTES];
    char base64[BASE64_BYTES(sizeof(key))];
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    governing_seed(70, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    signer_public(signer, key);
    base64_encode(SLICE_OF(key), base64);
    (void)snprintf(text, sizeof(text),
                   "\"status\": \"revoked\"}, {\"key\": \"%s\", \"status\": \"active\"}]", base64);
    text_replace(directory, "\"status\": \"active\"}]", text);
}

static void what_a_since_revoked_key_signed_is_taken_with_a_doubt(void **state)
{
    struct story *story = *state;
    struct inbox_row row;
    struct error error = ERROR_NULL;
    struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    static const struct test_agency agencies[] = {{GP, "gp-elm", "gp", false},
                                                  {HOSPITAL, "hospital", "hospital", false},
                                                  {HEALTH_VISITING, "hv", "health-visiting", false},
                                                  {MASH, "mash", "mash", false},
                                                  {SCHOOL, "school", "school", false},
                                                  {STRANGER, "gp-oak", "gp", false}};
    store_record(story->world, &(struct world_record){.from = GP,
                                                      .child = ALIX,
                                                      .day = day_of(APRIL),
                                                      .record_kind = RECORD_REFERRAL});
    governing_directory_text(agencies, ARRAY_LEN(agencies), &text);
    replace_first_key(&text);
    governing_note(&story->world->governing, 1, GOVERNANCE_DIRECTORY, 2, buf_slice(&text), &note);
    const struct govern_document document = {
        .document = GOVERNANCE_DIRECTORY, .text = buf_slice(&text), .note = buf_slice(&note)};
    assert_int_equal(govern_keep_offer(story->mash->agent.keep, &document, &error),
                     GOVERN_ACCEPTED);

    assert_int_equal(member_fetch(story->mash), 1);

    _cleanup_(store_end) struct store_txn *txn = look(story);
    assert_true(inbox_get(txn, 1, &row));
    assert_int_equal(row.flags, INBOX_DOUBT);
    buf_deinit(&text);
    buf_deinit(&note);
}

/* --- what is kept of it --- */

static void an_alert_goes_from_noticed_to_opened_to_closed(void **state)
{
    struct story *story = *state;
    struct wire_notice notice;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    raise_alert(story->world);
    (void)member_fetch(story->mash);
    struct known_alert row = alert_now(story, 1);
    assert_int_equal(row.state, KNOWN_NOTICED);
    assert_int_equal(row.revision, 1);

    (void)miss(story->world, GP, ALIX, "2026-10-01");
    (void)member_fetch(story->mash);
    row = alert_now(story, 1);
    assert_int_equal(row.revision, 2);
    struct store_txn *txn = look(story);
    assert_true(known_alert_listed(txn, 1, &arena, &notice));
    assert_int_equal(notice.n_headlines, 4);
    store_end(&txn);

    assert_int_equal(decide(story->world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    (void)member_fetch(story->mash);
    row = alert_now(story, 1);
    assert_int_equal(row.state, KNOWN_OPENED);
    assert_int_equal(row.opened.agency, MASH);

    assert_int_equal(decide(story->world, MASH, 1, ACTION_CLOSE, OUTCOME_EARLY_HELP),
                     VERDICT_STORED);
    (void)member_fetch(story->mash);
    row = alert_now(story, 1);
    assert_int_equal(row.state, KNOWN_CLOSED);
    assert_int_equal(row.outcome, OUTCOME_EARLY_HELP);
    assert_true(row.decided_ms == 0); /* nobody of ours said why on this computer */
}

static void take_back(struct story *story, const struct entry_id *record)
{
    (void)store_record(story->world, &(struct world_record){.from = SCHOOL,
                                                            .child = ALIX,
                                                            .day = day_of("2026-11-20"),
                                                            .record_kind = RECORD_RETRACTION,
                                                            .urgency = URGENCY_IMMEDIATE,
                                                            .retracts = record});
}

static enum retraction retraction_now(struct story *story, const struct entry_id *record)
{
    struct received_row row;
    _cleanup_(store_end) struct store_txn *txn = look(story);
    assert_true(received_get(txn, record, &row));
    return row.retraction;
}

static void what_its_origin_took_back_is_marked(void **state)
{
    struct story *story = *state;
    struct entry_id record = send_immediate(story->world);
    take_back(story, &record);

    assert_int_equal(member_fetch(story->mash), 3); /* record, retraction, notice */

    assert_int_equal(retraction_now(story, &record), RETRACTION_SIGNED);
}

static void a_notice_alone_takes_no_record_back(void **state)
{
    struct story *story = *state;
    uint64_t position = 0;
    struct entry_id record = send_immediate(story->world);
    assert_int_equal(member_fetch(story->mash), 1);
    take_back(story, &record);

    assert_int_equal(take_without(story, 1, 1, &position), 0); /* the notice, without its ground */

    assert_int_equal(position, 3);
    assert_int_equal(retraction_now(story, &record), RETRACTION_SAID);
}

static void an_origin_hears_who_opened_its_record(void **state)
{
    struct story *story = *state;
    struct received_row row;
    struct member *school = member_new(story->world, SCHOOL);
    struct world_entry decision;
    struct entry_id record = send_immediate(story->world);
    world_decision(story->world, MASH, 0, ACTION_OPEN, OUTCOME_NONE, &decision);
    decision.header.decision.has_record = true;
    decision.header.decision.record = record;
    decision.wire.n_grants = 0;
    world_refreeze(&decision);
    assert_int_equal(world_send_one(story->world, MASH, &decision), VERDICT_STORED);

    (void)member_fetch(school);

    struct store_txn *txn = store_read(school->agent.store);
    assert_true(received_get(txn, &record, &row));
    assert_int_equal(row.delivered, 0);
    assert_int_equal(row.opened_by, MASH);
    assert_true(row.opened_ms > 0);
    store_end(&txn);
    member_free(&school);
}

static void an_alerts_opening_opens_what_it_listed_by_then_and_nothing_later(void **state)
{
    struct story *story = *state;
    struct received_row row;
    struct member *hospital = member_new(story->world, HOSPITAL);
    state_verified(story->world, GP, ALIX);
    state_verified(story->world, HOSPITAL, ALIX);
    (void)miss(story->world, GP, ALIX, "2026-02-03");
    struct entry_id before = miss(story->world, HOSPITAL, ALIX, "2026-06-10");
    (void)miss(story->world, GP, ALIX, "2026-09-21");
    assert_int_equal(decide(story->world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    struct entry_id after = miss(story->world, HOSPITAL, ALIX, "2026-10-01");

    (void)member_fetch(hospital);

    struct store_txn *txn = store_read(hospital->agent.store);
    assert_true(received_get(txn, &before, &row));
    assert_int_equal(row.alert_opened_by, MASH);
    assert_true(row.alert_opened_ms > 0);
    assert_true(received_get(txn, &after, &row));
    assert_int_equal(row.alert, 1);
    assert_true(row.alert_opened_ms == 0);
    store_end(&txn);
    member_free(&hospital);
}

/* --- applications --- */

static void an_acknowledgement_is_cumulative_and_survives(void **state)
{
    struct story *story = *state;
    (void)send_immediate(story->world);
    (void)send_immediate(story->world);
    (void)member_fetch(story->mash);

    assert_int_equal(reading_acknowledge(&story->mash->agent, "case-system", 2), 0);
    assert_int_equal(reading_acknowledge(&story->mash->agent, "case-system", 1), 0);
    assert_int_equal(reading_acknowledge(&story->mash->agent, "case-system", 3), -ERANGE);
    member_restart(story->mash);

    _cleanup_(store_end) struct store_txn *txn = look(story);
    assert_int_equal(reading_get(txn, "case-system"), 2);
    assert_int_equal(reading_get(txn, "screen"), 0);
}

static void another_entry_under_an_id_that_is_held_is_refused(void **state)
{
    struct story *story = *state;
    struct wire_delivery delivery;
    struct received_row row = {.delivered = 1, .item = {.bytes = {7}}};
    uint64_t position = 99;
    struct entry_id record = send_immediate(story->world);
    assert_true(world_fetch(story->world, MASH, 0, &delivery));
    struct checkpoint head = member_head(story->mash, &delivery);
    struct store_txn *txn = store_begin(story->mash->agent.store);
    received_put(txn, &record, &row); /* what its origin once said under this id */
    assert_int_equal(agent_commit(&txn), 0);

    assert_int_equal(inbox_take(&story->mash->agent, &delivery, &head, &position), -EBADMSG);

    assert_int_equal(position, 0);
    _cleanup_(store_end) struct store_txn *after = look(story);
    assert_true(received_get(after, &record, &row));
    assert_int_equal(row.item.bytes[0], 7);
}

/* Of what is delivered, the grants alone are nobody's signature. */
static void a_grant_that_is_held_is_not_replaced_by_a_later_one(void **state)
{
    struct story *story = *state;
    struct entry_id record = send_immediate(story->world);
    struct held_grant first;
    struct held_grant after;
    (void)member_fetch(story->mash);
    struct store_txn *txn = store_begin(story->mash->agent.store);
    assert_true(held_grant_get(txn, &record, PART_ACCOUNT, &first));

    const struct wire_grant other = {
        .part = PART_ACCOUNT, .recipient = MASH, .key_id = first.key_id + 1, .sealed = {1}};
    held_grant_put(txn, &record, &other, 7);

    assert_true(held_grant_get(txn, &record, PART_ACCOUNT, &after));
    assert_memory_equal(after.sealed, first.sealed, sizeof(first.sealed));
    assert_int_equal(after.key_id, first.key_id);
    assert_int_equal(after.alert, 7);
    store_end(&txn);
}

static void applications_are_bounded_in_name_and_number(void **state)
{
    struct story *story = *state;
    char name[40];
    (void)send_immediate(story->world);
    (void)member_fetch(story->mash);

    for (int i = 0; i < CAIRN_API_APPLICATIONS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "application-%d", i);
        assert_int_equal(reading_acknowledge(&story->mash->agent, name, 1), 0);
    }

    assert_int_equal(reading_acknowledge(&story->mash->agent, "one-more", 1), -EUSERS);
    assert_true(reading_name_ok("a"));
    assert_true(reading_name_ok("abcdefghijklmnopqrstuvwxyz-01234"));
    assert_false(reading_name_ok("abcdefghijklmnopqrstuvwxyz-012345"));
    assert_false(reading_name_ok(""));
    assert_false(reading_name_ok("Case"));
    assert_false(reading_name_ok("a b"));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_is_delivered_is_on_disk_and_survives_a_restart),
        STORY(taking_tells_whoever_waits),
        STORY(the_same_delivery_again_is_nothing),
        STORY(positions_passed_over_are_a_gap_that_is_kept_and_stops_nothing),
        STORY(another_gap_is_counted_with_the_first),
        STORY(without_a_gap_none_is_shown),
        STORY(a_bad_item_makes_no_gap),
        STORY(a_store_made_anew_receives_what_comes_behind_what_it_had_acknowledged),
        STORY(a_release_of_a_record_lost_in_a_gap_stops_nothing),
        STORY(what_stands_before_a_bad_item_is_kept),
        STORY(an_empty_delivery_acknowledges_what_is_held),
        STORY(a_record_whose_proof_is_bent_anywhere_is_refused),
        STORY(what_the_log_told_another_agency_is_not_for_us),
        STORY(a_notice_or_a_release_that_is_bent_is_refused),
        STORY(what_a_since_revoked_key_signed_is_taken_with_a_doubt),
        STORY(an_alert_goes_from_noticed_to_opened_to_closed),
        STORY(what_its_origin_took_back_is_marked),
        STORY(a_notice_alone_takes_no_record_back),
        STORY(an_origin_hears_who_opened_its_record),
        STORY(an_alerts_opening_opens_what_it_listed_by_then_and_nothing_later),
        STORY(an_acknowledgement_is_cumulative_and_survives),
        STORY(another_entry_under_an_id_that_is_held_is_refused),
        STORY(a_grant_that_is_held_is_not_replaced_by_a_later_one),
        STORY(applications_are_bounded_in_name_and_number),
    };
    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
