/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/x25519.h"
#include "govern/internal.h"

#define KEY_BYTES   32
#define KEY_SORTS   3 /* sign, open, curve */
#define BROKER_KEYS 3

struct curve_owner {
    uint8_t key[KEY_BYTES];
    const struct agency *agency;
};

/* --- finding --- */

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *number = a;
    const struct agency *agency = b;

    return (*number > agency->number) - (*number < agency->number);
}

const struct agency *directory_agency(const struct directory *directory, uint32_t number)
{
    if (directory->n_agencies == 0) {
        return NULL;
    }
    return bsearch(&number, directory->agencies, directory->n_agencies,
                   sizeof(*directory->agencies), compare_numbers);
}

const struct agency *directory_agency_by_id(const struct directory *directory, const char *id)
{
    for (size_t i = 0; i < directory->n_agencies; i++) {
        if (strcmp(directory->agencies[i].id, id) == 0) {
            return &directory->agencies[i];
        }
    }
    return NULL;
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, KEY_BYTES);
}

const struct agency *directory_by_curve(const struct directory *directory, const uint8_t key[32])
{
    if (directory->n_by_curve == 0) {
        return NULL;
    }
    const struct curve_owner *owner = bsearch(key, directory->by_curve, directory->n_by_curve,
                                              sizeof(*directory->by_curve), compare_keys);
    return owner != NULL ? owner->agency : NULL;
}

const struct agency_key *agency_sign_key(const struct agency *agency, uint32_t id)
{
    for (size_t i = 0; i < agency->n_sign_keys; i++) {
        if (agency->sign_keys[i].id == id) {
            return &agency->sign_keys[i];
        }
    }
    return NULL;
}

bool agency_is_front_door(const struct agency *agency)
{
    return strcmp(agency->kind->class, "front-door") == 0;
}

bool directory_has_front_door(const struct directory *directory)
{
    for (size_t i = 0; i < directory->n_agencies; i++) {
        if (directory->agencies[i].active && agency_is_front_door(&directory->agencies[i])) {
            return true;
        }
    }
    return false;
}

const struct agency_key *agency_open_key(const struct agency *agency)
{
    for (size_t i = agency->n_open_keys; i-- > 0;) {
        if (agency->open_keys[i].status == KEY_ACTIVE) {
            return &agency->open_keys[i];
        }
    }
    return NULL;
}

const struct agency_kind *directory_kind(const struct directory *directory, struct slice id)
{
    for (size_t i = 0; i < directory->n_kinds; i++) {
        if (slice_is_text(id, directory->kinds[i].id)) {
            return &directory->kinds[i];
        }
    }
    return NULL;
}

uint32_t directory_class(const struct directory *directory, struct slice class)
{
    uint32_t kinds = 0;

    for (size_t i = 0; i < directory->n_kinds; i++) {
        if (slice_is_text(class, directory->kinds[i].class)) {
            kinds |= UINT32_C(1) << i;
        }
    }
    return kinds;
}

/* --- reading --- */

static void read_broker(const struct json_view *view, struct directory *directory)
{
    struct json_view broker = json_get_object(view, "broker");
    struct json_view checkpoint_key = json_member(&broker, "checkpoint_key");

    field_line(&broker, "endpoint", directory->broker_endpoint, sizeof(directory->broker_endpoint));
    field_bytes(&broker, "curve_key", directory->broker_curve_key, KEY_BYTES);
    field_vkey(&checkpoint_key, &directory->checkpoint_key);
    directory->has_next_curve_key = json_has(&broker, "next_curve_key");
    if (directory->has_next_curve_key) {
        field_bytes(&broker, "next_curve_key", directory->broker_next_curve_key, KEY_BYTES);
    }
    if (json_ok(&broker) &&
        (!x25519_usable(directory->broker_curve_key) ||
         (directory->has_next_curve_key && !x25519_usable(directory->broker_next_curve_key)))) {
        (void)json_refuse(&broker, "curve_key or next_curve_key is not a usable X25519 key");
    }
}

static void read_kinds(const struct json_view *view, struct directory *directory)
{
    struct json_view list = json_get_array(view, "kinds");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n && i < KINDS_MAX && json_ok(view); i++) {
        struct json_view item = json_item(&list, i);
        struct agency_kind *kind = &directory->kinds[i];
        field_id(&item, "id", kind->id, sizeof(kind->id));
        field_id(&item, "class", kind->class, sizeof(kind->class));
        field_line(&item, "name", kind->name, sizeof(kind->name));
        kind->sensitive = json_opt_bool(&item, "sensitive", false);
        kind->index = (uint32_t)i;
        if (directory_kind(directory, slice_of_text(kind->id)) != NULL) {
            (void)json_refuse(&item, "the kind is listed twice");
        }
        directory->n_kinds = i + 1;
    }
}

/* Sets *ret_n to the number of keys that need releasing, whether or not all is well. */
static void read_keys(const struct json_view *keys, const char *sort,
                      struct agency_key out[AGENCY_KEYS_MAX], size_t *ret_n)
{
    static const char *const statuses[] = {"active", "retired", "revoked"};
    struct json_view list = json_get_array(keys, sort);
    size_t n = json_length(&list);
    bool signing = strcmp(sort, "sign") == 0;

    *ret_n = 0;
    for (size_t i = 0; i < n && i < AGENCY_KEYS_MAX && json_ok(keys); i++) {
        struct json_view item = json_item(&list, i);
        struct json_view status = json_member(&item, "status");
        field_bytes(&item, "key", out[i].public_key, KEY_BYTES);
        out[i].id = key_id(SLICE_OF(out[i].public_key));
        out[i].status = (enum key_status)field_word(&status, statuses, ARRAY_LEN(statuses));
        if (signing && verifier_new(out[i].public_key, &out[i].verifier) < 0) {
            (void)json_refuse(&item, "is not a usable Ed25519 key");
        }
        if (!signing && json_ok(&item) && !x25519_usable(out[i].public_key)) {
            (void)json_refuse(&item, "is not a usable X25519 key");
        }
        for (size_t before = 0; before < i; before++) {
            if (out[before].id == out[i].id) {
                (void)json_refuse(&item, "has the same short id as another key of the agency");
            }
        }
        *ret_n = i + 1;
    }
}

static bool any_active(const struct agency_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (keys[i].status == KEY_ACTIVE) {
            return true;
        }
    }
    return false;
}

static void read_agency_keys(const struct json_view *item, struct agency *agency)
{
    struct json_view keys = json_get_object(item, "keys");

    read_keys(&keys, "sign", agency->sign_keys, &agency->n_sign_keys);
    read_keys(&keys, "open", agency->open_keys, &agency->n_open_keys);
    read_keys(&keys, "curve", agency->curve_keys, &agency->n_curve_keys);
    if (json_ok(item) && agency->active &&
        (!any_active(agency->sign_keys, agency->n_sign_keys) ||
         !any_active(agency->open_keys, agency->n_open_keys) ||
         !any_active(agency->curve_keys, agency->n_curve_keys))) {
        (void)json_refuse(&keys, "an active agency needs an active key of each sort");
    }
}

static bool has_open_key(const struct agency *agency, uint32_t id)
{
    for (size_t i = 0; i < agency->n_open_keys; i++) {
        if (agency->open_keys[i].id == id) {
            return true;
        }
    }
    return false;
}

static void read_linkage(const struct json_view *item, struct agency *agency)
{
    struct json_view linkage = json_get_object(item, "linkage");
    char hex[HEX_BYTES(sizeof(uint32_t))];
    uint8_t id[sizeof(uint32_t)] = {0};

    agency->linkage_epoch = (uint32_t)json_get_integer(&linkage, "epoch", 1, UINT32_MAX);
    field_bytes(&linkage, "sealed", agency->linkage_sealed, sizeof(agency->linkage_sealed));
    json_get_copy(&linkage, "key_id", hex, sizeof(hex));
    if (!json_ok(item)) {
        return;
    }
    if (!hex_decode(hex, id, sizeof(id))) {
        (void)json_refuse(&linkage, "key_id must be 8 hex digits");
        return;
    }
    struct reader reader = reader_over(SLICE_OF(id));
    agency->linkage_key_id = read_u32(&reader);
    if (!has_open_key(agency, agency->linkage_key_id)) {
        (void)json_refuse(&linkage, "is sealed to a key that is not listed");
    }
}

static void read_agency(const struct json_view *item, const struct directory *directory,
                        struct agency *agency)
{
    static const char *const statuses[] = {"active", "revoked"};
    struct json_view status = json_member(item, "status");
    struct json_view duty = json_get_object(item, "duty");
    struct json_view involvements = json_get_object(item, "involvements");

    agency->number = (uint32_t)json_get_integer(item, "number", 1, UINT32_MAX);
    field_id(item, "id", agency->id, sizeof(agency->id));
    field_line(item, "name", agency->name, sizeof(agency->name));
    agency->kind = directory_kind(directory, json_get_text(item, "kind"));
    if (agency->kind == NULL) {
        (void)json_refuse(item, "the kind is not listed in this directory");
    }
    agency->sensitive = json_opt_bool(item, "sensitive", false) ||
                        (agency->kind != NULL && agency->kind->sensitive);
    agency->active = field_word(&status, statuses, ARRAY_LEN(statuses)) == 1;
    field_line(&duty, "contact", agency->duty_contact, sizeof(agency->duty_contact));
    field_line(&duty, "phone", agency->duty_phone, sizeof(agency->duty_phone));
    agency->involvements_max = (uint32_t)json_get_integer(&involvements, "max", 0, UINT32_MAX);
    agency->involvements_per_day_max =
        (uint32_t)json_get_integer(&involvements, "per_day_max", 0, UINT32_MAX);
    read_agency_keys(item, agency);
    read_linkage(item, agency);
}

static void read_agencies(const struct json_view *view, struct directory *directory)
{
    struct json_view list = json_get_array(view, "agencies");
    size_t n = json_length(&list);

    if (n > CAIRN_AGENCIES_MAX) {
        (void)json_refuse(&list, "more than %d agencies", CAIRN_AGENCIES_MAX);
        return;
    }
    directory->agencies = base_zalloc(n + 1, sizeof(*directory->agencies));
    for (size_t i = 0; i < n && json_ok(view); i++) {
        struct json_view item = json_item(&list, i);
        struct agency *agency = &directory->agencies[i];
        read_agency(&item, directory, agency);
        if (i > 0 && agency->number <= agency[-1].number) {
            (void)json_refuse(&item, "the numbers of agencies must rise");
        }
        if (directory_agency_by_id(directory, agency->id) != NULL) {
            (void)json_refuse(&item, "the agency id is used twice");
        }
        directory->n_agencies = i + 1;
    }
}

/* --- what must hold over all agencies --- */

static size_t collect(const struct agency_key *keys, size_t n, uint8_t (*out)[KEY_BYTES])
{
    for (size_t i = 0; i < n; i++) {
        memcpy(out[i], keys[i].public_key, KEY_BYTES);
    }
    return n;
}

/* A key that two agencies, or an agency and the broker, could use would speak for both. */
static void refuse_shared_keys(const struct json_view *view, const struct directory *directory)
{
    size_t max = directory->n_agencies * KEY_SORTS * AGENCY_KEYS_MAX + BROKER_KEYS;
    _cleanup_(base_free) void *storage = base_zalloc(max, KEY_BYTES);
    uint8_t(*keys)[KEY_BYTES] = storage;
    size_t n = 0;

    memcpy(keys[n++], directory->broker_curve_key, KEY_BYTES);
    memcpy(keys[n++], directory->checkpoint_key.public_key, KEY_BYTES);
    if (directory->has_next_curve_key) {
        memcpy(keys[n++], directory->broker_next_curve_key, KEY_BYTES);
    }
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        n += collect(agency->sign_keys, agency->n_sign_keys, keys + n);
        n += collect(agency->open_keys, agency->n_open_keys, keys + n);
        n += collect(agency->curve_keys, agency->n_curve_keys, keys + n);
    }
    qsort(keys, n, KEY_BYTES, compare_keys);
    for (size_t i = 1; i < n; i++) {
        if (memcmp(keys[i - 1], keys[i], KEY_BYTES) == 0) {
            (void)json_refuse(view, "the key with short id %08x is used twice",
                              key_id(SLICE_OF(keys[i])));
            return;
        }
    }
}

static void index_curve_keys(struct directory *directory)
{
    size_t n = 0;

    directory->by_curve =
        base_zalloc(directory->n_agencies * AGENCY_KEYS_MAX + 1, sizeof(*directory->by_curve));
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        for (size_t k = 0; agency->active && k < agency->n_curve_keys; k++) {
            if (agency->curve_keys[k].status == KEY_ACTIVE) {
                directory->by_curve[n].agency = agency;
                memcpy(directory->by_curve[n++].key, agency->curve_keys[k].public_key, KEY_BYTES);
            }
        }
    }
    qsort(directory->by_curve, n, sizeof(*directory->by_curve), compare_keys);
    directory->n_by_curve = n;
}

static void list_front_doors(const struct json_view *view, struct directory *directory)
{
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        if (!agency->active || !agency_is_front_door(agency)) {
            continue;
        }
        if (directory->n_front_doors == CAIRN_FRONT_DOORS_MAX) {
            (void)json_refuse(view, "more than %d active agencies of class front-door",
                              CAIRN_FRONT_DOORS_MAX);
            return;
        }
        directory->front_doors[directory->n_front_doors++] = agency->number;
    }
}

int directory_read(const struct json *document, struct directory *ret, struct error *error)
{
    struct json_view view = json_view(document, error);

    read_broker(&view, ret);
    read_kinds(&view, ret);
    read_agencies(&view, ret);
    if (!json_ok(&view)) {
        return -EINVAL;
    }
    refuse_shared_keys(&view, ret);
    list_front_doors(&view, ret);
    index_curve_keys(ret);
    return json_ok(&view) ? 0 : -EINVAL;
}

static bool has_public_key(const struct agency_key *keys, size_t n, const struct agency_key *key)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_equal(SLICE_OF(keys[i].public_key), SLICE_OF(key->public_key))) {
            return true;
        }
    }
    return false;
}

/* What was signed or sealed with a key outlives its use: whoever reads it later needs the key. */
static bool keeps_keys(const struct agency *before, const struct agency *after)
{
    for (size_t i = 0; i < before->n_sign_keys; i++) {
        if (!has_public_key(after->sign_keys, after->n_sign_keys, &before->sign_keys[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < before->n_open_keys; i++) {
        if (!has_public_key(after->open_keys, after->n_open_keys, &before->open_keys[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < before->n_curve_keys; i++) {
        if (!has_public_key(after->curve_keys, after->n_curve_keys, &before->curve_keys[i])) {
            return false;
        }
    }
    return true;
}

int directory_follows(const struct directory *old, const struct directory *new, struct error *error)
{
    for (size_t i = 0; i < old->n_kinds; i++) {
        if (directory_kind(new, slice_of_text(old->kinds[i].id)) == NULL) {
            return error_set(error, "/kinds", "the kind %s was dropped", old->kinds[i].id);
        }
    }
    for (size_t i = 0; i < old->n_agencies; i++) {
        const struct agency *before = &old->agencies[i];
        const struct agency *after = directory_agency(new, before->number);
        if (after == NULL || strcmp(after->id, before->id) != 0) {
            return error_set(error, "/agencies",
                             "agency %u was dropped or renamed: revoke it instead", before->number);
        }
        if (!keeps_keys(before, after)) {
            return error_set(error, "/agencies",
                             "a key of agency %u was dropped: retire or revoke it instead",
                             before->number);
        }
    }
    return 0;
}

void directory_deinit(struct directory *directory)
{
    for (size_t i = 0; directory->agencies != NULL && i < directory->n_agencies; i++) {
        struct agency *agency = &directory->agencies[i];
        for (size_t k = 0; k < agency->n_sign_keys; k++) {
            verifier_free(&agency->sign_keys[k].verifier);
        }
    }
    free(directory->agencies);
    free(directory->by_curve);
    *directory = (struct directory){.n_kinds = 0};
}
