/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agreements that Cairn ships come to once a record is sealed. For every kind of agency
 * that says something, every kind of record and every kind of agency in every role, the record is
 * cut as an agent cuts it, and whoever might read it opens what the table gives it and nothing
 * else. Uninvolved, and as allocated worker, it tries its own key on all that the broker holds of
 * the record: the header, both sealed parts and the grants of everybody. (What is held is sealed to
 * the front door too: its agent opens the account after a reason.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/frozen.h"
#include "agents/core/parcel.h"
#include "base/date.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "support/default_table.h"
#include "support/governing.h"

#define ORIGIN_NUMBERS 100 /* agency N of a kind is told; N + this says something */
#define AGENCIES_MAX   (2 * KINDS_MAX)
#define FRONT_DOORS    2
#define CIRCLE_MAX     (CAIRN_GRANTS_MAX / CAIRN_PARTS - 1 - FRONT_DOORS) /* none is left out */
#define BOTH           (PART_BIT(PART_CARD) | PART_BIT(PART_ACCOUNT))
#define TRIES_ALL      ROLE_ALLOCATED_WORKER /* the role to which most is sealed */
#define DAY            "2026-11-22"

/* Every kind, and beside it what the table tells apart. Urgency is routine: what urgency changes is
 * asked in test_default_agreements. */
static const struct said {
    uint32_t kind;
    uint32_t code;
    uint32_t level;
} everything_said[] = {
#define X(name, number, text, class) {.kind = (number)},
    CAIRN_RECORD_KINDS(X)
#undef X
        {RECORD_CONCERN, CODE_NOT_SAID, 1},
    {RECORD_CONCERN, CODE_NEGLECT_PHYSICAL, 2},
    {RECORD_CONCERN, CODE_NOT_SAID, 3},
    {RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, 0},
    {RECORD_MISSED_APPOINTMENT, CODE_CANCELLED_BY_CARER, 0},
    {RECORD_MISSED_APPOINTMENT, CODE_DID_NOT_ATTEND, 0},
    {RECORD_DOMESTIC_ABUSE, CODE_CHILD_PRESENT, 0},
};

struct world {
    struct governing governing;
    char ids[AGENCIES_MAX][KIND_ID_MAX_BYTES + 2];
    struct test_agency agencies[AGENCIES_MAX];
    struct secret opening[AGENCIES_MAX]; /* in the directory's order */
    size_t n_kinds;                      /* the first so many are told, one of each kind */
    size_t n;
    struct own_keys sealing; /* of whoever says something */
    int32_t day;
    size_t cuts; /* so that nothing passes because nothing was asked */
    size_t opened;
};

static void add_agency(struct world *world, const struct agency_kind *kind, bool says)
{
    size_t i = world->n++;
    (void)snprintf(world->ids[i], sizeof(world->ids[i]), "%s-%c", kind->id, says ? 'a' : 'b');
    world->agencies[i] = (struct test_agency){
        .number = kind->index + 1 + (says ? ORIGIN_NUMBERS : 0),
        .id = world->ids[i],
        .kind = kind->id,
    };
    governing_seed(world->agencies[i].number, "open", &world->opening[i]);
}

static bool is_front_door(const struct agency_kind *kind)
{
    return strcmp(kind->class, "front-door") == 0;
}

/* One of each kind is told, and another one of each speaks; a front door speaks for itself, since
 * each is told of everything and there is room for so many grants. */
static void list_agencies(struct world *world, const struct directory *directory)
{
    world->n_kinds = directory->n_kinds;
    for (size_t i = 0; i < directory->n_kinds; i++) {
        add_agency(world, &directory->kinds[i], false);
    }
    for (size_t i = 0; i < directory->n_kinds; i++) {
        if (!is_front_door(&directory->kinds[i])) {
            add_agency(world, &directory->kinds[i], true);
        }
    }
}

static int set_up(void **state)
{
    static const struct test_agency nobody[] = {{1, "gp-a", "gp", false}};
    struct world *world = base_zalloc(1, sizeof(*world));
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    struct governing first;

    assert_int_equal(crypto_init(NULL), 0);
    governing_init(&first);
    governing_fill(&first, nobody, ARRAY_LEN(nobody));
    list_agencies(world, &first.governance->directory);
    governing_init(&world->governing);
    governing_fill(&world->governing, world->agencies, world->n);
    governing_deinit(&first);
    assert_true(date_parse(slice_of_text(DAY), &world->day));
    governing_seed(1, "store", &world->sealing.store);
    governing_seed(1, "sign", &seed);
    assert_int_equal(own_keys_add(&world->sealing, &seed, &seed, &seed), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < world->n; i++) {
        secret_deinit(&world->opening[i]);
    }
    own_keys_deinit(&world->sealing);
    governing_deinit(&world->governing);
    free(world);
    crypto_deinit();
    return 0;
}

/* --- saying --- */

static void freeze(const struct world *world, const struct agency *origin, const struct said *said,
                   struct frozen *frozen)
{
    struct entry_header header = {
        .kind = ENTRY_RECORD,
        .id = {.agency = origin->number, .stream = 1, .seq = 1},
    };

    buf_add_text(&frozen->card, "{\"given_name\":\"Peregrina\"}");
    buf_add_text(&frozen->account, "{\"summary\":\"Came without a coat again.\"}");
    header.record = (struct record_header){
        .id = header.id,
        .handle = {1},
        .event_id = {1},
        .record_kind = (enum record_kind)said->kind,
        .code = said->code,
        .level = said->level,
        .urgency = URGENCY_ROUTINE,
        .event_day = world->day,
        .recorded_ms = 1,
        .created_ms = 1,
        .card_bytes = (uint32_t)seal_part_size(frozen->card.len),
        .judged_by = JUDGED_BY_PERSON,
        .basis = BASIS_PUBLIC_TASK,
        .detriment = DETRIMENT_NOT_MORE,
        .family_told = FAMILY_TOLD,
        .has_retracts = said->kind == RECORD_RETRACTION,
        .retracts = {.agency = origin->number, .stream = 1, .seq = 2},
    };
    wire_entry_header_write(&header, &frozen->header);
    assert_int_equal(frozen_seal(frozen, &world->sealing.store, true), 0);
}

struct cut {
    const struct agency *origin;
    const struct said *said;
    const struct frozen *frozen;
    struct spool_reader circle[CIRCLE_MAX];
    size_t n_circle;
};

/* As the agent does; what the broker then holds is in *ret, which borrows from the parcel. */
static void cut_parcel(const struct world *world, const struct cut *cut, struct parcel *parcel,
                       struct arena *arena, struct wire_parcel *ret)
{
    const struct checkpoint head = {.size = 0};
    const struct parcel_terms terms = {
        .governance = world->governing.governance,
        .keys = &world->sealing,
        .agency = cut->origin->number,
        .stream = 1,
        .head = &head,
        .day = world->day,
        .protocol = 1,
        .lane = LANE_NORMAL,
    };
    const struct spool_entry entry = {
        .lane = LANE_NORMAL,
        .stream = 1,
        .seq = 1,
        .kind = ENTRY_RECORD,
        .header = buf_slice(&cut->frozen->header),
        .body = buf_slice(&cut->frozen->body),
        .keys = SLICE_OF(cut->frozen->wrapped),
        .n_circle = cut->n_circle,
        .circle = cut->circle,
    };

    assert_int_equal(parcel_cut(&terms, &entry, 1, parcel), 0);
    assert_int_equal(parcel->readers_left_out, 0);
    assert_true(wire_parcel_read(wire_payload(buf_slice(&parcel->frame)), arena, ret));
}

/* --- opening --- */

static bool opens_part(const struct secret *data_key, const struct cut *cut, enum part part)
{
    uint8_t digest[CAIRN_HASH_BYTES];
    size_t card = seal_part_size(cut->frozen->card.len);
    struct slice body = buf_slice(&cut->frozen->body);
    struct slice sealed = part == PART_CARD ? slice_make(body.data, card)
                                            : slice_make(body.data + card, body.len - card);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_BODY_MAX_BYTES);

    sha256(buf_slice(&cut->frozen->header), digest);
    return seal_open_part(data_key, digest, part, sealed, &text) == 0;
}

/* PART_BIT of what this key opens, with the grants of `whose`; 0: of everybody. */
static uint8_t opens(const struct secret *opening, const struct cut *cut,
                     const struct wire_entry *held, uint32_t whose)
{
    uint8_t parts = 0;

    for (size_t i = 0; i < held->n_grants; i++) {
        const struct wire_grant *grant = &held->grants[i];
        _cleanup_(secret_deinit) struct secret data_key = SECRET_NULL;
        const struct grant_scope scope = {
            .entry = {.agency = cut->origin->number, .stream = 1, .seq = 1},
            .part = grant->part,
            .recipient = grant->recipient,
        };
        if (whose != 0 && grant->recipient != whose) {
            continue;
        }
        if (grant_open(opening, &scope, SLICE_OF(grant->sealed), &data_key) != 0) {
            continue;
        }
        for (enum part part = PART_CARD; part <= PART_ACCOUNT; part++) {
            if (opens_part(&data_key, cut, part)) {
                parts = (uint8_t)(parts | PART_BIT(part));
            }
        }
    }
    return parts;
}

static uint8_t expected_parts(const struct world *world, const struct cut *cut,
                              const struct agency *recipient, uint32_t roles)
{
    const struct disclosure what = {
        .origin = cut->origin,
        .recipient = recipient,
        .kind = cut->said->kind,
        .code = cut->said->code,
        .level = cut->said->level,
        .urgency = URGENCY_ROUTINE,
        .roles = roles,
        .day = world->day,
    };
    struct expected expected = default_expected(&what);
    bool told = roles != 0 || agency_is_front_door(recipient);

    return told && expected.effect >= EFFECT_HOLD && expected.mode == MODE_CONTENT ? BOTH : 0;
}

static void expect_opens(struct world *world, const struct cut *cut, const struct wire_entry *held,
                         size_t who, uint32_t roles)
{
    const struct agency *recipient = &world->governing.governance->directory.agencies[who];
    uint8_t wanted = recipient == cut->origin ? BOTH : expected_parts(world, cut, recipient, roles);
    bool tries_all = roles == 0 || roles == ROLE_BIT(TRIES_ALL);
    uint8_t parts = opens(&world->opening[who], cut, held, tries_all ? 0 : recipient->number);

    world->opened += recipient != cut->origin && parts != 0 ? 1 : 0;
    if (parts != wanted) {
        const char *code = record_code_text(cut->said->code);
        fail_msg("%s -> %s as %x: %s %s, level %u: opens %u, not %u", cut->origin->id,
                 recipient->id, roles, record_kind_text(cut->said->kind), code != NULL ? code : "-",
                 cut->said->level, parts, wanted);
    }
}

/* --- every question --- */

/* Nobody is involved: each agency there is tries. */
static void try_uninvolved(struct world *world, struct cut *cut)
{
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_parcel held;

    cut->n_circle = 0;
    cut_parcel(world, cut, &parcel, &arena, &held);
    for (size_t i = 0; i < world->n; i++) {
        expect_opens(world, cut, &held.entries[0], i, 0);
    }
    world->cuts++;
}

/* As many as there is room for, from `first` on, are involved in that role. Returns who comes next.
 */
static size_t try_circle(struct world *world, struct cut *cut, uint32_t role, size_t first)
{
    const struct directory *directory = &world->governing.governance->directory;
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_parcel held;
    size_t who[CIRCLE_MAX];
    size_t next = first;

    cut->n_circle = 0;
    for (; next < world->n_kinds && cut->n_circle < CIRCLE_MAX; next++) {
        const struct agency *member = &directory->agencies[next];
        if (agency_is_front_door(member)) {
            continue;
        }
        who[cut->n_circle] = next;
        cut->circle[cut->n_circle++] =
            (struct spool_reader){.agency = member->number, .roles = ROLE_BIT(role)};
    }
    cut_parcel(world, cut, &parcel, &arena, &held);
    for (size_t i = 0; i < cut->n_circle; i++) {
        expect_opens(world, cut, &held.entries[0], who[i], ROLE_BIT(role));
    }
    world->cuts++;
    return next;
}

static void try_record(struct world *world, const struct agency *origin, const struct said *said)
{
    struct frozen frozen = frozen_new();
    struct cut cut = {.origin = origin, .said = said, .frozen = &frozen};

    freeze(world, origin, said, &frozen);
    try_uninvolved(world, &cut);
    for (uint32_t role = 1; role <= ROLES; role++) {
        for (size_t next = 0; next < world->n_kinds;) {
            next = try_circle(world, &cut, role, next);
        }
    }
    frozen_deinit(&frozen);
}

static void nobody_opens_more_than_the_table_gives_with_all_that_the_broker_holds(void **state)
{
    struct world *world = *state;
    const struct directory *directory = &world->governing.governance->directory;

    for (size_t i = 0; i < world->n; i++) {
        const struct agency *origin = &directory->agencies[i];
        if (i < world->n_kinds && !agency_is_front_door(origin)) {
            continue; /* its colleague speaks */
        }
        for (size_t j = 0; j < ARRAY_LEN(everything_said); j++) {
            try_record(world, origin, &everything_said[j]);
        }
    }

    assert_true(world->cuts >= world->n_kinds * ARRAY_LEN(everything_said) * ROLES);
    assert_true(world->opened > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_opens_more_than_the_table_gives_with_all_that_the_broker_holds),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
