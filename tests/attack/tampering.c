/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/tampering.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "attack/memo.h"
#include "base/text.h"
#include "broker/replay.h"
#include "crypto/digest.h"
#include "os/files.h"

#define CONFIRM_EVERY 256

const char *const fate_texts[FATES] = {"the same rows",  "by comparison", "by log verify",
                                       "by its sandbox", "by replay",     "SILENT"};

static const bool replayed[N_TABLES] = {
#define X(name, text, is_replayed) [T_##name] = (is_replayed),
    STATE_TABLES(X)
#undef X
};

/* --- what the commands say --- */

static enum fate log_verify(struct tampering *tampering, const char *dir)
{
    enum status status = CONSOLE(tampering->console, "log", "verify", dir, "--checkpoint",
                                 tampering->head, "--key", tampering->vkey);

    if (status == STATUS_OK || tampering->console->complained[0] == '\0') {
        return FATE_SILENT;
    }
    return strstr(tampering->console->complained, "cannot be walked") != NULL ? FATE_BY_SANDBOX
                                                                              : FATE_BY_VERIFY;
}

static uint64_t words_of(const struct tampering *tampering)
{
    struct hash digest;
    uint64_t words = 0;

    sha256(slice_of_text(tampering->console->complained), digest.bytes);
    memcpy(&words, digest.bytes, sizeof(words));
    return words;
}

/* What is not decided there is for the whole command. */
static enum near_verdict judge_nearby(const struct tampering *tampering, struct store *store,
                                      struct looked *looked)
{
    memo_begin(NULL);
    enum near_verdict verdict = nearby_judge(tampering->nearby, store, looked);
    memo_end();
    looked->undecided = verdict == NEAR_UNDECIDED;
    return verdict;
}

/* In the child, which is a process for this already. */
static uint8_t judge_in_child(void *data, struct store *store, struct looked *looked)
{
    struct tampering *tampering = data;
    enum near_verdict verdict =
        looked->near ? judge_nearby(tampering, store, looked) : NEAR_UNDECIDED;

    if (verdict != NEAR_UNDECIDED) {
        return verdict == NEAR_COMPARISON ? FATE_BY_REPLAY : FATE_BY_VERIFY;
    }
    if (looked->seen < N_TABLES && replayed[looked->seen]) {
        return FATE_BY_REPLAY;
    }
    memo_begin(store);
    enum fate fate = log_verify(tampering, tampering->spoiled.copy);
    memo_end();
    looked->words = words_of(tampering);
    return (uint8_t)fate;
}

/* What a process that dies of what it reads says on its way is no finding. Returns what it was. */
static int hush(void)
{
    int was = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    assert_true(was >= 0 && nowhere >= 0 && dup2(nowhere, STDERR_FILENO) == STDERR_FILENO);
    (void)close(nowhere);
    return was;
}

static void speak(int was)
{
    assert_int_equal(dup2(was, STDERR_FILENO), STDERR_FILENO);
    (void)close(was);
}

enum fate tampering_verify(struct tampering *tampering, const char *dir, bool replay)
{
    struct replay result = {.result = REPLAY_SAME};
    int was = hush();

    die_as_programs_do();
    tampering->counted.looked_at++;
    enum fate fate = log_verify(tampering, dir);
    if (fate == FATE_SILENT && replay) {
        replay_store(dir, &result);
    }
    speak(was);
    return fate != FATE_SILENT || result.result == REPLAY_SAME ? fate : FATE_REPLAYED;
}

static enum fate confirm(struct tampering *tampering, const struct change *change)
{
    spoiled_make(&tampering->spoiled, change);
    enum fate fate = tampering_verify(tampering, tampering->spoiled.copy, true);
    spoiled_undo(&tampering->spoiled, change);
    return fate;
}

bool tampering_is_like(const struct tampering *tampering, const struct looked *looked,
                       enum fate fate)
{
    bool same_words = looked->words == 0 || looked->words == words_of(tampering);

    switch (looked->said) {
    case FATE_BY_REPLAY:
        return fate != FATE_SILENT;
    case FATE_BY_VERIFY:
        return (fate == FATE_BY_VERIFY && same_words &&
                strstr(tampering->console->complained, looked->problem) != NULL) ||
               (fate == FATE_BY_SANDBOX && looked->near && looked->problem[0] == '\0');
    case SAID_DIED:
        return fate == FATE_BY_SANDBOX;
    default:
        return true;
    }
}

static enum fate judge(struct tampering *tampering, const struct change *change,
                       const struct looked *looked)
{
    if (looked->seen == SEEN_SAME) {
        return FATE_HARMLESS;
    }
    enum fate said = looked->said == SAID_DIED ? FATE_BY_SANDBOX : (enum fate)looked->said;
    if (said != FATE_SILENT && ++tampering->counted.confirmable % tampering->confirm_every != 0) {
        return said;
    }
    enum fate fate = confirm(tampering, change);
    if (!tampering_is_like(tampering, looked, fate)) {
        tampering->counted.unlike++;
        (void)printf("byte %zu: the child says %s%s (%s), the commands say %s (%s)\n", change->at,
                     fate_texts[said], looked->near ? " nearby" : "", looked->problem,
                     fate_texts[fate], tampering->console->complained);
    }
    return said == FATE_BY_REPLAY && fate != FATE_SILENT ? said : fate;
}

/* --- a second look --- */

static uint8_t judge_nothing(void *data, struct store *store, struct looked *looked)
{
    (void)data;
    (void)store;
    (void)looked;
    return FATE_SILENT;
}

static void keep_seen(void *data, const struct change *change, const struct looked *looked)
{
    uint8_t *seen = data;

    (void)change;
    *seen = looked->seen;
}

/* All rows, of a change that was looked at nearby: the same is seen, or, of one that a reader dies
 * of, something. */
static void compare_all(struct tampering *tampering, const struct change *change,
                        const struct looked *looked)
{
    struct spoiled whole = tampering->spoiled;
    uint8_t seen = SEEN_UNREADABLE;

    whole.look = NULL;
    whole.judge = judge_nothing;
    whole.data = &seen;
    spoiled_try(&whole, change, 1, keep_seen);
    tampering->counted.compared++;
    if (seen != looked->seen && (seen != SEEN_UNREADABLE || looked->seen == SEEN_SAME)) {
        tampering->counted.unlike++;
        (void)printf("byte %zu: seen nearby %u, by all rows %u\n", change->at, looked->seen, seen);
    }
}

/* Which row of the table the byte is in, as the store was written: its key, its place in it. */
static void say_where(const struct tampering *tampering, size_t at)
{
    const struct spoiled *spoiled = &tampering->spoiled;

    for (size_t i = 0; i < spoiled->n_rows; i++) {
        const struct spoiled_row *row = &spoiled->rows[i];
        const uint8_t *value =
            memmem(spoiled->original, spoiled->len, row->value.data, row->value.len);
        size_t from = value == NULL ? SIZE_MAX : (size_t)(value - spoiled->original);
        if (row->value.len > 8 && from <= at && at < from + row->value.len) {
            char hex[2 * STORE_KEY_MAX + 1] = "";
            hex_encode(row->key, hex);
            (void)printf("  table %s, key %s, byte %zu of %zu\n", state_table_names[row->table],
                         hex, at - from, row->value.len);
        }
    }
}

static void tally(void *data, const struct change *change, const struct looked *looked)
{
    struct tampering *tampering = data;
    const struct page *page = &tampering->spoiled.pages[change->at / PAGE_BYTES];
    enum fate fate = judge(tampering, change, looked);
    bool nearby = looked->near;

    tampering->counted.nearby += nearby ? 1 : 0;
    tampering->counted.undecided += looked->undecided ? 1 : 0;
    if (nearby && ++tampering->counted.comparable % tampering->compare_every == 0) {
        compare_all(tampering, change, looked);
    }
    tampering->counted.of_kind[page->kind]++;
    tampering->counted.fates[page->kind][fate]++;
    tampering->counted.hung += looked->hung ? 1 : 0;
    if (fate == FATE_SILENT) {
        (void)printf("nobody finds the change of byte %zu, of page %zu (%s %s), seen %u\n",
                     change->at, change->at / PAGE_BYTES, page_kind_texts[page->kind], page->table,
                     looked->seen);
        say_where(tampering, change->at);
    }
}

void tampering_try(struct tampering *tampering, const struct change *changes, size_t n)
{
    spoiled_try(&tampering->spoiled, changes, n, tally);
}

/* --- a world's store --- */

void tampering_init(struct tampering *tampering, struct world *world)
{
    struct head head;

    *tampering = (struct tampering){
        .spoiled = {.tables = state_table_names,
                    .n_tables = N_TABLES,
                    .map_bytes = CAIRN_BROKER_MAP_BYTES,
                    .judge = judge_in_child,
                    .data = tampering},
        .console = console_new(),
        .confirm_every = CONFIRM_EVERY,
        .compare_every = 1,
    };
    spoiled_init(&tampering->spoiled, world->dir, replayed);
    (void)snprintf(tampering->head, sizeof(tampering->head), "%s/head", tampering->spoiled.dir);
    board_head(world->board, &head);
    tampering->head_size = head.checkpoint.size;
    assert_int_equal(file_write_atomic(tampering->head, head_note(&head), 0600), 0);
    note_vkey_format(&world->commit.checkpoint_key, tampering->vkey);

    /* every child begins with what the whole store makes it remember */
    memo_begin(NULL);
    enum fate fate = log_verify(tampering, tampering->spoiled.copy);
    memo_end();
    assert_int_equal(fate, FATE_SILENT);
}

static uint8_t look_nearby(void *data, struct store *store, const struct change *change,
                           struct looked *looked)
{
    const struct tampering *tampering = data;

    return nearby_look(tampering->nearby, store, change, looked);
}

void tampering_look_nearby(struct tampering *tampering, struct nearby *nearby)
{
    nearby_init(nearby, &tampering->spoiled, replayed);
    assert_int_equal(nearby->size, tampering->head_size);
    tampering->nearby = nearby;
    tampering->spoiled.look = look_nearby;
}

void tampering_deinit(struct tampering *tampering)
{
    if (tampering->nearby != NULL) {
        nearby_deinit(tampering->nearby);
    }
    console_free(&tampering->console);
    spoiled_deinit(&tampering->spoiled);
}

/* --- the count --- */

void tampering_forget(struct tampering *tampering)
{
    tampering->counted = (struct tampered){.looked_at = 0};
}

uint64_t tampered_silent(const struct tampered *counted)
{
    uint64_t silent = 0;

    for (size_t kind = 0; kind < PAGE_KINDS; kind++) {
        silent += counted->fates[kind][FATE_SILENT];
    }
    return silent;
}

void tampered_add(struct tampered *to, const struct tampered *more)
{
    uint64_t numbers[sizeof(*to) / sizeof(uint64_t)];
    uint64_t others[ARRAY_LEN(numbers)];

    static_assert(sizeof(*to) == sizeof(numbers), "there is nothing else in it");
    memcpy(numbers, to, sizeof(numbers));
    memcpy(others, more, sizeof(others));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        numbers[i] += others[i];
    }
    memcpy(to, numbers, sizeof(numbers));
}

void tampering_print(const struct tampering *tampering, const struct tampered *counted)
{
    (void)printf("| page | changes |");
    for (size_t fate = 0; fate < FATES; fate++) {
        (void)printf(" %s |", fate_texts[fate]);
    }
    (void)printf("\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t kind = 0; kind < PAGE_KINDS; kind++) {
        (void)printf("| %s | %" PRIu64 " |", page_kind_texts[kind], counted->of_kind[kind]);
        for (size_t fate = 0; fate < FATES; fate++) {
            (void)printf(" %" PRIu64 " |", counted->fates[kind][fate]);
        }
        (void)printf("\n");
    }
    (void)printf("store of %zu pages, %zu rows; %" PRIu64
                 " stores given to the commands as they are; %" PRIu64 " judged otherwise; %" PRIu64
                 " readers did not end\n",
                 tampering->spoiled.len / PAGE_BYTES, tampering->spoiled.n_rows, counted->looked_at,
                 counted->unlike, counted->hung);
    if (tampering->nearby != NULL) {
        (void)printf("%" PRIu64 " looked at nearby, %" PRIu64 " of them given to the whole log "
                     "verify; %" PRIu64 " looked at again with all rows\n",
                     counted->nearby, counted->undecided, counted->compared);
    }
    (void)fflush(stdout);
}
