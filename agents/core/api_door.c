/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/api_door.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "os/fd.h"
#include "os/wake.h"

#define FULL_MS 100 /* until some of the process's descriptors, or the machine's memory, is free */

struct api_door {
    int listens;
    struct wake closes;
    void (*enter)(void *data, int fd, uid_t uid);
    void *data;
    pthread_t thread;
};

static void let_in(struct api_door *door, int fd)
{
    struct ucred caller;
    socklen_t len = sizeof(caller);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &caller, &len) != 0) {
        fd_close(&fd);
        return;
    }
    door->enter(door->data, fd, caller.uid);
}

static void *run(void *data)
{
    struct api_door *door = data;
    struct pollfd fds[] = {{.fd = door->closes.fd, .events = POLLIN},
                           {.fd = door->listens, .events = POLLIN}};
    (void)pthread_setname_np(pthread_self(), "door");
    while (poll(fds, ARRAY_LEN(fds), -1) < 0 || fds[0].revents == 0) {
        int fd = accept4(door->listens, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            let_in(door, fd);
        } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            (void)poll(fds, 1, FULL_MS);
        }
    }
    return NULL;
}

static void free_door(struct api_door **door)
{
    fd_close(&(*door)->listens);
    wake_close(&(*door)->closes);
    base_free(door);
}

int door_open(int listens, void (*enter)(void *data, int fd, uid_t uid), void *data,
              struct api_door **ret)
{
    struct api_door *door = base_zalloc(1, sizeof(*door));
    *door =
        (struct api_door){.listens = listens, .closes = WAKE_NULL, .enter = enter, .data = data};
    int r = wake_open(&door->closes);
    if (r == 0) {
        r = -pthread_create(&door->thread, NULL, run, door);
    }
    if (r != 0) {
        free_door(&door);
        return r;
    }
    *ret = door;
    return 0;
}

void door_close(struct api_door **door)
{
    if (*door == NULL) {
        return;
    }
    wake_signal(&(*door)->closes);
    (void)pthread_join((*door)->thread, NULL);
    free_door(door);
}
