/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "govern/internal.h"

#define FIELD_BYTES_MAX 128 /* the longest is the sealed linkage key */

void field_line(const struct json_view *object, const char *key, char *out, size_t out_bytes)
{
    json_get_copy(object, key, out, out_bytes);
    if (strpbrk(out, "\n\t") != NULL) {
        struct json_view member = json_member(object, key);
        (void)json_refuse(&member, "must be one line");
    }
}

void field_id(const struct json_view *object, const char *key, char *out, size_t out_bytes)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    json_get_copy(object, key, out, out_bytes);
    if (out[strspn(out, plain)] != '\0' || out[0] == '-') {
        struct json_view member = json_member(object, key);
        (void)json_refuse(&member, "must be lower-case letters, digits and '-'");
    }
}

int32_t field_day(const struct json_view *object, const char *key)
{
    int32_t day = 0;
    struct slice text = json_get_text(object, key);

    if (!date_parse(text, &day)) {
        struct json_view member = json_member(object, key);
        (void)json_refuse(&member, "must be a date, YYYY-MM-DD");
    }
    return day;
}

int32_t field_opt_day(const struct json_view *object, const char *key, int32_t fallback)
{
    return json_has(object, key) ? field_day(object, key) : fallback;
}

void field_bytes(const struct json_view *object, const char *key, uint8_t *out, size_t len)
{
    uint8_t bytes[FIELD_BYTES_MAX];
    size_t found = 0;
    struct slice text = json_get_text(object, key);

    assert(len <= sizeof(bytes));
    memset(out, 0, len);
    if (base64_decode(text, bytes, sizeof(bytes), &found) && found == len) {
        memcpy(out, bytes, len);
        return;
    }
    struct json_view member = json_member(object, key);
    (void)json_refuse(&member, "must be %zu bytes in base64", len);
}

void field_vkey(const struct json_view *view, struct note_key *out)
{
    char text[NOTE_VKEY_BYTES] = "";
    struct slice slice = json_as_text(view);

    if (!text_copy(text, sizeof(text), slice) || !note_vkey_parse(text, out) ||
        out->type != NOTE_TYPE_ED25519) {
        (void)json_refuse(view, "must be a verifier key, NAME+ID+BASE64, of type Ed25519");
    }
}

uint32_t field_word(const struct json_view *view, const char *const words[], size_t n)
{
    struct slice text = json_as_text(view);

    for (size_t i = 0; i < n; i++) {
        if (slice_is_text(text, words[i])) {
            return (uint32_t)i + 1;
        }
    }
    (void)json_refuse(view, "is not a word known here");
    return 0;
}
