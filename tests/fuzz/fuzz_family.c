/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the police, children's services and adults' services write: the input is read as each of the
 * three. What is refused leaves nothing behind and has a reason; what is accepted fits the sealed
 * parts and comes back from storage as it went, involvements included.
 */
#include <assert.h>
#include <string.h>

#include "agents/adult_services/adult.h"
#include "agents/childrens_services/plan.h"
#include "agents/police/incident.h"
#include "tests/fuzz/fuzz.h"

static const struct event_terms terms = {.live = false, .now_ms = 1795338000000};
static struct record_reader *reader;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error = ERROR_NULL;

    (void)argc;
    (void)argv;
    reader = record_reader_new(&error);
    return reader != NULL ? 0 : 1;
}

static void expect_stored(const struct event *event)
{
    _cleanup_(buf_deinit) struct buf first = BUF_MAX(EVENT_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf second = BUF_MAX(EVENT_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf card = BUF_MAX(EVENT_CARD_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf account = BUF_MAX(EVENT_ACCOUNT_JSON_MAX_BYTES);
    _cleanup_(event_deinit) struct event back = EVENT_NULL;
    struct error error = ERROR_NULL;

    int r = event_card_json(event, &card);
    assert(r == 0);
    r = event_account_json(event, &account);
    assert(r == 0);
    r = event_to_json(event, &first);
    assert(r == 0);
    r = event_from_json(buf_slice(&first), &back, &error);
    assert(r == 0);
    r = event_to_json(&back, &second);
    assert(r == 0 && slice_equal(buf_slice(&first), buf_slice(&second)));
}

static void expect_said_again(const struct involvement *involvement)
{
    _cleanup_(buf_deinit) struct buf first = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf second = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    _cleanup_(involvement_deinit) struct involvement back = INVOLVEMENT_NULL;
    struct error error = ERROR_NULL;

    assert(involvement->from_day < involvement->until_day);
    int r = involvement_to_json(involvement, &first);
    assert(r == 0);
    r = involvement_json_read(reader, buf_slice(&first), &terms, &back, &error);
    assert(r == 0);
    r = involvement_to_json(&back, &second);
    assert(r == 0 && slice_equal(buf_slice(&first), buf_slice(&second)));
}

typedef int read_one(const struct record_reader *reader, struct slice text,
                     const struct event_terms *terms, struct family *ret, struct error *error);

static void read_as(read_one *read, struct slice text)
{
    _cleanup_(family_deinit) struct family family = FAMILY_NULL;
    struct error error = ERROR_NULL;

    if (read(reader, text, &terms, &family, &error) != 0) {
        assert(error.what[0] != '\0' && family.n == 0 && family.children == NULL);
        return;
    }
    assert(family.n >= 1 && family.n <= FAMILY_CHILDREN_MAX);
    for (size_t i = 0; i < family.n; i++) {
        const struct family_child *child = &family.children[i];
        assert(child->event.source_id[0] != '\0');
        expect_stored(&child->event);
        for (size_t j = 0; j < child->n_involvements; j++) {
            expect_said_again(&child->involvements[j]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice text = slice_make(data, size);

    read_as(incident_json_read, text);
    read_as(plan_json_read, text);
    read_as(adult_json_read, text);
    return 0;
}
