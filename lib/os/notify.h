/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What systemd is told (sd_notify's protocol, one datagram to $NOTIFY_SOCKET). Without that
 * variable every call does nothing and succeeds. 0 or -errno, which is worth a log line and no
 * more. Any thread; never blocks.
 */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H

#include <stdint.h>

#include "base/attr.h"

int notify_ready(void);
int notify_stopping(void);
int notify_watchdog(void);
/* One line that `systemctl status` shows; no personal data. */
int notify_status(const char *format, ...) PRINTF(1, 2);
/* Of a start that takes long, with such a line: it may go on for `more_ms` from now, whatever the
 * unit's TimeoutStartSec. */
int notify_starting(int64_t more_ms, const char *format, ...) PRINTF(2, 3);
/* How often notify_watchdog has to be called: half of what the unit asks for; 0 when it asks for
 * nothing. */
int64_t notify_watchdog_every_ms(void);

#endif
