/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/police/incident.h"

#include <string.h>

#include "agents/core/record_parts.h"
#include "agents/police/unnamed.h"
#include "base/date.h"

static const char *const presences[] = {"present", "heard", "not-present", "not-known"};

/* Of a domestic-abuse incident, in the order of presences. */
static const char *const summaries[] = {
    "The police were called to a domestic abuse incident, and this child was present.",
    "The police were called to a domestic abuse incident, and this child heard it.",
    "The police were called to a domestic abuse incident in this child's family. The child was "
    "somewhere else.",
    "The police were called to a domestic abuse incident in this child's family. Whether the child "
    "was there is not known.",
};

struct reading {
    const struct json_view *document;
    const struct event_terms *terms;
    bool abuse;
    bool withheld;    /* where a child of it lives */
    struct event all; /* what the document says for every child */
};

/* --- who must not be named --- */

static const char *const shared_texts[] = {
    "event_time", "place",        "risk_grade",  "officer_account",
    "for_school", "action_taken", "reported_by",
};

static void check_text(const struct unnamed *unnamed, const struct json_view *object,
                       const char *key)
{
    struct json_view text = json_member(object, key);

    if (text.node != NULL && json_holds_text(&text) &&
        unnamed_occurs(unnamed, json_as_text(&text))) {
        (void)json_refuse(&text, "names somebody of never_share: say it without the name");
    }
}

static void check_texts_of(const struct unnamed *unnamed, const struct json_view *document,
                           const char *object_key)
{
    struct json_view object = json_opt_object(document, object_key);
    struct json_view member;

    for (const char *key = object.node == NULL ? NULL : json_first(&object, &member); key != NULL;
         key = json_next(&object, key, &member)) {
        check_text(unnamed, &object, key);
    }
}

static void allow_children(struct unnamed *unnamed, const struct json_view *children)
{
    for (size_t i = 0; i < json_length(children); i++) {
        struct json_view item = json_item(children, i);
        struct json_view child = json_get_object(&item, "child");
        unnamed_allow(unnamed, json_opt_text(&child, "given_name"));
        unnamed_allow(unnamed, json_opt_text(&child, "family_name"));
    }
}

static void check_children(const struct unnamed *unnamed, const struct json_view *children)
{
    for (size_t i = 0; i < json_length(children); i++) {
        struct json_view item = json_item(children, i);
        struct json_view child = json_get_object(&item, "child");
        check_text(unnamed, &item, "voice");
        check_text(unnamed, &child, "address");
    }
}

static void check_unnamed(const struct json_view *document)
{
    _cleanup_(unnamed_free) struct unnamed *unnamed = unnamed_new();
    struct json_view names = json_opt_array(document, "never_share");
    struct json_view children = json_get_array(document, "children");

    allow_children(unnamed, &children);
    for (size_t i = 0; i < json_length(&names); i++) {
        struct json_view name = json_item(&names, i);
        if (!unnamed_add(unnamed, json_as_text(&name))) {
            (void)json_refuse(&name, "is no name that can be looked for");
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(shared_texts); i++) {
        check_text(unnamed, document, shared_texts[i]);
    }
    check_texts_of(unnamed, document, "contact");
    check_texts_of(unnamed, document, "lawfulness");
    check_children(unnamed, &children);
}

/* --- the records --- */

static bool is_word(const struct json_view *object, const char *key, const char *word)
{
    return slice_is_text(json_opt_text(object, key), word);
}

/* Which of presences; the last when nothing is said. */
static size_t presence_of(const struct json_view *item)
{
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(presences) && !is_word(item, "presence", presences[i])) {
        i++;
    }
    return i;
}

static void read_all(struct reading *reading)
{
    const struct json_view *document = reading->document;
    struct event *all = &reading->all;

    reading->abuse = is_word(document, "notice", "domestic-abuse-incident");
    all->kind = reading->abuse ? RECORD_DOMESTIC_ABUSE : RECORD_POLICE_NOTICE;
    all->code =
        reading->abuse ? CODE_NOT_SAID : parts_word(document, "notice", record_code_number, 0);
    all->urgency = (enum urgency)parts_word(document, "urgency", urgency_number,
                                            reading->abuse ? URGENCY_SAME_DAY : URGENCY_ROUTINE);
    all->event_day = parts_past_date(document, "event_date", reading->terms);
    all->recorded_ms = parts_instant(document, "recorded_at", reading->terms->now_ms);
    parts_source(document, all);
    parts_lawfulness(document, &all->lawfulness);
    parts_family_words(document, &all->lawfulness);
    parts_narrow(document, reading->terms, all);
}

static void read_account(const struct reading *reading, const struct json_view *item,
                         struct event *event)
{
    const struct json_view *document = reading->document;
    _cleanup_(json_free) struct json *account = json_object_new();
    struct json_view child = json_get_object(item, "child");
    size_t presence = presence_of(item);

    json_set_word(account, "summary",
                  reading->abuse ? summaries[presence]
                                 : "The police noticed something about this child.");
    parts_tell(account, "detail", document, "officer_account");
    parts_tell(account, "for_school", document, "for_school");
    parts_tell(account, "event_time", document, "event_time");
    parts_tell(account, "risk_grade_as_recorded", document, "risk_grade");
    parts_tell(account, "action_taken", document, "action_taken");
    parts_tell(account, "reported_by", document, "reported_by");
    parts_tell(account, "presence", item, "presence");
    parts_tell(account, "child_voice", item, "voice");
    parts_tell(account, "expected_date", &child, "expected_date");
    if (!reading->withheld) {
        parts_tell(account, "place", document, "place");
    }
    struct json_view view = *item;
    view.node = account;
    parts_account(&view, event);
}

static void involve(const struct reading *reading, struct family_child *child)
{
    struct json_view contact = json_opt_object(reading->document, "contact");
    struct involvement *ours = family_involve(child, ROLE_OPEN_CASE, child->event.event_day);

    ours->until_day = ours->from_day + INCIDENT_OPEN_DAYS;
    json_opt_copy(&contact, "name", ours->contact_name, sizeof(ours->contact_name));
    json_opt_copy(&contact, "phone", ours->contact_phone, sizeof(ours->contact_phone));
}

static void read_child(const struct reading *reading, const struct json_view *item,
                       struct family *family)
{
    struct family_child *child = family_add(family);
    struct event *event = &child->event;

    *event = reading->all;
    family_read_child(item, reading->terms, reading->withheld, event);
    if (reading->abuse && presence_of(item) < 2) {
        event->code = CODE_CHILD_PRESENT;
    }
    if (reading->abuse && !json_has(item, "presence")) {
        parts_refuse(item, "presence", "is missing: say whether the child was present");
    }
    read_account(reading, item, event);
    involve(reading, child);
}

static void read_incident(struct reading *reading, struct family *ret)
{
    static const char *const needed[] = {"never_share", "for_school"};
    struct json_view children = json_get_array(reading->document, "children");

    reading->withheld = family_withholds(&children);
    read_all(reading);
    for (size_t i = 0; reading->abuse && i < ARRAY_LEN(needed); i++) {
        if (!json_has(reading->document, needed[i])) {
            parts_refuse(reading->document, needed[i],
                         "is missing: a domestic-abuse-incident goes to the child's school, which "
                         "must not learn who is alleged to have done it");
        }
    }
    check_unnamed(reading->document);
    memcpy(ret->source_id, reading->all.source_id, sizeof(ret->source_id));
    for (size_t i = 0; i < json_length(&children); i++) {
        struct json_view item = json_item(&children, i);
        read_child(reading, &item, ret);
    }
    family_check(&children, ret);
}

int incident_json_read(const struct record_reader *reader, struct slice text,
                       const struct event_terms *terms, struct family *ret, struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        record_reader_parse(reader, FORMAT_POLICE_INCIDENT, text, &problem);
    _cleanup_(family_deinit) struct family family = FAMILY_NULL;

    if (document != NULL) {
        struct json_view view = json_view(document, &problem);
        struct reading reading = {.document = &view, .terms = terms, .all = EVENT_NULL};
        read_incident(&reading, &family);
        event_deinit(&reading.all);
    }
    if (problem.what[0] != '\0') {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = family;
    family = FAMILY_NULL; /* the children went with *ret */
    return 0;
}
