/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/liar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/inbox.h"
#include "agents/core/link_internal.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "sim/network.h"

#define CONNECT_SECONDS 120
#define LOG_MAX_BYTES   (1 << 20)
#define PASS_STEP_S     20 /* an agent takes a broker that is silent for longer for gone */

/* --- what goes out --- */

static void frame_of(const struct wire_header *header, struct slice payload, struct net_frame *ret)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    wire_frame_begin(&bytes, header);
    buf_add_slice(&bytes, payload);
    wire_frame_end(&bytes);
    assert_true(buf_ok(&bytes));
    net_frame_copy(ret, buf_slice(&bytes));
}

static bool say(void *data, const struct peer *peer, struct net_frame *frame)
{
    struct liar *liar = data;
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct saying saying = {.to = peer->agency};
    assert_true(wire_header_read(net_frame_slice(frame), &saying.header));
    saying.payload = wire_payload(net_frame_slice(frame));
    arena_reset(&liar->arena);
    enum lie lie = liar->lie == NULL ? LIE_NOT : liar->lie(liar, &saying, &payload);
    liar->lies += lie == LIE_NOT ? 0 : 1;
    if (lie == LIE_SILENT) {
        net_frame_deinit(frame);
        return true;
    }
    if (lie == LIE_TOLD) {
        net_frame_deinit(frame);
        frame_of(&saying.header, buf_slice(&payload), frame);
    }
    return network_answer(peer, frame);
}

static void say_now(void *data, const struct peer *peer, struct net_frame *frame)
{
    (void)say(data, peer, frame);
}

void liar_say(struct liar *liar, uint32_t to, enum wire_type type, uint64_t correlation,
              const struct buf *payload)
{
    struct net_frame frame = NET_FRAME_NULL;
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX,
                                       .type = type,
                                       .lane = (uint8_t)(type == WIRE_RECEIPT ? LANE_NORMAL : 0),
                                       .correlation = correlation};
    frame_of(&header, buf_slice(payload), &frame);
    (void)network_answer(&liar->peers[to], &frame);
}

void liar_pass_on(struct liar *liar, uint32_t from, const struct wire_header *header,
                  const struct buf *payload)
{
    struct net_frame frame = NET_FRAME_NULL;
    frame_of(header, buf_slice(payload), &frame);
    gate_frame(&liar->world->gate, &liar->peers[from], &frame);
}

/* --- its life --- */

static void listen_to_log(struct liar *liar)
{
    (void)fflush(stderr);
    log_init("liar", LOG_LEVEL_NOTICE);
    liar->stderr_before = dup(STDERR_FILENO);
    assert_true(dup2(liar->log, STDERR_FILENO) >= 0);
}

static void stop_listening(struct liar *liar)
{
    (void)fflush(stderr);
    log_init("liar", (enum log_level)0);
    assert_true(dup2(liar->stderr_before, STDERR_FILENO) >= 0);
    (void)close(liar->stderr_before);
}

struct liar *liar_new(void)
{
    struct liar *liar = base_zalloc(1, sizeof(*liar));
    liar->world = world_new();
    liar->world->gate.reply = say_now;
    liar->world->gate.data = liar;
    liar->world->answer.send = say;
    liar->world->answer.data = liar;
    liar->arena = ARENA_BUDGET(8ULL << 20);
    liar->log = memfd_create("log", MFD_CLOEXEC);
    assert_true(liar->log >= 0);
    network_start();
    commit_start(&liar->world->commit, NULL, 0);
    (void)attest_step(&liar->world->attest, false, 0);
    return liar;
}

void liar_free(struct liar **liar)
{
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        if ((*liar)->there[agency]) {
            node_stop(&(*liar)->nodes[agency]);
        }
    }
    network_stop();
    (void)close((*liar)->log);
    arena_deinit(&(*liar)->arena);
    world_free(&(*liar)->world);
    base_free(liar);
}

void liar_join(struct liar *liar, uint32_t agency)
{
    node_start(&liar->nodes[agency], liar->world, agency);
    liar->there[agency] = true;
}

struct agent *liar_agent(struct liar *liar, uint32_t agency)
{
    return &liar->nodes[agency].member->agent;
}

static void hear(struct liar *liar, uint32_t agency)
{
    struct net_frame frame = NET_FRAME_NULL;
    struct peer peer;
    while (network_take(agency, &peer, &frame)) {
        struct slice bytes = net_frame_slice(&frame);
        struct wire_header header;
        assert_true(wire_header_read(bytes, &header));
        liar->peers[agency] = peer;
        if (liar->swallow != NULL && liar->swallow(liar, agency, &header, wire_payload(bytes))) {
            net_frame_deinit(&frame);
            continue;
        }
        gate_frame(&liar->world->gate, &peer, &frame);
    }
}

static bool work(struct liar *liar)
{
    struct world *world = liar->world;
    struct letter letter = {.frame = NET_FRAME_NULL};
    bool did = false;
    while (verify_step(&world->verify, false)) {
        did = true;
    }
    did = world_commit(world) || did;
    while (answer_step(&world->answer)) {
        did = true;
    }
    did = publish_step(&world->publish) || did;
    while (pipeline_posted(world->pipeline, &letter)) {
        (void)say(liar, &letter.peer, &letter.frame);
        did = true;
    }
    return did;
}

static void turn(struct liar *liar)
{
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        if (liar->there[agency]) {
            node_turn(&liar->nodes[agency]);
            hear(liar, agency);
        }
    }
    while (work(liar)) {
    }
}

static void live(struct liar *liar, unsigned turns, int64_t step_ms)
{
    listen_to_log(liar);
    for (unsigned i = 0; i < turns; i++) {
        turn(liar);
        clock_fake_advance(&liar->world->clock, step_ms);
        for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
            if (liar->there[agency]) {
                clock_fake_advance(&liar->nodes[agency].clock, step_ms);
            }
        }
    }
    stop_listening(liar);
}

void liar_live(struct liar *liar, unsigned seconds)
{
    live(liar, 4 * seconds, 250);
}

void liar_pass(struct liar *liar, unsigned hours)
{
    live(liar, hours * 3600 / PASS_STEP_S, PASS_STEP_S * INT64_C(1000));
}

void liar_connect(struct liar *liar, uint32_t agency)
{
    for (int i = 0; i < CONNECT_SECONDS && node_link(&liar->nodes[agency]) != LINK_IS_CONNECTED;
         i++) {
        liar_live(liar, 1);
    }
    assert_int_equal(node_link(&liar->nodes[agency]), LINK_IS_CONNECTED);
}

void liar_restart(struct liar *liar, uint32_t agency)
{
    node_restart(&liar->nodes[agency]);
}

bool liar_heard(struct liar *liar, const char *text)
{
    _cleanup_(base_free) char *bytes = base_zalloc(1, LOG_MAX_BYTES);
    ssize_t len = pread(liar->log, bytes, LOG_MAX_BYTES - 1, 0);
    assert_true(len >= 0 && len < LOG_MAX_BYTES - 1);
    return strstr(bytes, text) != NULL;
}

void liar_forget(struct liar *liar)
{
    assert_int_equal(ftruncate(liar->log, 0), 0);
    assert_int_equal(lseek(liar->log, 0, SEEK_SET), 0);
}

/* --- its logs --- */

size_t liar_true_leaves(struct liar *liar)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(liar->world->store);
    size_t size = (size_t)log_size(txn, T_LOG);
    assert_true(size + 8 < LIAR_LEAVES);
    for (size_t i = 0; i < size; i++) {
        struct slice data;
        assert_int_equal(log_leaf(txn, T_LOG, i, &data), 0);
        tree_leaf(data, &liar->leaves[i]);
    }
    return size;
}

void liar_sign(struct liar *liar, const struct checkpoint *head, struct buf *note)
{
    assert_int_equal(checkpoint_sign(head, &liar->world->commit.checkpoint_key,
                                     liar->world->checkpoint_signer, note),
                     0);
}

void liar_head(struct liar *liar, size_t size, struct buf *note)
{
    struct checkpoint head = {.size = size};
    tree_root_of(liar->leaves, size, &head.root);
    liar_sign(liar, &head, note);
}

struct tree_proof liar_consistency(struct liar *liar, size_t from, size_t to)
{
    struct tree_leaves leaves = {.leaves = liar->leaves, .n = to};
    struct tree_source source = tree_source_of(&leaves);
    struct tree_proof proof = {.n = 0};
    if (from > 0 && from < to) {
        assert_int_equal(tree_prove_consistency(&source, from, to, &proof), 0);
    }
    return proof;
}

struct tree_proof liar_inclusion(struct liar *liar, size_t index, size_t size)
{
    struct tree_leaves leaves = {.leaves = liar->leaves, .n = size};
    struct tree_source source = tree_source_of(&leaves);
    struct tree_proof proof = {.n = 0};
    assert_int_equal(tree_prove_inclusion(&source, index, size, &proof), 0);
    return proof;
}

/* --- its inventions --- */

static void sign_hearsay(const struct hearsay *hearsay, struct parcel_head *head, struct buf *bytes,
                         uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    _cleanup_(signer_free) struct signer *named = NULL;
    _cleanup_(secret_deinit) struct secret named_seed = SECRET_NULL;
    uint8_t key[SIGN_PUBLIC_BYTES];
    governing_seed(hearsay->sender, "sign", &named_seed);
    assert_int_equal(signer_new(&named_seed, &named), 0);
    signer_public(named, key);
    head->key_id = key_id(SLICE_OF(key)); /* whose signature it is said to be */
    governing_seed(hearsay->signer, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    wire_parcel_head_write(head, bytes);
    assert_int_equal(signer_sign(signer, SIGN_PARCEL, buf_slice(bytes), signature), 0);
}

void liar_hearsay(struct liar *liar, const struct hearsay *hearsay, struct buf *payload)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    const struct world_entry *entry = hearsay->entry;
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct hash item;
    struct hash digest;
    struct hash leaf;
    struct wire_delivered delivered = {
        .kind = entry->wire.kind,
        .header = entry->wire.header,
        .body = entry->wire.body,
        .log_index = 1,
        .has_handle = hearsay->has_handle,
    };
    struct parcel_head head = {
        .agency = hearsay->sender,
        .stream = entry->header.id.stream,
        .first_seq = entry->header.id.seq,
        .entries = 1,
    };
    wire_item_digest(entry->wire.header, entry->wire.body, &item);
    wire_grants_digest(entry->grants, entry->wire.n_grants, &delivered.grants_digest);
    wire_entry_digest(&item, &delivered.grants_digest, &digest);
    tree_leaf(SLICE_OF(digest.bytes), &leaf);
    tree_root_of(&leaf, 1, &head.root);
    sha256(slice_of_text(hearsay->origin == NULL ? GOVERNING_ORIGIN : hearsay->origin),
           head.partnership.bytes);
    memcpy(head.versions.of, liar->world->governing.governance->versions, sizeof(head.versions.of));
    memcpy(delivered.handle, hearsay->about.handle, CAIRN_HANDLE_BYTES);
    sign_hearsay(hearsay, &head, &bytes, signature);
    delivered.head = buf_slice(&bytes);
    delivered.signature = SLICE_OF(signature);
    wire_delivered_write(&delivered, payload);
    assert_true(buf_ok(payload));
}

static uint64_t next_position(struct liar *liar, uint32_t agency)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(liar_agent(liar, agency)->store);
    return inbox_position(txn) + 1;
}

void liar_deliver(struct liar *liar, uint32_t to, const struct invention *invention)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    uint8_t storage[LEAF_MAX_BYTES];
    const struct witness *witness = &liar_agent(liar, to)->link->session.witness;
    size_t index = liar_true_leaves(liar);
    uint64_t position = invention->position == 0 ? next_position(liar, to) : invention->position;
    enum item_kind other = invention->kind == ITEM_NOTICE ? ITEM_DELIVERED : ITEM_NOTICE;
    const struct leaf leaf = {
        .type = LEAF_TOLD,
        .time_ms = liar->world->clock.real_ms,
        .agency = invention->told == 0 ? to : invention->told,
        .number = position,
        .detail = (uint32_t)(invention->leaf_of_another_kind ? other : invention->kind),
        .parts = invention->parts,
        .alert = invention->alert,
        .digest = invention->what,
    };
    struct slice data = leaf_write(&leaf, storage);
    tree_leaf(data, &liar->leaves[index]);
    liar_head(liar, index + 1, &note);
    struct wire_item item = {.position = position,
                             .kind = invention->kind,
                             .payload = invention->payload,
                             .log_index = index,
                             .leaf = data,
                             .path = liar_inclusion(liar, index, index + 1)};
    struct wire_delivery delivery = {
        .n_items = 1,
        .items = &item,
        .checkpoint = buf_slice(&note),
        .consistent_from = witness->head.size,
        .consistency = liar_consistency(liar, (size_t)witness->head.size, index + 1),
    };
    if (invention->bad_path) {
        item.path.hashes[0].bytes[0] ^= 1;
    }
    if (invention->bad_consistency) {
        delivery.consistency.hashes[0].bytes[0] ^= 1;
    }
    wire_delivery_write(&delivery, &payload);
    assert_true(buf_ok(&payload));
    liar_say(liar, to, WIRE_DELIVERY, 1, &payload);
}
