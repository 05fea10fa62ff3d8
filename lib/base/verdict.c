/* SPDX-License-Identifier: Apache-2.0 */
#include "cairn/verdict.h"

#include <stddef.h>

#include "base/attr.h"

#define VERDICT_NAME_BYTES 32

enum lasting {
    FINAL,
    RETRY
};

static const struct {
    uint32_t number;
    enum lasting lasting;
    const char *words;
} verdicts[] = {
#define X(name, number, lasting, words) {(number), (lasting), (words)},
    CAIRN_VERDICTS(X)
#undef X
};

/* Upper case as in the table; lowered once, before main, because the preprocessor cannot. */
static char names[][VERDICT_NAME_BYTES] = {
#define X(name, number, lasting, words) #name,
    CAIRN_VERDICTS(X)
#undef X
};

#define X(name, number, lasting, words)                                                            \
    static_assert(sizeof(#name) <= VERDICT_NAME_BYTES, "the name and its NUL fit");
CAIRN_VERDICTS(X)
#undef X

__attribute__((constructor)) static void lower_names(void)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        for (char *at = names[i]; *at != '\0'; at++) {
            *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
        }
    }
}

/* ARRAY_LEN(verdicts) when there is no such number. */
static size_t row_of(uint32_t number)
{
    size_t row = 0;

    while (row < ARRAY_LEN(verdicts) && verdicts[row].number != number) {
        row++;
    }
    return row;
}

const char *verdict_name(enum verdict verdict)
{
    size_t row = row_of((uint32_t)verdict);

    return row < ARRAY_LEN(verdicts) ? names[row] : "unknown";
}

const char *verdict_words(enum verdict verdict)
{
    size_t row = row_of((uint32_t)verdict);

    return row < ARRAY_LEN(verdicts) ? verdicts[row].words : "an answer this version does not know";
}

bool verdict_is_retry(enum verdict verdict)
{
    size_t row = row_of((uint32_t)verdict);

    return row < ARRAY_LEN(verdicts) && verdicts[row].lasting == RETRY;
}

bool verdict_is_stored(enum verdict verdict)
{
    return verdict == VERDICT_STORED || verdict == VERDICT_STORED_NO_READER;
}

bool verdict_from_wire(uint32_t number, enum verdict *ret)
{
    if (row_of(number) == ARRAY_LEN(verdicts)) {
        return false;
    }
    *ret = (enum verdict)number;
    return true;
}
