/* SPDX-License-Identifier: Apache-2.0 */
#include "os/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "os/fd.h"

#define MESSAGE_BYTES 256

/* A path, or a name in the abstract namespace, which systemd writes with '@' for the leading NUL.
 */
static int address_of(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
    size_t len = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(ret->sun_path)) {
        return -EINVAL;
    }
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, name, len);
    if (name[0] == '@') {
        ret->sun_path[0] = '\0';
    }
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return 0;
}

static int notify_send(const char *message)
{
    const char *name = secure_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    socklen_t address_len;

    if (name == NULL || name[0] == '\0') {
        return 0;
    }
    int r = address_of(name, &address, &address_len);
    if (r < 0) {
        return r;
    }
    _cleanup_(fd_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    ssize_t sent = sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
                          (struct sockaddr *)&address, address_len);
    return sent < 0 ? -errno : 0;
}

int notify_ready(void)
{
    return notify_send("READY=1");
}

int notify_stopping(void)
{
    return notify_send("STOPPING=1");
}

int notify_watchdog(void)
{
    return notify_send("WATCHDOG=1");
}

/* Behind what stands in the message. */
PRINTF(2, 0)
static void add_status(char message[MESSAGE_BYTES], const char *format, va_list arguments)
{
    size_t len = strlen(message);

    len += (size_t)snprintf(message + len, MESSAGE_BYTES - len, "STATUS=");
    (void)vsnprintf(message + len, MESSAGE_BYTES - len, format, arguments);
    for (char *at = message + len; *at != '\0'; at++) {
        *at = *at == '\n' ? ' ' : *at; /* a newline would start another assignment */
    }
}

int notify_status(const char *format, ...)
{
    char message[MESSAGE_BYTES] = "";
    va_list arguments;

    va_start(arguments, format);
    add_status(message, format, arguments);
    va_end(arguments);
    return notify_send(message);
}

int notify_starting(int64_t more_ms, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;

    (void)snprintf(message, sizeof(message), "EXTEND_TIMEOUT_USEC=%" PRId64 "\n", more_ms * 1000);
    va_start(arguments, format);
    add_status(message, format, arguments);
    va_end(arguments);
    return notify_send(message);
}

int64_t notify_watchdog_every_ms(void)
{
    const char *usec_text = secure_getenv("WATCHDOG_USEC");
    const char *pid_text = secure_getenv("WATCHDOG_PID");
    uint64_t usec;
    uint64_t pid;

    if (usec_text == NULL || !u64_parse(usec_text, INT64_MAX, &usec)) {
        return 0;
    }
    if (pid_text != NULL && (!u64_parse(pid_text, INT32_MAX, &pid) || pid != (uint64_t)getpid())) {
        return 0;
    }
    int64_t half_ms = (int64_t)(usec / 2000);
    return usec > 0 && half_ms == 0 ? 1 : half_ms;
}
