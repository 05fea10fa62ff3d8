/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/phone.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "cairn/limits.h"

/* Ofcom, numbers for drama use: these and three digits more. */
static const char *const nobodys[] = {
    "01134960", "01144960", "01154960", "01164960", "01174960", "01184960", "01214960",
    "01314960", "01414960", "01514960", "01614960", "02079460", "01914980", "02896496",
    "02920180", "01632960", "07700900", "08081570", "09098790", "03069990",
};

bool phone_is(const char *text)
{
    size_t digits = 0;

    for (const char *at = text; *at != '\0'; at++) {
        digits += *at >= '0' && *at <= '9' ? 1 : 0;
    }
    return digits >= 3 && strlen(text) < CAIRN_PHONE_MAX_BYTES &&
           text[strspn(text, "0123456789 +()-x")] == '\0';
}

#define DIALLED_BYTES (CAIRN_PHONE_MAX_BYTES + 1)

/* "+44 (0)1632 960100 x5" is dialled 01632960100. */
static void as_dialled(const char *text, char out[DIALLED_BYTES])
{
    char digits[CAIRN_PHONE_MAX_BYTES];
    size_t n = 0;

    for (const char *at = text; *at != '\0' && *at != 'x' && n < sizeof(digits) - 1; at++) {
        if (*at >= '0' && *at <= '9') {
            digits[n++] = *at;
        }
    }
    digits[n] = '\0';
    size_t country = strncmp(digits, "0044", 4) == 0 ? 4 : strncmp(digits, "44", 2) == 0 ? 2 : 0;
    bool home = country == 0 || digits[country] == '0';
    (void)snprintf(out, DIALLED_BYTES, "%s%s", home ? "" : "0", digits + country);
}

bool phone_is_nobodys(const char *text)
{
    char dialled[DIALLED_BYTES];

    as_dialled(text, dialled);
    for (size_t i = 0; i < ARRAY_LEN(nobodys); i++) {
        size_t len = strlen(nobodys[i]);
        if (strncmp(dialled, nobodys[i], len) == 0 && strlen(dialled) == len + 3) {
            return true;
        }
    }
    return false;
}

const char *phone_fault(const char *text, bool live)
{
    if (!phone_is(text)) {
        return "is not a telephone number: digits, blanks, +, -, ( and )";
    }
    return live && phone_is_nobodys(text)
               ? "is a number that nobody has, kept for films and examples: this partnership is "
                 "live, and people will ring it"
               : NULL;
}
