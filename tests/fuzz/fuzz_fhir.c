/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a practice's or a hospital's system hands over: FHIR Appointments. Whatever comes, each
 * outcome keeps its promise: only an EVENT holds anything of a child; only a child under 16 is told
 * of; a RETRACT names its own source id; whatever is not told has a reason.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "agents/gp/fhir_appointment.h"
#include "base/date.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/nobody.h"

static const struct event_terms terms = {.live = false, .now_ms = 1795338000000};
static struct appointment_reader *reader;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error = ERROR_NULL;

    (void)argc;
    (void)argv;
    if (crypto_init(&error) != 0) {
        return 1;
    }
    reader = appointment_reader_new(&error);
    return reader != NULL ? 0 : 1;
}

static void expect_told(const struct event *event)
{
    _cleanup_(buf_deinit) struct buf stored = BUF_MAX(EVENT_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf card = BUF_MAX(EVENT_CARD_JSON_MAX_BYTES);
    _cleanup_(event_deinit) struct event back = EVENT_NULL;
    struct error error = ERROR_NULL;

    assert(event->source_id[0] != '\0' && !event->final);
    assert(event->code == CODE_WAS_NOT_BROUGHT || event->code == CODE_CANCELLED_BY_CARER ||
           event->code == CODE_VACCINATION_NOT_BROUGHT);
    assert(record_code_kind(event->code) == (uint32_t)event->kind);
    assert(event->settles && event->retracts[0] == '\0');
    assert(event->child.has_birth && date_age(event->child.birth_day, event->event_day) < 16);
    assert(event->event_day <= instant_london_day(terms.now_ms) ||
           event->code == CODE_CANCELLED_BY_CARER);
    int r = event_card_json(event, &card);
    assert(r == 0);
    r = event_to_json(event, &stored);
    assert(r == 0);
    r = event_from_json(buf_slice(&stored), &back, &error);
    assert(r == 0);
}

static void expect_result(const struct appointment_result *result)
{
    const struct event *event = &result->event;

    if (result->outcome == APPOINTMENT_EVENT) {
        assert(result->reason.what[0] == '\0');
        expect_told(event);
        return;
    }
    assert(result->reason.what[0] != '\0');
    assert(is_nobody(&event->child) && event->account.data == NULL);
    if (result->outcome == APPOINTMENT_RETRACT) {
        assert(event->kind == RECORD_RETRACTION && event->source_id[0] != '\0');
        assert(strcmp(event->retracts, event->source_id) == 0);
    } else if (result->outcome == APPOINTMENT_LOCAL_ONLY) {
        assert(event->code == CODE_DID_NOT_ATTEND);
    } else {
        assert(event->kind == 0 && event->code == CODE_NOT_SAID);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(appointment_results_deinit) struct appointment_results results =
        APPOINTMENT_RESULTS_NULL;
    struct error error = ERROR_NULL;

    if (appointment_read(reader, slice_make(data, size), &terms, &results, &error) != 0) {
        assert(results.items == NULL && error.what[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < results.n; i++) {
        expect_result(&results.items[i]);
    }
    return 0;
}
