/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/core/agent.h"
#include "agents/core/api.h"
#include "agents/core/api_socket.h"
#include "agents/core/link.h"
#include "agents/core/memory_plan.h"
#include "agents/core/settle.h"
#include "agents/core/walls.h"
#include "agents/core/watch.h"
#include "agents/core/witness.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "net/net.h"
#include "net/router.h"
#include "os/fd.h"
#include "os/harden.h"
#include "os/memory.h"
#include "os/notify.h"
#include "os/signals.h"

#define STATUS_EVERY_MS 10000

struct running {
    struct agent *agent;
    struct settle_thread *settle;
    struct watch_thread *watch;
    struct api *api;
    int signals;
};

static int start(struct running *running, struct error *error);
static void serve(struct running *running);
static void stop(struct running *running);
static int clear_fork(struct agent *agent);
static int check_memory(bool say, struct error *error);
static int fail(int r, const struct error *error);

int main(int argc, char **argv)
{
    struct agent_options options = AGENT_OPTIONS_NULL;
    struct running running = {.signals = -1};
    struct error error = ERROR_NULL;
    log_init("cairn-agent", LOG_LEVEL_INFO);
    enum conf_then then = agent_options_read(argc, argv, &options);
    if (then != CONF_RUN) {
        return then == CONF_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    int r = check_memory(options.check, &error);
    if (options.check) {
        agent_options_deinit(&options);
        return r == 0 ? EXIT_SUCCESS : fail(r, &error);
    }
    r = r == 0 ? harden_process(&error) : r;
    if (r == 0) {
        r = crypto_init(&error);
    }
    if (r == 0) {
        r = agent_open(&options, clock_system(), &running.agent, &error);
    }
    if (r == 0 && options.clear_fork) {
        r = clear_fork(running.agent);
    } else if (r == 0) {
        r = start(&running, &error);
        if (r == 0) {
            serve(&running);
        }
        stop(&running);
        if (r == 0) {
            log_event(LOG_LEVEL_NOTICE, "stopped", "version=%s", CAIRN_VERSION);
        }
    }
    agent_close(&running.agent);
    agent_options_deinit(&options);
    return r == 0 ? EXIT_SUCCESS : fail(r, &error);
}

/* The link before whatever wakes it. */
static int start(struct running *running, struct error *error)
{
    int r = signals_open(&running->signals);
    if (r == 0) {
        r = api_socket_folder(running->agent->options->socket, error);
    }
    if (r == 0) {
        r = walls_files(running->agent->options, error);
    }
    if (r == 0) {
        r = net_init(error);
    }
    if (r == 0) {
        r = link_start(running->agent, error);
    }
    if (r == 0) {
        r = settle_start(running->agent, &running->settle);
    }
    if (r == 0) {
        r = watch_start(running->agent, &running->watch, error);
    }
    if (r == 0) {
        r = api_start(running->agent, &running->api, error);
    }
    if (r == 0) {
        r = walls_calls(error);
    }
    if (r == 0) {
        (void)notify_ready();
        log_event(LOG_LEVEL_NOTICE, "ready", "version=%s", CAIRN_VERSION);
    }
    return r;
}

static void tell_status(struct agent *agent)
{
    struct link_status status;
    link_status(agent, &status);
    (void)notify_status("%s%s%s", link_state_text(status.state),
                        status.reason[0] == '\0' ? "" : ": ", status.reason);
}

static int turn_ms(void)
{
    int64_t watchdog_ms = notify_watchdog_every_ms();
    return watchdog_ms > 0 && watchdog_ms < STATUS_EVERY_MS ? (int)watchdog_ms : STATUS_EVERY_MS;
}

/* Until a signal asks to end. SIGHUP has nothing to say here: governance comes over the link. */
static void serve(struct running *running)
{
    struct pollfd poll_fd = {.fd = running->signals, .events = POLLIN};
    int signal = 0;
    while (signal != SIGTERM && signal != SIGINT) {
        (void)notify_watchdog();
        tell_status(running->agent);
        api_shed(running->api);
        if (poll(&poll_fd, 1, turn_ms()) < 0 && errno != EINTR) {
            return;
        }
        signal = signals_take(running->signals);
    }
}

/* What was started; after a start that failed too. */
static void stop(struct running *running)
{
    (void)notify_stopping();
    news_close(&running->agent->news);
    api_stop(&running->api);
    watch_stop(&running->watch);
    settle_stop(&running->settle);
    link_stop(running->agent);
    net_deinit();
    fd_close(&running->signals);
}

static int clear_fork(struct agent *agent)
{
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    witness_clear_fork(txn);
    int r = agent_commit(&txn);
    log_event(LOG_LEVEL_NOTICE, "fork_cleared", "result=%s", r == 0 ? "done" : "failed");
    return r;
}

/* The unit's limit, before anything is opened. */
static int check_memory(bool say, struct error *error)
{
    uint64_t limit_bytes = 0;
    int r = memory_limit(&limit_bytes);
    if (r != 0) {
        return error_set(error, "memory", "the limit cannot be read: %s", strerror(-r));
    }
    if (say) {
        char limit[64] = "the limit is not set";
        if (limit_bytes != 0) {
            (void)snprintf(limit, sizeof(limit), "the limit is %llu MiB",
                           (unsigned long long)(limit_bytes >> 20));
        }
        (void)dprintf(STDOUT_FILENO,
                      "The configuration can be read. At worst %llu MiB of memory; %s.\n",
                      (unsigned long long)(agent_memory_plan_bytes() >> 20), limit);
    }
    return agent_memory_plan_check(limit_bytes, error);
}

static int fail(int r, const struct error *error)
{
    struct error said = log_escape_error(error);
    bool has_words = said.what[0] != '\0';
    log_event(LOG_LEVEL_ERROR, "refused_to_start", "where=\"%s\" reason=\"%s\"",
              has_words ? said.where : "agent", has_words ? said.what : strerror(-r));
    return EXIT_FAILURE;
}
