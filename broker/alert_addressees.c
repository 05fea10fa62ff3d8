/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/alert_addressees.h"

#include <string.h>

#include "broker/disclose.h"
#include "broker/members.h"

bool alert_was_told(const struct alert_row *alert, uint32_t agency)
{
    for (size_t i = 0; i < alert->n_addressees; i++) {
        if (alert->addressees[i].agency == agency) {
            return alert->addressees[i].told > 0;
        }
    }
    return false;
}

bool alert_is_addressee(const struct alert_row *alert, uint32_t agency)
{
    for (size_t i = 0; i < alert->n_addressees; i++) {
        if (alert->addressees[i].agency == agency) {
            return true;
        }
    }
    return false;
}

void alert_add_addressee(struct apply *apply, struct alert_row *alert, uint32_t agency)
{
    if (alert_is_addressee(alert, agency)) {
        return;
    }
    if (alert->n_addressees == CAIRN_ADDRESSEES_MAX) {
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
        return;
    }
    alert->addressees[alert->n_addressees++] = (struct alert_addressee){.agency = agency};
}

struct involved_search {
    struct apply *apply;
    struct alert_row *alert;
    const char *class;
};

static bool add_involved(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct involved_search *search = data;
    const struct agency *agency =
        directory_agency(&search->apply->governance->directory, subject->agency);
    if (agency != NULL && agency->active && strcmp(agency->kind->class, search->class) == 0 &&
        disclose_subject_roles(search->apply->txn, subject, apply_day(search->apply)) != 0) {
        alert_add_addressee(search->apply, search->alert, subject->agency);
    }
    return true;
}

/* Whoever only spoke of an adult is not told to whom the adult is tied. */
static void add_origin(struct apply *apply, struct alert_row *alert, uint32_t agency)
{
    struct subject_id own;
    if (members_own_subject(apply->txn, alert->child, agency, &own)) {
        alert_add_addressee(apply, alert, agency);
    }
}

static void add_by_rule(struct apply *apply, struct alert_row *alert,
                        const struct addressee_rule *rule)
{
    const struct directory *directory = &apply->governance->directory;
    switch (rule->sort) {
    case ADDRESSEE_ORIGINS:
        for (size_t i = 0; i < alert->n_records; i++) {
            add_origin(apply, alert, alert->records[i].entry.agency);
        }
        break;
    case ADDRESSEE_INVOLVED_CLASS: {
        struct involved_search search = {.apply = apply, .alert = alert, .class = rule->id};
        members_each(apply->txn, alert->child, add_involved, &search);
        break;
    }
    case ADDRESSEE_KIND:
        for (size_t i = 0; i < directory->n_agencies; i++) {
            if (directory->agencies[i].active &&
                strcmp(directory->agencies[i].kind->id, rule->id) == 0) {
                alert_add_addressee(apply, alert, directory->agencies[i].number);
            }
        }
        break;
    }
}

/* Kinds first, which is how a rule names the front door: should there be more addressees than an
 * alert has room for, it is not the front door that goes without. */
void alert_add_addressees(struct apply *apply, struct alert_row *alert,
                          const struct pattern *pattern)
{
    static const enum addressee_sort order[] = {ADDRESSEE_KIND, ADDRESSEE_ORIGINS,
                                                ADDRESSEE_INVOLVED_CLASS};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        for (size_t j = 0; j < pattern->n_addressees; j++) {
            if (pattern->addressees[j].sort == order[i]) {
                add_by_rule(apply, alert, &pattern->addressees[j]);
            }
        }
    }
}

void alert_add_owners(struct apply *apply, struct alert_row *alert, const struct pattern *pattern)
{
    const struct directory *directory = &apply->governance->directory;
    bool addressed = false;
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        const struct agency *agency = directory_agency(directory, directory->front_doors[i]);
        for (size_t j = 0; j < pattern->n_addressees; j++) {
            const struct addressee_rule *rule = &pattern->addressees[j];
            if (rule->sort == ADDRESSEE_KIND && strcmp(agency->kind->id, rule->id) == 0) {
                alert_add_addressee(apply, alert, agency->number);
                addressed = true;
            }
        }
    }
    for (size_t i = 0; i < directory->n_front_doors && !addressed; i++) {
        alert_add_addressee(apply, alert, directory->front_doors[i]);
    }
}
