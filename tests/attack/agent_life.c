/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/agent_life.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attack/pages.h"
#include "crypto/digest.h"
#include "os/files.h"
#include "support/stories.h"

#define FILE_MAX_BYTES (64U << 20)

#define CONCERN(urgency)                                                                           \
    "{\"kind\":\"concern\",\"code\":\"neglect-physical\",\"event_date\":\"2026-11-02\","           \
    "\"urgency\":\"" urgency "\",\"child\":{\"given_name\":\"Peregrina\",\"family_name\":"         \
    "\"Thistledown\",\"birth_date\":\"2022-03-14\"},\"account\":{\"summary\":\"Alone at home.\"}," \
    "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example, nurse\","                    \
    "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","                       \
    "\"function\":\"child protection\",\"family_told\":\"told\"}}"

static struct agent_life *living;

/* --- what each commit leaves --- */

/* Every row of the store in one digest. */
static struct hash rows_of(struct store_txn *txn)
{
    struct hash rows = {.bytes = {0}};

    for (unsigned table = 0; table < AGENT_TABLE_COUNT; table++) {
        struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);
        for (; walk.live; store_walk_next(&walk)) {
            const uint8_t head[] = {(uint8_t)table, (uint8_t)(walk.key.len >> 8),
                                    (uint8_t)walk.key.len};
            struct hash value;
            sha256(walk.value, value.bytes);
            const struct slice parts[] = {SLICE_OF(rows.bytes), SLICE_OF(head), walk.key,
                                          SLICE_OF(value.bytes)};
            sha256_many(parts, ARRAY_LEN(parts), rows.bytes);
        }
        store_walk_end(&walk);
    }
    return rows;
}

/* What is behind the pages in use is room to grow. */
static void keep_file(struct agent_life *life)
{
    char path[SCRATCH_BYTES + 16];
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(FILE_MAX_BYTES);

    (void)snprintf(path, sizeof(path), "%s/data.mdb", life->member->dir);
    assert_int_equal(file_read(path, &bytes), 0);
    life->files[life->n_files] = BUF_MAX(FILE_MAX_BYTES);
    buf_add(&life->files[life->n_files++], bytes.data, pages_used(bytes.data) * PAGE_BYTES);
}

int __real_agent_commit(struct store_txn **txn);
int __wrap_agent_commit(struct store_txn **txn);
int __wrap_agent_commit(struct store_txn **txn)
{
    if (living == NULL) {
        return __real_agent_commit(txn);
    }
    assert_true(living->n_commits < LIFE_COMMITS_MAX);
    living->commits[living->n_commits++] = rows_of(*txn);
    int r = __real_agent_commit(txn);
    if (living->member != NULL) {
        keep_file(living);
    }
    return r;
}

/* --- two agencies --- */

static void begin(struct agent_life *life)
{
    *life = (struct agent_life){.world = world_new()};
    living = life;
}

static void join(struct agent_life *life, uint32_t agency)
{
    life->member = member_new(life->world, agency);
    agent_row_key(&life->member->agent.keys.store, &life->row_key);
    keep_file(life);
}

void agent_life_told(struct agent_life *life)
{
    begin(life);
    three_missed(life->world, ALIX);
    assert_int_equal(decide(life->world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    join(life, MASH);
    (void)member_fetch(life->member);
}

void agent_life_telling(struct agent_life *life)
{
    begin(life);
    join(life, SCHOOL);
    (void)member_submit(life->member, INTAKE_RECORD, CONCERN("immediate"));
    member_send(life->member);
    (void)member_fetch(life->member);
    (void)member_submit(life->member, INTAKE_RECORD, CONCERN("routine"));
}

void agent_life_go_on(struct agent_life *life, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        (void)member_submit(life->member, INTAKE_RECORD, CONCERN("routine"));
        member_send(life->member);
        (void)member_fetch(life->member);
    }
}

void agent_life_end(struct agent_life *life)
{
    living = NULL;
    for (size_t i = 0; i < life->n_files; i++) {
        buf_deinit(&life->files[i]);
    }
    secret_deinit(&life->row_key);
    member_free(&life->member);
    world_free(&life->world);
}

/* --- what an agent says of a store --- */

struct store_options agent_life_options(const struct agent_life *life, const char *dir)
{
    return (struct store_options){.dir = dir,
                                  .map_bytes = LIFE_MAP_BYTES,
                                  .tables = agent_table_names,
                                  .n_tables = AGENT_TABLE_COUNT,
                                  .allow_tmpfs = true,
                                  .row_tags = true,
                                  .row_key = &life->row_key};
}

struct store_options agent_life_options_raw(const char *dir)
{
    static const char *names[LIFE_TABLES_RAW];

    memcpy(names, agent_table_names, sizeof(agent_table_names));
    names[AGENT_TABLE_COUNT] = "row-sum";
    return (struct store_options){.dir = dir,
                                  .map_bytes = LIFE_MAP_BYTES,
                                  .tables = names,
                                  .n_tables = LIFE_TABLES_RAW,
                                  .allow_tmpfs = true};
}

bool agent_life_refuses(const struct agent_life *life, const char *dir)
{
    struct error error = ERROR_NULL;
    const struct store_options options = agent_life_options(life, dir);
    int r = store_check(&options, &error);

    return r != 0 && r != -ENOENT && error.what[0] != '\0';
}

enum life_reads agent_life_reads(const struct agent_life *life, const char *dir)
{
    struct store *store = NULL;
    struct error error = ERROR_NULL;
    struct store_options options = agent_life_options(life, dir);

    options.read_only = true;
    if (store_open(&options, &store, &error) != 0) {
        return LIFE_READS_OTHERWISE;
    }
    struct store_txn *txn = store_read(store);
    const struct hash rows = rows_of(txn);
    bool read = store_fault(txn) == 0;
    store_end(&txn);
    store_close(&store);
    size_t i = life->n_commits;
    while (read && i > 0 && !hash_equal(&rows, &life->commits[i - 1])) {
        i--;
    }
    if (!read || i == 0) {
        return LIFE_READS_OTHERWISE;
    }
    return i == life->n_commits ? LIFE_READS_AS_NOW : LIFE_READS_AS_EARLIER;
}
