/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay_NAME PATH...: gives one fuzz target every input that is kept for it, so that what fuzzing
 * found once stays found, with any compiler. A path is a file or a folder of files. Each file is
 * given whole, cut at every length (long files: at CUTS_MAX lengths), and with one byte changed in
 * MUTATIONS places that are the same in every run. Inputs are copied to a block of exactly their
 * size: a sanitizer sees a read beyond the end.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX_BYTES (1024 * 1024)
#define CUTS_MAX        256
#define MUTATIONS       60

#pragma weak LLVMFuzzerInitialize

struct input {
    uint8_t *bytes;
    size_t len;
};

static void input_deinit(struct input *input)
{
    free(input->bytes);
}

static void feed(const uint8_t *bytes, size_t len)
{
    _cleanup_(base_free) uint8_t *exact = base_alloc(len > 0 ? len : 1);

    if (len > 0) {
        memcpy(exact, bytes, len);
    }
    int r = LLVMFuzzerTestOneInput(exact, len);
    assert(r == 0);
}

static void feed_cut(const struct input *input)
{
    size_t step = input->len / CUTS_MAX + 1;

    for (size_t len = 0; len < input->len; len += step) {
        feed(input->bytes, len);
    }
}

/* xorshift64: any well-mixed sequence will do, as long as it is the same tomorrow. */
static uint64_t next_number(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void feed_mutated(const struct input *input)
{
    uint64_t state = 0x9e3779b97f4a7c15U ^ input->len;

    for (int i = 0; i < MUTATIONS && input->len > 0; i++) {
        uint8_t *byte = &input->bytes[next_number(&state) % input->len];
        uint8_t was = *byte;
        *byte = (uint8_t)(was ^ (1 + next_number(&state) % 255));
        feed(input->bytes, input->len);
        *byte = was;
    }
}

static bool read_input(const char *path, struct input *ret)
{
    FILE *file = fopen(path, "rbe");

    if (file == NULL) {
        return false;
    }
    ret->bytes = base_alloc(INPUT_MAX_BYTES);
    ret->len = fread(ret->bytes, 1, INPUT_MAX_BYTES, file);
    bool whole = feof(file) != 0;
    (void)fclose(file);
    return whole;
}

static bool replay_file(const char *path)
{
    _cleanup_(input_deinit) struct input input = {.bytes = NULL};

    if (!read_input(path, &input)) {
        fprintf(stderr, "%s: cannot be read, or is larger than %d bytes\n", path, INPUT_MAX_BYTES);
        return false;
    }
    feed(input.bytes, input.len);
    feed_cut(&input);
    feed_mutated(&input);
    return true;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A folder without inputs is a mistake: a corpus that went missing must not pass in silence. */
static bool replay_folder(const char *folder)
{
    struct dirent **names;
    int n = scandir(folder, &names, is_visible, alphasort);

    if (n < 0) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return false;
    }
    bool good = n > 0;
    for (int i = 0; i < n; i++) {
        char path[4096];
        int len = snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        good = len > 0 && (size_t)len < sizeof(path) && replay_file(path) && good;
        free(names[i]);
    }
    free(names);
    if (n == 0) {
        fprintf(stderr, "%s: no inputs; ./run fuzz makes some\n", folder);
    }
    return good;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int main(int argc, char **argv)
{
    bool good = argc > 1;

    if (LLVMFuzzerInitialize != NULL) {
        good = LLVMFuzzerInitialize(&argc, &argv) == 0 && good;
    }
    feed(NULL, 0);
    for (int i = 1; i < argc; i++) {
        good = (is_folder(argv[i]) ? replay_folder(argv[i]) : replay_file(argv[i])) && good;
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
