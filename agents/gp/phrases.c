/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/phrases.h"

/* Lower case; 0 for what separates words, non-ASCII included. */
static char letter(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return plain ? (char)c : '\0';
}

/* Whether the phrase begins right here. */
static bool matches_at(struct slice text, size_t at, const char *phrase)
{
    for (; *phrase != '\0'; phrase++) {
        if (*phrase != ' ') {
            if (at >= text.len || letter(text.data[at]) != *phrase) {
                return false;
            }
            at++;
            continue;
        }
        if (at < text.len && letter(text.data[at]) != '\0') {
            return false;
        }
        while (at < text.len && letter(text.data[at]) == '\0') {
            at++;
        }
    }
    return true;
}

bool phrases_any(struct slice text, const char *const phrases[], size_t n)
{
    bool in_word = false;

    for (size_t at = 0; at < text.len; at++) {
        bool was_in_word = in_word;
        in_word = letter(text.data[at]) != '\0';
        for (size_t i = 0; in_word && !was_in_word && i < n; i++) {
            if (matches_at(text, at, phrases[i])) {
                return true;
            }
        }
    }
    return false;
}
