/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text is folded word by word into one run of letters and digits; marks say where a word begins.
 * A name is found where its folded letters begin and end with words, so "O'Brien", "O Brien" and
 * "OBrien" are the same, and "Ian" is not found in "guardian".
 */
#include "agents/police/unnamed.h"

#include <string.h>

#include "base/text.h"
#include "crypto/secret.h"

#define WORDS_MAX       160 /* of all names together */
#define WORD_BYTES      512
#define WORD_BYTES_MIN  3  /* shorter ones are initials and particles */
#define FOLD_GROWTH_MAX 12 /* one ligature of three bytes becomes 33 */
#define BEGINS          1
#define CAPITAL         2

struct word {
    char folded[WORD_BYTES];
    bool ordinary; /* also a word that is no name */
};

struct unnamed {
    size_t n_allowed;
    size_t n;
    struct word allowed[WORDS_MAX];
    struct word words[WORDS_MAX];
};

struct unnamed *unnamed_new(void)
{
    return base_zalloc(1, sizeof(struct unnamed));
}

void unnamed_free(struct unnamed **unnamed)
{
    if (*unnamed != NULL) {
        bytes_wipe(*unnamed, sizeof(**unnamed));
        base_free(unnamed);
        *unnamed = NULL;
    }
}

/* Folded. Titles are nobody's name at all. */
static const char *const titles[] = {"miss", "mrs", "mister", "doctor", "aka", "alias"};
static const char *const ordinary_words[] = {
    "april",  "archer", "art",       "august", "baker",  "bill",  "black", "brook", "brown",
    "carter", "chase",  "christian", "cook",   "dawn",   "day",   "dean",  "drew",  "earl",
    "faith",  "field",  "fox",       "frank",  "gene",   "grace", "grant", "gray",  "green",
    "guy",    "hall",   "hill",      "home",   "hope",   "iris",  "jack",  "jade",  "joy",
    "june",   "king",   "lane",      "lee",    "little", "long",  "major", "mark",  "may",
    "miles",  "moody",  "old",       "parker", "pat",    "penny", "price", "ray",   "reed",
    "rich",   "rob",    "robin",     "rose",   "ruby",   "rusty", "short", "sky",   "stone",
    "street", "sue",    "summer",    "van",    "wade",   "ward",  "west",  "white", "will",
    "wood",   "young",
};

static bool is_listed(const char *word, const char *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(word, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* --- words of a text --- */

static bool is_ascii_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Bytes of what stands between words here; 0 inside a word. Beyond ASCII: U+0080 to U+00BF, and
 * U+2000 to U+207F, where curly quotation marks, dashes and blanks are. */
static size_t gap_bytes(struct slice text)
{
    uint8_t c = text.data[0];
    if (c < 0x80) {
        return is_ascii_word(c) ? 0 : 1;
    }
    if (c == 0xc2 && text.len >= 2) {
        return 2;
    }
    return c == 0xe2 && text.len >= 3 && (text.data[1] == 0x80 || text.data[1] == 0x81) ? 3 : 0;
}

/* Cuts the next word off *text; empty at the end. */
static struct slice next_word(struct slice *text)
{
    size_t gap = 1;
    size_t len = 0;
    while (text->len > 0 && (gap = gap_bytes(*text)) > 0) {
        *text = slice_make(text->data + gap, text->len - gap);
    }
    while (len < text->len && gap_bytes(slice_make(text->data + len, text->len - len)) == 0) {
        len++;
    }
    struct slice word = slice_make(text->data, len);
    *text = slice_make(text->data + len, text->len - len);
    return word;
}

static bool has_capital(struct slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        if ((word.data[i] >= 'A' && word.data[i] <= 'Z') || word.data[i] >= 0x80) {
            return true;
        }
    }
    return false;
}

/* --- names --- */

static bool is_allowed(const struct unnamed *unnamed, const char *folded)
{
    for (size_t i = 0; i < unnamed->n_allowed; i++) {
        if (strcmp(unnamed->allowed[i].folded, folded) == 0) {
            return true;
        }
    }
    return false;
}

void unnamed_allow(struct unnamed *unnamed, struct slice name)
{
    while (name.len > 0 && unnamed->n_allowed < WORDS_MAX) {
        struct word *word = &unnamed->allowed[unnamed->n_allowed];
        if (text_fold(next_word(&name), word->folded, sizeof(word->folded)) &&
            word->folded[0] != '\0') {
            unnamed->n_allowed++;
        }
    }
}

static bool add_word(struct unnamed *unnamed, const char *folded)
{
    if (unnamed->n == WORDS_MAX) {
        return false;
    }
    struct word *word = &unnamed->words[unnamed->n++];
    memcpy(word->folded, folded, strlen(folded) + 1);
    word->ordinary = is_listed(folded, ordinary_words, ARRAY_LEN(ordinary_words));
    return true;
}

bool unnamed_add(struct unnamed *unnamed, struct slice name)
{
    char folded[WORD_BYTES];
    if (!text_fold(name, folded, sizeof(folded)) || folded[0] == '\0' ||
        !add_word(unnamed, folded)) {
        return false;
    }
    bool all = true;
    while (all && name.len > 0) {
        if (!text_fold(next_word(&name), folded, sizeof(folded))) {
            all = false;
        } else if (strlen(folded) >= WORD_BYTES_MIN &&
                   !is_listed(folded, titles, ARRAY_LEN(titles)) && !is_allowed(unnamed, folded)) {
            all = add_word(unnamed, folded);
        }
    }
    bytes_wipe(folded, sizeof(folded));
    return all;
}

/* --- finding --- */

struct folding {
    size_t len;
    char *letters;
    uint8_t *marks; /* of each letter; one more, where the text ends */
};

static void folding_deinit(struct folding *folding)
{
    if (folding->letters != NULL) {
        bytes_wipe(folding->letters, folding->len);
    }
    base_free(&folding->letters);
    base_free(&folding->marks);
}

static bool fold_text(struct slice text, struct folding *ret)
{
    size_t room = text.len * FOLD_GROWTH_MAX + 1;
    ret->letters = base_zalloc(room, 1);
    ret->marks = base_zalloc(room + 1, 1);
    while (text.len > 0) {
        struct slice word = next_word(&text);
        char *at = ret->letters + ret->len;
        if (!text_fold(word, at, room - ret->len)) {
            return false;
        }
        if (at[0] != '\0') {
            ret->marks[ret->len] = has_capital(word) ? BEGINS | CAPITAL : BEGINS;
            ret->len += strlen(at);
        }
    }
    ret->marks[ret->len] = BEGINS;
    return true;
}

/* Whether a word ends before this letter, or after the "s" that stands here: "Alarics". */
static bool ends_at(const struct folding *folding, size_t at)
{
    return (folding->marks[at] & BEGINS) != 0 ||
           (folding->letters[at] == 's' && (folding->marks[at + 1] & BEGINS) != 0);
}

static bool finds(const struct folding *folding, const struct word *word)
{
    size_t len = strlen(word->folded);
    uint8_t needed = word->ordinary ? BEGINS | CAPITAL : BEGINS;
    for (size_t at = 0; at + len <= folding->len; at++) {
        if ((folding->marks[at] & needed) == needed &&
            strncmp(folding->letters + at, word->folded, len) == 0 && ends_at(folding, at + len)) {
            return true;
        }
    }
    return false;
}

bool unnamed_occurs(const struct unnamed *unnamed, struct slice text)
{
    _cleanup_(folding_deinit) struct folding folding = {.len = 0};
    if (!fold_text(text, &folding)) {
        return true;
    }
    for (size_t i = 0; i < unnamed->n; i++) {
        if (finds(&folding, &unnamed->words[i])) {
            return true;
        }
    }
    return false;
}
