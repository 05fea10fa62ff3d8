/* SPDX-License-Identifier: Apache-2.0 */
/* What every agency that keeps a head can prove, and what it can stop. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/date.h"
#include "broker/delivery.h"
#include "crypto/secret.h"
#include "support/world.h"

static int set_up(void **state)
{
    struct world *world = world_new();
    static char highwater[80];
    (void)snprintf(highwater, sizeof(highwater), "%s/highwater", world->dir);
    world->publish.highwater = highwater;
    *state = world;
    return 0;
}

static void store_records(struct world *world, int n)
{
    struct world_entry entry;
    for (int i = 0; i < n; i++) {
        const struct world_record record = {
            .from = GP, .child = ALIX, .day = instant_london_day(world->clock.real_ms) - i};
        world_record(world, &record, &entry);
        assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    }
}

static struct checkpoint head_at(struct world *world, uint64_t size)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct log_source source = {.txn = txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    struct checkpoint head = {.size = size};
    assert_int_equal(tree_root_at(&tree, size, &head.root), 0);
    return head;
}

/* The note that the broker's key makes of a head, ours or not. */
static void sign(struct world *world, const struct checkpoint *head, struct buf *out)
{
    assert_int_equal(
        checkpoint_sign(head, &world->commit.checkpoint_key, world->checkpoint_signer, out), 0);
}

static void greet(struct world *world, uint32_t agency, struct wire_hello hello)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_HELLO};
    hello.protocol_min = CAIRN_PROTOCOL_MIN;
    hello.protocol_max = CAIRN_PROTOCOL_MAX;
    hello.software = slice_of_text("a test");
    wire_frame_begin(&frame, &header);
    wire_hello_write(&hello, &frame);
    wire_frame_end(&frame);
    world_forget_letters(world);
    world_receive(world, agency, buf_slice(&frame));
    world_turn(world);
}

static void say_hello_from(struct world *world, uint32_t agency, struct slice note, uint64_t proven)
{
    greet(world, agency, (struct wire_hello){.checkpoint = note, .proven = proven});
}

static void say_hello(struct world *world, uint32_t agency, struct slice note)
{
    say_hello_from(world, agency, note, 0);
}

static void read_reply(struct world *world, uint32_t agency, struct wire_hello_reply *ret)
{
    struct slice payload = world_letter(world, agency, WIRE_HELLO_REPLY);
    arena_reset(&world->arena);
    assert_true(payload.len > 0);
    assert_true(wire_hello_reply_read(payload, &world->arena, ret));
}

static void expect_consistent(struct world *world, const struct checkpoint *old, struct slice note,
                              const struct tree_proof *proof)
{
    struct checkpoint new;
    assert_true(checkpoint_check(note, &world->commit.checkpoint_key, &new));
    const struct tree_consistency claim = {
        .old_size = old->size, .new_size = new.size, .old_root = &old->root, .new_root = &new.root};
    assert_true(tree_check_consistency(&claim, proof));
}

static void every_head_that_an_agency_may_hold_is_proved_consistent_in_hello(void **state)
{
    struct world *world = *state;
    struct wire_hello_reply reply;
    store_records(world, 12);
    uint64_t size = world_log_size(world);

    for (uint64_t held = 1; held <= size; held++) {
        _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
        const struct checkpoint old = head_at(world, held);
        sign(world, &old, &note);
        say_hello(world, GP, buf_slice(&note));
        read_reply(world, GP, &reply);
        expect_consistent(world, &old, reply.checkpoint, &reply.consistency);
    }
}

static void what_a_receipt_promised_is_proved_from_what_the_agency_had_seen_before(void **state)
{
    struct world *world = *state;
    struct wire_hello_reply reply;
    store_records(world, 6);
    uint64_t size = world_log_size(world);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
    const struct checkpoint promised = head_at(world, size - 1);
    sign(world, &promised, &note);

    for (uint64_t proven = 1; proven < promised.size; proven++) {
        const struct checkpoint before = head_at(world, proven);
        say_hello_from(world, GP, buf_slice(&note), proven);
        read_reply(world, GP, &reply);
        expect_consistent(world, &before, buf_slice(&note), &reply.bridge);
        expect_consistent(world, &promised, reply.checkpoint, &reply.consistency);
    }
}

static void a_first_hello_gets_the_head_and_no_proof(void **state)
{
    struct world *world = *state;
    struct wire_hello_reply reply;
    struct checkpoint head;

    say_hello(world, MASH, SLICE_NULL);

    read_reply(world, MASH, &reply);
    assert_true(checkpoint_check(reply.checkpoint, &world->commit.checkpoint_key, &head));
    assert_int_equal(head.size, world_log_size(world));
    assert_int_equal(reply.consistency.n, 0);
}

static void fetch_from(struct world *world, uint64_t log_size, struct wire_delivery *ret)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(1024);
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_FETCH};
    const struct wire_fetch fetch = {.credit = CAIRN_CREDIT_MAX, .log_size = log_size};
    wire_frame_begin(&frame, &header);
    wire_fetch_write(&fetch, &frame);
    wire_frame_end(&frame);
    world_forget_letters(world);
    world_receive(world, MASH, buf_slice(&frame));
    world_turn(world);
    struct slice payload = world_letter(world, MASH, WIRE_DELIVERY);
    arena_reset(&world->arena);
    assert_true(payload.len > 0);
    assert_true(wire_delivery_read(payload, &world->arena, ret));
}

static void every_delivery_is_proved_from_the_head_its_reader_holds(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    store_records(world, 3);
    uint64_t size = world_log_size(world);

    for (uint64_t held = 1; held <= size; held++) {
        const struct checkpoint old = head_at(world, held);
        fetch_from(world, held, &delivery);
        assert_int_equal(delivery.consistent_from, held);
        expect_consistent(world, &old, delivery.checkpoint, &delivery.consistency);
    }
}

static void every_item_of_a_delivery_is_proved_to_be_in_the_log(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    struct checkpoint head;
    store_records(world, 3);

    fetch_from(world, 0, &delivery);

    assert_true(checkpoint_check(delivery.checkpoint, &world->commit.checkpoint_key, &head));
    assert_int_equal(delivery.n_items, 4); /* three cards and the alert */
    for (size_t i = 0; i < delivery.n_items; i++) {
        struct hash leaf;
        struct leaf told;
        tree_leaf(delivery.items[i].leaf, &leaf);
        const struct tree_inclusion claim = {.index = delivery.items[i].log_index,
                                             .size = head.size,
                                             .leaf = &leaf,
                                             .root = &head.root};
        assert_true(tree_check_inclusion(&claim, &delivery.items[i].path));
        assert_true(leaf_read(delivery.items[i].leaf, &told));
        assert_int_equal(told.type, LEAF_TOLD);
        assert_int_equal(told.agency, MASH);
        assert_int_equal(told.number, delivery.items[i].position);
    }
}

static void a_head_that_never_was_is_given_no_proof(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    store_records(world, 3);

    fetch_from(world, world_log_size(world) + 1000, &delivery);

    assert_int_equal(delivery.consistent_from, 0);
    assert_int_equal(delivery.consistency.n, 0);
}

static void a_note_that_another_key_signed_stops_nobody(void **state)
{
    struct world *world = *state;
    struct wire_hello_reply reply;
    struct note_key key;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    const struct checkpoint invented = {.size = 100000};
    governing_seed(SCHOOL, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    signer_public(signer, public_key);
    assert_true(note_key_init(&key, GOVERNING_ORIGIN, NOTE_TYPE_ED25519, public_key));
    assert_int_equal(checkpoint_sign(&invented, &key, signer, &note), 0);

    say_hello(world, SCHOOL, buf_slice(&note));

    read_reply(world, SCHOOL, &reply);
    assert_int_equal(reply.consistency.n, 0);
}

/* --- our own key, another history --- */

/* The broker dies of the hello: it runs in a process of its own. Returns what that process said. */
static void hello_kills(struct world *world, const struct checkpoint *shown, char *said, size_t max)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
    int ends[2];
    int status = 0;
    sign(world, shown, &note);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        say_hello(world, GP, buf_slice(&note));
        _exit(EXIT_SUCCESS); /* which is what must not happen */
    }
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    ssize_t got = read(ends[0], said, max - 1);
    assert_true(got >= 0);
    said[got] = '\0';
    assert_int_equal(close(ends[0]), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EX_IOERR);
}

struct fork_row {
    const char *what;
    int64_t beyond; /* the shown head's size, relative to the store's */
};

static const struct fork_row forks[] = {
    {"a larger head: the store was rolled back", 5},
    {"another root of the same size", 0},
    {"another root of a smaller size", -3},
};

static void a_signed_head_that_the_store_lacks_stops_the_broker_for_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forks); i++) {
        void *fresh = NULL;
        (void)set_up(&fresh);
        struct world *world = fresh;
        char said[1024];
        store_records(world, 3);
        struct checkpoint shown = {
            .size = (uint64_t)((int64_t)world_log_size(world) + forks[i].beyond)};
        memset(shown.root.bytes, 0xF0, sizeof(shown.root.bytes));

        hello_kills(world, &shown, said, sizeof(said));

        if (strstr(said, "log_fork") == NULL || strstr(said, "kept=yes") == NULL) {
            print_error("%s: %s\n", forks[i].what, said);
        }
        assert_non_null(strstr(said, "log_fork"));
        assert_non_null(strstr(said, "kept=yes"));
        assert_int_not_equal(world_restart(world), 0);
        (void)world_tear_down(&fresh);
    }
}

static void a_store_older_than_its_own_mark_does_not_start(void **state)
{
    struct world *world = *state;
    store_records(world, 2);
    struct checkpoint mark = head_at(world, world_log_size(world));
    mark.size += 1;

    assert_int_equal(highwater_write(&world->attest.highwater, &mark), 0);

    assert_int_not_equal(world_restart(world), 0);
}

static void a_mark_with_another_root_does_not_let_the_store_start(void **state)
{
    struct world *world = *state;
    store_records(world, 2);
    struct checkpoint mark = head_at(world, world_log_size(world));
    mark.root.bytes[31] ^= 1;

    for (int slot = 0; slot < 2; slot++) {
        assert_int_equal(highwater_write(&world->attest.highwater, &mark), 0);
    }

    assert_int_not_equal(world_restart(world), 0);
}

/* --- cosignatures --- */

static struct agency_row kept(struct world *world, uint32_t agency)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct agency_row row;
    agency_row_get(txn, agency, &row);
    return row;
}

static void an_acknowledged_head_is_kept_with_its_cosignature(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    store_records(world, 3);
    world_acknowledgement(world, MASH, 4, &entry);

    assert_int_equal(world_send_one(world, MASH, &entry), VERDICT_STORED);

    struct agency_row row = kept(world, MASH);
    assert_int_equal(row.acknowledged, 4);
    assert_int_equal(row.log_size, entry.header.acknowledgement.log_size);
    assert_memory_equal(row.cosignature, entry.header.acknowledgement.cosignature,
                        COSIGNATURE_BYTES);
}

static void change_root(struct acknowledgement_header *header)
{
    header->log_root.bytes[0] ^= 1;
}

static void change_cosignature(struct acknowledgement_header *header)
{
    header->cosignature[COSIGNATURE_BYTES - 1] ^= 1;
}

static void change_size(struct acknowledgement_header *header)
{
    header->log_size--;
}

static void a_cosignature_that_does_not_hold_is_not_kept_and_stops_nothing(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    void (*const changes[])(struct acknowledgement_header *) = {change_root, change_cosignature,
                                                                change_size};
    store_records(world, 3);

    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        world_acknowledgement(world, MASH, i + 1, &entry);
        changes[i](&entry.header.acknowledgement);
        world_refreeze(&entry);
        assert_int_equal(world_send_one(world, MASH, &entry), VERDICT_STORED);
        struct agency_row row = kept(world, MASH);
        assert_int_equal(row.acknowledged, i + 1);
        assert_int_equal(row.log_size, 0);
    }
}

static void an_acknowledged_head_never_shrinks(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct world_entry older;
    store_records(world, 1);
    world_acknowledgement(world, MASH, 0, &older);
    store_records(world, 2);
    world_acknowledgement(world, MASH, 0, &entry);
    assert_int_equal(world_send_one(world, MASH, &entry), VERDICT_STORED);

    older.header.id = world_next_id(world, MASH, LANE_NORMAL);
    older.header.acknowledgement.id = older.header.id;
    world_refreeze(&older);

    assert_int_equal(world_send_one(world, MASH, &older), VERDICT_CONFLICT);
    assert_int_equal(kept(world, MASH).log_size, entry.header.acknowledgement.log_size);
}

/* --- showing them to others --- */

static void cosign(struct world *world, uint32_t agency)
{
    struct world_entry entry;
    world_acknowledgement(world, agency, 0, &entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
    assert_true(kept(world, agency).log_size > 0);
}

static struct wire_hello_reply asked(struct world *world, uint32_t agency, uint32_t from)
{
    struct wire_hello_reply reply;
    greet(world, agency, (struct wire_hello){.cosigned_from = from});
    read_reply(world, agency, &reply);
    return reply;
}

static void what_others_have_cosigned_is_shown_to_whoever_asks_with_its_proof(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    store_records(world, 3);
    cosign(world, MASH);
    store_records(world, 4);
    cosign(world, SCHOOL);

    struct wire_hello_reply reply = asked(world, GP, 1);

    assert_int_equal(reply.n_cosigned, 2);
    assert_int_equal(reply.cosigned[0].agency, MASH);
    assert_int_equal(reply.cosigned[1].agency, SCHOOL);
    for (size_t i = 0; i < reply.n_cosigned; i++) {
        const struct wire_cosigned *shown = &reply.cosigned[i];
        const struct agency *agency =
            directory_agency(&world->governing.governance->directory, shown->agency);
        const struct agency_key *key = agency_sign_key(agency, shown->key_id);
        expect_consistent(world, &shown->head, reply.checkpoint, &shown->consistency);
        buf_reset(&text);
        checkpoint_text(&shown->head, GOVERNING_ORIGIN, &text);
        assert_true(cosignature_check(buf_slice(&text), shown->cosignature, key->verifier));
    }
}

static void what_the_store_cannot_prove_is_shown_to_nobody(void **state)
{
    struct world *world = *state;
    store_records(world, 3);
    cosign(world, MASH);
    cosign(world, SCHOOL);
    struct agency_row row = kept(world, MASH);
    row.log_root.bytes[0] ^= 1;
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
    agency_row_put(txn, MASH, &row);
    assert_int_equal(store_commit(&txn), 0);

    struct wire_hello_reply reply = asked(world, GP, 1);

    assert_int_equal(reply.n_cosigned, 1);
    assert_int_equal(reply.cosigned[0].agency, SCHOOL);
}

static void nobody_is_shown_its_own_cosignature_nor_one_that_it_did_not_ask_for(void **state)
{
    struct world *world = *state;
    store_records(world, 3);
    cosign(world, MASH);
    cosign(world, SCHOOL);

    assert_int_equal(asked(world, MASH, 1).n_cosigned, 1);
    assert_int_equal(asked(world, MASH, 1).cosigned[0].agency, SCHOOL);
    assert_int_equal(asked(world, GP, 0).n_cosigned, 0);
    assert_int_equal(asked(world, GP, MASH).n_cosigned, 2);
    assert_int_equal(asked(world, GP, MASH + 1).n_cosigned, 1);
    assert_int_equal(asked(world, GP, UINT32_MAX).n_cosigned, 0);
}

static void a_revoked_agencys_cosignature_is_shown_to_nobody(void **state)
{
    struct world *world = *state;
    store_records(world, 3);
    cosign(world, MASH);
    cosign(world, SCHOOL);

    world_revoke(world, 1U << SCHOOL);

    assert_int_equal(asked(world, GP, 1).n_cosigned, 1);
}

static void a_revoked_keys_cosignature_is_shown_to_nobody(void **state)
{
    struct world *world = *state;
    store_records(world, 3);
    cosign(world, SCHOOL);
    world_offer_signing_revoked(world, SCHOOL);
    world_turn(world);

    assert_int_equal(asked(world, GP, 1).n_cosigned, 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(every_head_that_an_agency_may_hold_is_proved_consistent_in_hello),
        STORY(what_a_receipt_promised_is_proved_from_what_the_agency_had_seen_before),
        STORY(a_first_hello_gets_the_head_and_no_proof),
        STORY(every_delivery_is_proved_from_the_head_its_reader_holds),
        STORY(every_item_of_a_delivery_is_proved_to_be_in_the_log),
        STORY(a_head_that_never_was_is_given_no_proof),
        STORY(a_note_that_another_key_signed_stops_nobody),
        cmocka_unit_test(a_signed_head_that_the_store_lacks_stops_the_broker_for_good),
        STORY(a_store_older_than_its_own_mark_does_not_start),
        STORY(a_mark_with_another_root_does_not_let_the_store_start),
        STORY(an_acknowledged_head_is_kept_with_its_cosignature),
        STORY(a_cosignature_that_does_not_hold_is_not_kept_and_stops_nothing),
        STORY(an_acknowledged_head_never_shrinks),
        STORY(what_others_have_cosigned_is_shown_to_whoever_asks_with_its_proof),
        STORY(what_the_store_cannot_prove_is_shown_to_nobody),
        STORY(nobody_is_shown_its_own_cosignature_nor_one_that_it_did_not_ask_for),
        STORY(a_revoked_agencys_cosignature_is_shown_to_nobody),
        STORY(a_revoked_keys_cosignature_is_shown_to_nobody),
    };
    return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
