/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/news.h"

#include <errno.h>
#include <time.h>

int news_init(struct news *news)
{
    pthread_condattr_t attributes;
    int r = pthread_condattr_init(&attributes);
    if (r != 0) {
        return -r;
    }
    r = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (r == 0) {
        r = pthread_cond_init(&news->told, &attributes);
    }
    (void)pthread_condattr_destroy(&attributes);
    if (r != 0) {
        return -r;
    }
    r = pthread_mutex_init(&news->lock, NULL);
    if (r != 0) {
        (void)pthread_cond_destroy(&news->told);
        return -r;
    }
    news->count = 0;
    news->closed = false;
    return 0;
}

void news_deinit(struct news *news)
{
    (void)pthread_cond_destroy(&news->told);
    (void)pthread_mutex_destroy(&news->lock);
}

static void lock(struct news *news)
{
    int r = pthread_mutex_lock(&news->lock);
    assert(r == 0);
}

static void unlock(struct news *news)
{
    int r = pthread_mutex_unlock(&news->lock);
    assert(r == 0);
}

static void wake_all(struct news *news)
{
    int r = pthread_cond_broadcast(&news->told);
    assert(r == 0);
}

uint64_t news_count(struct news *news)
{
    lock(news);
    uint64_t count = news->count;
    unlock(news);
    return count;
}

void news_tell(struct news *news)
{
    lock(news);
    news->count++;
    wake_all(news);
    unlock(news);
}

void news_close(struct news *news)
{
    lock(news);
    news->closed = true;
    wake_all(news);
    unlock(news);
}

bool news_closed(struct news *news)
{
    lock(news);
    bool closed = news->closed;
    unlock(news);
    return closed;
}

static struct timespec deadline_after(int timeout_ms)
{
    struct timespec at;
    int r = clock_gettime(CLOCK_MONOTONIC, &at);
    assert(r == 0);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

bool news_wait(struct news *news, uint64_t seen, int timeout_ms)
{
    struct timespec deadline = deadline_after(timeout_ms);
    int r = 0;
    lock(news);
    while (news->count == seen && !news->closed && r == 0) {
        r = pthread_cond_timedwait(&news->told, &news->lock, &deadline);
    }
    bool told = news->count != seen;
    unlock(news);
    assert(r == 0 || r == ETIMEDOUT);
    return told;
}
