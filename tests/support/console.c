/* SPDX-License-Identifier: Apache-2.0 */
#include "support/console.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 24

struct console *console_new(void)
{
    return base_zalloc(1, sizeof(struct console));
}

static void forget(struct console *console)
{
    free(console->said);
    free(console->complained);
    console->said = NULL;
    console->complained = NULL;
}

void console_free(struct console **console)
{
    forget(*console);
    free(*console);
    *console = NULL;
}

enum status console_run(struct console *console, const char *const words[])
{
    char *argv[WORDS_MAX + 2] = {base_strdup("cairn")};
    int argc = 1;

    forget(console);
    while (words[argc - 1] != NULL) {
        assert(argc <= WORDS_MAX);
        argv[argc] = base_strdup(words[argc - 1]);
        argc++;
    }
    const char *typed = console->typed == NULL ? "" : console->typed;
    FILE *in =
        typed[0] == '\0' ? fopen("/dev/null", "re") : fmemopen((void *)typed, strlen(typed), "r");
    FILE *out = open_memstream(&console->said, &console->said_len);
    FILE *err = open_memstream(&console->complained, &console->complained_len);
    assert(in != NULL && out != NULL && err != NULL);
    struct cli cli = {.in = in, .clock = console->clock != NULL ? console->clock : clock_system()};
    output_init(&cli.output, out, err);
    enum status status = command_main(&cli, argc, argv);
    output_deinit(&cli.output);
    (void)fclose(in);
    (void)fclose(out);
    (void)fclose(err);
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    return status;
}

struct json *console_json(const struct console *console)
{
    struct error error = ERROR_NULL;
    struct json *document = json_parse(slice_of_text(console->said), &error);

    assert(document != NULL);
    return document;
}
