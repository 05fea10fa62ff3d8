/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent answers to `cairn`, and so what others wrote, on its way to a terminal: lines of
 * bounded width, and no control character in them but the tabs of prose.
 */
#include <stdlib.h>
#include <string.h>

#include "cairn/limits.h"
#include "cli/show.h"
#include "tests/fuzz/fuzz.h"

static const char *const keys[] = {"words", "from", "at", "n", "telephone", "card"};

static void show_members(struct output *output, const struct json_view *answer)
{
    char text[SHOW_TEXT_BYTES];
    char instant[SHOW_INSTANT_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        show_text(answer, keys[i], text);
        output_line(output, "%s", text);
        show_agency(answer, keys[i], text);
        output_line(output, "%s", text);
        show_instant(answer, keys[i], instant);
        output_line(output, "%s %lld", instant, (long long)show_number(answer, keys[i], 0));
        (void)show_truth(answer, keys[i]);
        show_words(output, "    ", answer, keys[i]);
    }
    show_telephone(output, answer);
    show_family_view(output, "  ", answer);
    show_object(output, "  ", answer);
}

static void check_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)text[i];
        assert((byte >= ' ' && byte != 0x7f) || byte == '\n' || byte == '\t');
        assert(byte != 0xc2 || i + 1 == len || (uint8_t)text[i + 1] >= 0xa0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    struct output output;
    char *text = NULL;
    size_t len = 0;
    struct json *document = json_parse(slice_make(data, size), &error);

    if (document == NULL) {
        return 0;
    }
    FILE *file = open_memstream(&text, &len);
    assert(file != NULL);
    output_init(&output, file, file);
    struct json_view answer = json_view(document, &error);
    show_members(&output, &answer);
    output_deinit(&output);
    int r = fclose(file);
    assert(r == 0);
    check_plain(text, len);
    free(text);
    json_free(&document);
    return 0;
}
