/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news: "something in the store or about the link changed", for whoever waits for it: long polls of
 * the local interface, the settle thread. A count that only rises, under one mutex with one
 * condition. Read the count, then look, then wait from that count: what is told between looking and
 * waiting ends the wait. Any thread.
 */
#ifndef AGENTS_NEWS_H
#define AGENTS_NEWS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct news {
    pthread_mutex_t lock;
    pthread_cond_t told; /* waits by CLOCK_MONOTONIC */
    uint64_t count;
    bool closed;
};

int news_init(struct news *news) MUST_USE;
void news_deinit(struct news *news); /* nobody may be waiting */
uint64_t news_count(struct news *news);
/* After the commit of what is told. */
void news_tell(struct news *news);
/* Every wait ends, now and later: the agent is stopping. */
void news_close(struct news *news);
bool news_closed(struct news *news);
/* Until something was told after `seen`, or the time is up, or news_close. True when something was
 * told. */
bool news_wait(struct news *news, uint64_t seen, int timeout_ms);

#endif
