/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/childrens_services/plan.h"

#include <stdio.h>
#include <string.h>

#include "agents/core/record_parts.h"
#include "base/date.h"

#define PEOPLE_BYTES 32768 /* sixteen lines of agency, name, role and telephone number */

static const struct {
    const char *word;
    uint32_t code;
    const char *name;
} plans[] = {
    {"child-in-need", CODE_PLAN_CHILD_IN_NEED, "child in need plan"},
    {"child-protection", CODE_PLAN_CHILD_PROTECTION, "child protection plan"},
    {"unborn-child-protection", CODE_PLAN_UNBORN, "child protection plan for an unborn child"},
    {"early-help", CODE_PLAN_EARLY_HELP, "early help plan"},
};

static size_t plan_of(const struct json_view *document)
{
    struct slice word = json_get_text(document, "plan");
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(plans) && !slice_is_text(word, plans[i].word)) {
        i++;
    }
    return i;
}

/* --- who is involved --- */

/* What one person's involvement is read from. */
struct stint {
    const struct json_view *person;
    enum role role;
    int32_t start; /* of the plan */
    int32_t end;   /* INVOLVEMENT_OPEN while there is one */
};

static void involve(struct family_child *child, const struct stint *stint)
{
    const struct json_view *person = stint->person;
    int32_t from = parts_date(person, "from", stint->start);
    int32_t until = parts_date(person, "until", stint->end);
    struct involvement *ours = family_involve(child, stint->role, from);

    ours->until_day = until < stint->end ? until : stint->end;
    json_get_copy(person, "name", ours->contact_name, sizeof(ours->contact_name));
    json_get_copy(person, "phone", ours->contact_phone, sizeof(ours->contact_phone));
    if (ours->until_day <= from) {
        (void)json_refuse(person, "must begin before it ends: look at from, until, and the start "
                                  "and end of the plan");
    }
}

/* The first of our own team. */
static struct json_view own_member(const struct json_view *document)
{
    struct json_view team = json_opt_array(document, "team");
    struct json_view none = {.node = NULL, .error = document->error};

    for (size_t i = 0; i < json_length(&team); i++) {
        struct json_view member = json_item(&team, i);
        if (!json_has(&member, "agency")) {
            return member;
        }
    }
    return none;
}

static void read_people(const struct json_view *document, int32_t start, int32_t end,
                        struct family_child *child)
{
    struct json_view worker = json_opt_object(document, "allocated_worker");
    struct json_view lead = json_opt_object(document, "lead_professional");
    struct json_view member = own_member(document);
    const struct stint stints[] = {
        {&worker, ROLE_ALLOCATED_WORKER, start, end},
        {&lead, ROLE_LEAD_PROFESSIONAL, start, end},
        {&member, ROLE_PLAN_TEAM, start, end},
    };

    for (size_t i = 0; i < ARRAY_LEN(stints); i++) {
        if (stints[i].person->node != NULL) {
            involve(child, &stints[i]);
        }
    }
    if (worker.node == NULL && lead.node == NULL) {
        parts_refuse(document, "allocated_worker",
                     "is missing, as is lead_professional: name one, also of a plan that has "
                     "ended");
    }
}

/* --- the account --- */

/* "Agency: Name, role, telephone" */
static void add_person(struct buf *out, const struct json_view *person)
{
    struct slice agency = json_opt_text(person, "agency");
    struct slice role = json_opt_text(person, "role");
    struct slice name = json_get_text(person, "name");
    struct slice phone = json_get_text(person, "phone");

    buf_add(out, agency.data, agency.len);
    buf_add_text(out, agency.len > 0 ? ": " : "");
    buf_add(out, name.data, name.len);
    buf_add_text(out, role.len > 0 ? ", " : "");
    buf_add(out, role.data, role.len);
    buf_add_text(out, ", ");
    buf_add(out, phone.data, phone.len);
}

static void tell_lines(struct json *account, const char *key, const struct json_view *object,
                       const struct buf *lines)
{
    if (lines->len > 0 && json_set_text(account, key, buf_slice(lines)) != 0) {
        parts_refuse(object, key, "is not text that can be shown");
    }
}

static void tell_person(struct json *account, const struct json_view *document, const char *key)
{
    struct json_view person = json_opt_object(document, key);
    _cleanup_(buf_deinit) struct buf line = BUF_MAX(PEOPLE_BYTES);

    if (person.node != NULL) {
        add_person(&line, &person);
        tell_lines(account, key, document, &line);
    }
}

static void tell_team(struct json *account, const struct json_view *document)
{
    struct json_view team = json_opt_array(document, "team");
    _cleanup_(buf_deinit) struct buf lines = BUF_MAX(PEOPLE_BYTES);

    for (size_t i = 0; i < json_length(&team); i++) {
        struct json_view member = json_item(&team, i);
        buf_add_text(&lines, i > 0 ? "\n" : "");
        add_person(&lines, &member);
    }
    tell_lines(account, "team", document, &lines);
}

static void set_summary(struct json *account, const struct json_view *document)
{
    char words[160];
    struct slice start = json_get_text(document, "start");
    struct slice end = json_opt_text(document, "end");
    const char *name = plans[plan_of(document)].name;

    if (end.len > 0) {
        (void)snprintf(words, sizeof(words), "This child's %s of %.10s ended on %.10s.", name,
                       (const char *)start.data, (const char *)end.data);
    } else {
        (void)snprintf(words, sizeof(words), "This child has a %s since %.10s.", name,
                       (const char *)start.data);
    }
    json_set_word(account, "summary", words);
}

static void read_account(const struct json_view *document, struct event *event)
{
    _cleanup_(json_free) struct json *account = json_object_new();
    struct json_view child = json_get_object(document, "child");

    set_summary(account, document);
    parts_tell(account, "category", document, "category");
    parts_tell(account, "review_by", document, "review_by");
    parts_tell(account, "detail", document, "note");
    parts_tell(account, "expected_date", &child, "expected_date");
    tell_person(account, document, "allocated_worker");
    tell_person(account, document, "lead_professional");
    tell_team(account, document);
    struct json_view view = *document;
    view.node = account;
    parts_account(&view, event);
}

/* --- the plan --- */

static void check_unborn(const struct json_view *document, bool ended)
{
    struct json_view child = json_get_object(document, "child");
    uint32_t code = plans[plan_of(document)].code;
    bool expected = json_has(&child, "expected_date");

    if (code == CODE_PLAN_UNBORN && !ended && !expected) {
        parts_refuse(&child, "expected_date",
                     "is missing: once the child is born this plan ends and another begins");
    }
    if ((code == CODE_PLAN_CHILD_PROTECTION || code == CODE_PLAN_CHILD_IN_NEED) && expected) {
        parts_refuse(&child, "expected_date",
                     "does not go with this plan: it is one for a child who is born");
    }
}

static void read_end(const struct json_view *document, struct event *event)
{
    static const char ending[] = "/ended";
    size_t len = strlen(event->source_id);

    event->code = CODE_PLAN_ENDED;
    if (len + sizeof(ending) > sizeof(event->source_id)) {
        struct json_view source = json_opt_object(document, "source");
        parts_refuse(&source, "id", "is too long");
        return;
    }
    memcpy(event->source_id + len, ending, sizeof(ending));
}

static void read_plan(const struct json_view *document, const struct event_terms *terms,
                      struct family *ret)
{
    struct family_child *child = family_add(ret);
    struct event *event = &child->event;
    struct json_view who = json_get_object(document, "child");
    bool ended = json_has(document, "end");
    int32_t start = parts_past_date(document, "start", terms);
    int32_t end = ended ? parts_past_date(document, "end", terms) : INVOLVEMENT_OPEN;

    event->kind = RECORD_PLAN;
    event->code = plans[plan_of(document)].code;
    event->urgency = URGENCY_ROUTINE;
    event->event_day = ended ? end : start;
    event->recorded_ms = parts_instant(document, "recorded_at", terms->now_ms);
    parts_child(&who, terms, parts_moment_of(event), &event->child);
    parts_source(document, event);
    parts_lawfulness(document, &event->lawfulness);
    parts_family_words(document, &event->lawfulness);
    parts_narrow(document, terms, event);
    memcpy(ret->source_id, event->source_id, sizeof(ret->source_id));
    if (ended) {
        read_end(document, event);
    }
    read_account(document, event);
    read_people(document, start, end, child);
    check_unborn(document, ended);
}

int plan_json_read(const struct record_reader *reader, struct slice text,
                   const struct event_terms *terms, struct family *ret, struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        record_reader_parse(reader, FORMAT_PLAN, text, &problem);
    _cleanup_(family_deinit) struct family family = FAMILY_NULL;

    if (document != NULL) {
        struct json_view view = json_view(document, &problem);
        read_plan(&view, terms, &family);
    }
    if (problem.what[0] != '\0') {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = family;
    family = FAMILY_NULL; /* the child went with *ret */
    return 0;
}
