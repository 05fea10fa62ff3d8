/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/request.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "crypto/x25519.h"
#include "govern/internal.h"

#define SIGNED_MAX_BYTES 1024

static struct slice signed_bytes(const struct agency_request *request,
                                 uint8_t out[SIGNED_MAX_BYTES])
{
    struct writer writer = writer_over(out, SIGNED_MAX_BYTES);

    write_sized(&writer, slice_of_text(request->origin));
    write_sized(&writer, slice_of_text(request->id));
    write_sized(&writer, slice_of_text(request->kind));
    write_sized(&writer, slice_of_text(request->name));
    write_sized(&writer, slice_of_text(request->duty_contact));
    write_sized(&writer, slice_of_text(request->duty_phone));
    write_slice(&writer, SLICE_OF(request->sign_key));
    write_slice(&writer, SLICE_OF(request->open_key));
    write_slice(&writer, SLICE_OF(request->curve_key));
    return writer_slice(&writer);
}

static void set_base64(struct json *object, const char *key, struct slice bytes)
{
    char text[BASE64_BYTES(SIGN_SIGNATURE_BYTES)];

    assert(bytes.len <= SIGN_SIGNATURE_BYTES);
    base64_encode(bytes, text);
    json_set_word(object, key, text);
}

int agency_request_renew(struct agency_request *request, const struct signer *earlier)
{
    uint8_t storage[SIGNED_MAX_BYTES];

    request->renews = true;
    signer_public(earlier, request->earlier_key);
    return signer_sign(earlier, SIGN_RENEWAL, signed_bytes(request, storage),
                       request->earlier_signature);
}

static void set_renewal(struct json *document, const struct agency_request *request)
{
    struct json *renews = json_object_new();
    struct json *in_renews = json_set_node(document, "renews", &renews);

    set_base64(in_renews, "key", SLICE_OF(request->earlier_key));
    set_base64(in_renews, "signature", SLICE_OF(request->earlier_signature));
}

int agency_request_write(const struct agency_request *request, const struct signer *signer,
                         struct buf *out)
{
    uint8_t storage[SIGNED_MAX_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    _cleanup_(json_free) struct json *document = json_object_new();
    struct json *keys = json_object_new();
    struct json *duty = json_object_new();

    signer_public(signer, public_key);
    assert(memcmp(public_key, request->sign_key, sizeof(public_key)) == 0);
    struct json *in_keys = json_set_node(document, "keys", &keys);
    struct json *in_duty = json_set_node(document, "duty", &duty);
    int r = signer_sign(signer, SIGN_REQUEST_FILE, signed_bytes(request, storage), signature);
    if (r < 0) {
        return r;
    }
    json_set_word(document, "format", "cairn-agency-request/v1");
    json_set_word(document, "origin", request->origin);
    json_set_word(document, "id", request->id);
    json_set_word(document, "kind", request->kind);
    json_set_word(document, "name", request->name);
    json_set_word(in_duty, "contact", request->duty_contact);
    json_set_word(in_duty, "phone", request->duty_phone);
    set_base64(in_keys, "sign", SLICE_OF(request->sign_key));
    set_base64(in_keys, "open", SLICE_OF(request->open_key));
    set_base64(in_keys, "curve", SLICE_OF(request->curve_key));
    set_base64(document, "signature", SLICE_OF(signature));
    if (request->renews) {
        set_renewal(document, request);
    }
    r = json_write(document, JSON_STYLE_INDENTED, out);
    buf_add_text(out, "\n");
    return r < 0 ? r : (buf_ok(out) ? 0 : -EFBIG);
}

static bool holds(const struct agency_request *request, const uint8_t key[SIGN_PUBLIC_BYTES],
                  enum sign_context context, struct slice signature)
{
    uint8_t storage[SIGNED_MAX_BYTES];
    _cleanup_(verifier_free) struct verifier *verifier = NULL;

    return verifier_new(key, &verifier) == 0 &&
           verifier_check(verifier, context, signed_bytes(request, storage), signature);
}

static bool is_signed(const struct agency_request *request, struct slice signature)
{
    return holds(request, request->sign_key, SIGN_REQUEST_FILE, signature) &&
           (!request->renews || holds(request, request->earlier_key, SIGN_RENEWAL,
                                      SLICE_OF(request->earlier_signature)));
}

static void read_renewal(const struct json_view *view, struct agency_request *request)
{
    request->renews = json_has(view, "renews");
    if (request->renews) {
        struct json_view renews = json_get_object(view, "renews");
        field_bytes(&renews, "key", request->earlier_key, sizeof(request->earlier_key));
        field_bytes(&renews, "signature", request->earlier_signature,
                    sizeof(request->earlier_signature));
    }
}

int agency_request_read(struct slice text, struct agency_request *ret, struct error *error)
{
    struct agency_request request = {.id = ""};
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct error inner = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        document_parse("agency-request.schema.json", text, &inner);

    if (document == NULL) {
        return error_set(error, inner.where, "%s", inner.what);
    }
    struct json_view view = json_view(document, &inner);
    struct json_view keys = json_get_object(&view, "keys");
    struct json_view duty = json_get_object(&view, "duty");
    field_line(&view, "origin", request.origin, sizeof(request.origin));
    field_id(&view, "id", request.id, sizeof(request.id));
    field_id(&view, "kind", request.kind, sizeof(request.kind));
    field_line(&view, "name", request.name, sizeof(request.name));
    field_line(&duty, "contact", request.duty_contact, sizeof(request.duty_contact));
    field_line(&duty, "phone", request.duty_phone, sizeof(request.duty_phone));
    field_bytes(&keys, "sign", request.sign_key, sizeof(request.sign_key));
    field_bytes(&keys, "open", request.open_key, sizeof(request.open_key));
    field_bytes(&keys, "curve", request.curve_key, sizeof(request.curve_key));
    field_bytes(&view, "signature", signature, sizeof(signature));
    read_renewal(&view, &request);
    if (!json_ok(&view)) {
        return error_set(error, inner.where, "%s", inner.what);
    }
    if (!x25519_usable(request.open_key) || !x25519_usable(request.curve_key)) {
        return error_set(error, "/keys", "open or curve is not a usable X25519 key");
    }
    if (!is_signed(&request, SLICE_OF(signature))) {
        (void)error_set(error, "/signature", "does not hold: changed on the way, or not theirs");
        return -EBADMSG;
    }
    *ret = request;
    return 0;
}
