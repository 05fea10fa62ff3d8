/* SPDX-License-Identifier: Apache-2.0 */
/* Who else has confirmed the log that an agent is shown: what counts, what is refused, what is
 * evidence, and when somebody should ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/confirm.h"
#include "support/practice.h"

#define LEAVES 8
#define OTHERS 4 /* the partnership's, but us and the one that is revoked */

struct story {
    struct practice *practice;
    struct hash leaves[LEAVES];
    struct buf evidence;
    int64_t now_ms;
};

static int set_up(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    story->practice = practice_new();
    practice_govern(story->practice);
    story->evidence = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    story->now_ms = PRACTICE_NOW_MS;
    for (uint8_t i = 0; i < LEAVES; i++) {
        tree_leaf(slice_make(&i, 1), &story->leaves[i]);
    }
    *state = story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    buf_deinit(&story->evidence);
    practice_free(&story->practice);
    base_free(&story);
    return 0;
}

/* --- what is shown --- */

static struct checkpoint head_at(struct story *story, uint64_t size)
{
    struct checkpoint head = {.size = size};
    tree_root_of(story->leaves, size, &head.root);
    return head;
}

static void sign_as(struct wire_cosigned *shown, uint32_t signer_of, int64_t time_ms)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint8_t key[SIGN_PUBLIC_BYTES];
    governing_seed(signer_of, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    signer_public(signer, key);
    shown->key_id = key_id(SLICE_OF(key));
    checkpoint_text(&shown->head, GOVERNING_ORIGIN, &text);
    assert_int_equal(
        cosignature_make(buf_slice(&text), (uint64_t)(time_ms / 1000), signer, shown->cosignature),
        0);
}

/* Of the first `size` leaves, proved up to `until`. */
static struct wire_cosigned cosigned(struct story *story, uint32_t agency, uint64_t size,
                                     uint64_t until)
{
    struct tree_leaves leaves = {.leaves = story->leaves, .n = LEAVES};
    struct tree_source source = tree_source_of(&leaves);
    struct wire_cosigned shown = {.agency = agency, .head = head_at(story, size)};
    if (size < until) {
        assert_int_equal(tree_prove_consistency(&source, size, until, &shown.consistency), 0);
    }
    sign_as(&shown, agency, story->now_ms);
    return shown;
}

/* --- the agent --- */

static struct confirm_view view_of(struct story *story, const struct checkpoint *head)
{
    return (struct confirm_view){
        .governance = story->practice->governing.governance,
        .own = AGENCY_OWN,
        .head = head,
        .now_ms = story->now_ms,
    };
}

static bool take(struct story *story, uint64_t size, const struct wire_cosigned *shown, size_t n)
{
    const struct checkpoint head = head_at(story, size);
    const struct confirm_view view = view_of(story, &head);
    const struct wire_hello_reply reply = {.n_cosigned = n, .cosigned = shown};
    _cleanup_(store_end) struct store_txn *txn = store_begin(story->practice->agent->store);
    buf_reset(&story->evidence);
    if (!confirm_take(txn, &view, &reply, &story->evidence)) {
        return false;
    }
    assert_int_equal(agent_commit(&txn), 0);
    return true;
}

static struct confirmations count(struct story *story, uint64_t size)
{
    const struct checkpoint head = head_at(story, size);
    const struct confirm_view view = view_of(story, &head);
    struct confirmations counted;
    _cleanup_(store_end) struct store_txn *txn = store_read(story->practice->agent->store);
    confirm_count(txn, &view, &counted);
    return counted;
}

/* --- what counts --- */

static void a_confirmation_that_holds_is_kept(void **state)
{
    struct story *story = *state;
    const struct wire_cosigned shown[] = {cosigned(story, AGENCY_HOSPITAL, 3, 6),
                                          cosigned(story, AGENCY_MASH, 6, 6)};

    assert_true(take(story, 6, shown, 2));

    practice_reopen(story->practice);
    struct confirmations now = count(story, 6);
    assert_int_equal(now.others, OTHERS);
    assert_int_equal(now.ever, 2);
    assert_int_equal(now.lately, 2);
    assert_int_equal(now.agency, AGENCY_MASH);
    assert_int_equal(now.size, 6);
    assert_int_equal(now.time_ms, PRACTICE_NOW_MS);
    assert_false(now.missed);
}

static void a_larger_head_or_a_later_one_takes_the_place_of_the_one_before(void **state)
{
    struct story *story = *state;
    const struct wire_cosigned old = cosigned(story, AGENCY_HOSPITAL, 3, 6);
    assert_true(take(story, 6, &old, 1));
    story->now_ms += PRACTICE_HOUR;
    const struct wire_cosigned later = cosigned(story, AGENCY_HOSPITAL, 3, 6);

    assert_true(take(story, 6, &later, 1));
    assert_int_equal(count(story, 6).time_ms, PRACTICE_NOW_MS + PRACTICE_HOUR);
    assert_true(take(story, 6, &old, 1)); /* said again: nothing new */
    assert_int_equal(count(story, 6).time_ms, PRACTICE_NOW_MS + PRACTICE_HOUR);
    const struct wire_cosigned larger = cosigned(story, AGENCY_HOSPITAL, 5, 6);
    assert_true(take(story, 6, &larger, 1));
    assert_int_equal(count(story, 6).size, 5);
    assert_true(take(story, 6, &later, 1));
    assert_int_equal(count(story, 6).size, 5);
}

static void expect_refused(struct story *story, const struct wire_cosigned *shown)
{
    assert_true(take(story, 6, shown, 1));
    assert_int_equal(count(story, 6).ever, 0);
    assert_int_equal(story->evidence.len, 0);
}

static void what_proves_nothing_is_left(void **state)
{
    struct story *story = *state;
    const struct wire_cosigned good = cosigned(story, AGENCY_HOSPITAL, 3, 6);
    struct wire_cosigned bad = good;

    bad.cosignature[COSIGNATURE_BYTES - 1] ^= 1;
    expect_refused(story, &bad);
    bad = good;
    bad.cosignature[7] ^= 1; /* its time */
    expect_refused(story, &bad);
    bad = good;
    bad.head.root.bytes[0] ^= 1; /* a tree that it did not sign is no evidence against anybody */
    expect_refused(story, &bad);
    bad = good;
    bad.key_id ^= 1;
    expect_refused(story, &bad);
    bad = good;
    bad.agency = AGENCY_SCHOOL; /* another's key */
    expect_refused(story, &bad);
    bad = good;
    sign_as(&bad, AGENCY_SCHOOL, story->now_ms);
    expect_refused(story, &bad);
}

static void our_own_and_strangers_confirmations_are_none(void **state)
{
    struct story *story = *state;
    const struct wire_cosigned own = cosigned(story, AGENCY_OWN, 3, 6);
    const struct wire_cosigned revoked = cosigned(story, AGENCY_GONE, 3, 6);
    const struct wire_cosigned stranger = cosigned(story, PRACTICE_AGENCIES + 1, 3, 6);

    expect_refused(story, &own);
    expect_refused(story, &revoked);
    expect_refused(story, &stranger);
}

static void a_key_that_was_retired_confirms_nothing(void **state)
{
    struct story *story = *state;
    const struct wire_cosigned shown = cosigned(story, AGENCY_HOSPITAL, 3, 6);

    practice_renew(story->practice, AGENCY_HOSPITAL, 2, 1);

    expect_refused(story, &shown);
}

static void a_head_beyond_the_one_that_was_shown_proves_nothing(void **state)
{
    struct story *story = *state;
    const struct wire_cosigned longer = cosigned(story, AGENCY_HOSPITAL, 7, 7);

    expect_refused(story, &longer);
}

static void a_time_that_lies_ahead_is_refused_beyond_an_hour(void **state)
{
    struct story *story = *state;
    struct wire_cosigned shown = cosigned(story, AGENCY_HOSPITAL, 3, 6);

    sign_as(&shown, AGENCY_HOSPITAL, story->now_ms + CONFIRM_AHEAD_MS + 1000);
    expect_refused(story, &shown);

    sign_as(&shown, AGENCY_HOSPITAL, story->now_ms + CONFIRM_AHEAD_MS);
    assert_true(take(story, 6, &shown, 1));
    assert_int_equal(count(story, 6).ever, 1);
}

/* --- evidence --- */

static void expect_evidence(struct story *story, const struct wire_cosigned *shown)
{
    const struct agency *agency =
        directory_agency(&story->practice->governing.governance->directory, shown->agency);
    struct note_key key;
    struct checkpoint head;
    assert_false(take(story, 6, shown, 1));
    assert_true(
        note_key_init(&key, agency->id, NOTE_TYPE_COSIGNATURE, agency->sign_keys[0].public_key));
    assert_true(
        checkpoint_check_cosigned(buf_slice(&story->evidence), GOVERNING_ORIGIN, &key, &head));
    assert_int_equal(head.size, shown->head.size);
    assert_true(hash_equal(&head.root, &shown->head.root));
    assert_int_equal(count(story, 6).ever, 0);
}

static void a_signed_head_of_another_log_is_evidence_of_any_size(void **state)
{
    struct story *story = *state;
    struct hash leaf = story->leaves[1];

    for (uint64_t size = 2; size <= 6; size++) {
        story->leaves[1] = story->leaves[0];
        const struct wire_cosigned shown = cosigned(story, AGENCY_HOSPITAL, size, 6);
        story->leaves[1] = leaf;
        expect_evidence(story, &shown);
    }
}

static void a_proof_that_does_not_hold_is_taken_for_none(void **state)
{
    struct story *story = *state;
    struct wire_cosigned shown = cosigned(story, AGENCY_HOSPITAL, 3, 6);

    shown.consistency.hashes[0].bytes[0] ^= 1;
    expect_evidence(story, &shown);
    shown.consistency.n = 0;
    expect_evidence(story, &shown);
}

static void nobody_escapes_by_a_wrong_clock(void **state)
{
    struct story *story = *state;
    struct wire_cosigned shown = cosigned(story, AGENCY_HOSPITAL, 6, 6);

    shown.head.root.bytes[0] ^= 1;
    sign_as(&shown, AGENCY_HOSPITAL, story->now_ms + 2 * CONFIRM_AHEAD_MS);

    expect_evidence(story, &shown);
}

static void one_of_many_is_enough(void **state)
{
    struct story *story = *state;
    struct wire_cosigned shown[] = {cosigned(story, AGENCY_HOSPITAL, 3, 6),
                                    cosigned(story, AGENCY_SCHOOL, 6, 6)};

    shown[1].head.root.bytes[0] ^= 1;
    sign_as(&shown[1], AGENCY_SCHOOL, story->now_ms);

    assert_false(take(story, 6, shown, 2));
    assert_int_equal(count(story, 6).ever, 0); /* nor is the first one kept with it */
}

/* --- when somebody should ask --- */

static void confirm_all(struct story *story, uint64_t size, const uint32_t *agencies, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct wire_cosigned shown = cosigned(story, agencies[i], size, size);
        assert_true(take(story, size, &shown, 1));
    }
}

static const uint32_t everybody[OTHERS] = {AGENCY_HOSPITAL, AGENCY_SCHOOL, AGENCY_MASH,
                                           AGENCY_DUTY};

static void a_log_that_nobody_has_ever_confirmed_is_missed_after_a_weekend(void **state)
{
    struct story *story = *state;
    assert_true(take(story, 3, NULL, 0));
    assert_int_equal(count(story, 3).begun_ms, PRACTICE_NOW_MS);

    story->now_ms += CONFIRM_LATE_MS - 1;
    assert_false(count(story, 6).missed);
    story->now_ms += 1;

    assert_true(count(story, 6).missed);
    assert_false(count(story, 3).missed); /* while it has not grown there is nothing to confirm */
}

static void a_log_that_is_confirmed_no_more_is_missed_after_a_weekend(void **state)
{
    struct story *story = *state;
    confirm_all(story, 3, everybody, OTHERS);

    story->now_ms += CONFIRM_LATE_MS - 1;
    assert_false(count(story, 6).missed);
    story->now_ms += 1;
    assert_int_equal(count(story, 6).lately, 0);
    assert_true(count(story, 6).missed);
    assert_false(count(story, 3).missed); /* all of it was confirmed */
}

/* Of two sides at least one has no majority. */
static void fewer_than_half_are_too_few_and_half_is_enough(void **state)
{
    struct story *story = *state;
    confirm_all(story, 3, everybody, OTHERS);
    story->now_ms += CONFIRM_LATE_MS;

    confirm_all(story, 6, everybody, 1);
    assert_int_equal(count(story, 6).lately, 1);
    assert_true(count(story, 6).missed);

    confirm_all(story, 6, everybody, 2);
    assert_int_equal(count(story, 6).lately, 2);
    assert_false(count(story, 6).missed);
}

/* Else a broker that hands over one friend's word alone would never be found out. */
static void agencies_that_never_confirmed_anything_count_as_well(void **state)
{
    struct story *story = *state;
    confirm_all(story, 3, everybody, 1);
    story->now_ms += CONFIRM_LATE_MS;

    confirm_all(story, 6, everybody, 1);

    assert_true(count(story, 6).missed);
}

static void a_clock_that_was_far_ahead_keeps_nothing_fresh(void **state)
{
    struct story *story = *state;
    story->now_ms += 1000 * CONFIRM_LATE_MS;
    confirm_all(story, 3, everybody, OTHERS);

    story->now_ms -= 1000 * CONFIRM_LATE_MS;
    assert_true(take(story, 6, NULL, 0)); /* waiting begins anew */
    assert_false(count(story, 7).missed);
    story->now_ms += CONFIRM_LATE_MS;

    assert_int_equal(count(story, 7).lately, 0);
    assert_true(count(story, 7).missed);
}

static void what_is_said_again_keeps_no_confirmation_fresh(void **state)
{
    struct story *story = *state;
    const struct wire_cosigned old = cosigned(story, AGENCY_HOSPITAL, 3, 6);
    assert_true(take(story, 6, &old, 1));

    for (int i = 0; i < CAIRN_UNCONFIRMED_HOURS; i++) {
        story->now_ms += PRACTICE_HOUR;
        assert_true(take(story, 6, &old, 1));
    }

    assert_true(count(story, 6).missed);
}

static void agencies_are_asked_for_in_turn(void **state)
{
    struct story *story = *state;
    struct wire_cosigned shown[CAIRN_COSIGNED_MAX];
    _cleanup_(store_end) struct store_txn *txn = NULL;
    for (uint32_t i = 0; i < CAIRN_COSIGNED_MAX; i++) {
        shown[i] = cosigned(story, AGENCY_HOSPITAL, 3, 6);
        shown[i].agency = 40 + i;
    }

    assert_true(take(story, 6, shown, CAIRN_COSIGNED_MAX));
    txn = store_read(story->practice->agent->store);
    assert_int_equal(confirm_next(txn), 40 + CAIRN_COSIGNED_MAX);
    store_end(&txn);

    assert_true(take(story, 6, shown, CAIRN_COSIGNED_MAX - 1)); /* nobody is behind them */
    txn = store_read(story->practice->agent->store);
    assert_int_equal(confirm_next(txn), 1);
    store_end(&txn);

    shown[CAIRN_COSIGNED_MAX - 1].agency = UINT32_MAX;
    assert_true(take(story, 6, shown, CAIRN_COSIGNED_MAX));
    txn = store_read(story->practice->agent->store);
    assert_int_equal(confirm_next(txn), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_confirmation_that_holds_is_kept),
        TEST(a_larger_head_or_a_later_one_takes_the_place_of_the_one_before),
        TEST(what_proves_nothing_is_left),
        TEST(our_own_and_strangers_confirmations_are_none),
        TEST(a_key_that_was_retired_confirms_nothing),
        TEST(a_head_beyond_the_one_that_was_shown_proves_nothing),
        TEST(a_time_that_lies_ahead_is_refused_beyond_an_hour),
        TEST(a_signed_head_of_another_log_is_evidence_of_any_size),
        TEST(a_proof_that_does_not_hold_is_taken_for_none),
        TEST(nobody_escapes_by_a_wrong_clock),
        TEST(one_of_many_is_enough),
        TEST(a_log_that_nobody_has_ever_confirmed_is_missed_after_a_weekend),
        TEST(a_log_that_is_confirmed_no_more_is_missed_after_a_weekend),
        TEST(fewer_than_half_are_too_few_and_half_is_enough),
        TEST(agencies_that_never_confirmed_anything_count_as_well),
        TEST(a_clock_that_was_far_ahead_keeps_nothing_fresh),
        TEST(what_is_said_again_keeps_no_confirmation_fresh),
        TEST(agencies_are_asked_for_in_turn),
    };
    return cmocka_run_group_tests_name("confirm", tests, NULL, NULL);
}
