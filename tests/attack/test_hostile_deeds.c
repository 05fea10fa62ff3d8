/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member says in its own name, properly signed, what it may not say, and asks what it may not
 * ask: of others' records, deliveries, alerts, children and adults. Nothing comes of it but the
 * verdict, the leaf that keeps it, and its number in the log. And somebody asks to join with keys
 * under which everybody would be able to sign, or nobody to seal.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attack/siege.h"
#include "base/text.h"
#include "govern/request.h"

#define NOBODYS_NUMBER 77 /* no agency of the directory */
#define ENTRIES_MAX    2048

struct deeds {
    struct siege *siege;
    struct world_entry of_gp;     /* a record about ALIX */
    struct world_entry of_school; /* a record about BLAKE */
    struct siege_dump before;
    uint64_t refused;
};

static void keep_record(struct deeds *deeds, uint32_t agency, int child, struct world_entry *ret)
{
    const struct world_record record = {.from = agency,
                                        .child = child,
                                        .day = day_of("2026-10-05"),
                                        .record_kind =
                                            agency == SCHOOL ? (uint32_t)RECORD_CONCERN : 0};
    world_record(deeds->siege->world, &record, ret);
    assert_true(verdict_is_stored(world_send_one(deeds->siege->world, agency, ret)));
}

static int set_up(void **state)
{
    struct deeds *deeds = base_zalloc(1, sizeof(*deeds));
    deeds->siege = siege_new();
    siege_people(deeds->siege);
    siege_unlimited(deeds->siege);
    keep_record(deeds, GP, ALIX, &deeds->of_gp);
    keep_record(deeds, SCHOOL, BLAKE, &deeds->of_school);
    deeds->before = siege_dump(deeds->siege);
    *state = deeds;
    return 0;
}

static int tear_down(void **state)
{
    struct deeds *deeds = *state;
    siege_free(&deeds->siege);
    base_free(&deeds);
    return 0;
}

static void expect_refused(struct deeds *deeds, enum verdict verdict,
                           const struct world_entry *entry)
{
    const struct forgery forgery = forgery_of(entry->header.id.agency);
    enum verdict got = siege_send(deeds->siege, &forgery, entry);
    assert_string_equal(verdict_name(got), verdict_name(verdict));
    deeds->refused++;
}

static void expect_nothing_came_of_it(struct deeds *deeds)
{
    assert_true(deeds->refused > 0);
    siege_expect_refusals_only(deeds->siege, &deeds->before, deeds->refused);
    siege_expect_counted(deeds->siege);
}

static bool is_stranger(uint32_t agency)
{
    return agency == STRANGER || agency == HEALTH_VISITING || agency == SCHOOL;
}

/* --- grants --- */

static void nobody_grants_what_another_recorded(void **state)
{
    struct deeds *deeds = *state;
    struct world *world = deeds->siege->world;
    struct world_entry grant;

    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        for (uint32_t recipient = 1; recipient <= WORLD_AGENCIES && agency != GP; recipient++) {
            world_grant(world, agency, &deeds->of_gp, &grant);
            world_grant_to(world, &grant, &deeds->of_gp, recipient);
            expect_refused(deeds, VERDICT_NOT_ENTITLED, &grant);
        }
    }

    expect_nothing_came_of_it(deeds);
}

static void an_origin_grants_to_members_whom_agreements_let_read_it_and_not_to_itself(void **state)
{
    static const uint32_t recipients[] = {GP, STRANGER, SCHOOL, NOBODYS_NUMBER, UINT32_MAX};
    struct deeds *deeds = *state;
    struct world *world = deeds->siege->world;
    struct world_entry grant;

    for (size_t i = 0; i < ARRAY_LEN(recipients); i++) {
        world_grant(world, GP, &deeds->of_gp, &grant);
        world_grant_to(world, &grant, &deeds->of_gp, HOSPITAL);
        for (size_t g = 0; g < grant.wire.n_grants; g++) {
            grant.grants[g].recipient = recipients[i];
        }
        expect_refused(deeds, VERDICT_BAD_GRANT, &grant);
    }
    world_grant(world, GP, &deeds->of_gp, &grant);
    expect_refused(deeds, VERDICT_BAD_GRANT, &grant);

    expect_nothing_came_of_it(deeds);
}

static void a_record_is_sealed_to_its_origin_and_to_nobody_beyond_the_agreements(void **state)
{
    static const uint32_t recipients[] = {NOBODYS_NUMBER, UINT32_MAX};
    struct deeds *deeds = *state;
    struct world *world = deeds->siege->world;
    struct world_entry entry;
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of("2026-10-07")};

    world_record(world, &record, &entry);
    world_withhold(&entry, GP);
    expect_refused(deeds, VERDICT_BAD_GRANT, &entry);
    for (size_t i = 0; i < ARRAY_LEN(recipients); i++) {
        world_record(world, &record, &entry);
        entry.grants[entry.wire.n_grants - 1].recipient = recipients[i];
        expect_refused(deeds, VERDICT_BAD_GRANT, &entry);
    }
    world_record(world, &record, &entry);
    entry.header.record.narrow = (struct narrowing){
        .n_agencies = 1,
        .agencies = {entry.grants[entry.wire.n_grants - 1].recipient}, /* left out, and sealed to */
        .reason = NARROW_COURT,
        .authority = AUTHORITY_COURT};
    world_refreeze(&entry);
    expect_refused(deeds, VERDICT_BAD_GRANT, &entry);

    expect_nothing_came_of_it(deeds);
}

/* --- others' records --- */

static void nobody_takes_back_what_another_recorded(void **state)
{
    struct deeds *deeds = *state;
    struct world *world = deeds->siege->world;
    struct world_entry entry;

    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        const struct entry_id *record =
            agency == GP ? &deeds->of_school.header.id : &deeds->of_gp.header.id;
        const struct world_record retraction = {.from = agency,
                                                .child = ALIX,
                                                .day = day_of("2026-10-08"),
                                                .record_kind = RECORD_RETRACTION,
                                                .retracts = record};
        world_record(world, &retraction, &entry);
        expect_refused(deeds, VERDICT_NOT_ENTITLED, &entry);
        const struct entry_id never = {.agency = agency, .stream = 1, .seq = 1};
        entry.header.id = world_next_id(world, agency, LANE_NORMAL);
        entry.header.record.id = entry.header.id;
        entry.header.record.retracts = never;
        world_refreeze(&entry);
        expect_refused(deeds, VERDICT_NOT_FOUND, &entry);
    }

    expect_nothing_came_of_it(deeds);
}

static void nobody_records_what_is_another_kind_of_agencys_to_say(void **state)
{
    static const struct {
        uint32_t agency;
        enum record_kind kind;
    } said[] = {
        {SCHOOL, RECORD_MISSED_APPOINTMENT}, {SCHOOL, RECORD_DOMESTIC_ABUSE},
        {MASH, RECORD_MISSED_APPOINTMENT},   {MASH, RECORD_DOMESTIC_ABUSE},
        {GP, RECORD_DOMESTIC_ABUSE},         {GP, RECORD_ABSENCE_SUMMARY},
        {STRANGER, RECORD_POLICE_NOTICE},    {HOSPITAL, RECORD_ADULT_SERVICE},
    };
    struct deeds *deeds = *state;
    struct world_entry entry;

    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        const struct world_record record = {.from = said[i].agency,
                                            .child = ALIX,
                                            .day = day_of("2026-10-09"),
                                            .record_kind = said[i].kind};
        world_record(deeds->siege->world, &record, &entry);
        expect_refused(deeds, VERDICT_NOT_ENTITLED, &entry);
    }

    expect_nothing_came_of_it(deeds);
}

/* --- decisions --- */

/* One decision of that action, about each thing that it could be about. */
static void decide_about_all(struct deeds *deeds, uint32_t agency, enum action action)
{
    const struct entry_id *const records[] = {&deeds->of_gp.header.id, &deeds->of_school.header.id};
    struct world *world = deeds->siege->world;
    struct world_entry entry;
    for (uint64_t alert = 1; alert <= 3; alert++) {
        for (size_t i = 0; i < ARRAY_LEN(records) && records[i]->agency != agency; i++) {
            const struct world_link link = {
                .action = action, .alert = alert == 3 ? 0 : alert, .record = records[i]};
            world_link_decision(world, agency, &link, &entry);
            const struct forgery forgery = forgery_of(agency);
            enum verdict verdict = siege_send(deeds->siege, &forgery, &entry);
            bool unreadable = verdict == VERDICT_MALFORMED; /* not about an alert and a record */
            assert_true(unreadable || verdict == VERDICT_NOT_ENTITLED);
            deeds->refused += unreadable ? 0 : 1;
        }
    }
}

static void nobody_decides_but_a_front_door_that_was_told(void **state)
{
    static const enum action alerts[] = {ACTION_OPEN, ACTION_CLOSE};
    static const enum action others[] = {
        ACTION_OPEN,           ACTION_CONFIRM_LINK, ACTION_REFUSE_LINK, ACTION_UNDO_LINK,
        ACTION_REFUSE_REQUEST, ACTION_HOLD,         ACTION_RELEASE_HOLD};
    struct deeds *deeds = *state;
    struct world_entry entry;

    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        for (uint64_t alert = 1; alert <= 4 && agency != MASH; alert++) {
            for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
                world_decision(deeds->siege->world, agency, alert, alerts[i],
                               i == 0 ? OUTCOME_NONE : OUTCOME_NO_FURTHER_ACTION, &entry);
                expect_refused(deeds, VERDICT_NOT_ENTITLED, &entry);
            }
        }
        for (size_t i = 0; i < ARRAY_LEN(others) && is_stranger(agency); i++) {
            decide_about_all(deeds, agency, others[i]);
        }
    }

    expect_nothing_came_of_it(deeds);
}

/* --- children and adults --- */

static void a_stranger_ties_nobody_and_asks_for_nothing(void **state)
{
    static const uint32_t strangers[] = {STRANGER, HEALTH_VISITING, SCHOOL};
    struct deeds *deeds = *state;
    struct world *world = deeds->siege->world;
    struct world_entry entry;

    for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
        for (unsigned relation = RELATIONSHIP_MOTHER; relation < RELATIONSHIP_BORN; relation++) {
            struct subject_id child = subject_of(strangers[i], ALIX);
            entry = (struct world_entry){.header = {.kind = ENTRY_TIE}};
            entry.header.id = world_next_id(world, strangers[i], LANE_NORMAL);
            entry.header.tie = (struct tie_header){.id = entry.header.id,
                                                   .person = {0xBB, 1},
                                                   .relationship = (enum relationship)relation,
                                                   .until_day = TIE_OPEN};
            memcpy(entry.header.tie.handle, child.handle, CAIRN_HANDLE_BYTES);
            world_refreeze(&entry);
            expect_refused(deeds, VERDICT_NOT_ENTITLED, &entry);
        }
        for (int child = ALIX; child <= BLAKE + 1; child++) {
            world_request(world, strangers[i], child, &deeds->of_gp.header.id, &entry);
            expect_refused(deeds, VERDICT_NOT_ENTITLED, &entry);
        }
        world_request(world, strangers[i], ALIX, NULL, &entry);
        expect_refused(deeds, VERDICT_NOT_ENTITLED, &entry);
        struct subject_id looked_at = subject_of(strangers[i], ALIX);
        world_decision(world, strangers[i], 0, ACTION_LOOK, OUTCOME_NONE, &entry);
        entry.header.decision.has_handle = true;
        memcpy(entry.header.decision.handle, looked_at.handle, CAIRN_HANDLE_BYTES);
        world_refreeze(&entry);
        expect_refused(deeds, VERDICT_NOT_ENTITLED, &entry);
    }

    expect_nothing_came_of_it(deeds);
}

static void nobody_claims_more_children_than_its_ceiling(void **state)
{
    struct deeds *deeds = *state;
    struct world_entry entry;
    change_directory(deeds->siege->world, "{\"max\": 10000, \"per_day_max\": 1000}",
                     "{\"max\": 1, \"per_day_max\": 1000}"); /* the GP's: ALIX is one */
    deeds->before = siege_dump(deeds->siege);

    for (int child = 3; child < 103; child++) {
        world_involvement(deeds->siege->world, GP, child, &entry);
        expect_refused(deeds, VERDICT_OVER_LIMIT, &entry);
    }

    expect_nothing_came_of_it(deeds);
}

static void a_statement_does_not_name_two_children(void **state)
{
    static const struct stated twice[] = {VERIFIED_NHS("9990000018"), VERIFIED_NHS("9990000026")};
    struct deeds *deeds = *state;
    struct world_entry entry;

    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        struct subject_id subject = subject_of(agency, 9);
        make_statement(deeds->siege->world, &subject, twice, ARRAY_LEN(twice), &entry);
        expect_refused(deeds, VERDICT_BAD_ENTRY, &entry);
    }

    expect_nothing_came_of_it(deeds);
}

/* --- acknowledgements --- */

static void nobody_acknowledges_what_it_was_not_sent(void **state)
{
    struct deeds *deeds = *state;
    struct world *world = deeds->siege->world;
    struct world_entry entry;

    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
        struct agency_row row;
        agency_row_get(txn, agency, &row);
        store_end(&txn);
        const uint64_t positions[] = {row.next_position, row.next_position + 1, UINT64_MAX - 1};
        for (size_t i = 0; i < ARRAY_LEN(positions); i++) {
            world_acknowledgement(world, agency, positions[i], &entry);
            expect_refused(deeds, VERDICT_CONFLICT, &entry);
        }
        world_acknowledgement(world, agency, 0, &entry);
        entry.header.acknowledgement.log_size =
            world_log_size(world) + 1000; /* of no head of ours */
        world_refreeze(&entry);
        expect_refused(deeds, VERDICT_CONFLICT, &entry);
    }

    expect_nothing_came_of_it(deeds);
}

/* --- questions --- */

/* Which entries an agency was sent, by what its own mailbox brings. */
struct sent {
    size_t n;
    struct entry_id ids[ENTRIES_MAX];
};

static void collect(struct sent *sent, struct world *world, const struct wire_item *item,
                    uint32_t agency)
{
    struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivered delivered;
    struct entry_header header;
    struct leaf leaf;
    (void)world;
    assert_true(leaf_read(item->leaf, &leaf));
    assert_int_equal(leaf.type, LEAF_TOLD);
    assert_int_equal(leaf.agency, agency);
    if (item->kind == ITEM_DELIVERED) {
        assert_true(wire_delivered_read(item->payload, &arena, &delivered));
        assert_true(wire_entry_header_read(delivered.kind, delivered.header, &arena, &header));
        for (size_t i = 0; i < delivered.n_grants; i++) {
            assert_int_equal(delivered.grants[i].recipient, agency);
        }
        assert_true(sent->n < ENTRIES_MAX);
        sent->ids[sent->n++] = header.id;
    }
    arena_deinit(&arena);
}

static void fetch_all(struct deeds *deeds, uint32_t agency, struct sent *sent)
{
    struct wire_delivery delivery = {.n_items = 0};
    uint64_t after = 0;
    sent->n = 0;
    while (world_fetch(deeds->siege->world, agency, after, &delivery)) {
        for (size_t i = 0; i < delivery.n_items; i++) {
            after = delivery.items[i].position;
            collect(sent, deeds->siege->world, &delivery.items[i], agency);
        }
    }
}

static bool was_sent(const struct sent *sent, const struct entry_id *id)
{
    for (size_t i = 0; i < sent->n; i++) {
        if (entry_id_equal(&sent->ids[i], id)) {
            return true;
        }
    }
    return false;
}

static bool may_see_leaf(const struct sent *sent, const struct leaf *leaf, uint32_t agency)
{
    switch (leaf->type) {
    case LEAF_ENTRY:
    case LEAF_DESTROYED:
        return leaf->id.agency == agency || was_sent(sent, &leaf->id);
    case LEAF_TOLD:
    case LEAF_REFUSED:
        return leaf->agency == agency;
    case LEAF_GOVERNANCE:
    case LEAF_START:
    case LEAF_TICK:
        return true;
    }
    return false;
}

static struct leaf leaf_at(struct world *world, uint64_t index)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct slice data;
    struct leaf leaf;
    assert_int_equal(log_leaf(txn, T_LOG, index, &data), 0);
    assert_true(leaf_read(data, &leaf));
    return leaf;
}

static void a_proof_is_given_of_what_is_ones_own_or_was_sent_to_one(void **state)
{
    static struct sent sent;
    struct deeds *deeds = *state;
    uint64_t size = world_log_size(deeds->siege->world);

    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        fetch_all(deeds, agency, &sent);
        for (uint64_t index = 0; index < size + 3; index++) {
            _cleanup_(buf_deinit) struct buf payload = BUF_MAX(64);
            wire_proof_request_write(index, &payload);
            struct siege_answer answer =
                siege_ask(deeds->siege, agency, WIRE_PROOF_REQUEST, &payload);
            if (index >= size) {
                assert_int_equal(answer.verdict, VERDICT_NOT_FOUND);
                continue;
            }
            struct leaf leaf = leaf_at(deeds->siege->world, index);
            bool may = may_see_leaf(&sent, &leaf, agency);
            assert_int_equal(answer.type, may ? WIRE_PROOF_REPLY : WIRE_ERROR);
            assert_int_equal(answer.verdict, may ? 0 : VERDICT_NOT_ENTITLED);
        }
    }

    siege_expect_untouched(deeds->siege, &deeds->before);
    siege_expect_counted(deeds->siege);
}

static void ask_state(struct deeds *deeds, uint32_t agency, const struct entry_id *id)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(64);
    struct wire_state_reply reply;
    wire_state_request_write(id, &payload);
    struct siege_answer answer = siege_ask(deeds->siege, agency, WIRE_STATE_REQUEST, &payload);
    assert_int_equal(answer.verdict, id->agency == agency ? 0 : VERDICT_NOT_ENTITLED);
    if (id->agency == agency) {
        assert_true(wire_state_reply_read(answer.payload, &deeds->siege->world->arena, &reply));
        assert_true(entry_id_equal(&reply.entry, id));
    }
}

static void ask_picture(struct deeds *deeds, uint32_t agency, const struct entry_id *look)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(64);
    const struct wire_picture_request request = {.look = *look, .until_day = PICTURE_ALL_DAYS};
    wire_picture_request_write(&request, &payload);
    struct siege_answer answer = siege_ask(deeds->siege, agency, WIRE_PICTURE_REQUEST, &payload);
    assert_int_equal(answer.verdict, VERDICT_NOT_ENTITLED);
}

/* Whether there is such an entry or not: there is one answer to what is another's. */
static void what_became_of_anothers_entry_is_not_said(void **state)
{
    struct deeds *deeds = *state;
    uint64_t size = world_log_size(deeds->siege->world);

    for (uint64_t index = 0; index < size; index++) {
        struct leaf leaf = leaf_at(deeds->siege->world, index);
        for (uint32_t agency = 1; agency <= WORLD_AGENCIES && leaf.type == LEAF_ENTRY; agency++) {
            struct entry_id never = leaf.id;
            never.seq += 1000000;
            ask_state(deeds, agency, &leaf.id);
            ask_state(deeds, agency, &never);
            ask_picture(deeds, agency, &leaf.id); /* none of them is a look */
        }
    }

    siege_expect_untouched(deeds->siege, &deeds->before);
}

static void the_look_of_another_opens_no_picture(void **state)
{
    struct deeds *deeds = *state;
    struct world_entry look;
    struct subject_id child = subject_of(GP, ALIX);
    world_decision(deeds->siege->world, GP, 0, ACTION_LOOK, OUTCOME_NONE, &look);
    look.header.decision.has_handle = true;
    memcpy(look.header.decision.handle, child.handle, CAIRN_HANDLE_BYTES);
    world_refreeze(&look);
    const struct forgery forgery = forgery_of(GP);
    assert_int_equal(siege_send(deeds->siege, &forgery, &look), VERDICT_STORED);
    struct siege_dump before = siege_dump(deeds->siege);

    for (uint32_t agency = 2; agency <= WORLD_AGENCIES; agency++) {
        ask_picture(deeds, agency, &look.header.id);
    }

    siege_expect_untouched(deeds->siege, &before);
}

/* --- keys to join with --- */

/* Points of low order, and other spellings of them, whose highest bit X25519 ignores. */
static const char *const low_order_x25519[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

/* Under each of these one signature would hold for every message. */
static const char *const small_order_ed25519[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static void fill_request(struct siege *siege, struct agency_request *ret)
{
    *ret = (struct agency_request){.origin = GOVERNING_ORIGIN,
                                   .id = "new-agency",
                                   .kind = "gp",
                                   .name = "New agency",
                                   .duty_contact = "Duty",
                                   .duty_phone = "01632 960000"};
    signer_public(siege->signers[GP][SIEGE_FUTURE], ret->sign_key);
    governing_transport_key(GP, ret->open_key);
    governing_transport_key(HOSPITAL, ret->curve_key);
}

static void expect_request(struct siege *siege, const struct agency_request *request, bool good)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);
    struct agency_request read;
    struct error error = ERROR_NULL;
    assert_int_equal(agency_request_write(request, siege->signers[GP][SIEGE_FUTURE], &text), 0);
    assert_int_equal(agency_request_read(buf_slice(&text), &read, &error), good ? 0 : -EINVAL);
}

/* Whoever had to seal to such a key could send nothing any more; whoever connects with one could be
 * anybody. */
static void nobody_asks_to_join_with_a_key_of_low_order(void **state)
{
    struct deeds *deeds = *state;
    struct agency_request request;
    fill_request(deeds->siege, &request);
    expect_request(deeds->siege, &request, true);

    for (size_t i = 0; i < 2 * ARRAY_LEN(low_order_x25519); i++) {
        uint8_t key[32];
        assert_true(hex_decode(low_order_x25519[i / 2], key, sizeof(key)));
        key[31] = (uint8_t)(key[31] | (i % 2 == 0 ? 0 : 0x80));
        fill_request(deeds->siege, &request);
        memcpy(request.open_key, key, sizeof(key));
        expect_request(deeds->siege, &request, false);
        fill_request(deeds->siege, &request);
        memcpy(request.curve_key, key, sizeof(key));
        expect_request(deeds->siege, &request, false);
    }
}

/* Not even when the root has signed it. */
static void expect_directory_refused(struct siege *siege, const uint8_t old[32], const char *key)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    struct governing *desk = &siege->world->governing;
    uint8_t bytes[32];
    char from[BASE64_BYTES(32)];
    char to[BASE64_BYTES(32)];
    assert_true(hex_decode(key, bytes, sizeof(bytes)));
    base64_encode(slice_make(old, 32), from);
    base64_encode(SLICE_OF(bytes), to);
    world_directory_text(&text);
    text_replace(&text, from, to);
    assert_int_equal(governing_offer(desk, GOVERNANCE_DIRECTORY, 2, buf_slice(&text)),
                     GOVERN_BAD_DOCUMENT);
    assert_non_null(strstr(desk->error.what, "not a usable"));
}

static void no_directory_names_a_key_of_small_order(void **state)
{
    struct deeds *deeds = *state;
    struct siege *siege = deeds->siege;
    const struct directory *directory = &siege->world->governing.governance->directory;
    const struct agency *gp = directory_agency(directory, GP);

    for (size_t i = 0; i < ARRAY_LEN(low_order_x25519); i++) {
        expect_directory_refused(siege, gp->open_keys[0].public_key, low_order_x25519[i]);
        expect_directory_refused(siege, gp->curve_keys[0].public_key, low_order_x25519[i]);
        expect_directory_refused(siege, directory->broker_curve_key, low_order_x25519[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(small_order_ed25519); i++) {
        expect_directory_refused(siege, gp->sign_keys[0].public_key, small_order_ed25519[i]);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(nobody_grants_what_another_recorded),
    TEST(an_origin_grants_to_members_whom_agreements_let_read_it_and_not_to_itself),
    TEST(a_record_is_sealed_to_its_origin_and_to_nobody_beyond_the_agreements),
    TEST(nobody_takes_back_what_another_recorded),
    TEST(nobody_records_what_is_another_kind_of_agencys_to_say),
    TEST(nobody_decides_but_a_front_door_that_was_told),
    TEST(a_stranger_ties_nobody_and_asks_for_nothing),
    TEST(nobody_claims_more_children_than_its_ceiling),
    TEST(a_statement_does_not_name_two_children),
    TEST(nobody_acknowledges_what_it_was_not_sent),
    TEST(a_proof_is_given_of_what_is_ones_own_or_was_sent_to_one),
    TEST(what_became_of_anothers_entry_is_not_said),
    TEST(the_look_of_another_opens_no_picture),
    TEST(nobody_asks_to_join_with_a_key_of_low_order),
    TEST(no_directory_names_a_key_of_small_order),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
