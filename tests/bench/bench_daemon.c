/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "os/fd.h"

#define READY_MAX_MS 30000
#define STOP_MAX_S   30
#define STEP_MS      2

/* --- start --- */

/* A name in the abstract namespace: nothing to remove. */
static int notify_socket(char ret_name[64])
{
    static unsigned number;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int n = snprintf(ret_name, 64, "@cairn-bench-%d-%u", (int)getpid(), number++);

    assert(n > 0 && n < 64);
    memcpy(address.sun_path + 1, ret_name + 1, (size_t)n - 1);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0) {
        bench_must(-errno, "notification socket", NULL);
    }
    return fd;
}

/* In the child: system calls only, because this program has threads. */
static void become(const struct daemon_options *options, int log, char *const environment[])
{
    char config_option[] = "--config";
    char tmpfs_option[] = "--allow-tmpfs";
    char *const arguments[] = {
        (char *)options->program,
        config_option,
        (char *)options->config,
        options->allow_tmpfs ? tmpfs_option : NULL,
        NULL,
    };

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && dup2(log, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0) {
        (void)execve(options->program, arguments, environment);
    }
    _exit(127);
}

/* What it says until READY=1; false when it ends or is silent. */
static bool wait_ready(pid_t pid, int notify)
{
    for (int waited = 0; waited < READY_MAX_MS; waited += STEP_MS) {
        struct pollfd ready = {.fd = notify, .events = POLLIN};
        char said[256] = "";
        int status;

        if (poll(&ready, 1, STEP_MS) == 1 && recv(notify, said, sizeof(said) - 1, 0) > 0 &&
            strstr(said, "READY=1") != NULL) {
            return true;
        }
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return false;
        }
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return false;
}

bool daemon_start(const struct daemon_options *options, struct daemon *ret)
{
    char name[64];
    char variable[96];
    char clock[BENCH_PATH + 16];
    char preload[] = "LD_PRELOAD=" BUILD_DIR "/libcairn_clock.so";
    char sanitizer[] = "ASAN_OPTIONS=verify_asan_link_order=0";
    char *const environment[] = {variable, options->clock == NULL ? NULL : clock, preload,
                                 sanitizer, NULL};
    _cleanup_(fd_close) int notify = notify_socket(name);
    _cleanup_(fd_close) int log =
        open(options->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (log < 0) {
        bench_must(-errno, options->log, NULL);
    }
    (void)snprintf(variable, sizeof(variable), "NOTIFY_SOCKET=%s", name);
    (void)snprintf(clock, sizeof(clock), "CAIRN_CLOCK=%s",
                   options->clock == NULL ? "" : options->clock);
    double start = bench_now_s();
    pid_t pid = fork();
    if (pid == 0) {
        become(options, log, environment);
    }
    if (pid < 0) {
        bench_must(-errno, "fork", NULL);
    }
    *ret = (struct daemon){.pid = 0};
    if (!wait_ready(pid, notify)) {
        return false;
    }
    *ret = (struct daemon){.pid = pid, .started_ms = (bench_now_s() - start) * 1000};
    return true;
}

void daemon_stop(struct daemon *daemon)
{
    double until = bench_now_s() + STOP_MAX_S;
    int status = 0;
    pid_t ended = 0;

    if (daemon->pid == 0) {
        return;
    }
    (void)kill(daemon->pid, SIGTERM);
    while (ended == 0 && bench_now_s() < until) {
        bench_pause_ms(STEP_MS);
        ended = waitpid(daemon->pid, &status, WNOHANG);
    }
    if (ended != daemon->pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        bench_fail("process %d did not end in order", (int)daemon->pid);
    }
    daemon->pid = 0;
}

/* --- /proc --- */

/* The first `max` bytes of /proc/PID/NAME; false when it may not be read. */
static bool proc_read(pid_t pid, const char *name, char *out, size_t max)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    _cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, out, max - 1);
    out[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* The decimal number that follows `label`, and blanks; 0 when there is none. */
static double number_after(const char *text, const char *label)
{
    const char *at = strstr(text, label);
    char digits[24] = "";
    uint64_t value = 0;

    if (at == NULL) {
        return 0;
    }
    at += strlen(label);
    at += strspn(at, " \t");
    size_t n = strspn(at, "0123456789");
    if (n == 0 || n >= sizeof(digits)) {
        return 0;
    }
    memcpy(digits, at, n);
    return u64_parse(digits, UINT64_MAX, &value) ? (double)value : 0;
}

static enum daemon_stage stage_of(const char *name)
{
    static const struct {
        const char *name;
        enum daemon_stage stage;
    } names[] = {
        {"verify", DAEMON_VERIFY},   {"commit", DAEMON_COMMIT}, {"attest", DAEMON_ATTEST},
        {"publish", DAEMON_PUBLISH}, {"ZMQ", DAEMON_IO},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strncmp(name, names[i].name, strlen(names[i].name)) == 0) {
            return names[i].stage;
        }
    }
    return DAEMON_NET;
}

/* The scheduler's own count, in nanoseconds: ticks are too coarse for what takes few. */
static double run_time_s(const char *schedstat)
{
    char text[64];

    (void)snprintf(text, sizeof(text), " %.*s", (int)strcspn(schedstat, " "), schedstat);
    return number_after(text, " ") / 1e9;
}

static void add_thread(pid_t pid, const char *thread, struct daemon_usage *ret)
{
    char name[64];
    char text[256];

    (void)snprintf(name, sizeof(name), "task/%.16s/comm", thread);
    if (!proc_read(pid, name, text, sizeof(text))) {
        return;
    }
    enum daemon_stage stage = stage_of(text);
    (void)snprintf(name, sizeof(name), "task/%.16s/schedstat", thread);
    if (proc_read(pid, name, text, sizeof(text))) {
        ret->stage_s[stage] += run_time_s(text);
    }
}

static void add_threads(pid_t pid, struct daemon_usage *ret)
{
    char path[64];
    const struct dirent *entry;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
        if (entry->d_name[0] != '.') {
            add_thread(pid, entry->d_name, ret);
        }
    }
    if (tasks != NULL) {
        (void)closedir(tasks);
    }
}

/* Its one child, when it has one. */
static void add_signer(pid_t pid, struct daemon_usage *ret)
{
    char name[64];
    char text[256];

    (void)snprintf(name, sizeof(name), "task/%d/children", (int)pid);
    if (!proc_read(pid, name, text, sizeof(text))) {
        return;
    }
    double child = number_after(text, "");
    if (child > 0 && proc_read((pid_t)child, "schedstat", text, sizeof(text))) {
        ret->stage_s[DAEMON_SIGNER] += run_time_s(text);
    }
}

void daemon_usage(const struct daemon *daemon, struct daemon_usage *ret)
{
    char text[8192];

    *ret = (struct daemon_usage){.has_written = false};
    if (!proc_read(daemon->pid, "status", text, sizeof(text))) {
        bench_fail("process %d is gone", (int)daemon->pid);
    }
    ret->anonymous_mib = number_after(text, "RssAnon:") / 1024;
    ret->file_mib = (number_after(text, "RssFile:") + number_after(text, "RssShmem:")) / 1024;
    add_threads(daemon->pid, ret);
    add_signer(daemon->pid, ret);
    for (size_t i = 0; i < DAEMON_STAGES; i++) {
        ret->cpu_s += ret->stage_s[i];
    }
    if (proc_read(daemon->pid, "io", text, sizeof(text))) {
        ret->has_written = true;
        ret->written_bytes = number_after(text, "\nwchar:");
    }
}
