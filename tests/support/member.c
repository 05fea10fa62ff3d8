/* SPDX-License-Identifier: Apache-2.0 */
#include "support/member.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/core/inbox.h"
#include "agents/core/spool.h"
#include "base/date.h"
#include "govern/keys.h"
#include "support/scratch.h"

static void open_store(struct member *member)
{
    struct error error = ERROR_NULL;
    _cleanup_(secret_deinit) struct secret row_key = SECRET_NULL;
    const struct store_options options = {
        .dir = member->dir,
        .map_bytes = 256ULL << 20,
        .tables = agent_table_names,
        .n_tables = AGENT_TABLE_COUNT,
        .allow_tmpfs = true,
        .row_tags = true,
        .row_key = &row_key,
    };
    agent_row_key(&member->agent.keys.store, &row_key);
    int r = store_open(&options, &member->agent.store, &error);
    assert(r == 0);
    struct store_txn *txn = store_begin(member->agent.store);
    r = spool_start(txn);
    assert(r == 0);
    r = agent_commit(&txn);
    assert(r == 0);
}

static void open_keep(struct member *member)
{
    const struct governance *held = member->world->governing.governance;
    struct error error = ERROR_NULL;
    struct govern_keep_options options = {
        .store = member->agent.store,
        .keys = &member->agent.keys,
    };
    bool found = governance_held(held, GOVERNANCE_ROOT, &options.joining);
    assert(found);
    int r = govern_keep_open(&options, &member->agent.keep, &error);
    assert(r == 0);
}

void member_govern(struct member *member)
{
    const struct governance *held = member->world->governing.governance;
    struct error error = ERROR_NULL;
    for (unsigned i = GOVERNANCE_DIRECTORY; i <= GOVERNANCE_DOCUMENTS; i++) {
        struct govern_document document;
        bool found = governance_held(held, (enum governance_document)i, &document);
        assert(found);
        enum govern_result result = govern_keep_offer(member->agent.keep, &document, &error);
        assert(result == GOVERN_ACCEPTED || result == GOVERN_SAME);
    }
}

static void start(struct member *member)
{
    struct error error = ERROR_NULL;
    int r = news_init(&member->agent.news);
    assert(r == 0);
    open_store(member);
    open_keep(member);
    if (!member->alone) {
        member_govern(member);
    }
    session_start(&member->session, &member->agent);
    member->session.protocol = CAIRN_PROTOCOL_MAX;
    sending_start(&member->sending, &member->agent);
    member->agent.records = record_reader_new(&error);
    member->agent.appointments = appointment_reader_new(&error);
    assert(member->agent.records != NULL && member->agent.appointments != NULL);
}

static void stop(struct member *member)
{
    appointment_reader_free(&member->agent.appointments);
    record_reader_free(&member->agent.records);
    govern_keep_close(&member->agent.keep);
    store_close(&member->agent.store);
    news_deinit(&member->agent.news);
}

void member_add_keys(struct member *member, unsigned n)
{
    static const char *const sorts[] = {"sign", "open", "curve"};
    struct secret seeds[ARRAY_LEN(sorts)];
    char name[KEY_NAME_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        key_name(sorts[i], n, name);
        governing_seed(member->number, name, &seeds[i]);
    }
    int r = own_keys_add(&member->agent.keys, &seeds[0], &seeds[1], &seeds[2]);
    assert(r == 0);
    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        secret_deinit(&seeds[i]);
    }
}

static struct member *member_make(struct world *world, uint32_t number, const struct clock *clock,
                                  bool alone)
{
    struct member *member = base_zalloc(1, sizeof(*member));
    member->world = world;
    member->number = number;
    member->alone = alone;
    scratch_make(member->dir);
    (void)snprintf(member->socket, sizeof(member->socket), "%s/run/api.sock", member->dir);
    member->options = (struct agent_options){.dir = member->dir,
                                             .socket = member->socket,
                                             .settle_ms = 0,
                                             .review_after_ms = MEMBER_REVIEW_MS,
                                             .allow_tmpfs = true};
    member->agent.options = &member->options;
    member->agent.clock = clock;
    governing_seed(number, "store", &member->agent.keys.store);
    member_add_keys(member, 1);
    start(member);
    return member;
}

struct member *member_new(struct world *world, uint32_t number)
{
    return member_make(world, number, &world->clock.clock, false);
}

struct member *member_new_alone(struct world *world, uint32_t number, const struct clock *clock)
{
    return member_make(world, number, clock, true);
}

void member_free(struct member **member)
{
    stop(*member);
    own_keys_deinit(&(*member)->agent.keys);
    scratch_remove((*member)->dir);
    base_free(member);
}

void member_restart(struct member *member)
{
    stop(member);
    start(member);
}

void member_move(struct member *member, const char *dir)
{
    stop(member);
    (void)snprintf(member->dir, sizeof(member->dir), "%s", dir);
    start(member);
}

struct checkpoint member_head(const struct member *member, const struct wire_delivery *delivery)
{
    struct checkpoint head;
    bool good =
        checkpoint_check(delivery->checkpoint,
                         &member->world->governing.governance->directory.checkpoint_key, &head);
    assert(good);
    return head;
}

uint64_t member_position(struct member *member)
{
    struct store_txn *txn = store_read(member->agent.store);
    uint64_t position = inbox_position(txn);
    store_end(&txn);
    return position;
}

uint64_t member_fetch(struct member *member)
{
    struct wire_delivery delivery;
    uint64_t position = member_position(member);
    while (world_fetch(member->world, member->number, position, &delivery)) {
        uint64_t before = position;
        struct checkpoint head = member_head(member, &delivery);
        int r = inbox_take(&member->agent, &delivery, &head, &position);
        assert(r == 0);
        if (position == before) {
            break;
        }
    }
    return position;
}

struct reference member_submit(struct member *member, enum intake_content content, const char *text)
{
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    const struct intake_request request = {.content = content, .body = slice_of_text(text)};
    struct error error = ERROR_NULL;
    int r = intake_submit(&member->agent, &request, &answer, &error);
    assert(r == 0 && answer.n == 1 && answer.items[0].has_reference);
    return answer.items[0].reference;
}

/* False when the lane has nothing to send. */
static bool send_lane(struct member *member, enum lane lane)
{
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_receipt receipt;
    uint64_t correlation = ++member->world->correlation;
    int r = sending_cut(&member->sending, &member->session, lane, correlation, &parcel);
    if (r == -ENOENT) {
        return false;
    }
    assert(r == 0);
    sending_sent(&member->sending, lane, &parcel);
    world_forget_letters(member->world);
    world_receive(member->world, member->number, buf_slice(&parcel.frame));
    world_turn(member->world);
    struct slice payload = world_letter(member->world, member->number, WIRE_RECEIPT);
    bool good = wire_receipt_read(payload, &arena, &receipt);
    assert(good);
    enum sending_result result = sending_receipt(&member->sending, correlation, &receipt);
    assert(result == SENDING_DONE);
    return true;
}

void member_send(struct member *member)
{
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        while (send_lane(member, lane)) {
        }
    }
}

struct out_row member_out(struct member *member, const struct reference *reference)
{
    struct out_row row;
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    bool there = out_get(txn, reference, &row);
    assert(there);
    return row;
}

uint64_t member_count(struct member *member, const char *name)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    return count_get(txn, instant_london_day(member->world->clock.real_ms), name);
}
