/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/joining.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "crypto/x25519.h"
#include "govern/internal.h"
#include "os/files.h"

void joining_deinit(struct joining *joining)
{
    buf_deinit(&joining->root_text);
    buf_deinit(&joining->root_note);
}

int joining_write(const struct governance *governance, struct buf *out)
{
    char curve_key[BASE64_BYTES(sizeof(governance->directory.broker_curve_key))];
    struct govern_document root;
    _cleanup_(json_free) struct json *document = json_object_new();
    struct json *root_object = json_object_new();
    struct json *broker = json_object_new();
    struct json *in_root = json_set_node(document, "root", &root_object);
    struct json *in_broker = json_set_node(document, "broker", &broker);

    assert(governance->versions[GOVERNANCE_DIRECTORY] != 0);
    bool held = governance_held(governance, GOVERNANCE_ROOT, &root);
    assert(held);
    base64_encode(SLICE_OF(governance->directory.broker_curve_key), curve_key);
    json_set_word(document, "format", "cairn-joining/v1");
    json_set_word(in_broker, "endpoint", governance->directory.broker_endpoint);
    json_set_word(in_broker, "curve_key", curve_key);
    int r = json_set_text(in_root, "text", root.text);
    r = r < 0 ? r : json_set_text(in_root, "note", root.note);
    r = r < 0 ? r : json_write(document, JSON_STYLE_INDENTED, out);
    buf_add_text(out, "\n");
    return r < 0 ? r : (buf_ok(out) ? 0 : -EFBIG);
}

static int joining_read(struct slice text, struct joining *ret, struct error *error)
{
    struct error inner = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        document_parse("joining.schema.json", text, &inner);

    if (document == NULL) {
        return error_set(error, inner.where, "%s", inner.what);
    }
    struct json_view view = json_view(document, &inner);
    struct json_view root = json_get_object(&view, "root");
    struct json_view broker = json_get_object(&view, "broker");
    field_line(&broker, "endpoint", ret->endpoint, sizeof(ret->endpoint));
    field_bytes(&broker, "curve_key", ret->curve_key, sizeof(ret->curve_key));
    buf_reset(&ret->root_text);
    buf_reset(&ret->root_note);
    buf_add_slice(&ret->root_text, json_get_text(&root, "text"));
    buf_add_slice(&ret->root_note, json_get_text(&root, "note"));
    if (!buf_ok(&ret->root_text) || !buf_ok(&ret->root_note)) {
        (void)json_refuse(&root, "is too large");
    }
    if (json_ok(&view) && !x25519_usable(ret->curve_key)) {
        (void)json_refuse(&broker, "curve_key is not a usable X25519 key");
    }
    if (!json_ok(&view)) {
        joining_deinit(ret);
        return error_set(error, inner.where, "%s", inner.what);
    }
    return 0;
}

int joining_load(const char *path, struct joining *ret, struct governance **ret_governance,
                 struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(JOINING_MAX_BYTES);

    int r = file_read(path, &text);
    if (r < 0) {
        (void)error_set(error, path, "%s", strerrordesc_np(-r));
        return r;
    }
    struct error inner = ERROR_NULL;
    r = joining_read(buf_slice(&text), ret, &inner);
    if (r < 0) {
        (void)error_set(error, path,
                        "is no joining file (joining.json of the partnership): its member %s %s",
                        inner.where, inner.what);
        return r;
    }
    const struct govern_document root = {
        .document = GOVERNANCE_ROOT,
        .text = buf_slice(&ret->root_text),
        .note = buf_slice(&ret->root_note),
    };
    enum govern_result result = governance_start(&root, ret_governance, error);
    if (result != GOVERN_ACCEPTED) {
        (void)error_set(error, path, "%s", govern_result_text(result));
        joining_deinit(ret);
        return -EBADMSG;
    }
    return 0;
}
