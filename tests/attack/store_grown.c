/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/store_grown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/setting.h"
#include "support/stories.h"

#define RECORDS_OF_CHILD 40
#define PARCEL_MAX       16
#define DAYS             1200 /* over which a child's records lie */
#define BODY_MIN_BYTES   500
#define CHILDREN_OF_DAY  400
#define DAY_MS           INT64_C(86400000)
#define MINUTE_MS        60000 /* for each child: quotas are of a minute, and of a day */

static const uint32_t authors[] = {GP, HOSPITAL, HEALTH_VISITING};

struct growing {
    struct world *world;
    uint64_t seed;
    struct world_entry models[WORLD_AGENCIES + 1]; /* a record of each author's */
    struct world_entry parcel[PARCEL_MAX];
};

static void fill(struct growing *growing, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)setting_draw(&growing->seed);
    }
}

static struct subject_id subject(uint32_t agency, uint32_t child)
{
    struct subject_id subject = {.agency = agency};

    subject.handle[0] = 0xBB;
    subject.handle[1] = (uint8_t)agency;
    memcpy(subject.handle + 2, &child, sizeof(child));
    return subject;
}

/* --- a child --- */

static void know(struct growing *growing, uint32_t agency, uint32_t child)
{
    char number[32];
    char name[64];
    struct world_entry entry;
    struct subject_id known = subject(agency, child);

    (void)snprintf(number, sizeof(number), "999%07u", child);
    (void)snprintf(name, sizeof(name), "grown%u|test|2020-05-01|ZZ9 9ZZ", child);
    const struct stated stated[] = {VERIFIED_NHS(number), NAMED(name)};
    make_statement(growing->world, &known, stated, ARRAY_LEN(stated), &entry);
    assert_int_equal(world_send_one(growing->world, agency, &entry), VERDICT_STORED);
    world_involvement(growing->world, agency, 1, &entry);
    memcpy(entry.header.involvement.handle, known.handle, CAIRN_HANDLE_BYTES);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(growing->world, agency, &entry), VERDICT_STORED);
}

/* --- records --- */

static void make_models(struct growing *growing)
{
    for (size_t i = 0; i < ARRAY_LEN(authors); i++) {
        const struct world_record record = {
            .from = authors[i], .child = 1, .day = day_of("2026-01-01")};
        world_record(growing->world, &record, &growing->models[authors[i]]);
        growing->world->seqs[authors[i]][LANE_NORMAL]--; /* it is not sent */
    }
}

static void make_record(struct growing *growing, uint32_t author, uint32_t child,
                        struct world_entry *ret)
{
    const struct subject_id about = subject(author, child);
    struct record_header *header = &ret->header.record;
    size_t len = BODY_MIN_BYTES +
                 (size_t)setting_draw(&growing->seed) % (sizeof(ret->body) - BODY_MIN_BYTES);

    *ret = growing->models[author];
    ret->header.id = world_next_id(growing->world, author, LANE_NORMAL);
    header->id = ret->header.id;
    header->event_day -= (int32_t)(setting_draw(&growing->seed) % DAYS);
    memcpy(header->handle, about.handle, CAIRN_HANDLE_BYTES);
    fill(growing, header->event_id, sizeof(header->event_id));
    fill(growing, ret->body, len);
    for (size_t i = 0; i < ret->wire.n_grants; i++) {
        fill(growing, ret->grants[i].sealed, sizeof(ret->grants[i].sealed));
    }
    ret->wire.body = slice_make(ret->body, len);
    world_refreeze(ret);
}

static size_t send_some(struct growing *growing, uint32_t child)
{
    uint32_t author = authors[setting_draw(&growing->seed) % ARRAY_LEN(authors)];
    size_t n = 1 + (size_t)setting_draw(&growing->seed) % PARCEL_MAX;

    for (size_t i = 0; i < n; i++) {
        make_record(growing, author, child, &growing->parcel[i]);
    }
    const struct world_parcel parcel = {.agency = author, .n = n, .entries = growing->parcel};
    assert_int_equal(world_send(growing->world, &parcel), VERDICT_STORED);
    return n;
}

void store_grown(struct world *world, uint64_t bytes)
{
    _cleanup_(base_free) struct growing *growing = base_zalloc(1, sizeof(*growing));
    struct store_stats stats = {.used_bytes = 0};

    growing->world = world;
    growing->seed = 7;
    make_models(growing);
    for (uint32_t child = 1; stats.used_bytes < bytes; child++) {
        for (size_t i = 0; i < ARRAY_LEN(authors); i++) {
            know(growing, authors[i], child);
        }
        for (size_t n = 0; n < RECORDS_OF_CHILD; n += send_some(growing, child)) {
        }
        clock_fake_advance(&world->clock, child % CHILDREN_OF_DAY == 0 ? DAY_MS : MINUTE_MS);
        assert_int_equal(store_stats(world->store, &stats), 0);
    }
}
