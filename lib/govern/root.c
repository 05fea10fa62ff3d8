/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "govern/internal.h"

/* One key under two names would reach a threshold of two alone. */
static void refuse_twice(const struct json_view *keys, const struct root *root, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (memcmp(root->keys[i].public_key, root->keys[at].public_key, SIGN_PUBLIC_BYTES) == 0) {
            struct json_view item = json_item(keys, at);
            (void)json_refuse(&item, "is listed twice");
        }
    }
}

static void read_keys(const struct json_view *keys, struct root *root)
{
    size_t n = json_length(keys);

    for (size_t i = 0; i < n && i < ROOT_KEYS_MAX; i++) {
        struct json_view item = json_item(keys, i);
        field_vkey(&item, &root->keys[i]);
        refuse_twice(keys, root, i);
        root->n_keys++;
    }
}

int root_read(const struct json *document, struct root *ret, struct error *error)
{
    struct root root = {.n_keys = 0};
    struct note_key as_name;
    struct json_view view = json_view(document, error);

    field_line(&view, "origin", root.origin, sizeof(root.origin));
    field_line(&view, "name", root.name, sizeof(root.name));
    root.live = json_get_bool(&view, "live");
    root.threshold = (size_t)json_get_integer(&view, "threshold", 1, ROOT_KEYS_MAX);
    struct json_view keys = json_get_array(&view, "keys");
    read_keys(&keys, &root);
    if (json_ok(&view) && root.threshold > root.n_keys) {
        (void)json_refuse(&view, "the threshold is larger than the number of keys");
    }
    /* The checkpoint key bears the origin as its name. */
    if (json_ok(&view) &&
        !note_key_init(&as_name, root.origin, NOTE_TYPE_ED25519, root.keys[0].public_key)) {
        (void)json_refuse(&view, "the origin must hold no space and no '+'");
    }
    if (!json_ok(&view)) {
        return -EINVAL;
    }
    *ret = root;
    return 0;
}
