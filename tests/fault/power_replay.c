/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cairn-power KIND RECORDING BEFORE FOLDER JOURNAL WORK STATES SEED
 *
 * Loss of power. RECORDING is what a program asked of the disk while it ran (recorder.c), BEFORE a
 * copy of its folder made before that, FOLDER what the folder was called then. Here the disk is
 * built up again call by call, and between any two of them the power is cut: of everything that was
 * not synced yet, any part may have reached the disk, in any order, and a write may be torn at 512
 * bytes. Each such state is laid out below WORK and opened by the real code, in a child. It must
 * open, be whole, and hold everything that JOURNAL says was promised by then:
 *
 *   POS entry ID INDEX    broker: acknowledged, at that place in the log
 *   POS head SIZE ROOT    broker: a signed head was shown
 *   POS out REFERENCE     agent: accepted
 *   POS inbox DELIVERY    agent: handed over
 *   POS read DELIVERY     agent: an application's acknowledgement was confirmed
 *   POS keys              keys: the command that made them has succeeded
 *
 * POS is how much had been recorded when the promise was given. KIND is broker, agent or keys.
 * STATES are spread over all moments; where fewer than that are possible, all are built. Entries of
 * a folder reach the disk in their order, each by itself: what a journalling file system does.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "power.h"
#include "recording.h"

#define FILES_MAX   64
#define OPENS_MAX   4096
#define PENDING_MAX 512
#define CHANGES_MAX 64
#define SECTOR      512
#define PAGE        4096
#define TEARS_MAX   64 /* for each write that is under way */
#define EXACT_MAX   10 /* so many writes under way: every subset; more: random ones */

struct write {
    uint64_t at; /* in the file; the new length of a truncation */
    const uint8_t *data;
    uint32_t len;
    enum recorded_op op;
};

/* A file's content: what is surely on the disk, and what was asked for since. */
struct file {
    uint8_t *durable;
    uint64_t len;
    uint64_t top; /* behind it there are only zeros */
    uint64_t room;
    struct write pending[PENDING_MAX];
    size_t n_pending;
};

struct name {
    char path[POWER_PATH];
    struct file *file; /* NULL: no name */
};

/* Which name is what: one change of the folder after the other. */
struct change {
    char path[POWER_PATH];
    struct file *file; /* NULL: the name goes */
};

struct disk {
    struct name names[FILES_MAX]; /* surely */
    size_t n_names;
    struct change changes[CHANGES_MAX];
    size_t n_changes; /* since the folder was synced */
    struct name live[FILES_MAX];
    size_t n_live;
};

/* Shared with the children. */
struct counts {
    uint64_t moments; /* at which the power was cut */
    uint64_t states;
    uint64_t torn;
};

struct replay {
    const struct power_kind *kind;
    const uint8_t *recording;
    uint64_t used;
    const char *folder; /* as recorded */
    char work[POWER_PATH];
    struct file *open[OPENS_MAX];
    struct file *made[OPENS_MAX];
    size_t n_made;
    struct disk disk;
    struct power_promises promises;
    uint64_t moments; /* there are */
    uint64_t wanted;  /* states */
    uint64_t per_moment;
    uint64_t random;
    struct counts *counts;
};

static struct replay replay;

void power_fail(const char *words, const char *what)
{
    (void)fprintf(stderr, "cairn-power: %s %s\n", words, what);
    exit(EXIT_FAILURE);
}

static uint64_t draw(uint64_t below)
{
    replay.random ^= replay.random << 13;
    replay.random ^= replay.random >> 7;
    replay.random ^= replay.random << 17;
    return replay.random % below;
}

/* --- the disk --- */

static void grow(struct file *file, uint64_t len)
{
    if (len > file->room) {
        uint64_t room = len * 2;
        uint8_t *more = realloc(file->durable, room);
        if (more == NULL) {
            power_fail("no memory", "");
        }
        memset(more + file->room, 0, room - file->room);
        file->durable = more;
        file->room = room;
    }
    file->len = len > file->len ? len : file->len;
}

static void apply(struct file *file, const struct write *write)
{
    if (write->op == RECORDED_TRUNCATE) {
        grow(file, write->at);
        if (file->len > write->at) {
            memset(file->durable + write->at, 0, file->len - write->at);
        }
        file->len = write->at;
        file->top = file->top < file->len ? file->top : file->len;
        return;
    }
    grow(file, write->at + write->len);
    if (write->op == RECORDED_WRITE) {
        memcpy(file->durable + write->at, write->data, write->len);
        file->top = write->at + write->len > file->top ? write->at + write->len : file->top;
    }
}

static struct file *find(struct name *names, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++) {
        if (names[i].file != NULL && strcmp(names[i].path, path) == 0) {
            return names[i].file;
        }
    }
    return NULL;
}

static void put(struct name *names, size_t *n, const char *path, struct file *file)
{
    size_t i = 0;
    while (i < *n && strcmp(names[i].path, path) != 0) {
        i++;
    }
    if (i == *n) {
        if (*n == FILES_MAX) {
            power_fail("too many files:", path);
        }
        (void)snprintf(names[i].path, POWER_PATH, "%s", path);
        (*n)++;
    }
    names[i].file = file;
}

static void change_name(const char *path, struct file *file)
{
    struct disk *disk = &replay.disk;
    if (disk->n_changes == CHANGES_MAX) {
        put(disk->names, &disk->n_names, disk->changes[0].path, disk->changes[0].file);
        memmove(disk->changes, disk->changes + 1, sizeof(disk->changes[0]) * --disk->n_changes);
    }
    struct change *change = &disk->changes[disk->n_changes++];
    (void)snprintf(change->path, POWER_PATH, "%s", path);
    change->file = file;
    put(disk->live, &disk->n_live, path, file);
}

static void sync_names(void)
{
    struct disk *disk = &replay.disk;
    for (size_t i = 0; i < disk->n_changes; i++) {
        put(disk->names, &disk->n_names, disk->changes[i].path, disk->changes[i].file);
    }
    disk->n_changes = 0;
}

static struct file *new_file(void)
{
    struct file *file = calloc(1, sizeof(*file));
    if (file == NULL || replay.n_made == OPENS_MAX) {
        power_fail("no memory", "");
    }
    replay.made[replay.n_made++] = file;
    return file;
}

static void forget_files(void)
{
    for (size_t i = 0; i < replay.n_made; i++) {
        free(replay.made[i]->durable);
        free(replay.made[i]);
    }
    replay.n_made = 0;
}

static void sync_file(struct file *file)
{
    for (size_t i = 0; i < file->n_pending; i++) {
        apply(file, &file->pending[i]);
    }
    file->n_pending = 0;
}

static void add_write(struct file *file, const struct write *write)
{
    if (file->n_pending == PENDING_MAX) {
        apply(file, &file->pending[0]);
        memmove(file->pending, file->pending + 1, sizeof(file->pending[0]) * --file->n_pending);
    }
    file->pending[file->n_pending++] = *write;
}

/* --- a state --- */

struct choice {
    const struct write *torn; /* NULL: none is */
    uint64_t mask;            /* which of what was under way */
    bool random;              /* any, instead of what `mask` says */
    size_t changes;           /* of names */
};

static bool chosen(const struct choice *choice, size_t i)
{
    return choice->random ? draw(2) == 1 : i >= 64 || (choice->mask >> i & 1) == 1;
}

static void must(bool good)
{
    if (!good) {
        power_fail("a state cannot be written below", replay.work);
    }
}

static void write_part(int fd, const struct write *write, uint32_t from, uint32_t to)
{
    must(pwrite(fd, write->data + from, to - from, (off_t)(write->at + from)) ==
         (ssize_t)(to - from));
}

static void write_torn(int fd, const struct write *write)
{
    for (uint32_t from = 0; from < write->len; from += SECTOR) {
        uint32_t left = write->len - from;
        if (draw(2) == 1) {
            write_part(fd, write, from, from + (left < SECTOR ? left : SECTOR));
        }
    }
}

static void write_whole(int fd, const struct write *write)
{
    struct stat status;
    if (write->op == RECORDED_WRITE) {
        write_part(fd, write, 0, write->len);
        return;
    }
    must(fstat(fd, &status) == 0);
    if (write->op == RECORDED_TRUNCATE || (uint64_t)status.st_size < write->at) {
        must(ftruncate(fd, (off_t)write->at) == 0);
    }
}

/* What is surely there; pages of zeros are left out. */
static void write_durable(int fd, const struct file *file)
{
    static const uint8_t zeros[PAGE];
    must(ftruncate(fd, (off_t)file->len) == 0);
    for (uint64_t at = 0; at < file->top; at += PAGE) {
        size_t len = file->top - at < PAGE ? (size_t)(file->top - at) : PAGE;
        if (memcmp(file->durable + at, zeros, len) != 0) {
            must(pwrite(fd, file->durable + at, len, (off_t)at) == (ssize_t)len);
        }
    }
}

static int create(const char *name)
{
    char path[2 * POWER_PATH];
    (void)snprintf(path, sizeof(path), "%s%s", replay.work, name);
    for (char *slash = path + strlen(replay.work) + 1; (slash = strchr(slash, '/')) != NULL;) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash++ = '/';
    }
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0);
    return fd;
}

/* The file as it would be found; `used` counts the bits of the mask that other files took. */
static void build(const struct name *name, const struct choice *choice, size_t *used)
{
    int fd = create(name->path);
    write_durable(fd, name->file);
    for (size_t i = 0; i < name->file->n_pending; i++) {
        const struct write *write = &name->file->pending[i];
        if (write == choice->torn && write->op == RECORDED_WRITE) {
            write_torn(fd, write);
        } else if (chosen(choice, *used)) {
            write_whole(fd, write);
        }
        (*used)++;
    }
    (void)close(fd);
}

static void clear_work(void)
{
    struct disk *disk = &replay.disk;
    char path[2 * POWER_PATH];
    for (size_t i = 0; i < disk->n_live; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", replay.work, disk->live[i].path);
        (void)unlink(path);
    }
    power_clear(replay.kind, replay.work);
}

static void build_all(const struct choice *choice)
{
    static struct name names[FILES_MAX];
    const struct disk *disk = &replay.disk;
    size_t n = disk->n_names;
    size_t used = 0;
    memcpy(names, disk->names, sizeof(names[0]) * n);
    for (size_t i = 0; i < choice->changes; i++) {
        put(names, &n, disk->changes[i].path, disk->changes[i].file);
    }
    clear_work();
    for (size_t i = 0; i < n; i++) {
        if (names[i].file != NULL) {
            build(&names[i], choice, &used);
        }
    }
}

static void judge(uint64_t pos)
{
    if (!power_check(replay.kind, replay.work, &replay.promises, pos)) {
        (void)fprintf(stderr, "cairn-power: the state at %" PRIu64 " does not hold\n", pos);
        _exit(EXIT_FAILURE);
    }
    replay.counts->states++;
}

/* --- the moments --- */

static size_t count_pending(void)
{
    size_t n = 0;
    for (size_t i = 0; i < replay.disk.n_live; i++) {
        n += replay.disk.live[i].file == NULL ? 0 : replay.disk.live[i].file->n_pending;
    }
    return n;
}

static const struct write *nth_pending(size_t which)
{
    for (size_t i = 0; i < replay.disk.n_live; i++) {
        const struct file *file = replay.disk.live[i].file;
        size_t n = file == NULL ? 0 : file->n_pending;
        if (which < n) {
            return &file->pending[which];
        }
        which -= n;
    }
    return NULL;
}

/* The nth way of cutting the power here: all of what is under way has reached the disk; none of it;
 * then each subset when there are to be so many states, or any; and with a write torn. False when
 * there are no more. */
static bool choose(uint64_t nth, size_t pending, struct choice *ret)
{
    bool exact = pending <= EXACT_MAX;
    uint64_t subsets = exact ? 1ULL << pending : 0;
    *ret =
        (struct choice){.mask = nth == 0 ? UINT64_MAX : nth - 1, .changes = replay.disk.n_changes};
    if (nth > 0) {
        ret->changes = (size_t)draw(replay.disk.n_changes + 1);
    }
    if (pending == 0) {
        return nth <= replay.disk.n_changes;
    }
    if (nth > 1 && (nth >= subsets || replay.per_moment < subsets)) {
        ret->random = true;
        ret->torn = draw(2) == 1 ? nth_pending((size_t)draw(pending)) : NULL;
    }
    return !exact || nth < subsets + TEARS_MAX * pending;
}

static void cut_ways(uint64_t pos)
{
    size_t pending = count_pending();
    for (uint64_t i = 0; i < replay.per_moment; i++) {
        struct choice choice;
        if (!choose(replay.per_moment > 1 ? i : draw(4), pending, &choice)) {
            return;
        }
        replay.counts->torn += choice.torn == NULL ? 0 : 1;
        build_all(&choice);
        judge(pos);
    }
}

/* The power is cut here. In a child: an assertion of the code under test ends it, and is told. */
static void cut(uint64_t pos)
{
    int status = 0;
    if (replay.per_moment == 1 && draw(replay.moments) >= replay.wanted) {
        return; /* fewer states than moments are wanted */
    }
    replay.counts->moments++;
    pid_t pid = fork();
    if (pid == 0) {
        cut_ways(pos);
        _exit(EXIT_SUCCESS);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        power_fail("the last state does not hold; it lies in", replay.work);
    }
    (void)draw(2); /* the next moment's choices are others */
}

static const char *inside(const char *path)
{
    size_t len = strlen(replay.folder);
    return strncmp(path, replay.folder, len) == 0 && path[len] == '/' ? path + len : NULL;
}

static void take_open(const struct recorded *record, const char *text)
{
    char path[POWER_PATH];
    (void)snprintf(path, sizeof(path), "%.*s", (int)record->len, text);
    const char *name = inside(path);
    if (record->file >= OPENS_MAX) {
        power_fail("too much was opened:", path);
    }
    replay.open[record->file] = NULL;
    if (name == NULL || !power_is_kept(replay.kind, name)) {
        return;
    }
    struct file *file = find(replay.disk.live, replay.disk.n_live, name);
    if (file == NULL) {
        file = new_file();
        change_name(name, file);
    }
    replay.open[record->file] = file;
}

static void take_rename(const struct recorded *record, const char *text)
{
    char both[2 * POWER_PATH] = {0};
    memcpy(both, text, record->len < sizeof(both) - 1 ? record->len : sizeof(both) - 1);
    const char *from = inside(both);
    const char *to = inside(both + strlen(both) + 1);
    struct file *file = from == NULL ? NULL : find(replay.disk.live, replay.disk.n_live, from);
    if (file != NULL && to != NULL) {
        change_name(to, file);
        change_name(from, NULL);
    }
}

static void take_unlink(const struct recorded *record, const char *text)
{
    char path[POWER_PATH];
    (void)snprintf(path, sizeof(path), "%.*s", (int)record->len, text);
    const char *name = inside(path);
    if (name != NULL && find(replay.disk.live, replay.disk.n_live, name) != NULL) {
        change_name(name, NULL);
    }
}

/* A write that is synced by itself may still be torn while it is under way; then it is there. */
static void take_synced_write(struct file *file, const struct write *write, uint64_t before)
{
    add_write(file, write);
    if (replay.per_moment > 0) {
        cut(before);
    }
    struct write last = file->pending[--file->n_pending];
    apply(file, &last);
}

static void take(const struct recorded *record, uint64_t before)
{
    const char *data = (const char *)(record + 1);
    struct file *file = record->file < OPENS_MAX ? replay.open[record->file] : NULL;
    struct write write = {.at = record->at,
                          .data = (const uint8_t *)data,
                          .len = record->op == RECORDED_WRITE ? record->len : 0,
                          .op = (enum recorded_op)record->op};
    switch ((enum recorded_op)record->op) {
    case RECORDED_OPEN:
        take_open(record, data);
        return;
    case RECORDED_RENAME:
        take_rename(record, data);
        return;
    case RECORDED_UNLINK:
        take_unlink(record, data);
        return;
    case RECORDED_SYNC:
        if (file != NULL) {
            sync_file(file);
        } else {
            sync_names(); /* of a folder */
        }
        return;
    case RECORDED_WRITE:
    case RECORDED_TRUNCATE:
    case RECORDED_GROW:
        if (file != NULL && (record->flags & RECORDED_SYNCED) != 0) {
            take_synced_write(file, &write, before);
        } else if (file != NULL) {
            add_write(file, &write);
        }
        return;
    }
}

/* Goes through the recording; with per_moment 0 it only counts the moments. */
static void walk(void)
{
    uint64_t at = sizeof(struct recording_head);
    while (at + sizeof(struct recorded) <= replay.used) {
        const struct recorded *record = (const void *)(replay.recording + at);
        if (record->ready == 0) {
            return; /* the program died over it */
        }
        uint64_t bytes = sizeof(*record) + record->len;
        bytes = (bytes + RECORDING_ALIGN - 1) / RECORDING_ALIGN * RECORDING_ALIGN;
        take(record, at);
        at += bytes;
        if (replay.per_moment > 0) {
            cut(at);
        } else {
            replay.moments += 1 + (record->flags & RECORDED_SYNCED);
        }
    }
}

/* --- before --- */

static void load_file(const char *root, const char *name)
{
    char path[2 * POWER_PATH];
    struct stat status;
    (void)snprintf(path, sizeof(path), "%s%s", root, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        power_fail("cannot be read:", path);
    }
    struct file *file = new_file();
    grow(file, (uint64_t)status.st_size);
    if (pread(fd, file->durable, file->len, 0) != (ssize_t)file->len) {
        power_fail("cannot be read:", path);
    }
    (void)close(fd);
    put(replay.disk.names, &replay.disk.n_names, name, file);
    put(replay.disk.live, &replay.disk.n_live, name, file);
}

/* The files that matter, in a copy of the folder from before. */
static void load_before(const char *root)
{
    char path[2 * POWER_PATH];
    forget_files();
    memset(&replay.disk, 0, sizeof(replay.disk));
    memset(replay.open, 0, sizeof(replay.open));
    for (size_t i = 0; i < POWER_FILES && replay.kind->files[i] != NULL; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", root, replay.kind->files[i]);
        if (access(path, F_OK) == 0) {
            load_file(root, replay.kind->files[i]);
        }
    }
}

static void map_recording(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, RECORDING_BYTES, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        power_fail("cannot be read:", path);
    }
    (void)close(fd);
    replay.recording = mapped;
    replay.used = ((const struct recording_head *)mapped)->used;
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        power_fail("KIND RECORDING BEFORE FOLDER JOURNAL WORK STATES SEED", "are needed");
    }
    struct error error = ERROR_NULL;
    if (crypto_init(&error) != 0) {
        power_fail("no crypto:", error.what);
    }
    replay.wanted = power_number(argv[7]);
    replay.kind = power_kind(argv[1]);
    map_recording(argv[2]);
    replay.folder = argv[4];
    power_promises_read(argv[5], &replay.promises);
    replay.promises.folder = replay.folder;
    (void)snprintf(replay.work, sizeof(replay.work), "%s", argv[6]);
    replay.random = power_number(argv[8]) * 2 + 1;

    replay.counts = mmap(NULL, sizeof(*replay.counts), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (replay.counts == MAP_FAILED) {
        power_fail("no memory", "");
    }

    load_before(argv[3]);
    walk();
    replay.per_moment = (replay.wanted + replay.moments - 1) / replay.moments;
    load_before(argv[3]);
    walk();
    (void)printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %zu\n", replay.counts->states,
                 replay.counts->moments, replay.counts->torn, replay.promises.n);
    forget_files();
    return EXIT_SUCCESS;
}
