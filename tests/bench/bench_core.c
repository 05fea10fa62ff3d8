/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_core.h"

#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "os/files.h"

#define FILL_BATCH    1024
#define STREAM        UINT64_C(0x0c0e5f00d42)
#define SAME_NAME     40 /* one child in so many has a namesake born on the same day */
#define JOURNAL_BYTES (8U << 20)

static const enum token_class classes[CORE_TOKENS] = {
    TOKEN_NHS_NUMBER,
    TOKEN_NAME_BIRTH_POSTCODE,
    TOKEN_NAME_BIRTH,
    TOKEN_FAMILY_BIRTH_POSTCODE,
};

static void fixed_bytes(const char *what, uint64_t number, uint8_t out[CAIRN_HASH_BYTES])
{
    struct store_key key = store_key_u64(number);
    const struct slice parts[] = {slice_of_text(what), store_key_slice(&key)};

    sha256_many(parts, ARRAY_LEN(parts), out);
}

/* --- who is who --- */

/* The population comes in as many passes as a child has members: whom an agency states is mostly
 * known to another already. */
static uint64_t child_of(const struct core *core, uint64_t nth)
{
    return nth % core->children;
}

struct subject_id core_subject(const struct core *core, uint64_t nth)
{
    uint8_t bytes[CAIRN_HASH_BYTES];
    uint64_t pass = nth / core->children;
    struct subject_id subject = {
        .agency = (uint32_t)((child_of(core, nth) + 2 * pass) % BENCH_SENDERS) + 1};

    fixed_bytes("handle", nth, bytes);
    memcpy(subject.handle, bytes, CAIRN_HANDLE_BYTES);
    return subject;
}

uint64_t core_pick(struct core *core)
{
    uint8_t bytes[CAIRN_HASH_BYTES];
    struct reader reader = reader_over(SLICE_OF(bytes));

    fixed_bytes("pick", core->turn++, bytes);
    return read_u64(&reader) % core->subjects;
}

void core_statement(struct core *core, const struct subject_id *subject, uint64_t child,
                    struct subject_header *ret, struct entry_input *entry)
{
    *ret = (struct subject_header){.id = {.agency = subject->agency},
                                   .epoch = 1,
                                   .revision = ++core->turn,
                                   .n_tokens = CORE_TOKENS};
    memcpy(ret->handle, subject->handle, CAIRN_HANDLE_BYTES);
    *entry = (struct entry_input){.n_tokens = CORE_TOKENS};
    for (size_t i = 0; i < CORE_TOKENS; i++) {
        bool shared = classes[i] == TOKEN_NAME_BIRTH && child % SAME_NAME == 1;
        ret->tokens[i] = (struct token_mark){.class = classes[i], .status = IDENTIFIER_VERIFIED};
        fixed_bytes(token_class_text(classes[i]), shared ? child - 1 : child, entry->tokens[i]);
    }
}

/* --- batches --- */

void core_begin(struct core *core)
{
    struct batch_head head = {.apply_version = APPLY_VERSION, .time_ms = ++core->time_ms};

    fixed_bytes("salt", core->batches + 1, head.salt);
    journal_begin(&head, &core->journal);
    core->inputs = 0;
}

static void add_grants(struct entry_input *entry)
{
    const uint32_t readers[] = {entry->id.agency, BENCH_MASH};

    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        for (uint32_t part = PART_CARD; part <= CAIRN_PARTS; part++) {
            entry->grants[entry->n_grants++] =
                (struct grant_mark){.part = (enum part)part, .recipient = readers[i], .key_id = 1};
        }
    }
}

void core_add(struct core *core, struct entry_header *header, const struct entry_input *tokens)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    struct input input = {.type = INPUT_ENTRY};
    uint32_t agency = header->id.agency;

    header->id.stream = STREAM;
    header->id.seq = ++core->seqs[agency];
    header->record.id = header->id; /* the id comes first in every kind's header */
    wire_entry_header_write(header, &bytes);
    assert(buf_ok(&bytes));
    if (tokens != NULL) {
        input.entry = *tokens;
    }
    input.entry.verdict = VERDICT_STORED;
    input.entry.kind = header->kind;
    input.entry.lane = LANE_NORMAL;
    input.entry.id = header->id;
    input.entry.key_id = core->key_ids[agency];
    input.entry.sender = agency;
    input.entry.agreements_version = core->governance->versions[GOVERNANCE_AGREEMENTS];
    input.entry.directory_version = core->governance->versions[GOVERNANCE_DIRECTORY];
    input.entry.header = buf_slice(&bytes);
    sha256(input.entry.header, input.entry.item.bytes);
    if (header->kind == ENTRY_RECORD) {
        add_grants(&input.entry);
    }
    (void)journal_add(&input, &core->journal);
    core->inputs++;
}

void core_add_tick(struct core *core)
{
    const struct input tick = {.type = INPUT_TICK};

    (void)journal_add(&tick, &core->journal);
    core->inputs++;
}

struct applying {
    struct core *core;
    struct apply apply;
    struct wire_grant grants[CAIRN_GRANTS_MAX];
};

static bool applied_one(void *data, const struct input *input, uint32_t n, struct applied applied)
{
    struct applying *applying = data;

    if (input->type != INPUT_ENTRY) {
        return true;
    }
    if (!verdict_is_stored(applied.verdict)) {
        bench_fail("the core refuses an entry: %s", verdict_words(applied.verdict));
    }
    if (input->entry.kind == ENTRY_RECORD) {
        struct core *core = applying->core;
        struct blob_row row = {.body = slice_make(core->body, core->sizes.body),
                               .n_grants = input->entry.n_grants};
        blob_row_append(applying->apply.txn, applying->apply.batch, n, &row);
    }
    return true;
}

void core_commit(struct core *core)
{
    struct applying applying = {.core = core};
    struct batch_head head;
    struct store_key number = store_key_u64(++core->batches);

    journal_end(core->inputs, &core->journal);
    assert(buf_ok(&core->journal));
    bool good = journal_head_read(buf_slice(&core->journal), &head);
    _cleanup_(store_end) struct store_txn *txn = store_begin(core->store);
    if (!good || txn == NULL) {
        bench_fail("no batch for the core");
    }
    store_append(txn, T_JOURNAL, store_key_slice(&number), buf_slice(&core->journal));
    bench_must(apply_begin(&applying.apply, txn, core->batches, &head, core->governance), "apply",
               NULL);
    bench_must(apply_batch(&applying.apply, buf_slice(&core->journal), applied_one, &applying),
               "apply", NULL);
    apply_end(&applying.apply);
    bench_must(store_commit(&txn), "commit", NULL);
}

void core_try(struct core *core, struct store_txn **ret_txn, struct apply *ret)
{
    const struct batch_head head = {.apply_version = APPLY_VERSION, .time_ms = ++core->time_ms};

    *ret_txn = store_begin(core->store);
    if (*ret_txn == NULL) {
        bench_fail("no write transaction");
    }
    bench_must(apply_begin(ret, *ret_txn, core->batches + 1, &head, core->governance), "apply",
               NULL);
}

/* --- headers --- */

void core_missed(const struct core *core, const struct subject_id *subject, int32_t day,
                 struct entry_header *ret)
{
    *ret = (struct entry_header){.kind = ENTRY_RECORD, .id = {.agency = subject->agency}};
    ret->record = (struct record_header){
        .record_kind = RECORD_MISSED_APPOINTMENT,
        .code = CODE_WAS_NOT_BROUGHT,
        .urgency = URGENCY_ROUTINE,
        .event_day = day,
        .recorded_ms = core->time_ms,
        .created_ms = core->time_ms,
        .card_bytes = 300,
        .judged_by = JUDGED_BY_STANDING_DECISION,
        .basis = BASIS_PUBLIC_TASK,
        .detriment = DETRIMENT_NOT_MORE,
        .family_told = FAMILY_NOT_KNOWN,
    };
    memcpy(ret->record.handle, subject->handle, CAIRN_HANDLE_BYTES);
    memcpy(ret->record.event_id, &core->seqs[subject->agency], sizeof(core->seqs[0]));
    ret->record.event_id[CAIRN_EVENT_ID_BYTES - 1] = (uint8_t)subject->agency;
}

/* --- filling --- */

void core_fill(struct core *core, uint64_t subjects)
{
    assert(subjects % CORE_MEMBERS == 0 && core->subjects == 0);
    core->children = subjects / CORE_MEMBERS;
    while (core->subjects < subjects) {
        core_begin(core);
        for (size_t i = 0; i < FILL_BATCH && core->subjects < subjects; i++) {
            struct entry_header header = {.kind = ENTRY_SUBJECT};
            struct entry_input tokens;
            struct subject_id subject = core_subject(core, core->subjects);
            core_statement(core, &subject, child_of(core, core->subjects), &header.subject,
                           &tokens);
            header.id.agency = subject.agency;
            core_add(core, &header, &tokens);
            core->subjects++;
        }
        core_commit(core);
    }
}

/* --- open --- */

static uint32_t key_id_of(uint32_t agency)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    uint8_t public_key[SIGN_PUBLIC_BYTES];

    governing_seed(agency, "sign", &seed);
    bench_must(signer_new(&seed, &signer), "signing key", NULL);
    signer_public(signer, public_key);
    return key_id(SLICE_OF(public_key));
}

void core_open(struct core *core, const struct partnership *partnership,
               const struct record_sizes *sizes)
{
    char dir[BENCH_PATH];
    struct error error = ERROR_NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .allow_tmpfs = partnership->tmpfs,
    };

    *core = (struct core){.sizes = *sizes,
                          .governance = partnership->governing.governance,
                          .time_ms = clock_real_ms(clock_system()),
                          .journal = BUF_MAX(JOURNAL_BYTES)};
    assert(sizes->body <= sizeof(core->body));
    for (uint32_t agency = 1; agency <= BENCH_AGENCIES; agency++) {
        core->key_ids[agency] = key_id_of(agency);
    }
    bench_path(dir, partnership->dir, "core");
    bench_must(dir_create(dir, &error), "folder", &error);
    bench_must(store_open(&options, &core->store, &error), "store", &error);
    bench_must(random_bytes(core->body, sizeof(core->body)), "random", NULL);
}

void core_close(struct core *core)
{
    store_close(&core->store);
    buf_deinit(&core->journal);
}
