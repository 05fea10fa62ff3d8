/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes from one agency's connection, through gate and verify. Of the first byte, three bits
 * say whose connection it is and one each that it has not said hello, that the agency signs what
 * its parcel holds, so that what is behind the signature is reached, and that the same frame comes
 * again and again, and once more a minute later. Each frame is answered at once, becomes a
 * question, or takes a slot that verify judges: one of these, unless its agency sent too much that
 * is no frame. What verify believes names the connection's agency.
 */
#include <string.h>

#include "base/log.h"
#include "broker/gate.h"
#include "broker/verify.h"
#include "crypto/crypto.h"
#include "crypto/hpke.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/governing.h"

#define NOT_GREETED 0x80
#define SIGNED_ANEW 0x40
#define FLOODED     0x20
#define FLOOD       400 /* more than an agency may send of bad frames, and of hellos */
#define RECORDS_MAX 8   /* of one agency in a minute: so few that a flood has more */
#define MINUTE_MS   60000

static const struct test_agency agencies[] = {
    {1, "gp-elm", "gp", false},          {2, "hospital", "hospital", false},
    {3, "hv", "health-visiting", false}, {4, "mash", "mash", false},
    {5, "school", "school", false},      {6, "gp-oak", "gp", false},
};

/* The last agency has renewed its keys: its first signing and transport keys are retired. */
#define RENEWED 6U

static const struct connection {
    uint32_t agency;
    const char *transport_key;
} connections[] = {
    {1, "curve"}, {2, "curve"},         {3, "curve"},       {4, "curve"},
    {5, "curve"}, {RENEWED, "curve-2"}, {RENEWED, "curve"}, {7, "curve"}, /* of no agency */
};

static_assert(ARRAY_LEN(connections) == 8, "three bits say which");

static struct governing governing;
static struct clock_fake fake;
static struct counters counters = COUNTERS_NULL;
static struct pipeline *pipeline;
static struct board *board;
static struct secret pepper;
static struct gate gate;
static struct verify verify;
static struct signer *signers[ARRAY_LEN(agencies)];
static struct peer peers[ARRAY_LEN(connections)];
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

static void renew_keys(void)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    governing_directory_text(agencies, ARRAY_LEN(agencies), &text);
    governing_renew(RENEWED, 2, 1, &text);
    enum govern_result result =
        governing_offer(&governing, GOVERNANCE_DIRECTORY, 2, buf_slice(&text));
    assert(result == GOVERN_ACCEPTED);
}

static void make_peers(void)
{
    for (size_t i = 0; i < ARRAY_LEN(connections); i++) {
        _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
        governing_seed(connections[i].agency, connections[i].transport_key, &seed);
        peers[i] = (struct peer){.agency = connections[i].agency, .route_len = 1};
        int r = hpke_public(&seed, peers[i].key);
        assert(r == 0);
    }
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
    renew_keys();
    make_peers();
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
        .quota_records = RECORDS_MAX,
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

/* Takes the oldest slot all the way round the ring. */
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
    gate_answered(&gate, slot);
    struct pipeline_cursors at;
    struct written written;
    pipeline_cursors(pipeline, &at);
    pipeline_written(pipeline, 1, at.written + 1);
    bool some = pipeline_to_attest(pipeline, false, 0, &written);
    assert(some);
    pipeline_durable(pipeline, &written);
    pipeline_answered(pipeline);
}

/* Returns how many were asked or claimed since the last time. */
static unsigned take_what_came(void)
{
    struct letter letter = {.frame = NET_FRAME_NULL};
    struct pipeline_cursors at;
    unsigned n = 0;

    for (; pipeline_asked(pipeline, &letter); n++) {
        net_frame_deinit(&letter.frame);
    }
    pipeline_cursors(pipeline, &at);
    for (; at.answered < at.claimed; n++) {
        verify_claimed();
        pipeline_cursors(pipeline, &at);
    }
    return n;
}

/* The parcel with its true root, signed by the agency's first key; what is no parcel stays as it
 * is. */
static void sign_anew(struct slice bytes, const struct signer *signer, struct buf *out)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf head_bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    static struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
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
    signer_public(signer, public_key);
    head.key_id = key_id(SLICE_OF(public_key));
    wire_parcel_head_write(&head, &head_bytes);
    int r = signer_sign(signer, SIGN_PARCEL, buf_slice(&head_bytes), signature);
    assert(r == 0);
    parcel.head = buf_slice(&head_bytes);
    parcel.signature = SLICE_OF(signature);
    wire_frame_begin(out, &header);
    wire_parcel_write(&parcel, out);
    wire_frame_end(out);
}

static unsigned send(const struct peer *peer, struct slice bytes, unsigned times)
{
    replies = 0;
    for (unsigned i = 0; i < times; i++) {
        struct net_frame frame = NET_FRAME_NULL;
        net_frame_copy(&frame, bytes);
        gate_frame(&gate, peer, &frame);
    }
    return replies + take_what_came();
}

/* A minute later nothing of the flood counts any more. */
static void send_flood(const struct peer *peer, struct slice bytes)
{
    unsigned heard = send(peer, bytes, FLOOD);
    assert(heard == FLOOD || heard == GATE_STRIKES_MAX);
    clock_fake_advance(&fake, MINUTE_MS);
    heard = send(peer, bytes, 1);
    assert(heard == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t which = size == 0 ? 0 : data[0];
    const struct peer *peer = &peers[which % ARRAY_LEN(connections)];
    struct slice bytes = size == 0 ? SLICE_NULL : slice_make(data + 1, size - 1);
    _cleanup_(buf_deinit) struct buf anew = BUF_MAX(CAIRN_FRAME_MAX_BYTES);

    gate.n_guests = 0;
    if ((which & SIGNED_ANEW) != 0 && peer->agency <= ARRAY_LEN(agencies)) {
        sign_anew(bytes, signers[peer->agency - 1], &anew);
        bytes = buf_slice(&anew);
    }
    if ((which & NOT_GREETED) == 0) {
        gate_greeted(&gate, peer);
    }
    if ((which & FLOODED) != 0) {
        send_flood(peer, bytes);
        return 0;
    }
    unsigned heard = send(peer, bytes, 1);
    assert(heard == 1);
    return 0;
}
