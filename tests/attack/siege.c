/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/siege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/digest.h"

/* --- its life --- */

static void make_keys(struct siege *siege)
{
    static const char *const sorts[SIEGE_SORTS] = {"sign", "open", "sign-retired", "sign-revoked",
                                                   "sign-future"};
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        for (size_t sort = 0; sort < SIEGE_SORTS; sort++) {
            _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
            uint8_t key[SIGN_PUBLIC_BYTES];
            governing_seed(agency, sorts[sort], &seed);
            assert_int_equal(signer_new(&seed, &siege->signers[agency][sort]), 0);
            signer_public(siege->signers[agency][sort], key);
            siege->key_ids[agency][sort] = key_id(SLICE_OF(key));
        }
    }
}

struct siege *siege_new(void)
{
    struct siege *siege = base_zalloc(1, sizeof(*siege));
    struct error error = ERROR_NULL;
    siege->world = world_new();
    (void)snprintf(siege->counters, sizeof(siege->counters), "%s/counters", siege->world->dir);
    assert_int_equal(broker_counters_create(siege->counters, &siege->world->counters, &error), 0);
    make_keys(siege);
    return siege;
}

void siege_free(struct siege **siege)
{
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        for (size_t sort = 0; sort < SIEGE_SORTS; sort++) {
            signer_free(&(*siege)->signers[agency][sort]);
        }
    }
    counters_close(&(*siege)->world->counters);
    world_free(&(*siege)->world);
    base_free(siege);
}

void siege_people(struct siege *siege)
{
    three_missed(siege->world, ALIX);
    state_verified(siege->world, SCHOOL, BLAKE);
    involve(siege->world, SCHOOL, BLAKE);
}

void siege_unlimited(struct siege *siege)
{
    siege->world->gate.quota_records = UINT64_MAX / 2;
    siege->world->gate.quota_bytes = UINT64_MAX / 2;
    siege->world->gate.n_guests = 0; /* nobody has asked, or said nonsense, before */
}

static void key_text(struct siege *siege, uint32_t agency, enum siege_sort sort,
                     char out[BASE64_BYTES(SIGN_PUBLIC_BYTES)])
{
    uint8_t key[SIGN_PUBLIC_BYTES];
    signer_public(siege->signers[agency][sort], key);
    base64_encode(SLICE_OF(key), out);
}

void siege_rotate(struct siege *siege)
{
    char from[256];
    char to[512];
    char active[BASE64_BYTES(SIGN_PUBLIC_BYTES)];
    char retired[BASE64_BYTES(SIGN_PUBLIC_BYTES)];
    char revoked[BASE64_BYTES(SIGN_PUBLIC_BYTES)];
    key_text(siege, GP, SIEGE_SIGN, active);
    key_text(siege, GP, SIEGE_RETIRED, retired);
    key_text(siege, GP, SIEGE_REVOKED, revoked);
    (void)snprintf(from, sizeof(from), "{\"key\": \"%s\", \"status\": \"active\"}", active);
    (void)snprintf(to, sizeof(to),
                   "%s, {\"key\": \"%s\", \"status\": \"retired\"}, {\"key\": \"%s\", \"status\": "
                   "\"revoked\"}",
                   from, retired, revoked);
    change_directory(siege->world, from, to);
}

/* --- forging --- */

struct forgery forgery_of(uint32_t agency)
{
    return (struct forgery){.connection = agency,
                            .sender = agency,
                            .named = agency,
                            .signer = agency,
                            .context = SIGN_PARCEL};
}

static void forge_head(struct siege *siege, const struct forgery *forgery,
                       const struct world_entry *entry, struct buf *out)
{
    struct wire_entry wire = entry->wire;
    struct hash leaf;
    struct parcel_head head = {
        .agency = forgery->sender,
        .key_id = siege->key_ids[forgery->named][forgery->named_sort],
        .stream = entry->header.id.stream,
        .first_seq = entry->header.id.seq,
        .entries = 1,
    };
    wire.grants = entry->grants;
    wire_entry_leaf(&wire, &leaf);
    tree_root_of(&leaf, 1, &head.root);
    sha256(slice_of_text(GOVERNING_ORIGIN), head.partnership.bytes);
    memcpy(head.versions.of, siege->world->governing.governance->versions,
           sizeof(head.versions.of));
    if (forgery->change_head != NULL) {
        forgery->change_head(&head);
    }
    wire_parcel_head_write(&head, out);
    buf_add_slice(out, forgery->head_tail);
}

void siege_forge(struct siege *siege, const struct forgery *forgery,
                 const struct world_entry *entry, struct buf *frame)
{
    _cleanup_(buf_deinit) struct buf head = BUF_MAX(2 * CAIRN_HEADER_MAX_BYTES);
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct wire_entry wire = entry->wire;
    const struct signer *signer = siege->signers[forgery->signer][forgery->signer_sort];
    const struct wire_header transport = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_PARCEL,
        .lane = (uint8_t)(forgery->lane == 0 ? LANE_NORMAL : forgery->lane),
        .entries = 1,
        .correlation = ++siege->world->correlation,
    };
    forge_head(siege, forgery, entry, &head);
    assert_int_equal(signer_sign(signer, forgery->context, buf_slice(&head), signature), 0);
    if (forgery->change_signature != NULL) {
        forgery->change_signature(signature);
    }
    wire.grants = entry->grants;
    const struct wire_parcel parcel = {
        .head = buf_slice(&head),
        .signature = SLICE_OF(signature),
        .n_entries = 1,
        .entries = &wire,
    };
    wire_frame_begin(frame, &transport);
    wire_parcel_write(&parcel, frame);
    buf_add_slice(frame, forgery->parcel_tail);
    wire_frame_end(frame);
    assert_true(buf_ok(frame));
}

static struct siege_answer answer_to(struct siege *siege, uint32_t connection)
{
    struct siege_answer answer = {.type = 0};
    struct wire_header header;
    struct world *world = siege->world;
    arena_reset(&world->arena);
    for (size_t i = world->n_letters; i > 0; i--) {
        struct slice frame = net_frame_slice(&world->letters[i - 1].frame);
        if (world->letters[i - 1].to == connection && wire_header_read(frame, &header)) {
            answer.type = header.type;
            answer.payload = wire_payload(frame);
            break;
        }
    }
    if (answer.type == WIRE_ERROR) {
        assert_true(wire_error_read(answer.payload, &world->arena, &answer.verdict));
    }
    return answer;
}

enum verdict siege_frame(struct siege *siege, uint32_t connection, struct slice frame)
{
    struct wire_receipt receipt;
    world_forget_letters(siege->world);
    world_receive(siege->world, connection, frame);
    world_turn(siege->world);
    struct siege_answer answer = answer_to(siege, connection);
    if (answer.type == WIRE_RECEIPT) {
        assert_true(wire_receipt_read(answer.payload, &siege->world->arena, &receipt));
        answer.verdict = receipt.results[0].verdict;
    }
    assert_true((unsigned)answer.verdict < SIEGE_VERDICTS);
    siege->answers[answer.verdict] += answer.verdict == 0 ? 0 : 1;
    return answer.verdict;
}

enum verdict siege_send(struct siege *siege, const struct forgery *forgery,
                        const struct world_entry *entry)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    siege_forge(siege, forgery, entry, &frame);
    return siege_frame(siege, forgery->connection, buf_slice(&frame));
}

struct siege_answer siege_ask(struct siege *siege, uint32_t connection, enum wire_type type,
                              const struct buf *payload)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX, .type = type, .correlation = ++siege->world->correlation};
    siege->world->gate.n_guests = 0; /* its quota of questions is another test's */
    wire_frame_begin(&frame, &header);
    buf_add_slice(&frame, buf_slice(payload));
    wire_frame_end(&frame);
    (void)siege_frame(siege, connection, buf_slice(&frame));
    return answer_to(siege, connection);
}

/* --- the store --- */

static uint64_t mix(uint64_t digest, struct slice bytes)
{
    digest = (digest ^ bytes.len) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < bytes.len; i++) {
        digest = (digest ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

struct siege_dump siege_dump(struct siege *siege)
{
    struct siege_dump dump = {.batch = siege->world->commit.batch,
                              .log_size = world_log_size(siege->world)};
    _cleanup_(store_end) struct store_txn *txn = store_read(siege->world->store);
    assert_non_null(txn);
    for (unsigned table = 0; table < N_TABLES; table++) {
        _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);
        dump.digest[table] = UINT64_C(0xcbf29ce484222325);
        for (; walk.live; store_walk_next(&walk)) {
            dump.digest[table] = mix(mix(dump.digest[table], walk.key), walk.value);
            dump.rows[table]++;
        }
    }
    return dump;
}

static void expect_table(const struct siege_dump *before, const struct siege_dump *after,
                         unsigned table)
{
    if (before->digest[table] != after->digest[table]) {
        fail_msg("table %s is another", state_table_names[table]);
    }
}

void siege_expect_untouched(struct siege *siege, const struct siege_dump *before)
{
    struct siege_dump after = siege_dump(siege);
    for (unsigned table = 0; table < N_TABLES; table++) {
        expect_table(before, &after, table);
    }
    assert_int_equal(before->batch, after.batch);
    assert_int_equal(before->log_size, after.log_size);
}

/* Every leaf since is of an entry that was refused. */
static void expect_refusing_leaves(struct siege *siege, uint64_t from)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(siege->world->store);
    for (uint64_t i = from; i < log_size(txn, T_LOG); i++) {
        struct slice data;
        struct leaf leaf;
        assert_int_equal(log_leaf(txn, T_LOG, i, &data), 0);
        assert_true(leaf_read(data, &leaf));
        assert_int_equal(leaf.type, LEAF_ENTRY);
        assert_false(verdict_is_stored(leaf.verdict));
    }
}

static bool follows_refusals(unsigned table)
{
    return table == T_META || table == T_JOURNAL || table == T_LOG || table == T_ENTRY ||
           table == T_STREAM;
}

static void expect_others_untouched(const struct siege_dump *before, const struct siege_dump *after)
{
    for (unsigned table = 0; table < N_TABLES; table++) {
        if (!follows_refusals(table)) {
            expect_table(before, after, table);
        }
    }
}

void siege_expect_no_more_than_refusals(struct siege *siege, const struct siege_dump *before)
{
    struct siege_dump after = siege_dump(siege);
    expect_others_untouched(before, &after);
    expect_refusing_leaves(siege, before->log_size);
}

static void expect_refusals(struct siege *siege, const struct siege_dump *before, uint64_t leaves,
                            uint64_t rows)
{
    struct siege_dump after = siege_dump(siege);
    expect_others_untouched(before, &after);
    assert_int_equal(after.log_size, before->log_size + leaves);
    assert_int_equal(after.rows[T_LOG], before->rows[T_LOG] + leaves);
    assert_int_equal(after.rows[T_ENTRY], before->rows[T_ENTRY] + rows);
    assert_int_equal(after.rows[T_META], before->rows[T_META]);
    expect_refusing_leaves(siege, before->log_size);
}

void siege_expect_refusals_only(struct siege *siege, const struct siege_dump *before, uint64_t n)
{
    expect_refusals(siege, before, n, n);
}

void siege_expect_leaves_only(struct siege *siege, const struct siege_dump *before, uint64_t n)
{
    expect_refusals(siege, before, n, 0);
}

void siege_expect_counted(struct siege *siege)
{
    struct counters_reading reading;
    assert_int_equal(counters_read(siege->counters, &reading), 0);
    for (unsigned verdict = VERDICT_BUSY; verdict < SIEGE_VERDICTS; verdict++) {
        char name[64];
        if (siege->answers[verdict] == 0) {
            continue;
        }
        (void)snprintf(name, sizeof(name), "answers_%s", verdict_name((enum verdict)verdict));
        bool found = false;
        for (size_t i = 0; i < reading.count; i++) {
            if (strcasecmp(reading.counters[i].name, name) == 0) {
                found = true;
                assert_int_equal(reading.counters[i].value, siege->answers[verdict]);
            }
        }
        assert_true(found);
    }
}
