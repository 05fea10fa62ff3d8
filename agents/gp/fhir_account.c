/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/fhir_account.h"

#include <stdio.h>

#include "base/date.h"
#include "base/text.h"
#include "json/json.h"

static void write_summary(uint32_t code, int32_t day, struct writer *out)
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December",
    };
    const char *what = "Was not brought to an appointment on";
    int year = 0;
    int month = 0;
    int day_of_month = 0;

    if (code == CODE_CANCELLED_BY_CARER) {
        what = "The family cancelled an appointment:";
    } else if (code == CODE_VACCINATION_NOT_BROUGHT) {
        what = "Was not brought to a vaccination appointment on";
    }
    date_split(day, &year, &month, &day_of_month);
    write_format(out, "%s %d %s %d.", what, day_of_month, months[month - 1], year);
}

/* Only what the list of reasons says; free text may be about anybody. */
static struct slice cancellation_words(const struct json_view *appointment)
{
    struct json_view reason = json_opt_object(appointment, "cancelationReason");
    struct json_view codings = json_opt_array(&reason, "coding");
    struct json_view first = json_item(&codings, 0);

    return json_opt_text(&first, "display");
}

void account_write(const struct json_view *appointment, const struct fhir_service *service,
                   int32_t start_day, struct event *event)
{
    _cleanup_(json_free) struct json *account = json_object_new();
    char summary[128] = "";
    struct writer out = writer_over(summary, sizeof(summary) - 1);
    char detail[FHIR_SERVICE_WORDS_BYTES];

    write_summary(event->code, start_day, &out);
    json_set_word(account, "summary", summary);
    json_set_given(account, "service", service->words);
    json_set_given(account, "setting", service->place);
    if (event->code == CODE_CANCELLED_BY_CARER &&
        text_copy(detail, sizeof(detail), cancellation_words(appointment)) && detail[0] != '\0') {
        json_set_word(account, "detail", detail);
    }
    json_set_word(account, "evidence", "told");
    json_set_word(account, "reported_by", "the appointment system, without a person looking");
    json_set_word(account, "handling", "not for online or proxy access");
    int r = json_write(account, JSON_STYLE_COMPACT, &event->account);
    assert(r == 0); /* a few short sentences */
}

void account_lawfulness(const struct event_terms *terms, struct lawfulness *ret)
{
    *ret = (struct lawfulness){
        .judged_by = JUDGED_BY_STANDING_DECISION,
        .basis = BASIS_PUBLIC_TASK,
        .detriment = DETRIMENT_NOT_MORE,
        .family_told = FAMILY_NOT_KNOWN,
        .function = "Protecting and promoting the health and welfare of the child.",
    };
    (void)snprintf(ret->judge, sizeof(ret->judge), "%s",
                   terms->standing_decision != NULL
                       ? terms->standing_decision
                       : "Standing decision on missed appointments; not named in the "
                         "configuration");
}
