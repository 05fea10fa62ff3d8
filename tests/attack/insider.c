/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/insider.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#define WINDOW     16 /* frames that are not answered yet */
#define PATIENCE_S 20
#define SAID_MAX   (600 * 1024)

bool insider_say(struct insider *insider, uint8_t inner, struct slice payload)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(SAID_MAX);
    speaker_message(&insider->speaker, inner, payload, &frame);
    return speaker_say(&insider->speaker, buf_slice(&frame));
}

void insider_expect_said(struct stranger *stranger, struct insider *insider, bool said)
{
    if (!said) {
        atomic_fetch_add(&stranger->tally->amiss, 1);
        speaker_close(&insider->speaker);
    }
}

bool insider_enter(struct stranger *stranger, struct insider *insider)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = stranger_connect(stranger);
    if (fd < 0) {
        return false;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    speaker_begin(&insider->speaker, fd);
    if (!speaker_enter(&insider->speaker)) {
        atomic_fetch_add(&stranger->tally->refused, 1);
        speaker_close(&insider->speaker);
        return false;
    }
    return true;
}

bool insider_greet(struct stranger *stranger, struct insider *insider)
{
    if (insider->speaker.fd >= 0) {
        return true;
    }
    insider->unanswered = 1;
    if (!insider_enter(stranger, insider)) {
        return false;
    }
    bool said = insider_say(insider, 0, insider->hello);
    insider_expect_said(stranger, insider, said);
    return said;
}

void insider_hear(struct stranger *stranger, struct insider *insider, bool wait)
{
    _cleanup_(buf_deinit) struct buf heard = BUF_MAX(SAID_MAX);
    uint8_t byte;
    while (wait || recv(insider->speaker.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1) {
        if (!speaker_hear(&insider->speaker, &heard)) {
            break;
        }
        atomic_fetch_add(&stranger->tally->answers, 1);
        insider->unanswered -= insider->unanswered > 0 ? 1 : 0;
        wait = false;
    }
}

void insider_ask(struct stranger *stranger, struct insider *insider, struct slice frame)
{
    bool said = insider_say(insider, 0, frame);
    insider_expect_said(stranger, insider, said);
    insider->unanswered++;
    if (said) {
        insider_hear(stranger, insider, insider->unanswered >= WINDOW);
    }
}

bool insider_is_ended(struct insider *insider)
{
    uint8_t bytes[4096];
    ssize_t n;
    do {
        n = recv(insider->speaker.fd, bytes, sizeof(bytes), 0);
    } while (n > 0);
    return n == 0 || errno == ECONNRESET;
}
