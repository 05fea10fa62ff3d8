/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units of config/systemd name the keys as the daemons read them: a credential under another
 * name is one that the daemon does not find.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "govern/keys.h"
#include "os/files.h"

#define UNIT_MAX_BYTES 65536
#define CREDENTIAL     "LoadCredentialEncrypted="
#define KEYS_MAX       4

struct unit {
    const char *file;
    const char *keys[KEYS_MAX]; /* those that the daemon reads */
};

static const struct unit units[] = {
    {"cairn-signer.service", {KEY_CHECKPOINT}},
    {"cairn-broker.service", {KEY_TRANSPORT, KEY_PEPPER}},
    {"cairn-agent@.service", {KEY_SIGNING, KEY_OPENING, KEY_TRANSPORT, KEY_STORE}},
};

static size_t count_keys(const struct unit *unit)
{
    size_t n = 0;

    while (n < KEYS_MAX && unit->keys[n] != NULL) {
        n++;
    }
    return n;
}

static bool is_read(const struct unit *unit, const char *name, size_t len)
{
    for (size_t i = 0; i < count_keys(unit); i++) {
        if (strlen(unit->keys[i]) == len && strncmp(unit->keys[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Each line is "LoadCredentialEncrypted=NAME:PATH/NAME". */
static size_t check_credentials(const struct unit *unit, const char *text)
{
    size_t n = 0;

    for (const char *at = strstr(text, CREDENTIAL); at != NULL; at = strstr(at, CREDENTIAL)) {
        at += strlen(CREDENTIAL);
        size_t name = strcspn(at, ":\n");
        size_t line = strcspn(at, "\n");
        if (!is_read(unit, at, name)) {
            fail_msg("%s: no key is called %.*s", unit->file, (int)name, at);
        }
        assert_true(line > 2 * name);
        assert_memory_equal(at + line - name, at, name);
        assert_int_equal(at[line - name - 1], '/');
        n++;
    }
    return n;
}

static void a_unit_offers_each_key_that_its_daemon_reads_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        char path[4096];
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(UNIT_MAX_BYTES);
        (void)snprintf(path, sizeof(path), SOURCE_DIR "/config/systemd/%s", units[i].file);
        assert_int_equal(file_read(path, &text), 0);
        buf_add(&text, "", 1);

        size_t n = check_credentials(&units[i], (const char *)buf_slice(&text).data);

        assert_int_equal(n, count_keys(&units[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_offers_each_key_that_its_daemon_reads_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
