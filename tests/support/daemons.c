/* SPDX-License-Identifier: Apache-2.0 */
#include "support/daemons.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slice.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/files.h"
#include "support/scratch.h"

#define PATIENCE_MS     60000 /* several sanitized processes on a slow machine */
#define WORDS_MAX       24
#define PORT_FIRST      20000
#define PORTS           12000
#define PORT_TRIES      100
#define LOG_MAX_BYTES   (16 * 1024 * 1024)
#define LOG_SHOWN_BYTES 4096

/* --- the estate --- */

void estate_path(const struct estate *estate, const char *name, char out[ESTATE_PATH])
{
    int n = snprintf(out, ESTATE_PATH, "%s/%s", estate->dir, name);
    assert_true(n > 0 && n < ESTATE_PATH);
}

static bool can_bind(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* as the broker does */
    bool bound = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    assert_int_equal(close(fd), 0);
    return bound;
}

/* Below the ports that the kernel gives to outgoing connections, and claimed by a lock that every
 * test of ours asks for (tests/e2e/partnership.sh too): a broker may start later, and more than
 * once, so a port that is merely free now is not enough. */
static bool claim_port(struct estate *estate, uint16_t port)
{
    (void)snprintf(estate->claim, sizeof(estate->claim), "/tmp/cairn-test-port.%u", port);
    int fd = open(estate->claim, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        return false; /* another user's */
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || !can_bind(port)) {
        (void)close(fd);
        return false;
    }
    estate->claimed = fd;
    return true;
}

static void choose_endpoint(struct estate *estate)
{
    uint16_t port;
    for (int i = 0; i < PORT_TRIES; i++) {
        assert_int_equal(getrandom(&port, sizeof(port), 0), sizeof(port));
        port = (uint16_t)(PORT_FIRST + port % PORTS);
        if (claim_port(estate, port)) {
            estate->port = port;
            (void)snprintf(estate->endpoint, sizeof(estate->endpoint), "tcp://127.0.0.1:%u", port);
            return;
        }
    }
    fail_msg("no free port from %d on", PORT_FIRST);
}

/* Runs it to its end; what it says goes to the file `log`. */
static int run(const char *const argv[], const char *log)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

void estate_run(const struct estate *estate, const char *const words[])
{
    char log[ESTATE_PATH];
    estate_path(estate, "run.log", log);
    int status = run(words, log);
    if (status != 0) {
        print_error("%s failed: see %s\n", words[0], log);
    }
    assert_int_equal(status, 0);
}

void estate_cairn(const struct estate *estate, const char *const words[])
{
    const char *argv[WORDS_MAX] = {BUILD_DIR "/cairn"};
    for (size_t i = 0; words[i] != NULL; i++) {
        assert_true(i + 2 < WORDS_MAX);
        argv[i + 1] = words[i];
    }
    estate_run(estate, argv);
}

void estate_make(struct estate *estate)
{
    char north[ESTATE_PATH];
    *estate = (struct estate){.claimed = -1};
    scratch_make(estate->dir);
    choose_endpoint(estate);
    estate_path(estate, "north", north);
    ESTATE_CAIRN(estate, "init", north, "--name", "North", "--origin", "cairn.example.org/north",
                 "--endpoint", estate->endpoint);
    estate_configure(estate, "memory_limit", "64G");
}

void estate_remove(struct estate *estate)
{
    if (estate->dir[0] == '\0') {
        return;
    }
    scratch_remove(estate->dir);
    estate->dir[0] = '\0';
    (void)unlink(estate->claim);
    fd_close(&estate->claimed);
}

void estate_add_agency(struct estate *estate, const char *id, const char *kind)
{
    char north[ESTATE_PATH];
    char joining[ESTATE_PATH];
    char folder[ESTATE_PATH];
    char request[ESTATE_PATH];
    char name[64];
    estate_path(estate, "north", north);
    estate_path(estate, "north/joining.json", joining);
    estate_path(estate, id, folder);
    (void)snprintf(name, sizeof(name), "%s/request.json", id);
    estate_path(estate, name, request);
    ESTATE_CAIRN(estate, "agency", "request", folder, "--id", id, "--name", id, "--kind", kind,
                 "--joining", joining);
    ESTATE_CAIRN(estate, "agency", "approve", north, request);
}

void estate_configure(const struct estate *estate, const char *name, const char *value)
{
    char path[ESTATE_PATH];
    char key[64];
    _cleanup_(buf_deinit) struct buf old = BUF_MAX(64 * 1024);
    _cleanup_(buf_deinit) struct buf new = BUF_MAX(64 * 1024);
    estate_path(estate, "north/broker/broker.ini", path);
    assert_int_equal(file_read(path, &old), 0);
    (void)snprintf(key, sizeof(key), "%s =", name);
    const char *line = buf_text(&old);
    while (*line != '\0') {
        size_t len = strcspn(line, "\n") + 1;
        if (strncmp(line, key, strlen(key)) != 0) {
            buf_add(&new, line, len);
        }
        line += len;
    }
    buf_format(&new, "%s = %s\n", name, value);
    assert_int_equal(file_write_atomic(path, buf_slice(&new), 0600), 0);
}

/* --- processes --- */

uint64_t number_in(const char *text)
{
    static const char digits[] = "0123456789";
    char word[24];
    uint64_t number = 0;
    const char *at = text + strcspn(text, digits);
    assert_true(text_copy(word, sizeof(word), slice_make(at, strspn(at, digits))));
    assert_true(u64_parse(word, UINT64_MAX, &number));
    return number;
}

static int notify_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void set_sanitizer_options(void)
{
    const char *options = getenv("ASAN_OPTIONS");
    char more[512];
    (void)snprintf(more, sizeof(more), "%s%sverify_asan_link_order=0",
                   options == NULL ? "" : options, options == NULL ? "" : ":");
    (void)setenv("ASAN_OPTIONS", more, 1);
}

/* In the child: never returns. */
static void become(const struct process_options *options, const char *log, const char *notify,
                   const char *config)
{
    char program[ESTATE_PATH];
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)dup2(fd, STDERR_FILENO);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setenv("NOTIFY_SOCKET", notify, 1);
    if (options->preload != NULL) {
        char library[ESTATE_PATH];
        (void)snprintf(library, sizeof(library), "%s/%s", BUILD_DIR, options->preload);
        (void)setenv("LD_PRELOAD", library, 1);
        (void)setenv("CAIRN_FAULT", options->fault, 1);
        set_sanitizer_options();
    }
    if (options->file_bytes > 0) {
        const struct rlimit limit = {options->file_bytes, options->file_bytes};
        (void)signal(SIGXFSZ, SIG_IGN); /* a full disk sends no signal, but EFBIG like ENOSPC */
        (void)setrlimit(RLIMIT_FSIZE, &limit);
    }
    (void)snprintf(program, sizeof(program), "%s/%s", BUILD_DIR, options->program);
    (void)execl(program, program, "--config", config, options->argument, (char *)NULL);
    _exit(127);
}

void process_start(struct estate *estate, const struct process_options *options,
                   struct process *ret)
{
    char name[64];
    char notify[ESTATE_PATH];
    char config[ESTATE_PATH];
    int number = ++estate->processes;
    *ret = PROCESS_NULL;
    (void)snprintf(name, sizeof(name), "log-%d", number);
    estate_path(estate, name, ret->log);
    (void)snprintf(name, sizeof(name), "notify-%d", number);
    estate_path(estate, name, notify);
    estate_path(estate, options->config, config);
    ret->notify = notify_socket(notify);
    ret->pid = fork();
    assert_true(ret->pid >= 0);
    if (ret->pid == 0) {
        become(options, ret->log, notify, config);
    }
    ret->pidfd = (int)syscall(SYS_pidfd_open, ret->pid, 0);
    assert_true(ret->pidfd >= 0);
}

/* Why the next line fails: the folder with the log goes with the test. */
static void show_log(const struct process *process, const char *what)
{
    _cleanup_(buf_deinit) struct buf log = BUF_MAX(LOG_MAX_BYTES);
    int r = file_read(process->log, &log);
    size_t skip = r == 0 && log.len > LOG_SHOWN_BYTES ? log.len - LOG_SHOWN_BYTES : 0;
    print_error("%s; it said:\n%s\n", what, r == 0 ? buf_text(&log) + skip : "(nothing)");
}

static bool said_ready(const struct process *process)
{
    char message[256];
    ssize_t got = recv(process->notify, message, sizeof(message) - 1, 0);
    if (got <= 0) {
        return false;
    }
    message[got] = '\0';
    return strstr(message, "READY=1") != NULL;
}

bool process_ready(struct process *process)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = process->notify, .events = POLLIN},
                               {.fd = process->pidfd, .events = POLLIN}};
        int r = poll(fds, 2, PATIENCE_MS);
        if (r <= 0) {
            show_log(process, "it is not ready in time");
            fail();
        }
        if ((fds[0].revents & POLLIN) != 0 && said_ready(process)) {
            return true;
        }
        if ((fds[1].revents & POLLIN) != 0) {
            return false;
        }
    }
}

bool process_has_ended(const struct process *process)
{
    struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
    return poll(&ended, 1, 0) == 1;
}

bool process_said(const struct process *process, const char *text)
{
    _cleanup_(buf_deinit) struct buf log = BUF_MAX(LOG_MAX_BYTES);
    assert_int_equal(file_read(process->log, &log), 0);
    return strstr(buf_text(&log), text) != NULL;
}

/* Its status says nothing of a leak: a refusal ends with 1 too. */
static void expect_no_report(const struct process *process)
{
    if (process_said(process, "Sanitizer: ") || process_said(process, "runtime error: ")) {
        show_log(process, "a sanitizer found something");
        fail();
    }
}

int process_wait(struct process *process)
{
    struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
    int status = 0;
    assert_true(process->pid > 0);
    int r = poll(&ended, 1, PATIENCE_MS);
    if (r != 1) {
        show_log(process, "it does not end");
        process_kill(process);
        fail();
    }
    assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
    process->pid = 0;
    process_deinit(process);
    expect_no_report(process);
    return status;
}

static void process_signal(const struct process *process, int sig)
{
    assert_true(process->pid > 0);
    assert_int_equal(kill(process->pid, sig), 0);
}

void process_deinit(struct process *process)
{
    if (process->pid > 0) {
        (void)kill(process->pid, SIGKILL);
        (void)waitpid(process->pid, NULL, 0);
        process->pid = 0;
    }
    fd_close(&process->pidfd);
    fd_close(&process->notify);
}

void process_kill(struct process *process)
{
    process_signal(process, SIGKILL);
    process_deinit(process);
}

void process_stop(struct process *process)
{
    process_signal(process, SIGTERM);
    int status = process_wait(process);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        show_log(process, "it did not end in order");
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

void broker_start_with(struct estate *estate, const struct process_options *options,
                       struct process *ret)
{
    struct process_options all = *options;
    all.program = "cairn-broker";
    all.config = "north/broker/broker.ini";
    process_start(estate, &all, ret);
}

void broker_start(struct estate *estate, struct process *ret)
{
    const struct process_options options = {.program = NULL};
    broker_start_with(estate, &options, ret);
    if (!process_ready(ret)) {
        show_log(ret, "the broker did not start");
        fail();
    }
}
