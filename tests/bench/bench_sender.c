/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_sender.h"

#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "crypto/digest.h"
#include "crypto/token.h"

#define APART_DAYS        200 /* three within twelve months would be noticed */
#define HISTORY_DAYS      (15 * 365)
#define CLOSE_DAYS        10
#define FIRST_ALERT_CHILD (1U << 20)
#define HEADER_ROOM       512
#define BODY_ROOM         2048

static const char card[] = "{\"given_name\":\"Alix\",\"family_name\":\"Test\"}";

struct made_entry {
    struct entry_header header;
    struct wire_entry wire;
    uint8_t header_bytes[HEADER_ROOM];
    uint8_t token[CAIRN_HASH_BYTES];
    /* Sealed once; see the header. */
    size_t body_len;
    uint8_t body[BODY_ROOM];
    size_t n_grants;
    struct wire_grant grants[CAIRN_GRANTS_MAX];
};

static struct made_entry *next_entry(struct sender *sender, enum lane lane, enum entry_kind kind)
{
    assert(sender->n_made < CAIRN_PARCEL_ENTRIES_MAX);
    struct made_entry *made = &sender->made[sender->n_made++];
    made->wire = (struct wire_entry){.kind = kind, .grants = made->grants};
    made->header = (struct entry_header){.kind = kind};
    made->header.id = (struct entry_id){
        .agency = sender->agency, .stream = sender->streams[lane], .seq = sender->seqs[lane]++};
    return made;
}

static void handle_of(uint32_t agency, uint64_t child, uint8_t out[CAIRN_HANDLE_BYTES])
{
    struct writer writer = writer_over(out, CAIRN_HANDLE_BYTES);

    write_u32(&writer, agency);
    write_u64(&writer, child);
    write_u32(&writer, 0);
    assert(writer_ok(&writer));
}

static void freeze(struct made_entry *made)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(HEADER_ROOM);

    wire_entry_header_write(&made->header, &bytes);
    assert(buf_ok(&bytes));
    memcpy(made->header_bytes, bytes.data, bytes.len);
    made->wire.header = slice_make(made->header_bytes, bytes.len);
}

/* --- sealing --- */

static void grant_part(const struct sender *sender, struct made_entry *made, uint32_t recipient,
                       enum part part, const struct secret *key)
{
    const struct agency *agency = directory_agency(&sender->governance->directory, recipient);
    const struct agency_key *open_key = agency_open_key(agency);
    const struct grant_scope scope = {
        .entry = made->header.id, .part = part, .recipient = recipient};
    struct wire_grant *grant = &made->grants[made->n_grants++];

    *grant = (struct wire_grant){.part = part, .recipient = recipient, .key_id = open_key->id};
    bench_must(grant_seal(open_key->public_key, &scope, key, grant->sealed), "grant", NULL);
}

static void seal_one(struct made_entry *made, enum part part, struct slice text,
                     struct secret *ret_key)
{
    uint8_t digest[CAIRN_HASH_BYTES];

    assert(made->body_len + seal_part_size(text.len) <= BODY_ROOM);
    sha256(made->wire.header, digest);
    bench_must(secret_random(ret_key, SEAL_KEY_BYTES), "random", NULL);
    bench_must(seal_part(ret_key, digest, part, text, made->body + made->body_len), "seal", NULL);
    made->body_len += seal_part_size(text.len);
}

static void seal_record(const struct sender *sender, struct made_entry *made)
{
    uint8_t account[SENDER_ACCOUNT_BYTES];
    struct secret keys[CAIRN_PARTS + 1] = {SECRET_NULL};
    const uint32_t readers[] = {sender->agency, BENCH_MASH}; /* grants rise by recipient */

    memset(account, 'a', sizeof(account));
    seal_one(made, PART_CARD, slice_of_text(card), &keys[PART_CARD]);
    seal_one(made, PART_ACCOUNT, SLICE_OF(account), &keys[PART_ACCOUNT]);
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        grant_part(sender, made, readers[i], PART_CARD, &keys[PART_CARD]);
        grant_part(sender, made, readers[i], PART_ACCOUNT, &keys[PART_ACCOUNT]);
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        secret_deinit(&keys[i]);
    }
}

/* --- records --- */

static void add_record(struct sender *sender, enum lane lane, uint64_t child, int32_t day)
{
    struct made_entry *made = next_entry(sender, lane, ENTRY_RECORD);
    struct record_header *header = &made->header.record;
    int64_t now_ms = clock_real_ms(clock_system());

    *header = (struct record_header){
        .id = made->header.id,
        .record_kind = RECORD_MISSED_APPOINTMENT,
        .code = CODE_WAS_NOT_BROUGHT,
        .urgency = sender->urgency,
        .event_day = day,
        .recorded_ms = now_ms,
        .created_ms = now_ms,
        .card_bytes = (uint32_t)seal_part_size(sizeof(card) - 1),
        .judged_by = 2,
        .basis = 2,
        .detriment = 1,
        .family_told = 3,
        .has_occurrence = true,
    };
    handle_of(sender->agency, child, header->handle);
    bench_must(random_bytes(header->event_id, sizeof(header->event_id)), "random", NULL);
    token_occurrence(&sender->linkage, day, slice_of_text("clinic"), header->occurrence);
    freeze(made);
    if (made->body_len == 0) {
        seal_record(sender, made);
    }
    made->wire.body = slice_make(made->body, made->body_len);
    made->wire.n_grants = made->n_grants;
}

static int32_t today(void)
{
    return instant_london_day(clock_real_ms(clock_system()));
}

/* --- parcels --- */

static void write_head(const struct sender *sender, struct buf *out,
                       uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    const struct entry_id *first = &sender->made[0].header.id;
    struct parcel_head head = {
        .agency = sender->agency,
        .key_id = sender->key_id,
        .stream = first->stream,
        .first_seq = first->seq,
        .entries = (uint32_t)sender->n_made,
    };

    sha256(slice_of_text(GOVERNING_ORIGIN), head.partnership.bytes);
    memcpy(head.versions.of, sender->governance->versions, sizeof(head.versions.of));
    for (size_t i = 0; i < sender->n_made; i++) {
        wire_entry_leaf(&sender->made[i].wire, &leaves[i]);
    }
    tree_root_of(leaves, sender->n_made, &head.root);
    wire_parcel_head_write(&head, out);
    bench_must(signer_sign(sender->signer, SIGN_PARCEL, buf_slice(out), signature), "sign", NULL);
}

/* What was made becomes one frame; the next parcel is empty. */
static void cut(struct sender *sender, enum lane lane, struct net_frame *ret)
{
    _cleanup_(buf_deinit) struct buf head = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct wire_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    const struct wire_header transport = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_PARCEL,
        .lane = (uint8_t)lane,
        .entries = (uint16_t)sender->n_made,
        .correlation = sender->made[0].header.id.seq,
    };

    write_head(sender, &head, signature);
    for (size_t i = 0; i < sender->n_made; i++) {
        entries[i] = sender->made[i].wire;
    }
    const struct wire_parcel message = {
        .head = buf_slice(&head),
        .signature = SLICE_OF(signature),
        .n_entries = sender->n_made,
        .entries = entries,
    };
    wire_frame_begin(&frame, &transport);
    wire_parcel_write(&message, &frame);
    wire_frame_end(&frame);
    assert(buf_ok(&frame));
    net_frame_copy(ret, buf_slice(&frame));
    sender->n_made = 0;
}

void sender_records(struct sender *sender, enum lane lane, size_t n, struct net_frame *ret)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t pass = sender->records / sender->children;
        int32_t day = today() - HISTORY_DAYS + (int32_t)(pass * APART_DAYS);
        add_record(sender, lane, sender->records % sender->children, day);
        sender->records++;
    }
    cut(sender, lane, ret);
}

void sender_statements(struct sender *sender, size_t first, size_t n, struct net_frame *ret)
{
    for (size_t i = 0; i < n; i++) {
        struct made_entry *made = next_entry(sender, LANE_NORMAL, ENTRY_SUBJECT);
        struct subject_header *header = &made->header.subject;
        uint8_t value[CAIRN_HANDLE_BYTES];

        *header = (struct subject_header){
            .id = made->header.id, .epoch = 1, .revision = made->header.id.seq, .n_tokens = 1};
        header->tokens[0] =
            (struct token_mark){.class = TOKEN_NHS_NUMBER, .status = IDENTIFIER_VERIFIED};
        handle_of(sender->agency, first + i, header->handle);
        handle_of(sender->agency, first + i, value); /* no two agencies know the same child */
        token_make(&sender->linkage, TOKEN_NHS_NUMBER, SLICE_OF(value), made->token);
        made->wire.body = SLICE_OF(made->token);
        freeze(made);
    }
    cut(sender, LANE_NORMAL, ret);
}

void sender_missed_twice(struct sender *sender, size_t n, struct net_frame *ret)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t child = FIRST_ALERT_CHILD + sender->alerts++;
        add_record(sender, LANE_NORMAL, child, today() - 3 * CLOSE_DAYS);
        add_record(sender, LANE_NORMAL, child, today() - 2 * CLOSE_DAYS);
    }
    cut(sender, LANE_NORMAL, ret);
}

void sender_missed_again(struct sender *sender, uint64_t nth, struct net_frame *ret)
{
    assert(nth < sender->alerts);
    add_record(sender, LANE_NORMAL, FIRST_ALERT_CHILD + nth, today() - CLOSE_DAYS);
    cut(sender, LANE_NORMAL, ret);
}

void sender_acknowledge(struct sender *sender, uint64_t position, struct net_frame *ret)
{
    struct made_entry *made = next_entry(sender, LANE_NORMAL, ENTRY_ACKNOWLEDGEMENT);

    made->header.acknowledgement =
        (struct acknowledgement_header){.id = made->header.id, .position = position};
    freeze(made);
    made->wire.body = SLICE_NULL;
    cut(sender, LANE_NORMAL, ret);
}

void sender_sizes(struct sender *sender, struct record_sizes *ret)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    uint64_t seq = sender->seqs[LANE_BULK];
    struct wire_parcel parcel;

    sender_records(sender, LANE_BULK, 1, &frame);
    bool good = wire_parcel_read(wire_payload(net_frame_slice(&frame)), &arena, &parcel);
    assert(good); /* we wrote it */
    *ret = (struct record_sizes){
        .header = sender->made[0].wire.header.len,
        .body = sender->made[0].wire.body.len,
        .grants = sender->made[0].wire.n_grants,
        .head = parcel.head.len,
        .frame = net_frame_slice(&frame).len,
    };
    sender->seqs[LANE_BULK] = seq; /* it is not sent */
}

/* --- the agency --- */

void sender_init(struct sender *sender, const struct governance *governance, uint32_t agency,
                 size_t children)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    uint8_t public_key[SIGN_PUBLIC_BYTES];

    *sender = (struct sender){.governance = governance,
                              .agency = agency,
                              .children = children,
                              .urgency = URGENCY_ROUTINE};
    governing_seed(agency, "sign", &seed);
    bench_must(signer_new(&seed, &sender->signer), "signing key", NULL);
    signer_public(sender->signer, public_key);
    sender->key_id = key_id(SLICE_OF(public_key));
    governing_seed(0, "linkage", &sender->linkage);
    for (size_t lane = 1; lane <= CAIRN_LANES; lane++) {
        bench_must(random_bytes(&sender->streams[lane], sizeof(sender->streams[lane])), "random",
                   NULL);
        sender->seqs[lane] = 1;
    }
    sender->made = base_zalloc(CAIRN_PARCEL_ENTRIES_MAX, sizeof(*sender->made));
}

void sender_deinit(struct sender *sender)
{
    signer_free(&sender->signer);
    secret_deinit(&sender->linkage);
    base_free(&sender->made);
}
