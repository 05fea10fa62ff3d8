/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/family.h"

#include <string.h>

#include "agents/core/record_parts.h"

void family_deinit(struct family *family)
{
    for (size_t i = 0; i < family->n; i++) {
        struct family_child *child = &family->children[i];
        for (size_t j = 0; j < child->n_involvements; j++) {
            involvement_deinit(&child->involvements[j]);
        }
        event_deinit(&child->event);
    }
    base_free(&family->children);
    *family = FAMILY_NULL;
}

struct family_child *family_add(struct family *family)
{
    if (family->children == NULL) {
        family->children = base_zalloc(FAMILY_CHILDREN_MAX, sizeof(family->children[0]));
    }
    assert(family->n < FAMILY_CHILDREN_MAX); /* the schemas' maxItems */
    struct family_child *child = &family->children[family->n++];
    child->event = EVENT_NULL;
    return child;
}

struct involvement *family_involve(struct family_child *child, enum role role, int32_t from_day)
{
    assert(child->n_involvements < FAMILY_INVOLVEMENTS_MAX);
    struct involvement *involvement = &child->involvements[child->n_involvements++];
    *involvement = INVOLVEMENT_NULL;
    involvement->child = child->event.child;
    involvement->role = role;
    involvement->from_day = from_day;
    return involvement;
}

bool family_withholds(const struct json_view *children)
{
    bool withheld = false;

    for (size_t i = 0; i < json_length(children); i++) {
        struct json_view item = json_item(children, i);
        struct json_view child = json_get_object(&item, "child");
        withheld = withheld || json_opt_bool(&child, "restricted", false);
    }
    return withheld;
}

void family_read_ref(const struct json_view *item, struct event *ret)
{
    char ref[EVENT_SOURCE_ID_BYTES];

    json_get_copy(item, "ref", ref, sizeof(ref));
    memcpy(ret->event_id, ret->source_id, sizeof(ret->event_id));
    size_t len = strlen(ret->source_id);
    if (len + 1 + strlen(ref) >= sizeof(ret->source_id)) {
        parts_refuse(item, "ref", "is too long beside source.id");
        return;
    }
    ret->source_id[len] = '/';
    memcpy(ret->source_id + len + 1, ref, strlen(ref) + 1);
}

void family_read_child(const struct json_view *item, const struct event_terms *terms, bool withheld,
                       struct event *ret)
{
    struct json_view child = json_get_object(item, "child");

    parts_child(&child, terms, parts_moment_of(ret), &ret->child);
    if (withheld) { /* of a brother or sister: this one's own source does not say restricted */
        bytes_wipe(ret->child.address, sizeof(ret->child.address));
        bytes_wipe(ret->child.postcode, sizeof(ret->child.postcode));
    }
    family_read_ref(item, ret);
}

static bool same_number(const struct identifier *a, const struct identifier *b)
{
    return identifier_has_token(a) && identifier_has_token(b) && strcmp(a->value, b->value) == 0;
}

/* What two children cannot share; NULL when there is nothing of it. */
static const char *shared(const struct event *a, const struct event *b)
{
    if (strcmp(a->source_id, b->source_id) == 0) {
        return "has the ref of another child of this submission";
    }
    if (a->child.local_id[0] != '\0' && strcmp(a->child.local_id, b->child.local_id) == 0) {
        return "has the local_id of another child of this submission";
    }
    if (same_number(&a->child.nhs_number, &b->child.nhs_number)) {
        return "has the nhs_number of another child of this submission";
    }
    if (same_number(&a->child.upn, &b->child.upn)) {
        return "has the upn of another child of this submission";
    }
    return NULL;
}

void family_check(const struct json_view *children, const struct family *family)
{
    for (size_t i = 1; i < family->n; i++) {
        for (size_t j = 0; j < i; j++) {
            const char *what = shared(&family->children[i].event, &family->children[j].event);
            if (what != NULL) {
                struct json_view item = json_item(children, i);
                (void)json_refuse(&item, "%s: correct it, nothing was taken", what);
            }
        }
    }
}
