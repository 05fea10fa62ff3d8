/* SPDX-License-Identifier: Apache-2.0 */
#include "load/rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/text.h"
#include "os/files.h"
#include "support/load_internal.h"

#define SAMPLE_NS   3000000
#define QUIET_LOOKS 10

void rig_print(const char *format, ...)
{
    va_list arguments;
    if (getenv("CAIRN_LOAD_SENT") == NULL) {
        return;
    }
    va_start(arguments, format);
    vprint_message(format, arguments);
    va_end(arguments);
}

/* --- memory --- */

/* Files of /proc have no size: read as they come. */
static size_t read_proc(pid_t pid, const char *name, char *text, size_t text_bytes)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    size_t len = file == NULL ? 0 : fread(text, 1, text_bytes - 1, file);
    if (file != NULL) {
        (void)fclose(file);
    }
    text[len] = '\0';
    return len;
}

uint64_t rig_anonymous_bytes(pid_t pid)
{
    char text[8192];
    (void)read_proc(pid, "status", text, sizeof(text));
    const char *line = strstr(text, "RssAnon:");
    return line == NULL ? 0 : number_in(line) << 10;
}

uint64_t rig_settled_bytes(pid_t pid)
{
    const struct timespec pause = {.tv_nsec = 3 * SAMPLE_NS};
    uint64_t most = rig_anonymous_bytes(pid);
    for (int quiet = 0; quiet < QUIET_LOOKS; quiet++) {
        (void)nanosleep(&pause, NULL);
        uint64_t now = rig_anonymous_bytes(pid);
        quiet = now > most ? -1 : quiet;
        most = now > most ? now : most;
    }
    return most;
}

static void *sample(void *data)
{
    struct rig_sampler *sampler = data;
    const struct timespec pause = {.tv_nsec = SAMPLE_NS};
    while (!atomic_load(&sampler->stops)) {
        uint64_t now = rig_anonymous_bytes(sampler->pid);
        sampler->most = now > sampler->most ? now : sampler->most;
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

void rig_sampler_start(struct rig_sampler *sampler, pid_t pid)
{
    sampler->pid = pid;
    sampler->most = 0;
    atomic_init(&sampler->stops, false);
    assert_int_equal(pthread_create(&sampler->thread, NULL, sample, sampler), 0);
}

uint64_t rig_sampler_stop(struct rig_sampler *sampler)
{
    atomic_store(&sampler->stops, true);
    assert_int_equal(pthread_join(sampler->thread, NULL), 0);
    return sampler->most;
}

/* --- the signer --- */

static void signal_signer(pid_t broker, int sig)
{
    char name[64];
    char text[256];
    (void)snprintf(name, sizeof(name), "task/%d/children", (int)broker);
    assert_true(read_proc(broker, name, text, sizeof(text)) > 0);
    pid_t pid = (pid_t)number_in(text); /* the only child that it has */
    assert_true(pid > 1);
    assert_int_equal(kill(pid, sig), 0);
}

void rig_halt_signer(pid_t broker)
{
    signal_signer(broker, SIGSTOP);
}

void rig_resume_signer(pid_t broker)
{
    signal_signer(broker, SIGCONT);
}

/* --- frames --- */

void rig_largest(unsigned type, enum lane lane, struct buf *ret)
{
    static uint8_t bytes[CAIRN_FRAME_MAX_BYTES];
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = (uint8_t)type,
        .lane = (uint8_t)lane,
        .entries = type == WIRE_PARCEL ? CAIRN_PARCEL_ENTRIES_MAX : 0,
    };
    buf_reset(ret);
    wire_frame_begin(ret, &header);
    buf_add(ret, bytes, sizeof(bytes) - WIRE_HEADER_BYTES);
    wire_frame_end(ret);
    assert_true(buf_ok(ret));
}

bool rig_send_largest(struct load *load, unsigned type, enum lane lane)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    rig_largest(type, lane, &frame);
    return load_send(load, buf_slice(&frame));
}
