/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/narrow.h"

#include "base/date.h"
#include "base/text.h"

/* --- reading --- */

static uint32_t read_word(const struct json_view *part, const char *key,
                          uint32_t (*number)(const char *text))
{
    char word[64];
    json_get_copy(part, key, word, sizeof(word));
    uint32_t value = number(word);
    if (value == 0 && json_ok(part)) {
        struct json_view member = json_member(part, key);
        (void)json_refuse(&member, "is not one of the words known here");
    }
    return value;
}

static void read_agencies(const struct json_view *part, struct event_narrow *ret)
{
    struct json_view agencies = json_opt_array(part, "agencies");
    size_t n = json_length(&agencies);
    if (n > CAIRN_NARROW_MAX) {
        (void)json_refuse(&agencies, "has more than %d agencies", CAIRN_NARROW_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct json_view item = json_item(&agencies, i);
        if (!text_copy(ret->agencies[i], sizeof(ret->agencies[i]), json_as_text(&item))) {
            (void)json_refuse(&item, "is not an agency id");
        }
    }
    ret->n_agencies = n;
}

static void read_roles(const struct json_view *part, struct event_narrow *ret)
{
    struct json_view roles = json_opt_array(part, "roles");
    for (size_t i = 0; i < json_length(&roles); i++) {
        struct json_view item = json_item(&roles, i);
        char word[64];
        uint32_t role = text_copy(word, sizeof(word), json_as_text(&item)) ? role_number(word) : 0;
        if (role == 0) {
            (void)json_refuse(&item, "is not a role");
            return;
        }
        ret->roles |= ROLE_BIT(role);
    }
}

void narrow_read(const struct json_view *document, struct event_narrow *ret)
{
    struct json_view part = json_opt_object(document, "narrow");
    struct slice day = json_opt_text(&part, "hidden_until");
    *ret = (struct event_narrow){.reason = 0};
    if (part.node == NULL) {
        return;
    }
    read_agencies(&part, ret);
    read_roles(&part, ret);
    if (day.len > 0 && !date_parse(day, &ret->hidden_until)) {
        struct json_view member = json_member(&part, "hidden_until");
        (void)json_refuse(&member, "is not a date");
    }
    ret->not_for_family = json_has(&part, "family_view"); /* "no" is all that it can say */
    ret->reason = read_word(&part, "reason", narrow_reason_number);
    ret->authority = read_word(&part, "authority", authority_number);
    json_opt_copy(&part, "words", ret->words, sizeof(ret->words));
}

/* --- writing --- */

static void set_day(struct json *object, const char *key, int32_t day)
{
    if (day != 0) {
        json_set_day(object, key, day);
    }
}

static void set_roles(struct json *object, const char *key, uint32_t roles)
{
    struct json *list = json_array_new();
    for (uint32_t role = 1; role <= ROLES; role++) {
        if ((roles & ROLE_BIT(role)) != 0) {
            json_append_word(list, role_text(role));
        }
    }
    (void)json_set_node(object, key, &list);
}

struct json *narrow_json(const struct event_narrow *narrow)
{
    struct json *part = json_object_new();
    struct json *agencies = json_array_new();
    for (size_t i = 0; i < narrow->n_agencies; i++) {
        json_append_word(agencies, narrow->agencies[i]);
    }
    (void)json_set_node(part, "agencies", &agencies);
    set_roles(part, "roles", narrow->roles);
    set_day(part, "hidden_until", narrow->hidden_until);
    if (narrow->not_for_family) {
        json_set_word(part, "family_view", "no");
    }
    json_set_word(part, "reason", narrow_reason_text(narrow->reason));
    json_set_word(part, "authority", authority_text(narrow->authority));
    json_set_given(part, "words", narrow->words);
    return part;
}

void narrow_show_family(struct json *object)
{
    json_set_word(object, "family_view", "no");
    json_set_word(object, "handling", "not for the family's view, nor for online or proxy access");
}

void narrow_show(struct json *object, const struct narrowing *narrow)
{
    if (narrow->reason == 0) {
        return;
    }
    if (narrow->roles != 0) {
        set_roles(object, "left_out_roles", narrow->roles);
    }
    set_day(object, "hidden_until", narrow->hidden_until);
    if (narrow->not_for_family) {
        narrow_show_family(object);
    }
    json_set_word(object, "narrowed_because", narrow_reason_text(narrow->reason));
    json_set_word(object, "narrowed_by", authority_text(narrow->authority));
}
