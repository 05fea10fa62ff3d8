/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/fhir_bundle.h"

#include <errno.h>
#include <string.h>

#include "cairn/limits.h"

#define IDENTIFIERS_LOOKED_AT 8 /* of a patient: more are history */

void fhir_bundle_deinit(struct fhir_bundle *bundle)
{
    base_free(&bundle->resources);
    *bundle = FHIR_BUNDLE_NULL;
}

/* A member that is text, without noting anything about one that is not. */
static struct slice text_member(const struct json_view *object, const char *key)
{
    struct json_view member =
        json_holds_object(object) ? json_member(object, key) : (struct json_view){.node = NULL};

    return json_holds_text(&member) ? json_as_text(&member) : SLICE_NULL;
}

struct slice fhir_resource_type(const struct json_view *resource)
{
    return text_member(resource, "resourceType");
}

static struct slice nhs_number_of(const struct json_view *patient)
{
    struct json_view identifiers = json_member(patient, "identifier");
    size_t n = json_holds_array(&identifiers) ? json_length(&identifiers) : 0;

    for (size_t i = 0; i < n && i < IDENTIFIERS_LOOKED_AT; i++) {
        struct json_view identifier = json_item(&identifiers, i);
        if (slice_is_text(text_member(&identifier, "system"), FHIR_NHS_NUMBER_SYSTEM)) {
            return text_member(&identifier, "value");
        }
    }
    return SLICE_NULL;
}

static struct fhir_resource resource_at(const struct json_view *view, struct slice full_url)
{
    struct fhir_resource resource = {
        .full_url = full_url,
        .type = fhir_resource_type(view),
        .id = text_member(view, "id"),
        .view = *view,
    };

    if (slice_is_text(resource.type, "Patient")) {
        resource.nhs_number = nhs_number_of(view);
    }
    return resource;
}

int fhir_bundle_read(const struct json_view *document, struct fhir_bundle *ret)
{
    struct slice type = fhir_resource_type(document);

    if (type.len == 0) {
        return json_refuse(document, "is not a FHIR resource: resourceType is missing");
    }
    if (!slice_is_text(type, "Bundle")) {
        ret->resources = base_zalloc(1, sizeof(*ret->resources));
        ret->resources[0] = resource_at(document, SLICE_NULL);
        ret->n = 1;
        return 0;
    }
    struct json_view entries = json_opt_array(document, "entry");
    size_t n = json_length(&entries);
    if (n > CAIRN_BUNDLE_ENTRIES_MAX) {
        return json_refuse(&entries, "has more than %d entries: send it in parts",
                           CAIRN_BUNDLE_ENTRIES_MAX);
    }
    ret->resources = n > 0 ? base_zalloc(n, sizeof(*ret->resources)) : NULL;
    for (size_t i = 0; i < n; i++) {
        struct json_view entry = json_item(&entries, i);
        struct json_view resource =
            json_holds_object(&entry) ? json_member(&entry, "resource") : entry;
        ret->resources[i] = resource_at(&resource, text_member(&entry, "fullUrl"));
    }
    ret->n = n;
    return json_ok(document) ? 0 : -EINVAL;
}

static bool starts_with(struct slice text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

/* The part after the last '/', and what is before it; false when there is no '/'. */
static bool split_last(struct slice text, struct slice *ret_before, struct slice *ret_last)
{
    const uint8_t *slash = text.len > 0 ? memrchr(text.data, '/', text.len) : NULL;

    if (slash == NULL) {
        return false;
    }
    size_t before = (size_t)(slash - text.data);
    *ret_before = slice_make(text.data, before);
    *ret_last = slice_make(slash + 1, text.len - before - 1);
    return true;
}

static struct slice without_version(struct slice reference)
{
    static const char mark[] = "/_history/";
    const uint8_t *at =
        reference.len > 0 ? memmem(reference.data, reference.len, mark, sizeof(mark) - 1) : NULL;

    return at != NULL ? slice_make(reference.data, (size_t)(at - reference.data)) : reference;
}

bool fhir_reference_is_to(struct slice reference, const char *type)
{
    struct slice before;
    struct slice last;

    if (!split_last(without_version(reference), &before, &last)) {
        return false;
    }
    struct slice server;
    struct slice name;
    return slice_is_text(before, type) ||
           (split_last(before, &server, &name) && slice_is_text(name, type));
}

static struct json_view find_contained(const struct json_view *from, struct slice id)
{
    struct json_view contained = json_opt_array(from, "contained");
    size_t n = json_length(&contained);

    for (size_t i = 0; i < n; i++) {
        struct json_view item = json_item(&contained, i);
        if (id.len > 0 && slice_equal(text_member(&item, "id"), id)) {
            return item;
        }
    }
    return (struct json_view){.node = NULL, .error = from->error};
}

static struct json_view view_in(const struct fhir_resource *resource, const struct json_view *from)
{
    struct json_view view = resource->view;

    view.error = from->error;
    return view;
}

struct json_view fhir_resolve(const struct fhir_bundle *bundle, const struct json_view *from,
                              struct slice reference)
{
    struct slice type = SLICE_NULL;
    struct slice id = SLICE_NULL;

    if (starts_with(reference, "#")) {
        return find_contained(from, slice_make(reference.data + 1, reference.len - 1));
    }
    reference = without_version(reference);
    (void)split_last(reference, &type, &id);
    for (size_t i = 0; i < bundle->n && reference.len > 0; i++) {
        const struct fhir_resource *resource = &bundle->resources[i];
        bool by_url = resource->full_url.len > 0 && slice_equal(resource->full_url, reference);
        bool by_id =
            id.len > 0 && slice_equal(resource->id, id) && slice_equal(resource->type, type);
        if (by_url || by_id) {
            return view_in(resource, from);
        }
    }
    return (struct json_view){.node = NULL, .error = from->error};
}

struct json_view fhir_patient_by_number(const struct fhir_bundle *bundle,
                                        const struct json_view *from, struct slice nhs_number)
{
    for (size_t i = 0; i < bundle->n && nhs_number.len > 0; i++) {
        if (slice_equal(bundle->resources[i].nhs_number, nhs_number)) {
            return view_in(&bundle->resources[i], from);
        }
    }
    return (struct json_view){.node = NULL, .error = from->error};
}

static bool split_address(struct slice address, struct slice *ret_server, struct slice *ret_id)
{
    address = without_version(address);
    return (starts_with(address, "https://") || starts_with(address, "http://")) &&
           split_last(address, ret_server, ret_id) && ret_id->len > 0;
}

bool fhir_origin(const struct fhir_bundle *bundle, const struct json_view *resource,
                 struct slice reference, struct slice *ret_server, struct slice *ret_id)
{
    if (split_address(reference, ret_server, ret_id)) {
        return true;
    }
    for (size_t i = 0; i < bundle->n; i++) {
        if (bundle->resources[i].view.node == resource->node) {
            return split_address(bundle->resources[i].full_url, ret_server, ret_id);
        }
    }
    return false;
}
