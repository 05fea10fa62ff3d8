/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "wire/leaf.h"
#include "wire/wire.h"

static struct leaf leaf_of(enum leaf_type type)
{
    struct leaf leaf = {.type = type, .time_ms = -1500, .agency = 7};

    memset(leaf.salt, 0xa5, sizeof(leaf.salt));
    if (type != LEAF_REFUSED && type != LEAF_TICK && type != LEAF_DESTROYED) {
        memset(leaf.digest.bytes, 0xd1, sizeof(leaf.digest.bytes));
    }
    switch (type) {
    case LEAF_ENTRY:
        leaf.id = (struct entry_id){.agency = 7, .stream = 0x0102030405060708, .seq = 41};
        leaf.kind = ENTRY_RECORD;
        leaf.verdict = VERDICT_STORED;
        memset(leaf.grants.bytes, 0xd2, sizeof(leaf.grants.bytes));
        break;
    case LEAF_TOLD:
        leaf.number = 89;
        leaf.detail = ITEM_RELEASE;
        leaf.parts = PART_BIT(PART_ACCOUNT);
        leaf.alert = 0x0a0b0c0d;
        break;
    case LEAF_GOVERNANCE:
        leaf.number = 17;
        leaf.detail = 2;
        break;
    case LEAF_START:
        leaf.number = 130;
        break;
    case LEAF_REFUSED:
        leaf.number = 498704;
        leaf.detail = 12;
        break;
    case LEAF_TICK:
        break;
    case LEAF_DESTROYED:
        leaf.id = (struct entry_id){.agency = 7, .stream = 0x0102030405060708, .seq = 42};
        leaf.detail = DESTROYED_DELIVERED;
        break;
    }
    return leaf;
}

static const enum leaf_type types[] = {LEAF_ENTRY,   LEAF_TOLD, LEAF_GOVERNANCE, LEAF_START,
                                       LEAF_REFUSED, LEAF_TICK, LEAF_DESTROYED};

static void assert_same_leaf(const struct leaf *a, const struct leaf *b)
{
    assert_int_equal(a->type, b->type);
    assert_true(a->time_ms == b->time_ms);
    assert_int_equal(a->agency, b->agency);
    assert_memory_equal(a->salt, b->salt, sizeof(a->salt));
    assert_true(entry_id_equal(&a->id, &b->id));
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->parts, b->parts);
    assert_int_equal(a->alert, b->alert);
    assert_memory_equal(a->digest.bytes, b->digest.bytes, sizeof(a->digest.bytes));
    assert_memory_equal(a->grants.bytes, b->grants.bytes, sizeof(a->grants.bytes));
    assert_true(a->number == b->number);
    assert_int_equal(a->detail, b->detail);
}

static void every_type_reads_back_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct leaf leaf = leaf_of(types[i]);
        uint8_t storage[LEAF_MAX_BYTES];
        struct leaf read;

        struct slice bytes = leaf_write(&leaf, storage);

        assert_true(leaf_read(bytes, &read));
        assert_same_leaf(&leaf, &read);
    }
}

#define SALT   "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"
#define DIGEST "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
#define GRANTS "d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2"
#define START  "43524e4c01"
#define COMMON                                                                                     \
    "fffffffffffffa24"                                                                             \
    "00000007" SALT

static void the_layout_is_for_ever(void **state)
{
    (void)state;
    static const char *const expected[] = {
        START "01" COMMON "0000000701020304050607080000000000000029"
              "01"
              "0001" DIGEST GRANTS,
        START "02" COMMON "0000000000000059"
              "02"
              "02"
              "000000000a0b0c0d" DIGEST,
        START "03" COMMON "02"
              "0000000000000011" DIGEST,
        START "04" COMMON "0000000000000082" DIGEST,
        START "05" COMMON "0000000000079c10"
              "0000000c",
        START "06" COMMON,
        START "07" COMMON "000000070102030405060708000000000000002a"
              "02",
    };

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct leaf leaf = leaf_of(types[i]);
        uint8_t storage[LEAF_MAX_BYTES];
        char hex[HEX_BYTES(LEAF_MAX_BYTES)];
        hex_encode(leaf_write(&leaf, storage), hex);
        assert_string_equal(hex, expected[i]);
    }
}

static void a_leaf_of_another_length_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct leaf leaf = leaf_of(types[i]);
        uint8_t storage[LEAF_MAX_BYTES + 1] = {0};
        struct leaf read;
        struct slice bytes = leaf_write(&leaf, storage);

        for (size_t len = 0; len < bytes.len; len++) {
            assert_false(leaf_read(slice_make(storage, len), &read));
        }
        assert_false(leaf_read(slice_make(storage, bytes.len + 1), &read));
    }
}

static void a_changed_leaf_is_refused_or_says_what_its_bytes_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct leaf leaf = leaf_of(types[i]);
        uint8_t storage[LEAF_MAX_BYTES];
        uint8_t again[LEAF_MAX_BYTES];
        struct slice bytes = leaf_write(&leaf, storage);

        for (size_t bit = 0; bit < bytes.len * 8; bit++) {
            struct leaf read;
            storage[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (leaf_read(bytes, &read)) {
                assert_true(slice_equal(bytes, leaf_write(&read, again)));
            }
            storage[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

#define TYPE_OFFSET    5
#define DETAILS_OFFSET 34

static const struct {
    enum leaf_type type;
    size_t offset;
    uint8_t value;
    const char *what;
} faults[] = {
    {LEAF_ENTRY, 0, 'c', "another magic"},
    {LEAF_ENTRY, 4, 2, "another format"},
    {LEAF_ENTRY, TYPE_OFFSET, 0, "no type"},
    {LEAF_ENTRY, TYPE_OFFSET, 6, "an unknown type"},
    {LEAF_ENTRY, DETAILS_OFFSET + 20, 0, "no kind"},
    {LEAF_ENTRY, DETAILS_OFFSET + 20, 9, "an unknown kind"},
    {LEAF_ENTRY, DETAILS_OFFSET + 21, 1, "an unknown verdict"},
    {LEAF_ENTRY, DETAILS_OFFSET + 22, 3, "an unknown verdict"},
    {LEAF_TOLD, DETAILS_OFFSET + 8, 0, "no item kind"},
    {LEAF_TOLD, DETAILS_OFFSET + 8, 4, "an unknown item kind"},
    {LEAF_TOLD, DETAILS_OFFSET + 8, ITEM_NOTICE, "a notice with parts and an alert"},
    {LEAF_TOLD, DETAILS_OFFSET + 8, ITEM_DELIVERED, "a delivery that an alert released"},
    {LEAF_TOLD, DETAILS_OFFSET + 9, 0, "a release of nothing"},
    {LEAF_TOLD, DETAILS_OFFSET + 9, 4, "an unknown part"},
    {LEAF_GOVERNANCE, DETAILS_OFFSET, 0, "no document"},
    {LEAF_GOVERNANCE, DETAILS_OFFSET, 6, "an unknown document"},
};

static void a_leaf_with_an_unknown_number_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        const struct leaf leaf = leaf_of(faults[i].type);
        uint8_t storage[LEAF_MAX_BYTES];
        struct leaf read;
        struct slice bytes = leaf_write(&leaf, storage);

        storage[faults[i].offset] = faults[i].value;

        if (leaf_read(bytes, &read)) {
            fail_msg("accepted %s", faults[i].what);
        }
    }
}

static void every_item_kind_and_every_document_has_a_leaf(void **state)
{
    (void)state;
    struct leaf told = leaf_of(LEAF_TOLD);
    struct leaf governance = leaf_of(LEAF_GOVERNANCE);
    uint8_t storage[LEAF_MAX_BYTES];
    struct leaf read;

    for (told.detail = ITEM_DELIVERED; told.detail <= ITEM_NOTICE; told.detail++) {
        told.parts = told.detail == ITEM_NOTICE ? 0 : PART_BIT(PART_CARD);
        told.alert = told.detail == ITEM_RELEASE ? 7 : 0;
        assert_true(leaf_read(leaf_write(&told, storage), &read));
    }
    told = leaf_of(LEAF_TOLD);
    told.detail = ITEM_DELIVERED; /* a retraction, which opens nothing */
    told.parts = 0;
    told.alert = 0;
    assert_true(leaf_read(leaf_write(&told, storage), &read));
    for (governance.detail = 1; governance.detail <= 5; governance.detail++) {
        assert_true(leaf_read(leaf_write(&governance, storage), &read));
    }
}

static void a_leaf_that_is_refused_leaves_the_result_alone(void **state)
{
    (void)state;
    struct leaf read = leaf_of(LEAF_START);
    const struct leaf before = read;

    assert_false(leaf_read(slice_of_text("not a leaf"), &read));

    assert_same_leaf(&read, &before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_reads_back_as_it_was_written),
        cmocka_unit_test(the_layout_is_for_ever),
        cmocka_unit_test(a_leaf_of_another_length_is_refused),
        cmocka_unit_test(a_changed_leaf_is_refused_or_says_what_its_bytes_say),
        cmocka_unit_test(a_leaf_with_an_unknown_number_is_refused),
        cmocka_unit_test(every_item_kind_and_every_document_has_a_leaf),
        cmocka_unit_test(a_leaf_that_is_refused_leaves_the_result_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
