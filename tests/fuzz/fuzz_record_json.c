/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agency's system writes in our own JSON, and what our storage gives back: the input is
 * read as a record, as an involvement and as a stored event. What is refused leaves nothing behind
 * and has a reason; what is accepted fits the sealed parts and comes back from storage as it went.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "agents/core/record_json.h"
#include "agents/core/tie.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/nobody.h"

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

static void expect_same_from_storage(const struct event *event)
{
    _cleanup_(buf_deinit) struct buf first = BUF_MAX(EVENT_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf second = BUF_MAX(EVENT_JSON_MAX_BYTES);
    _cleanup_(event_deinit) struct event back = EVENT_NULL;
    struct error error = ERROR_NULL;

    int r = event_to_json(event, &first);
    assert(r == 0);
    r = event_from_json(buf_slice(&first), &back, &error);
    assert(r == 0);
    r = event_to_json(&back, &second);
    assert(r == 0 && slice_equal(buf_slice(&first), buf_slice(&second)));
}

static void expect_parts_fit(const struct event *event)
{
    _cleanup_(buf_deinit) struct buf card = BUF_MAX(EVENT_CARD_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf account = BUF_MAX(EVENT_ACCOUNT_JSON_MAX_BYTES);
    int r = event_card_json(event, &card);

    assert(r == 0);
    r = event_account_json(event, &account);
    assert(r == 0);
}

static void expect_nothing(const struct event *event, const struct error *error)
{
    assert(error->what[0] != '\0');
    assert(event->account.data == NULL && is_nobody(&event->child));
}

static void read_as_record(struct slice text)
{
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    struct error error = ERROR_NULL;

    if (record_json_read(reader, text, &terms, &event, &error) != 0) {
        expect_nothing(&event, &error);
        return;
    }
    bool retraction = event.kind == RECORD_RETRACTION;
    assert(retraction == (event.retracts[0] != '\0'));
    assert(retraction || !is_nobody(&event.child));
    assert(event.code == CODE_NOT_SAID || record_code_kind(event.code) == (uint32_t)event.kind);
    assert(!event.child.restricted ||
           (event.child.address[0] == '\0' && event.child.postcode[0] == '\0'));
    expect_parts_fit(&event);
    expect_same_from_storage(&event);
}

static void read_as_involvement(struct slice text)
{
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
    _cleanup_(buf_deinit) struct buf account = BUF_MAX(EVENT_ACCOUNT_JSON_MAX_BYTES);
    struct error error = ERROR_NULL;

    if (involvement_json_read(reader, text, &terms, &involvement, &error) != 0) {
        assert(error.what[0] != '\0' && is_nobody(&involvement.child));
        return;
    }
    assert(role_text(involvement.role) != NULL);
    assert(involvement.from_day < involvement.until_day);
    int r = involvement_account_json(&involvement, &account);
    assert(r == 0);
}

static void read_as_tie(struct slice text)
{
    _cleanup_(tying_deinit) struct tying tying = TYING_NULL;
    struct error error = ERROR_NULL;

    if (tie_json_read(reader, text, &terms, &tying, &error) != 0) {
        assert(error.what[0] != '\0' && is_nobody(&tying.child) && is_nobody(&tying.person));
        return;
    }
    assert(relationship_text(tying.relationship) != NULL && !tying.child.person);
    assert(tying.person.person == (tying.relationship != RELATIONSHIP_BORN));
}

static void read_as_request(struct slice text)
{
    _cleanup_(asking_deinit) struct asking asking = ASKING_NULL;
    struct error error = ERROR_NULL;

    if (request_json_read(reader, text, &terms, &asking, &error) != 0) {
        assert(error.what[0] != '\0' && is_nobody(&asking.child));
        return;
    }
    assert(purpose_text(asking.purpose) != NULL);
}

static void read_as_stored(struct slice text)
{
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    struct error error = ERROR_NULL;

    if (event_from_json(text, &event, &error) != 0) {
        expect_nothing(&event, &error);
        return;
    }
    expect_same_from_storage(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice text = slice_make(data, size);

    read_as_record(text);
    read_as_involvement(text);
    read_as_tie(text);
    read_as_request(text);
    read_as_stored(text);
    return 0;
}
