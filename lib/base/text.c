/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/log.h"

void hex_encode(struct slice in, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < in.len; i++) {
        out[2 * i] = digits[in.data[i] >> 4];
        out[2 * i + 1] = digits[in.data[i] & 15];
    }
    out[2 * in.len] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool hex_decode(const char *text, uint8_t *ret, size_t ret_len)
{
    size_t digits = strnlen(text, 2 * ret_len + 1);

    if (digits != 2 * ret_len) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        if (hex_digit(text[i]) < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < ret_len; i++) {
        ret[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    }
    return true;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct slice in, char *out)
{
    size_t at = 0;

    for (size_t i = 0; i < in.len; i += 3) {
        size_t have = in.len - i < 3 ? in.len - i : 3;
        uint32_t group = (uint32_t)in.data[i] << 16;
        group |= have > 1 ? (uint32_t)in.data[i + 1] << 8 : 0;
        group |= have > 2 ? (uint32_t)in.data[i + 2] : 0;
        out[at++] = base64_digits[group >> 18];
        out[at++] = base64_digits[group >> 12 & 63];
        out[at++] = have > 1 ? base64_digits[group >> 6 & 63] : '=';
        out[at++] = have > 2 ? base64_digits[group & 63] : '=';
    }
    out[at] = '\0';
}

/* Compared without a branch on the digit: private keys pass through here. */
static int base64_value(uint8_t c)
{
    int value = -1;

    for (int i = 0; i < 64; i++) {
        int same = (uint8_t)base64_digits[i] == c;
        value += same * (i + 1);
    }
    return value;
}

/* Four characters to `have` bytes (3, 2, 1 by padding); false for foreign characters and for bits
 * left over. */
static bool base64_group(const uint8_t *in, size_t have, uint8_t out[3])
{
    uint32_t group = 0;

    for (size_t i = 0; i < 4; i++) {
        int value = i <= have ? base64_value(in[i]) : 0;
        if (value < 0 || (i > have && in[i] != '=')) {
            return false;
        }
        group = group << 6 | (uint32_t)value;
    }
    uint32_t left_over = have == 3 ? 0 : group & (have == 2 ? 0xffU : 0xffffU);
    for (size_t i = 0; i < 3; i++) {
        out[i] = (uint8_t)(group >> (16 - 8 * i));
    }
    return left_over == 0;
}

bool base64_decode(struct slice text, uint8_t *ret, size_t max, size_t *ret_len)
{
    if (text.len % 4 != 0) {
        return false;
    }
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.data[text.len - 1 - padding] == '=') {
        padding++;
    }
    size_t len = text.len / 4 * 3 - padding;
    if (len > max) {
        return false;
    }
    for (size_t done = 0; done < len; done += 3) {
        size_t have = len - done < 3 ? len - done : 3;
        uint8_t bytes[3];
        if (!base64_group(text.data + done / 3 * 4, have, bytes)) {
            return false;
        }
        memcpy(ret + done, bytes, have);
    }
    *ret_len = len;
    return true;
}

bool u64_parse(const char *text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (value > max) {
        return false;
    }
    *ret = value;
    return true;
}

/* Takes one code point off the reader; 0 for anything that is not one (NUL included). */
static uint32_t take_code_point(struct reader *reader)
{
    static const uint32_t smallest[] = {0x80, 0x800, 0x10000};
    uint8_t lead = read_u8(reader);
    uint32_t point;
    int more;

    if (lead < 0x80) {
        return lead;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        more = 1;
        point = lead & 0x1fU;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        more = 2;
        point = lead & 0x0fU;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        more = 3;
        point = lead & 0x07U;
    } else {
        return 0;
    }
    for (int i = 0; i < more; i++) {
        uint8_t next = read_u8(reader);
        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (next & 0x3fU);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < smallest[more - 1] || surrogate || point > 0x10ffff ? 0 : point;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

bool utf8_valid(struct slice text)
{
    struct reader reader = reader_over(text);

    while (reader.left > 0) {
        if (take_code_point(&reader) == 0) {
            return false;
        }
    }
    return true;
}

bool utf8_is_prose(struct slice text)
{
    struct reader reader = reader_over(text);

    while (reader.left > 0) {
        uint32_t point = take_code_point(&reader);
        if (point == 0 || (is_control(point) && point != '\n' && point != '\t')) {
            return false;
        }
    }
    return true;
}

const char *text_plural(uint64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

bool text_is_reason(struct slice text)
{
    struct reader reader = reader_over(text);
    size_t characters = 0;

    if (text.len > CAIRN_REASON_MAX_BYTES || !utf8_is_prose(text)) {
        return false;
    }
    while (reader.left > 0) {
        characters += take_code_point(&reader) > ' ' ? 1 : 0;
    }
    return characters >= CAIRN_REASON_MIN_CHARACTERS;
}

bool text_copy(char *out, size_t out_bytes, struct slice in)
{
    if (in.len >= out_bytes || !utf8_is_prose(in)) {
        return false;
    }
    if (in.len > 0) {
        memcpy(out, in.data, in.len);
    }
    out[in.len] = '\0';
    return true;
}

/* The text has been checked, so libunistring can fail only for want of memory. */
static uint8_t *must_have(uint8_t *memory)
{
    if (memory == NULL) {
        log_fatal("out_of_memory", "in=text_fold");
    }
    return memory;
}

/* Letters and digits of `in`, in order; false when they and a NUL do not fit. */
static bool copy_alphanumeric(struct slice in, char *out, size_t out_bytes)
{
    struct reader reader = reader_over(in);
    size_t len = 0;

    while (reader.left > 0) {
        const uint8_t *start = reader.at;
        uint32_t point = take_code_point(&reader);
        size_t bytes = (size_t)(reader.at - start);
        if (!uc_is_general_category_withtable(point, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_Nd)) {
            continue;
        }
        if (len + bytes >= out_bytes) {
            return false;
        }
        memcpy(out + len, start, bytes);
        len += bytes;
    }
    out[len] = '\0';
    return true;
}

/* Decomposed before folding too: a compatibility letter such as U+210C becomes a capital only by
 * decomposition. */
bool text_fold(struct slice in, char *out, size_t out_bytes)
{
    if (out_bytes == 0 || !utf8_valid(in)) {
        return false;
    }
    if (in.len == 0) {
        out[0] = '\0';
        return true;
    }
    size_t plain_len = 0;
    _cleanup_(base_free) uint8_t *plain =
        must_have(u8_normalize(UNINORM_NFKD, in.data, in.len, NULL, &plain_len));
    size_t folded_len = 0;
    _cleanup_(base_free) uint8_t *folded =
        must_have(u8_casefold(plain, plain_len, NULL, UNINORM_NFKD, NULL, &folded_len));
    return copy_alphanumeric(slice_make(folded, folded_len), out, out_bytes);
}
