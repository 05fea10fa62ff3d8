/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One frame from one agency's connection, through gate and verify: the first byte says which
 * agency, and by its highest bit that it has not said hello. Each frame is answered at once, becomes a question, or takes a slot that verify judges;
 * one of these, and what verify believes names the connection's agency.
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

static struct governing governing;
static struct clock_fake fake;
static struct counters counters = COUNTERS_NULL;
static struct pipeline *pipeline;
static struct board *board;
static struct secret pepper;
static struct gate gate;
static struct verify verify;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t which = size == 0 ? 0 : data[0];
    uint32_t agency = (uint32_t)((which & (NOT_GREETED - 1)) % ARRAY_LEN(agencies));
    struct peer peer = {.agency = 1 + agency, .route_len = 1};
    struct net_frame frame = NET_FRAME_NULL;
    struct letter letter = {.frame = NET_FRAME_NULL};
    struct pipeline_cursors at;
    replies = 0;
    gate.n_guests = 0;
    net_frame_copy(&frame, size == 0 ? SLICE_NULL : slice_make(data + 1, size - 1));
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
