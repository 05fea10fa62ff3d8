/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/api_users.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/core/news.h"
#include "base/slice.h"
#include "cairn/limits.h"

struct api_user {
    bool used;
    bool heard; /* until it leaves, `fd` is no other's */
    bool ours;  /* an answer is being made; the caller's time does not run */
    uid_t uid;
    enum user_role role;
    int fd;
    dev_t device; /* which file that was */
    ino_t inode;
    int64_t since_ms; /* in the caller's hands */
    bool waits;
};

struct api_users {
    const struct agent_options *options;
    const struct clock *clock;
    size_t share;
    struct news large_free; /* told when a place for a large body is */
    pthread_mutex_t lock;   /* over what follows */
    size_t large;
    struct api_user users[CAIRN_API_CONNECTIONS_MAX];
};

static void locked(struct api_users *users)
{
    (void)pthread_mutex_lock(&users->lock);
}

static void unlocked(struct api_users *users)
{
    (void)pthread_mutex_unlock(&users->lock);
}

/* Equal parts of the whole: whatever all others do, each has its own. */
size_t users_share(const struct agent_options *options)
{
    size_t parties = options->n_users + 2; /* the agent's own user, and strangers */
    return CAIRN_API_CONNECTIONS_MAX / parties;
}

static_assert(CAIRN_API_CONNECTIONS_MAX / (OPTIONS_USERS_MAX + 2) >= 2,
              "everybody can ask while a long poll of theirs waits");

struct api_users *users_new(const struct agent_options *options, const struct clock *clock)
{
    struct api_users *users = base_zalloc(1, sizeof(*users));
    users->options = options;
    users->clock = clock;
    users->share = users_share(options);
    if (news_init(&users->large_free) != 0) {
        base_free(&users);
        return NULL;
    }
    int r = pthread_mutex_init(&users->lock, NULL);
    assert(r == 0);
    return users;
}

void users_free(struct api_users **owned)
{
    struct api_users *users = *owned;
    if (users == NULL) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(users->users); i++) {
        assert(!users->users[i].heard);
    }
    news_deinit(&users->large_free);
    (void)pthread_mutex_destroy(&users->lock);
    base_free(owned);
}

/* --- connections --- */

/* Strangers are one party, whatever their numbers. */
static bool same_party(const struct api_user *user, uid_t uid, enum user_role role)
{
    return role == USER_NOBODY ? user->role == USER_NOBODY : user->uid == uid;
}

/* The library closed it before it was heard, and said nothing: its number is the new connection's
 * by now, or whatever else was opened since. */
static bool was_closed(const struct api_user *user, int new_fd)
{
    struct stat status;
    if (!user->used || user->heard || user->fd < 0) {
        return false;
    }
    return user->fd == new_fd || fstat(user->fd, &status) != 0 || status.st_dev != user->device ||
           status.st_ino != user->inode;
}

struct api_user *users_enter(struct api_users *users, uid_t uid, int fd)
{
    enum user_role role = agent_options_role(users->options, uid);
    struct api_user *mine = NULL;
    struct stat status = {.st_ino = 0};
    size_t n = 0;
    (void)fstat(fd, &status);
    locked(users);
    for (size_t i = 0; i < ARRAY_LEN(users->users); i++) {
        struct api_user *user = &users->users[i];
        if (was_closed(user, fd)) {
            user->used = false;
        }
        if (!user->used) {
            mine = user;
        } else if (same_party(user, uid, role)) {
            n++;
        }
    }
    if (n >= users->share) {
        mine = NULL;
    }
    if (mine != NULL) {
        *mine = (struct api_user){.used = true,
                                  .uid = uid,
                                  .role = role,
                                  .fd = fd,
                                  .device = status.st_dev,
                                  .inode = status.st_ino,
                                  .since_ms = clock_boot_ms(users->clock)};
    }
    unlocked(users);
    return mine;
}

struct api_user *users_hear(struct api_users *users, int fd)
{
    struct api_user *found = NULL;
    locked(users);
    for (size_t i = 0; i < ARRAY_LEN(users->users); i++) {
        struct api_user *user = &users->users[i];
        found = user->used && !user->heard && user->fd == fd ? user : found;
    }
    assert(found != NULL);
    found->heard = true;
    unlocked(users);
    return found;
}

void users_leave(struct api_users *users, struct api_user *user)
{
    locked(users);
    assert(user->used && !user->waits);
    user->used = false;
    user->heard = false;
    unlocked(users);
}

uid_t user_uid(const struct api_user *user)
{
    return user->uid;
}

enum user_role user_role(const struct api_user *user)
{
    return user->role;
}

/* --- whose turn --- */

void users_ours(struct api_users *users, struct api_user *user)
{
    locked(users);
    user->ours = true;
    unlocked(users);
}

void users_theirs(struct api_users *users, struct api_user *user)
{
    locked(users);
    user->ours = false;
    user->since_ms = clock_boot_ms(users->clock);
    unlocked(users);
}

void users_shed(struct api_users *users)
{
    int64_t now_ms = clock_boot_ms(users->clock);
    locked(users);
    for (size_t i = 0; i < ARRAY_LEN(users->users); i++) {
        struct api_user *user = &users->users[i];
        if (user->heard && !user->ours &&
            now_ms - user->since_ms > (int64_t)CAIRN_API_TURN_MAX_S * 1000) {
            /* Its thread sees the end and leaves; the lock keeps the descriptor its own till
             * then. Of one that was not heard it may be another's already. */
            (void)shutdown(user->fd, SHUT_RDWR);
        }
    }
    unlocked(users);
}

/* --- long polls --- */

bool users_wait(struct api_users *users, struct api_user *user)
{
    size_t n = 0;
    locked(users);
    for (size_t i = 0; i < ARRAY_LEN(users->users); i++) {
        const struct api_user *other = &users->users[i];
        if (other->used && other->waits && same_party(other, user->uid, user->role)) {
            n++;
        }
    }
    bool may = n < users->share / 2;
    user->waits = may;
    unlocked(users);
    return may;
}

void users_wait_end(struct api_users *users, struct api_user *user)
{
    locked(users);
    assert(user->waits);
    user->waits = false;
    unlocked(users);
}

/* --- large bodies --- */

static bool take_large(struct api_users *users)
{
    locked(users);
    bool free = users->large < CAIRN_API_LARGE_BODIES_MAX;
    users->large += free ? 1 : 0;
    unlocked(users);
    return free;
}

bool users_large(struct api_users *users)
{
    int64_t until_ms = clock_boot_ms(clock_system()) + CAIRN_API_LARGE_WAIT_MS;
    for (;;) {
        uint64_t seen = news_count(&users->large_free);
        int64_t left_ms = until_ms - clock_boot_ms(clock_system());
        if (take_large(users)) {
            return true;
        }
        if (left_ms <= 0) {
            return false;
        }
        (void)news_wait(&users->large_free, seen, (int)left_ms);
    }
}

void users_large_end(struct api_users *users)
{
    locked(users);
    assert(users->large > 0);
    users->large--;
    unlocked(users);
    news_tell(&users->large_free);
}
