/* SPDX-License-Identifier: Apache-2.0 */
#include "support/wire_samples.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/sign.h"
#include "wire/leaf.h"

#define GP     3U
#define SCHOOL 7U
#define MASH   12U

#define STREAM      0x0102030405060708U
#define DAY         20779 /* 2026-11-22 */
#define MORNING_MS  1795334400000
#define ORIGIN      "cairn.example/anytown"
#define NOTE_BYTES  512
#define MESSAGE_MAX CAIRN_FRAME_MAX_BYTES

/* first, first + 1, ... */
static void count_from(uint8_t first, void *out, size_t len)
{
    uint8_t *bytes = out;

    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(first + i);
    }
}

static struct hash hash_from(uint8_t first)
{
    struct hash hash;

    count_from(first, hash.bytes, sizeof(hash.bytes));
    return hash;
}

static struct tree_proof proof_of(size_t n)
{
    struct tree_proof proof = {.n = n};

    for (size_t i = 0; i < n; i++) {
        proof.hashes[i] = hash_from((uint8_t)(0x40 + i));
    }
    return proof;
}

static struct wire_grant grant_for(uint32_t recipient, enum part part)
{
    struct wire_grant grant = {.part = part, .recipient = recipient, .key_id = 0x11223344};

    count_from((uint8_t)recipient, grant.sealed, sizeof(grant.sealed));
    return grant;
}

static const struct wire_versions versions = {.of = {0, 2, 17, 5, 9, 3}};

/* The subject statement goes first, so that the record's child is known when it comes. */
static const struct entry_id subject_id = {.agency = GP, .stream = STREAM, .seq = 41};
static const struct entry_id record_id = {.agency = GP, .stream = STREAM, .seq = 42};

static struct signer *sample_signer(void)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    uint8_t bytes[SIGN_SECRET_BYTES];
    struct signer *signer = NULL;

    count_from(0, bytes, sizeof(bytes));
    secret_set(&seed, bytes, sizeof(bytes));
    int r = signer_new(&seed, &signer);
    assert(r == 0);
    return signer;
}

/* The checkpoint of a log of 130 entries, signed with the same seed under the log's origin. */
static struct slice checkpoint_note(uint8_t storage[NOTE_BYTES])
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(NOTE_BYTES);
    _cleanup_(signer_free) struct signer *signer = sample_signer();
    const struct checkpoint checkpoint = {.size = 130, .root = hash_from(0x50)};
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    struct note_key key;

    signer_public(signer, public_key);
    bool named = note_key_init(&key, ORIGIN, NOTE_TYPE_ED25519, public_key);
    assert(named);
    int r = checkpoint_sign(&checkpoint, &key, signer, &note);
    assert(r == 0 && buf_ok(&note));
    memcpy(storage, note.data, note.len);
    return slice_make(storage, note.len);
}

/* --- headers --- */

static struct entry_header record_sample(void)
{
    struct entry_header header = {.kind = ENTRY_RECORD, .id = record_id};

    header.record = (struct record_header){
        .id = record_id,
        .record_kind = RECORD_MISSED_APPOINTMENT,
        .code = CODE_WAS_NOT_BROUGHT,
        .level = 2,
        .urgency = URGENCY_ROUTINE,
        .event_day = DAY,
        .recorded_ms = MORNING_MS,
        .created_ms = MORNING_MS + 1500,
        .has_occurrence = true,
        .card_bytes = 48,
        .judged_by = 2,
        .basis = 1,
        .detriment = 1,
        .family_told = 3,
        .narrow = {.n_agencies = 2,
                   .agencies = {9, 11},
                   .roles = ROLE_BIT(ROLE_ON_ROLL) | ROLE_BIT(ROLE_PLAN_TEAM),
                   .hidden_until = DAY + 7,
                   .not_for_family = true,
                   .reason = NARROW_ENQUIRY,
                   .authority = AUTHORITY_POLICE},
        .home_authority = 301,
    };
    count_from(0x10, header.record.handle, sizeof(header.record.handle));
    count_from(0x20, header.record.event_id, sizeof(header.record.event_id));
    count_from(0x30, header.record.occurrence, sizeof(header.record.occurrence));
    return header;
}

static struct entry_header subject_sample(void)
{
    struct entry_header header = {.kind = ENTRY_SUBJECT, .id = subject_id};

    header.subject = (struct subject_header){
        .id = header.id,
        .epoch = 1,
        .revision = 1795338000000,
        .n_tokens = 2,
        .tokens = {{TOKEN_NHS_NUMBER, IDENTIFIER_VERIFIED},
                   {TOKEN_NAME_BIRTH_POSTCODE, IDENTIFIER_WELL_FORMED}},
    };
    count_from(0x10, header.subject.handle, sizeof(header.subject.handle));
    return header;
}

static struct entry_header involvement_sample(void)
{
    struct entry_header header = {.kind = ENTRY_INVOLVEMENT, .id = record_id};

    header.id.seq = 43;
    header.involvement = (struct involvement_header){.id = header.id,
                                                     .role = ROLE_REGISTERED_PATIENT,
                                                     .from_day = DAY - 400,
                                                     .until_day = INVOLVEMENT_OPEN};
    count_from(0x10, header.involvement.handle, sizeof(header.involvement.handle));
    return header;
}

static struct entry_header acknowledgement_sample(void)
{
    struct entry_header header = {.kind = ENTRY_ACKNOWLEDGEMENT, .id = record_id};

    header.id.seq = 44;
    header.acknowledgement = (struct acknowledgement_header){
        .id = header.id, .position = 88, .log_size = 130, .log_root = hash_from(0x50)};
    count_from(0x60, header.acknowledgement.cosignature,
               sizeof(header.acknowledgement.cosignature));
    return header;
}

static struct entry_header decision_sample(void)
{
    struct entry_header header = {.kind = ENTRY_DECISION, .id = record_id};

    header.id.seq = 45;
    header.decision = (struct decision_header){.id = header.id,
                                               .action = ACTION_CLOSE,
                                               .alert = 6,
                                               .outcome = OUTCOME_EARLY_HELP,
                                               .decided_ms = MORNING_MS + 60000};
    return header;
}

static struct entry_header grant_sample(void)
{
    struct entry_header header = {.kind = ENTRY_GRANT, .id = record_id};

    header.id.seq = 46;
    header.grant = (struct grant_header){
        .id = header.id, .record = record_id, .basis = 2, .judged_by = JUDGED_BY_PERSON};
    return header;
}

static struct entry_header request_sample(void)
{
    struct entry_header header = {.kind = ENTRY_REQUEST, .id = record_id};

    header.id.seq = 47;
    header.request = (struct request_header){
        .id = header.id, .has_record = true, .record = subject_id, .purpose = PURPOSE_SAFEGUARDING};
    count_from(0x10, header.request.handle, sizeof(header.request.handle));
    return header;
}

static struct entry_header tie_sample(void)
{
    struct entry_header header = {.kind = ENTRY_TIE, .id = record_id};

    header.id.seq = 48;
    header.tie = (struct tie_header){
        .id = header.id, .relationship = RELATIONSHIP_MOTHER, .until_day = TIE_OPEN};
    count_from(0x10, header.tie.handle, sizeof(header.tie.handle));
    count_from(0x70, header.tie.person, sizeof(header.tie.person));
    return header;
}

struct entry_header wire_sample_header(enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_RECORD:
        return record_sample();
    case ENTRY_SUBJECT:
        return subject_sample();
    case ENTRY_INVOLVEMENT:
        return involvement_sample();
    case ENTRY_ACKNOWLEDGEMENT:
        return acknowledgement_sample();
    case ENTRY_DECISION:
        return decision_sample();
    case ENTRY_GRANT:
        return grant_sample();
    case ENTRY_REQUEST:
        return request_sample();
    case ENTRY_TIE:
        return tie_sample();
    }
    assert(false && "no sample of a kind that there is not");
}

#define HEADER_SAMPLE(noun, KIND)                                                                  \
    static void noun##_header_write(struct buf *out)                                               \
    {                                                                                              \
        struct entry_header header = wire_sample_header(ENTRY_##KIND);                             \
        wire_entry_header_write(&header, out);                                                     \
    }                                                                                              \
    static bool noun##_header_again(struct slice payload, struct arena *arena, struct buf *out)    \
    {                                                                                              \
        struct entry_header header;                                                                \
        if (!wire_entry_header_read(ENTRY_##KIND, payload, arena, &header)) {                      \
            return false;                                                                          \
        }                                                                                          \
        wire_entry_header_write(&header, out);                                                     \
        return true;                                                                               \
    }

HEADER_SAMPLE(record, RECORD)
HEADER_SAMPLE(subject, SUBJECT)
HEADER_SAMPLE(involvement, INVOLVEMENT)
HEADER_SAMPLE(acknowledgement, ACKNOWLEDGEMENT)
HEADER_SAMPLE(decision, DECISION)
HEADER_SAMPLE(grant, GRANT)
HEADER_SAMPLE(request, REQUEST)
HEADER_SAMPLE(tie, TIE)

static void retraction_header_write(struct buf *out)
{
    struct entry_header header = record_sample();

    header.record.record_kind = RECORD_RETRACTION;
    header.record.code = CODE_NOT_SAID;
    header.record.narrow.hidden_until = 0;
    header.record.has_retracts = true;
    header.record.retracts = record_id;
    header.record.retracts.seq = 30;
    wire_entry_header_write(&header, out);
}

/* --- parcel --- */

static struct slice keep(struct writer *storage, const struct buf *bytes)
{
    struct slice kept = slice_make(storage->start + storage->len, bytes->len);

    write_slice(storage, buf_slice(bytes));
    assert(writer_ok(storage));
    return kept;
}

static void entry_init(struct wire_entry *entry, enum entry_kind kind, size_t body_len,
                       struct writer *storage)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    struct entry_header header = wire_sample_header(kind);

    entry->kind = kind;
    wire_entry_header_write(&header, &bytes);
    entry->header = keep(storage, &bytes);
    buf_reset(&bytes);
    uint8_t *body = buf_extend(&bytes, body_len);
    assert(body != NULL);
    count_from(0x80, body, body_len);
    entry->body = keep(storage, &bytes);
}

static void head_init(struct wire_sample_parcel *sample)
{
    for (size_t i = 0; i < ARRAY_LEN(sample->entries); i++) {
        const struct wire_entry *entry = &sample->entries[i];
        wire_item_digest(entry->header, entry->body, &sample->items[i]);
        wire_grants_digest(entry->grants, entry->n_grants, &sample->grants_digests[i]);
        wire_entry_digest(&sample->items[i], &sample->grants_digests[i], &sample->digests[i]);
        tree_leaf(SLICE_OF(sample->digests[i].bytes), &sample->leaves[i]);
    }
    sample->head = (struct parcel_head){.agency = GP,
                                        .key_id = key_id(SLICE_OF(sample->public_key)),
                                        .stream = STREAM,
                                        .first_seq = 41,
                                        .entries = 2,
                                        .versions = versions,
                                        .log_size = 130,
                                        .log_root = hash_from(0x50)};
    sha256(slice_of_text(ORIGIN), sample->head.partnership.bytes);
    tree_root_of(sample->leaves, ARRAY_LEN(sample->leaves), &sample->head.root);
}

static void parcel_sign(struct wire_sample_parcel *sample, const struct signer *signer,
                        struct writer *storage)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    wire_parcel_head_write(&sample->head, &bytes);
    sample->parcel.head = keep(storage, &bytes);
    int r = signer_sign(signer, SIGN_PARCEL, sample->parcel.head, signature);
    assert(r == 0);
    buf_reset(&bytes);
    buf_add(&bytes, signature, sizeof(signature));
    sample->parcel.signature = keep(storage, &bytes);
}

void wire_sample_parcel_init(struct wire_sample_parcel *sample)
{
    *sample = (struct wire_sample_parcel){.head = {.entries = 2}};
    struct writer storage = writer_over(sample->storage, sizeof(sample->storage));
    _cleanup_(signer_free) struct signer *signer = sample_signer();

    sample->grants[0] = grant_for(GP, PART_CARD);
    sample->grants[1] = grant_for(GP, PART_ACCOUNT);
    sample->grants[2] = grant_for(SCHOOL, PART_CARD);
    entry_init(&sample->entries[0], ENTRY_SUBJECT, 64, &storage);
    entry_init(&sample->entries[1], ENTRY_RECORD, 96, &storage);
    sample->entries[1].n_grants = ARRAY_LEN(sample->grants);
    sample->entries[1].grants = sample->grants;
    signer_public(signer, sample->public_key);
    head_init(sample);
    parcel_sign(sample, signer, &storage);
    sample->parcel.n_entries = 2;
    sample->parcel.entries = sample->entries;
}

static void parcel_head_write(struct buf *out)
{
    struct wire_sample_parcel sample;

    wire_sample_parcel_init(&sample);
    buf_add_slice(out, sample.parcel.head);
}

static bool parcel_head_again(struct slice payload, struct arena *arena, struct buf *out)
{
    struct parcel_head head;

    if (!wire_parcel_head_read(payload, arena, &head)) {
        return false;
    }
    wire_parcel_head_write(&head, out);
    return true;
}

static void parcel_write(struct buf *out)
{
    struct wire_sample_parcel sample;

    wire_sample_parcel_init(&sample);
    wire_parcel_write(&sample.parcel, out);
}

static void receipt_write(struct buf *out)
{
    uint8_t note[NOTE_BYTES];
    const struct wire_result results[] = {{41, VERDICT_STORED, 128}, {42, VERDICT_BUSY, 0}};

    wire_receipt_write(&(struct wire_receipt){.stream = STREAM,
                                              .n_results = ARRAY_LEN(results),
                                              .results = results,
                                              .checkpoint = checkpoint_note(note)},
                       out);
}

/* --- session --- */

static void hello_write(struct buf *out)
{
    uint8_t note[NOTE_BYTES];

    wire_hello_write(&(struct wire_hello){.protocol_min = 1,
                                          .protocol_max = 1,
                                          .software = slice_of_text("cairn-agent 0.1.0"),
                                          .versions = versions,
                                          .checkpoint = checkpoint_note(note),
                                          .proven = 88,
                                          .cosigned_from = 3},
                     out);
}

static void hello_reply_write(struct buf *out)
{
    uint8_t note[NOTE_BYTES];
    struct wire_cosigned cosigned[2] = {
        {.agency = 3,
         .key_id = 0x0a0b0c0d,
         .head = {.size = 96, .root = hash_from(4)},
         .consistency = proof_of(2)},
        {.agency = 7, .key_id = 0x01020304, .head = {.size = 130, .root = hash_from(5)}},
    };

    for (size_t i = 0; i < ARRAY_LEN(cosigned); i++) {
        memset(cosigned[i].cosignature, (int)(0x50 + i), COSIGNATURE_BYTES);
    }
    wire_hello_reply_write(&(struct wire_hello_reply){.protocol = 1,
                                                      .versions = versions,
                                                      .checkpoint = checkpoint_note(note),
                                                      .consistency = proof_of(2),
                                                      .time_ms = MORNING_MS,
                                                      .bridge = proof_of(1),
                                                      .n_cosigned = ARRAY_LEN(cosigned),
                                                      .cosigned = cosigned},
                           out);
}

static void pong_write(struct buf *out)
{
    wire_pong_write(&(struct wire_pong){.versions = versions, .time_ms = MORNING_MS}, out);
}

static void error_write(struct buf *out)
{
    wire_error_write(VERDICT_UNSUPPORTED_VERSION, out);
}

static bool error_again(struct slice payload, struct arena *arena, struct buf *out)
{
    enum verdict verdict;

    if (!wire_error_read(payload, arena, &verdict)) {
        return false;
    }
    wire_error_write(verdict, out);
    return true;
}

/* --- mailbox --- */

static void fetch_write(struct buf *out)
{
    wire_fetch_write(&(struct wire_fetch){.after = 88, .credit = 32, .log_size = 130}, out);
}

static struct leaf told_leaf(void)
{
    struct leaf leaf = {.type = LEAF_TOLD,
                        .time_ms = MORNING_MS + 2000,
                        .agency = SCHOOL,
                        .digest = hash_from(0x70),
                        .number = 89,
                        .detail = ITEM_RELEASE,
                        .parts = PART_BIT(PART_ACCOUNT),
                        .alert = 6};

    count_from(0xa0, leaf.salt, sizeof(leaf.salt));
    return leaf;
}

static void release_write(struct buf *out)
{
    const struct wire_grant grants[] = {grant_for(SCHOOL, PART_ACCOUNT)};

    wire_release_write(
        &(struct wire_release){
            .record = record_id, .log_index = 128, .n_grants = 1, .grants = grants, .alert = 6},
        out);
}

static void delivery_write(struct buf *out)
{
    uint8_t note[NOTE_BYTES];
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(MESSAGE_MAX);
    uint8_t storage[LEAF_MAX_BYTES];
    struct leaf leaf = told_leaf();

    release_write(&payload);
    const struct wire_item items[] = {{.position = 89,
                                       .kind = ITEM_RELEASE,
                                       .payload = buf_slice(&payload),
                                       .log_index = 129,
                                       .leaf = leaf_write(&leaf, storage),
                                       .path = proof_of(2)}};
    wire_delivery_write(&(struct wire_delivery){.n_items = 1,
                                                .items = items,
                                                .checkpoint = checkpoint_note(note),
                                                .consistent_from = 120,
                                                .consistency = proof_of(1)},
                        out);
}

static void delivered_write(struct buf *out)
{
    struct wire_sample_parcel sample;

    wire_sample_parcel_init(&sample);
    struct wire_delivered delivered = {.head = sample.parcel.head,
                                       .signature = sample.parcel.signature,
                                       .index = 1,
                                       .kind = ENTRY_RECORD,
                                       .header = sample.entries[1].header,
                                       .body = sample.entries[1].body,
                                       .grants_digest = sample.grants_digests[1],
                                       .n_grants = 1,
                                       .grants = &sample.grants[2],
                                       .log_index = 128,
                                       .has_handle = true,
                                       .flags = DELIVERED_PROVISIONAL,
                                       .path = {.n = 1, .hashes = {sample.leaves[0]}}};
    count_from(0xb0, delivered.handle, sizeof(delivered.handle));
    wire_delivered_write(&delivered, out);
}

static void notice_write(struct buf *out)
{
    const struct wire_headline headlines[] = {
        {.has_record = true,
         .record = record_id,
         .log_index = 128,
         .record_kind = RECORD_MISSED_APPOINTMENT,
         .code = CODE_WAS_NOT_BROUGHT,
         .class = slice_of_text("health-contact"),
         .event_day = DAY,
         .origin_kind = slice_of_text("gp"),
         .origin = GP,
         .flags = HEADLINE_PROVISIONAL},
        {.class = slice_of_text("concern"),
         .event_day = DAY - 30,
         .origin_kind = slice_of_text("school")},
    };
    struct wire_notice notice = {.type = NOTICE_RAISED,
                                 .alert = 6,
                                 .revision = 1,
                                 .pattern = slice_of_text("three-missed-in-twelve-months"),
                                 .pattern_hash = hash_from(0xc0),
                                 .rule_version = 9,
                                 .has_handle = true,
                                 .n_headlines = ARRAY_LEN(headlines),
                                 .headlines = headlines,
                                 .agency = MASH,
                                 .outcome = OUTCOME_EARLY_HELP,
                                 .has_record = true,
                                 .record = record_id,
                                 .time_ms = MORNING_MS + 2000,
                                 .earlier_outcome = OUTCOME_NO_FURTHER_ACTION};

    count_from(0xb0, notice.handle, sizeof(notice.handle));
    wire_notice_write(&notice, out);
}

/* --- governance, questions --- */

static void governance_fetch_write(struct buf *out)
{
    wire_governance_fetch_write(
        &(struct wire_governance_fetch){.document = GOVERNANCE_DIRECTORY, .have = 16}, out);
}

static void governance_document_write(struct buf *out)
{
    uint8_t note[NOTE_BYTES];

    wire_governance_document_write(
        &(struct wire_governance_document){.document = GOVERNANCE_DIRECTORY,
                                           .version = 17,
                                           .text = slice_of_text("{\"document\":\"directory\"}\n"),
                                           .note = checkpoint_note(note)},
        out);
}

static void proof_request_write(struct buf *out)
{
    wire_proof_request_write(128, out);
}

static bool proof_request_again(struct slice payload, struct arena *arena, struct buf *out)
{
    uint64_t log_index = 0;

    if (!wire_proof_request_read(payload, arena, &log_index)) {
        return false;
    }
    wire_proof_request_write(log_index, out);
    return true;
}

static void proof_reply_write(struct buf *out)
{
    uint8_t note[NOTE_BYTES];
    uint8_t storage[LEAF_MAX_BYTES];
    struct leaf leaf = told_leaf();

    wire_proof_reply_write(&(struct wire_proof_reply){.verdict = VERDICT_STORED,
                                                      .log_index = 129,
                                                      .leaf = leaf_write(&leaf, storage),
                                                      .path = proof_of(2),
                                                      .checkpoint = checkpoint_note(note)},
                           out);
}

static void state_request_write(struct buf *out)
{
    wire_state_request_write(&record_id, out);
}

static bool state_request_again(struct slice payload, struct arena *arena, struct buf *out)
{
    struct entry_id entry;

    if (!wire_state_request_read(payload, arena, &entry)) {
        return false;
    }
    wire_state_request_write(&entry, out);
    return true;
}

static void state_reply_write(struct buf *out)
{
    const struct wire_reader readers[] = {{SCHOOL, READER_KEPT}, {MASH, READER_OPENED}};

    wire_state_reply_write(&(struct wire_state_reply){.entry = record_id,
                                                      .verdict = VERDICT_STORED,
                                                      .log_index = 128,
                                                      .n_readers = ARRAY_LEN(readers),
                                                      .readers = readers,
                                                      .retracted = true,
                                                      .alert = 6},
                           out);
}

#define AGAIN(noun)                                                                                \
    static bool noun##_again(struct slice payload, struct arena *arena, struct buf *out)           \
    {                                                                                              \
        struct wire_##noun read;                                                                   \
        if (!wire_##noun##_read(payload, arena, &read)) {                                          \
            return false;                                                                          \
        }                                                                                          \
        wire_##noun##_write(&read, out);                                                           \
        return true;                                                                               \
    }

AGAIN(parcel)
AGAIN(receipt)
AGAIN(hello)
AGAIN(hello_reply)
AGAIN(pong)
AGAIN(fetch)
AGAIN(delivery)
AGAIN(delivered)
AGAIN(release)
AGAIN(notice)
AGAIN(governance_fetch)
AGAIN(governance_document)
AGAIN(proof_reply)
AGAIN(state_reply)

static void picture_request_write(struct buf *out)
{
    wire_picture_request_write(
        &(struct wire_picture_request){.look = record_id, .until_day = PICTURE_ALL_DAYS}, out);
}
AGAIN(picture_request)

static void picture_reply_write(struct buf *out)
{
    const struct wire_headline headlines[] = {
        {.has_record = true,
         .record = record_id,
         .log_index = 128,
         .record_kind = RECORD_MISSED_APPOINTMENT,
         .code = CODE_WAS_NOT_BROUGHT,
         .class = slice_of_text("health-contact"),
         .event_day = 20593,
         .origin_kind = slice_of_text("gp"),
         .origin = SCHOOL},
        {.class = slice_of_text("concern"),
         .event_day = 20580,
         .origin_kind = slice_of_text("school"),
         .flags = HEADLINE_MAY_ASK},
    };
    const struct wire_involved involved[] = {
        {.agency = SCHOOL, .roles = ROLE_BIT(ROLE_ON_ROLL), .flags = INVOLVED_PROVISIONAL},
        {.agency = MASH, .roles = ROLE_BIT(ROLE_ALLOCATED_WORKER)},
    };

    const struct wire_silent silent[] = {{.agency = MASH, .last_day = 20570}};

    wire_picture_reply_write(&(struct wire_picture_reply){.look = record_id,
                                                          .n_headlines = ARRAY_LEN(headlines),
                                                          .headlines = headlines,
                                                          .n_involved = ARRAY_LEN(involved),
                                                          .involved = involved,
                                                          .flags = PICTURE_OLDER | PICTURE_WITHHELD,
                                                          .n_silent = ARRAY_LEN(silent),
                                                          .silent = silent},
                             out);
}
AGAIN(picture_reply)

const struct wire_sample wire_samples[] = {
    {"hello", 7, CORPUS_SESSION, hello_write, hello_again},
    {"hello_reply", 7, CORPUS_SESSION, hello_reply_write, hello_reply_again},
    {"pong", 2, CORPUS_SESSION, pong_write, pong_again},
    {"error", 1, CORPUS_SESSION, error_write, error_again},
    {"record_header", 21, CORPUS_ENTRY, record_header_write, record_header_again},
    {"retraction_header", 21, CORPUS_ENTRY, retraction_header_write, record_header_again},
    {"subject_header", 8, CORPUS_ENTRY, subject_header_write, subject_header_again},
    {"involvement_header", 8, CORPUS_ENTRY, involvement_header_write, involvement_header_again},
    {"acknowledgement_header", 8, CORPUS_ENTRY, acknowledgement_header_write,
     acknowledgement_header_again},
    {"decision_header", 8, CORPUS_ENTRY, decision_header_write, decision_header_again},
    {"grant_header", 7, CORPUS_ENTRY, grant_header_write, grant_header_again},
    {"request_header", 7, CORPUS_ENTRY, request_header_write, request_header_again},
    {"tie_header", 8, CORPUS_ENTRY, tie_header_write, tie_header_again},
    {"parcel_head", 11, CORPUS_PARCEL, parcel_head_write, parcel_head_again},
    {"parcel", 3, CORPUS_PARCEL, parcel_write, parcel_again},
    {"receipt", 3, CORPUS_PARCEL, receipt_write, receipt_again},
    {"fetch", 3, CORPUS_DELIVERY, fetch_write, fetch_again},
    {"delivery", 4, CORPUS_DELIVERY, delivery_write, delivery_again},
    {"delivered", 12, CORPUS_DELIVERY, delivered_write, delivered_again},
    {"release", 4, CORPUS_DELIVERY, release_write, release_again},
    {"notice", 13, CORPUS_DELIVERY, notice_write, notice_again},
    {"governance_fetch", 2, CORPUS_SESSION, governance_fetch_write, governance_fetch_again},
    {"governance_document", 4, CORPUS_SESSION, governance_document_write,
     governance_document_again},
    {"proof_request", 1, CORPUS_SESSION, proof_request_write, proof_request_again},
    {"proof_reply", 5, CORPUS_SESSION, proof_reply_write, proof_reply_again},
    {"state_request", 1, CORPUS_SESSION, state_request_write, state_request_again},
    {"state_reply", 6, CORPUS_SESSION, state_reply_write, state_reply_again},
    {"picture_request", 2, CORPUS_SESSION, picture_request_write, picture_request_again},
    {"picture_reply", 5, CORPUS_SESSION, picture_reply_write, picture_reply_again},
};
const size_t wire_samples_count = ARRAY_LEN(wire_samples);

const struct wire_sample *wire_sample_named(const char *name)
{
    for (size_t i = 0; i < wire_samples_count; i++) {
        if (strcmp(wire_samples[i].name, name) == 0) {
            return &wire_samples[i];
        }
    }
    assert(false && "no such sample");
}
