/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plain.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"

struct row {
    const char *word;
    const char *plain;
};

static const struct row deliveries[] = {
    {"record", "a record"},
    {"decision", "a decision"},
    {"release", "may be opened now"},
    {"entry", "something said"},
    {"notice", "a notice"},
    {"raised", "an alert"},
    {"extended", "more of an alert"},
    {"opened", "an alert was opened"},
    {"closed", "an alert was closed"},
    {"withdrawn", "an alert was withdrawn"},
    {"record-opened", "a record was opened"},
    {"retracted", "a record was taken back"},
    {"told", "that something exists"},
    {"unopened", "NOBODY HAS OPENED IT"},
    {"link-confirmed", "two children are one"},
    {"link-undone", "two children are not one"},
    {"candidate", "two children may be one"},
    {"not-shared", "not shared any more"},
    {"destroyed-unused", "the broker destroyed its copies"},
    {"destroyed-delivered", "the broker destroyed its copies"},
    {"listed", "for review"},
    {"over-budget", "a pattern beyond its plan"},
    {"hold-ends", "a hold ends soon"},
};

static const struct row counts[] = {
    {"accepted", "records taken to be sent"},
    {"older-version", "older versions, passed over"},
    {"retracted", "taken back"},
    {"withdrawn", "taken back before they left"},
    {"involvement-accepted", "involvements taken"},
    {"tie-accepted", "ties of adults to children taken"},
    {"decision-accepted", "decisions of people here"},
    {"request-accepted", "requests made"},
    {"request-taken", "requests of others"},
    {"request-uninvolved", "requests of others who are not involved"},
    {"grant-accepted", "records opened to another agency"},
    {"grant-stored", "of these, with the broker"},
    {"grant-refused", "of these, refused by the broker"},
    {"grant-no-room", "not opened to another agency: the store was full"},
    {"kept-decided", "kept records that a person decided about"},
    {"kept-followed", "corrections that followed such a decision"},
    {"returned-dealt-with", "refused records that a person dealt with"},
    {"appointment-told", "appointments: missed, and told"},
    {"appointment-known-already", "appointments: known already"},
    {"appointment-nothing-yet", "appointments: nothing to tell yet"},
    {"appointment-seen", "appointments: the child was seen"},
    {"appointment-entered-in-error", "appointments: entered in error"},
    {"appointment-cancelled-by-service", "appointments: cancelled by the service"},
    {"appointment-confidential", "appointments: confidential"},
    {"appointment-aged-16-or-17", "appointments: aged 16 or 17"},
    {"appointment-adult", "appointments: an adult"},
    {"appointment-no-patient", "appointments: no patient named"},
    {"appointment-age-not-known", "appointments: age not known"},
    {"appointment-patient-died", "appointments: the patient has died"},
    {"appointment-not-readable", "appointments: not readable"},
};

static const char *find(const struct row *rows, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].word, word) == 0) {
            return rows[i].plain;
        }
    }
    return word;
}

const char *plain_delivery(const char *word)
{
    return find(deliveries, ARRAY_LEN(deliveries), word);
}

const char *plain_count(const char *word)
{
    return find(counts, ARRAY_LEN(counts), word);
}
