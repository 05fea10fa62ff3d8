/* SPDX-License-Identifier: Apache-2.0 */
#include "support/world.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "support/scratch.h"

static const struct test_agency agencies[WORLD_AGENCIES] = {
    {GP, "gp-elm", "gp", false},
    {HOSPITAL, "hospital", "hospital", false},
    {HEALTH_VISITING, "hv", "health-visiting", false},
    {MASH, "mash", "mash", false},
    {SCHOOL, "school", "school", false},
    {STRANGER, "gp-oak", "gp", false},
};

/* 2026-11-20 09:00 UTC */
#define START_MS INT64_C(1795165200000)

/* --- the broker --- */

static bool keep_letter(void *data, const struct peer *peer, struct net_frame *frame)
{
    struct world *world = data;
    assert(world->n_letters < WORLD_LETTERS);
    struct world_letter *letter = &world->letters[world->n_letters++];
    letter->to = peer->agency;
    letter->seen = false;
    net_frame_move(&letter->frame, frame);
    return true;
}

static void keep_reply(void *data, const struct peer *peer, struct net_frame *frame)
{
    (void)keep_letter(data, peer, frame);
}

void world_forget_letters(struct world *world)
{
    for (size_t i = 0; i < world->n_letters; i++) {
        net_frame_deinit(&world->letters[i].frame);
    }
    world->n_letters = 0;
}

static void open_store(struct world *world)
{
    struct error error = ERROR_NULL;
    const struct store_options options = {
        .dir = world->dir,
        .map_bytes = 2ULL << 30, /* address space: few stories fill any of it */
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .allow_tmpfs = true,
    };
    int r = store_open(&options, &world->store, &error);
    if (r != 0) {
        (void)fprintf(stderr, "%s: %s\n", error.where, error.what);
    }
    assert(r == 0);
}

static void wire_stages(struct world *world)
{
    const struct clock *clock = &world->clock.clock;
    world->verify = (struct verify){
        .pipeline = world->pipeline, .board = world->board, .pepper = &world->pepper};
    world->publish = (struct publish){
        .pipeline = world->pipeline,
        .board = world->board,
        .store = world->store,
        .counters = &world->counters,
        .clock = clock,
        .bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES),
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES),
    };
    world->gate = (struct gate){
        .pipeline = world->pipeline,
        .board = world->board,
        .counters = &world->counters,
        .clock = clock,
        .quota_records = CAIRN_QUOTA_RECORDS_PER_MIN,
        .quota_bytes = CAIRN_QUOTA_BYTES_PER_MIN,
        .reply = keep_reply,
        .data = world,
    };
    world->answer = (struct answer){
        .pipeline = world->pipeline,
        .board = world->board,
        .counters = &world->counters,
        .send = keep_letter,
        .data = world,
        .gate = &world->gate,
        .bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES),
    };
}

/* The real one, in this process. */
static void open_signer(struct world *world)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    char path[128];
    struct error error = ERROR_NULL;
    governing_seed(0, "sign", &seed);
    (void)snprintf(path, sizeof(path), "%s/signed", world->dir);
    int r = service_open_with(&seed, GOVERNING_ORIGIN, path, &world->service, &error);
    assert(r == 0);
    r = signer_client_service(&world->service, &world->signer);
    assert(r == 0);
}

static void wire_durable_stages(struct world *world)
{
    world->commit = (struct commit){
        .pipeline = world->pipeline,
        .board = world->board,
        .store = world->store,
        .counters = &world->counters,
        .dir = world->dir,
        .marker = MARKER_NULL,
    };
    world->attest = (struct attest){
        .pipeline = world->pipeline,
        .board = world->board,
        .store = world->store,
        .counters = &world->counters,
        .signer = &world->signer,
        .highwater = HIGHWATER_NULL,
    };
}

static void open_checkpoint_key(struct world *world)
{
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    signer_public(world->checkpoint_signer, public_key);
    bool good = note_key_init(&world->commit.checkpoint_key, GOVERNING_ORIGIN, NOTE_TYPE_ED25519,
                              public_key);
    assert(good);
}

/* What lies beside the store. */
static void open_files(struct world *world, struct checkpoint *ret_mark)
{
    char path[128];
    struct error error = ERROR_NULL;
    (void)snprintf(path, sizeof(path), "%s/applying", world->dir);
    int r = marker_open(path, &world->commit.marker);
    assert(r == 0);
    (void)snprintf(path, sizeof(path), "%s/highwater", world->dir);
    r = highwater_open(path, &world->clock.clock, &world->attest.highwater, ret_mark, &error);
    assert(r == 0);
}

/* Everything but the folder, the governance desk and the clock. */
static int start(struct world *world)
{
    struct error error = ERROR_NULL;
    struct checkpoint mark;

    open_store(world);
    int r = board_new(&world->board);
    assert(r == 0);
    r = pipeline_new(&world->pipeline);
    assert(r == 0);
    wire_stages(world);
    wire_durable_stages(world);
    open_checkpoint_key(world);
    open_signer(world);
    open_files(world, &mark);
    r = timekeeper_init(&world->commit.time, &world->clock.clock, 0, false, &error);
    assert(r == 0);
    r = commit_check(&world->commit, &error);
    if (r == 0) {
        r = attest_recover(&world->attest, world->dir, &mark, &error);
    }
    if (r == 0) {
        r = commit_recover(&world->commit, &error);
    }
    (void)attest_step(&world->attest, false, 0);
    return r;
}

static void stop(struct world *world)
{
    world_forget_letters(world);
    answer_deinit(&world->answer);
    publish_deinit(&world->publish);
    commit_deinit(&world->commit);
    attest_deinit(&world->attest);
    signer_client_close(&world->signer);
    service_close(&world->service);
    pipeline_free(&world->pipeline);
    board_free(&world->board);
    store_close(&world->store);
}

static void offer(struct world *world, enum governance_document document, uint64_t version,
                  const struct buf *text)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    governing_note(&world->governing, 1, document, version, buf_slice(text), &note);
    struct input input = {
        .type = INPUT_GOVERNANCE,
        .governance = {document, buf_slice(text), buf_slice(&note)},
    };
    commit_start(&world->commit, &input, 1);
    (void)attest_step(&world->attest, false, 0);
}

static void offer_all(struct world *world)
{
    struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    governing_root_text(&world->governing, 1, 1, &text);
    offer(world, GOVERNANCE_ROOT, 1, &text);
    buf_reset(&text);
    governing_directory_text(agencies, WORLD_AGENCIES, &text);
    offer(world, GOVERNANCE_DIRECTORY, 1, &text);
    for (uint32_t i = GOVERNANCE_AGREEMENTS; i <= GOVERNANCE_DOCUMENTS; i++) {
        buf_reset(&text);
        governing_template(governance_document_text(i), &text);
        offer(world, (enum governance_document)i, 1, &text);
    }
    buf_deinit(&text);
}

struct world *world_new(void)
{
    struct world *world = base_zalloc(1, sizeof(*world));
    struct error error = ERROR_NULL;
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;

    log_init("test", (enum log_level)0); /* what a story provokes is no news */
    int r = crypto_init(&error);
    assert(r == 0);
    scratch_make(world->dir);
    governing_init(&world->governing);
    governing_fill(&world->governing, agencies, WORLD_AGENCIES);
    clock_fake_init(&world->clock, START_MS);
    governing_seed(0, "pepper", &world->pepper);
    governing_seed(0, "sign", &seed);
    r = signer_new(&seed, &world->checkpoint_signer);
    assert(r == 0);
    world->counters = COUNTERS_NULL;
    world->arena = ARENA_BUDGET(8ULL << 20);
    for (size_t i = 0; i <= WORLD_AGENCIES; i++) {
        for (size_t lane = 0; lane <= CAIRN_LANES; lane++) {
            world->seqs[i][lane] = 1;
        }
    }
    r = start(world);
    assert(r == 0);
    offer_all(world);
    return world;
}

void world_free(struct world **world)
{
    stop(*world);
    scratch_remove((*world)->dir);
    arena_deinit(&(*world)->arena);
    governing_deinit(&(*world)->governing);
    signer_free(&(*world)->checkpoint_signer);
    secret_deinit(&(*world)->pepper);
    base_free(world);
    crypto_deinit();
}

int world_set_up(void **state)
{
    *state = world_new();
    return 0;
}

int world_tear_down(void **state)
{
    struct world *world = *state;
    world_free(&world);
    return 0;
}

int world_restart(struct world *world)
{
    stop(world);
    return start(world);
}

/* --- moving things --- */

struct peer world_peer(uint32_t agency)
{
    struct peer peer = {.agency = agency, .route_len = 1, .route = {(uint8_t)agency}};
    governing_transport_key(agency, peer.key);
    return peer;
}

void world_receive(struct world *world, uint32_t agency, struct slice frame)
{
    struct net_frame copy = NET_FRAME_NULL;
    const struct peer peer = world_peer(agency);
    net_frame_copy(&copy, frame);
    gate_greeted(&world->gate, &peer); /* every connection of a story has said hello */
    gate_frame(&world->gate, &peer, &copy);
}

bool world_commit(struct world *world)
{
    bool did = commit_step(&world->commit, false, 0);
    return attest_step(&world->attest, false, 0) || did;
}

void world_turn(struct world *world)
{
    bool moved = true;
    while (moved) {
        moved = false;
        while (verify_step(&world->verify, false)) {
            moved = true;
        }
        moved = world_commit(world) || moved;
        while (answer_step(&world->answer)) {
            moved = true;
        }
        moved = publish_step(&world->publish) || moved;
        struct letter letter = {.frame = NET_FRAME_NULL};
        while (pipeline_posted(world->pipeline, &letter)) {
            (void)keep_letter(world, &letter.peer, &letter.frame);
            moved = true;
        }
    }
}

struct slice world_letter(struct world *world, uint32_t agency, enum wire_type type)
{
    for (size_t i = world->n_letters; i > 0; i--) {
        struct world_letter *letter = &world->letters[i - 1];
        struct wire_header header;
        struct slice frame = net_frame_slice(&letter->frame);
        if (letter->to == agency && !letter->seen && wire_header_read(frame, &header) &&
            header.type == type) {
            letter->seen = true;
            return wire_payload(frame);
        }
    }
    return SLICE_NULL;
}

static enum verdict answer_in(struct world *world, uint32_t agency)
{
    struct wire_receipt receipt;
    enum verdict verdict;
    struct slice payload = world_letter(world, agency, WIRE_RECEIPT);
    arena_reset(&world->arena);
    if (payload.len > 0) {
        bool good = wire_receipt_read(payload, &world->arena, &receipt);
        assert(good && receipt.n_results > 0);
        return receipt.results[0].verdict;
    }
    payload = world_letter(world, agency, WIRE_ERROR);
    bool good = payload.len > 0 && wire_error_read(payload, &world->arena, &verdict);
    assert(good);
    return verdict;
}

enum verdict world_send(struct world *world, const struct world_parcel *parcel)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    uint32_t connection = parcel->connection == 0 ? parcel->agency : parcel->connection;
    world_forget_letters(world);
    world_cut(world, parcel, &frame);
    world_receive(world, connection, buf_slice(&frame));
    world_turn(world);
    return answer_in(world, connection);
}

enum verdict world_send_one(struct world *world, uint32_t agency, const struct world_entry *entry)
{
    bool urgent =
        entry->header.kind == ENTRY_RECORD && (entry->header.record.urgency == URGENCY_IMMEDIATE ||
                                               entry->header.record.record_kind == RECORD_REFERRAL);
    const struct world_parcel parcel = {
        .agency = agency, .lane = urgent ? LANE_URGENT : LANE_NORMAL, .n = 1, .entries = entry};
    return world_send(world, &parcel);
}

bool world_fetch(struct world *world, uint32_t agency, uint64_t after, struct wire_delivery *ret)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(1024);
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX, .type = WIRE_FETCH, .correlation = ++world->correlation};
    const struct wire_fetch fetch = {.after = after, .credit = CAIRN_CREDIT_MAX};
    world_forget_letters(world);
    wire_frame_begin(&frame, &header);
    wire_fetch_write(&fetch, &frame);
    wire_frame_end(&frame);
    world_receive(world, agency, buf_slice(&frame));
    world_turn(world);
    struct slice payload = world_letter(world, agency, WIRE_DELIVERY);
    arena_reset(&world->arena);
    if (payload.len == 0) {
        return false;
    }
    bool good = wire_delivery_read(payload, &world->arena, ret);
    assert(good);
    return true;
}

bool world_notice(struct world *world, uint32_t agency, enum notice_type type, size_t nth,
                  struct wire_notice *ret)
{
    struct wire_delivery delivery = {.n_items = 0};
    uint64_t after = 0;
    while (world_fetch(world, agency, after, &delivery)) {
        for (size_t i = 0; i < delivery.n_items; i++) {
            after = delivery.items[i].position;
            if (delivery.items[i].kind == ITEM_NOTICE &&
                wire_notice_read(delivery.items[i].payload, &world->arena, ret) &&
                ret->type == type && nth-- == 0) {
                return true;
            }
        }
    }
    return false;
}

size_t world_items(struct world *world, uint32_t agency, enum item_kind kind)
{
    struct wire_delivery delivery = {.n_items = 0};
    uint64_t after = 0;
    size_t n = 0;
    while (world_fetch(world, agency, after, &delivery)) {
        for (size_t i = 0; i < delivery.n_items; i++) {
            after = delivery.items[i].position;
            n += delivery.items[i].kind == kind ? 1 : 0;
        }
    }
    return n;
}

uint64_t world_log_size(struct world *world)
{
    struct head head;
    board_head(world->board, &head);
    return head.checkpoint.size;
}

void world_directory_text(struct buf *out)
{
    governing_directory_text(agencies, WORLD_AGENCIES, out);
}

/* It is in force once it was turned. */
static void offer_directory(struct world *world, const struct buf *text)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint64_t version = world->governing.governance->versions[GOVERNANCE_DIRECTORY] + 1;
    enum govern_result result =
        governing_offer(&world->governing, GOVERNANCE_DIRECTORY, version, buf_slice(text));
    assert(result == GOVERN_ACCEPTED);
    governing_note(&world->governing, 1, GOVERNANCE_DIRECTORY, version, buf_slice(text), &note);
    const struct govern_document document = {
        .document = GOVERNANCE_DIRECTORY, .text = buf_slice(text), .note = buf_slice(&note)};
    bool offered = gate_offer(&world->gate, &document);
    assert(offered);
}

void world_directory_of(uint32_t revoked_bits, struct buf *out)
{
    struct test_agency changed[WORLD_AGENCIES];
    memcpy(changed, agencies, sizeof(changed));
    for (size_t i = 0; i < WORLD_AGENCIES; i++) {
        changed[i].revoked = (revoked_bits & (1U << changed[i].number)) != 0;
    }
    governing_directory_text(changed, WORLD_AGENCIES, out);
}

void world_revoke(struct world *world, uint32_t revoked_bits)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    world_directory_of(revoked_bits, &text);
    offer_directory(world, &text);
    world_turn(world);
}

/* The directory in which the one key is revoked and the other one stands behind it. */
static void offer_replaced(struct world *world, const uint8_t key[32], const uint8_t next[32],
                           const char *status)
{
    static const char active[] = "\", \"status\": \"active\"";
    char base64[BASE64_BYTES(32)];
    char next_base64[BASE64_BYTES(32)];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf changed = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    governing_directory_text(agencies, WORLD_AGENCIES, &text);
    buf_add_slice(&text, slice_make("", 1)); /* a string, to be searched */
    base64_encode(slice_make(key, 32), base64);
    base64_encode(slice_make(next, 32), next_base64);
    const char *start = (const char *)text.data;
    const char *at = strstr(start, base64);
    assert(at != NULL);
    at += strlen(base64);
    assert(strncmp(at, active, sizeof(active) - 1) == 0);
    buf_add_slice(&changed, slice_make(start, (size_t)(at - start)));
    buf_format(&changed, "\", \"status\": \"%s\"}, {\"key\": \"%s\", \"status\": \"active\"",
               status, next_base64);
    buf_add_text(&changed, at + sizeof(active) - 1);
    offer_directory(world, &changed);
}

void world_revoke_transport(struct world *world, uint32_t agency)
{
    uint8_t key[32];
    uint8_t next[32];
    governing_transport_key(agency, key);
    governing_transport_key(agency + 100, next);
    offer_replaced(world, key, next, "revoked");
    world_turn(world);
}

static void signing_key(uint32_t agency, uint8_t ret[SIGN_PUBLIC_BYTES])
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    governing_seed(agency, "sign", &seed);
    int r = signer_new(&seed, &signer);
    assert(r == 0);
    signer_public(signer, ret);
}

static void offer_signing(struct world *world, uint32_t agency, const char *status)
{
    uint8_t key[SIGN_PUBLIC_BYTES];
    uint8_t next[SIGN_PUBLIC_BYTES];
    signing_key(agency, key);
    signing_key(agency + 100, next);
    offer_replaced(world, key, next, status);
}

void world_offer_signing_revoked(struct world *world, uint32_t agency)
{
    offer_signing(world, agency, "revoked");
}

void world_offer_signing_retired(struct world *world, uint32_t agency)
{
    offer_signing(world, agency, "retired");
}
