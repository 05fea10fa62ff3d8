/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One frame from one agency's connection, through gate and verify: the first byte says which
 * agency, by its highest bit that it has not said hello, and by the one below that the agency signs
 * what its parcel holds, so that what is behind the signature is reached. Each frame is answered at
 * once, becomes a question, or takes a slot that verify judges; one of these, and what verify
 * believes names the connection's agency.
 */
#include <string.h>

#include "base/log.h"
#include "broker/gate.h"
#include "broker/verify.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/governing.h"

static const struct test_agency agencies[] = {
    {1, "gp-elm", "gp", false},          {2, "hospital", "hospital", false},
    {3, "hv", "health-visiting", false}, {4, "mash", "mash", false},
    {5, "school", "school", false},      {6, "gp-oak", "gp", false},
};

#define NOT_GREETED 0x80
#define SIGNED_ANEW 0x40

static struct governing governing;
static struct clock_fake fake;
static struct counters counters = COUNTERS_NULL;
static struct pipeline *pipeline;
static struct board *board;
static struct secret pepper;
static struct gate gate;
static struct verify verify;
static struct signer *signers[ARRAY_LEN(agencies)];
static unsigned replies;

static void reply(void *data, const struct peer *peer, struct net_frame *frame)
{
    (void)data;
    (void)peer;
    struct wire_header header;
    bool sound = wire_header_read(net_frame_slice(frame), &header);
    assert(sound && (header.type == WIRE_ERROR || header.type == WIRE_PONG));
    net_frame_deinit(frame);
    replies++;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init(NULL) != 0 || pipeline_new(&pipeline) != 0 || board_new(&board) != 0) {
        return 1;
    }
    log_init("fuzz", LOG_LEVEL_ERROR);
    governing_init(&governing);
    governing_fill(&governing, agencies, ARRAY_LEN(agencies));
    board_set_governance(board, governing.governance);
    clock_fake_init(&fake, INT64_C(1795165200000));
    governing_seed(0, "pepper", &pepper);
    for (size_t i = 0; i < ARRAY_LEN(agencies); i++) {
        _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
        governing_seed(agencies[i].number, "sign", &seed);
        if (signer_new(&seed, &signers[i]) != 0) {
            return 1;
        }
    }
    verify = (struct verify){.pipeline = pipeline, .board = board, .pepper = &pepper};
    gate = (struct gate){
        .pipeline = pipeline,
        .board = board,
        .counters = &counters,
        .clock = &fake.clock,
        .quota_records = CAIRN_QUOTA_RECORDS_PER_MIN,
        .quota_bytes = CAIRN_QUOTA_BYTES_PER_MIN,
        .reply = reply,
    };
    return 0;
}

static void check_believed(const struct slot *slot)
{
    uint64_t last = 0;
    assert(slot->parcel.head.agency == slot->peer.agency);
    assert(slot->parcel.n_entries == slot->header.entries);
    for (size_t i = 0; i < slot->parcel.n_entries; i++) {
        const struct verified_entry *entry = &slot->parcel.entries[i];
        assert(entry->id.agency == slot->peer.agency);
        assert(entry->id.stream == slot->parcel.head.stream);
        assert(entry->id.seq > last);
        last = entry->id.seq;
    }
}

/* Takes the slot all the way round the ring. */
static void verify_claimed(void)
{
    bool took = verify_step(&verify, false);
    assert(took);
    size_t ready = pipeline_batch(pipeline, false, 0);
    assert(ready == 1);
    const struct slot *slot = pipeline_batch_slot(pipeline, 0);
    if (slot->verdict == VERDICT_STORED) {
        check_believed(slot);
    }
    struct pipeline_cursors at;
    struct written written;
    pipeline_cursors(pipeline, &at);
    pipeline_written(pipeline, 1, at.written + 1);
    bool some = pipeline_to_attest(pipeline, false, 0, &written);
    assert(some);
    pipeline_durable(pipeline, &written);
    pipeline_answered(pipeline);
}

/* The parcel with its true root, signed by the agency; what is no parcel stays as it is. */
static void sign_anew(struct slice bytes, const struct signer *signer, struct buf *out)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf head_bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    static struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct wire_header header;
    struct wire_parcel parcel;
    struct parcel_head head;

    if (!wire_header_read(bytes, &header) ||
        !wire_parcel_read(wire_payload(bytes), &arena, &parcel) ||
        !wire_parcel_head_read(parcel.head, &arena, &head)) {
        buf_add_slice(out, bytes);
        return;
    }
    for (size_t i = 0; i < parcel.n_entries; i++) {
        wire_entry_leaf(&parcel.entries[i], &leaves[i]);
    }
    tree_root_of(leaves, parcel.n_entries, &head.root);
    wire_parcel_head_write(&head, &head_bytes);
    int r = signer_sign(signer, SIGN_PARCEL, buf_slice(&head_bytes), signature);
    assert(r == 0);
    parcel.head = buf_slice(&head_bytes);
    parcel.signature = SLICE_OF(signature);
    wire_frame_begin(out, &header);
    wire_parcel_write(&parcel, out);
    wire_frame_end(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t which = size == 0 ? 0 : data[0];
    uint32_t agency = (uint32_t)((which & (SIGNED_ANEW - 1)) % ARRAY_LEN(agencies));
    struct slice bytes = size == 0 ? SLICE_NULL : slice_make(data + 1, size - 1);
    _cleanup_(buf_deinit) struct buf anew = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct peer peer = {.agency = 1 + agency, .route_len = 1};
    struct net_frame frame = NET_FRAME_NULL;
    struct letter letter = {.frame = NET_FRAME_NULL};
    struct pipeline_cursors at;
    replies = 0;
    gate.n_guests = 0;
    if ((which & SIGNED_ANEW) != 0) {
        sign_anew(bytes, signers[agency], &anew);
        bytes = buf_slice(&anew);
    }
    net_frame_copy(&frame, bytes);
    governing_transport_key(peer.agency, peer.key);
    if ((which & NOT_GREETED) == 0) {
        gate_greeted(&gate, &peer);
    }
    gate_frame(&gate, &peer, &frame);
    bool asked = pipeline_asked(pipeline, &letter);
    net_frame_deinit(&letter.frame);
    pipeline_cursors(pipeline, &at);
    bool claimed = at.claimed > at.answered;
    assert((asked ? 1U : 0U) + (claimed ? 1U : 0U) + replies == 1);
    if (claimed) {
        verify_claimed();
    }
    return 0;
}
