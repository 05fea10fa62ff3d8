/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/adult_services/adult.h"

#include <stdio.h>
#include <string.h>

#include "agents/core/record_parts.h"

static const char function[] =
    "Whoever works with the child can ask this service, which decides what it may tell.";
static const char not_told[] = "Not said here: ring the duty desk before speaking to the family.";

/* By relationship, as the schema has them. */
static const struct {
    const char *relationship;
    const char *sentence;
} sentences[] = {
    {"parent", "A parent of this child is known to this service. Nothing more is shared: ring its "
               "duty desk."},
    {"carer", "A carer of this child is known to this service. Nothing more is shared: ring its "
              "duty desk."},
    {"other-adult-in-household",
     "An adult of this child's household is known to this service. Nothing more is shared: ring "
     "its duty desk."},
};

static const char adult_sentence[] =
    "This adult is known to this service. Nothing more is shared: ring its duty desk.";

static const char *sentence_of(struct slice relationship)
{
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(sentences) &&
           !slice_is_text(relationship, sentences[i].relationship)) {
        i++;
    }
    return sentences[i].sentence;
}

static void read_account(const struct json_view *document, const char *sentence,
                         struct event *event)
{
    _cleanup_(json_free) struct json *account = json_object_new();
    struct json_view contact = json_get_object(document, "contact");

    json_set_word(account, "summary", sentence);
    if (json_set_text(account, "duty_desk", json_get_text(&contact, "name")) != 0 ||
        json_set_text(account, "telephone", json_get_text(&contact, "phone")) != 0) {
        (void)json_refuse(&contact, "is not text that can be shown");
    }
    struct json_view view = *document;
    view.node = account;
    parts_account(&view, event);
}

static void read_all(const struct json_view *document, const struct event_terms *terms,
                     struct event *ret)
{
    ret->kind = RECORD_ADULT_SERVICE;
    ret->code = CODE_ADULT_KNOWN;
    ret->urgency = (enum urgency)parts_word(document, "urgency", urgency_number, URGENCY_ROUTINE);
    ret->event_day = parts_past_date(document, "since", terms);
    ret->recorded_ms = terms->now_ms;
    parts_source(document, ret);
    parts_lawfulness(document, &ret->lawfulness);
    parts_narrow(document, terms, ret);
    (void)snprintf(ret->lawfulness.function, sizeof(ret->lawfulness.function), "%s", function);
    if (ret->lawfulness.family_told == FAMILY_NOT_TOLD) {
        (void)snprintf(ret->lawfulness.family_words, sizeof(ret->lawfulness.family_words), "%s",
                       not_told);
    }
}

/* Where the children are named as well, a child that the adult is tied to counts it once. */
static void name_occurrence(const struct json_view *document, struct event *all)
{
    if (json_has(document, "adult")) {
        (void)snprintf(all->occurrence, sizeof(all->occurrence), "adult:%.100s", all->source_id);
    }
}

/* The adult, as what counts for each child that an agency which knows both ties it to. */
static void read_person(const struct json_view *document, const struct event_terms *terms,
                        const struct event *all, struct family *ret)
{
    struct json_view item = json_opt_object(document, "adult");

    if (item.node == NULL) {
        return;
    }
    struct json_view person = json_get_object(&item, "person");
    struct event *event = &family_add(ret)->event;
    *event = *all;
    parts_person(&person, terms, parts_moment_of(event), &event->child);
    family_read_ref(&item, event);
    for (size_t i = 0; i + 1 < ret->n; i++) {
        if (strcmp(ret->children[i].event.source_id, event->source_id) == 0) {
            parts_refuse(&item, "ref", "is that of a child of this submission");
        }
    }
    read_account(document, adult_sentence, event);
}

static void read_adult(const struct json_view *document, const struct event_terms *terms,
                       struct family *ret)
{
    struct json_view children = json_opt_array(document, "children");
    _cleanup_(event_deinit) struct event all = EVENT_NULL;

    bool withheld = family_withholds(&children);
    read_all(document, terms, &all);
    name_occurrence(document, &all);
    memcpy(ret->source_id, all.source_id, sizeof(ret->source_id));
    for (size_t i = 0; i < json_length(&children); i++) {
        struct json_view item = json_item(&children, i);
        struct family_child *child = family_add(ret);
        child->event = all;
        family_read_child(&item, terms, withheld, &child->event);
        read_account(document, sentence_of(json_get_text(&item, "relationship")), &child->event);
    }
    family_check(&children, ret);
    read_person(document, terms, &all, ret);
    if (ret->n == 0) {
        parts_refuse(document, "children", "is missing, and so is adult: say of whom it is");
    }
}

int adult_json_read(const struct record_reader *reader, struct slice text,
                    const struct event_terms *terms, struct family *ret, struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        record_reader_parse(reader, FORMAT_ADULT, text, &problem);
    _cleanup_(family_deinit) struct family family = FAMILY_NULL;

    if (document != NULL) {
        struct json_view view = json_view(document, &problem);
        read_adult(&view, terms, &family);
    }
    if (problem.what[0] != '\0') {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = family;
    family = FAMILY_NULL; /* the children went with *ret */
    return 0;
}
