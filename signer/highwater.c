/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/highwater.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/crash_point.h"
#include "crypto/digest.h"
#include "os/fd.h"

#define SLOT_BYTES 512
#define TURNS      2     /* slots that marks are written to in turn */
#define SHOWN_SLOT TURNS /* the slot of what an agency showed */

/* "CRNH1\n\0\0" | u64 number | u64 size | root[32] | SHA-256 of all before it[32] */
static const uint8_t magic[8] = "CRNH1\n";
#define MARK_BYTES (8 + 8 + 8 + CAIRN_HASH_BYTES)

static bool slot_read(const uint8_t slot[SLOT_BYTES], uint64_t *ret_number, struct checkpoint *ret)
{
    struct reader reader = reader_over(slice_make(slot, SLOT_BYTES));
    uint8_t found[8];
    uint8_t digest[CAIRN_HASH_BYTES];
    uint8_t stored[CAIRN_HASH_BYTES];
    read_into(&reader, found, sizeof(found));
    uint64_t number = read_u64(&reader);
    struct checkpoint checkpoint = {.size = read_u64(&reader)};
    read_into(&reader, checkpoint.root.bytes, CAIRN_HASH_BYTES);
    read_into(&reader, stored, sizeof(stored));
    sha256(slice_make(slot, MARK_BYTES), digest);
    if (memcmp(found, magic, sizeof(magic)) != 0 || memcmp(digest, stored, sizeof(digest)) != 0) {
        return false;
    }
    *ret_number = number;
    *ret = checkpoint;
    return true;
}

int highwater_read(struct highwater *file, struct checkpoint *ret)
{
    uint8_t slots[(TURNS + 1) * SLOT_BYTES] = {0};
    uint64_t number;
    struct checkpoint checkpoint;
    ssize_t got = pread(file->fd, slots, sizeof(slots), 0);
    if (got < 0) {
        return -errno;
    }
    *ret = (struct checkpoint){.size = 0};
    for (size_t i = 0; i < TURNS; i++) {
        if (slot_read(slots + i * SLOT_BYTES, &number, &checkpoint) &&
            checkpoint.size >= ret->size) {
            *ret = checkpoint;
            file->writes = number + 1;
        }
    }
    if (slot_read(slots + SHOWN_SLOT * SLOT_BYTES, &number, &checkpoint)) {
        file->shown = checkpoint;
    }
    return 0;
}

int highwater_open(const char *path, const struct clock *clock, struct highwater *ret_file,
                   struct checkpoint *ret, struct error *error)
{
    struct highwater file = {.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600),
                             .flush_every_ms = HIGHWATER_FLUSH_MS,
                             .clock = clock};
    if (file.fd < 0) {
        int r = -errno;
        (void)error_set(error, path, "the high-water mark cannot be opened: %s", strerror(-r));
        return r;
    }
    int r = highwater_read(&file, ret);
    if (r != 0) {
        (void)error_set(error, path, "the high-water mark cannot be read: %s", strerror(-r));
        (void)close(file.fd);
        return r;
    }
    *ret_file = file;
    return 0;
}

static int slot_write(int fd, size_t at, uint64_t number, const struct checkpoint *checkpoint)
{
    uint8_t slot[SLOT_BYTES] = {0};
    struct writer writer = writer_over(slot, sizeof(slot));
    uint8_t digest[CAIRN_HASH_BYTES];
    write_bytes(&writer, magic, sizeof(magic));
    write_u64(&writer, number);
    write_u64(&writer, checkpoint->size);
    write_bytes(&writer, checkpoint->root.bytes, CAIRN_HASH_BYTES);
    sha256(slice_make(slot, MARK_BYTES), digest);
    write_bytes(&writer, digest, sizeof(digest));
    assert(writer_ok(&writer));
    ssize_t put = pwrite(fd, slot, sizeof(slot), (off_t)(at * SLOT_BYTES));
    if (put != (ssize_t)sizeof(slot)) {
        return put < 0 ? -errno : -EIO;
    }
    return 0;
}

int highwater_write(struct highwater *file, const struct checkpoint *checkpoint)
{
    int r = slot_write(file->fd, file->writes % TURNS, file->writes, checkpoint);
    if (r != 0) {
        return r;
    }
    CRASH_POINT(HIGHWATER_WRITTEN);
    file->writes++;
    int64_t now = clock_boot_ms(file->clock);
    if (now - file->flushed_ms < file->flush_every_ms) {
        return 0;
    }
    file->flushed_ms = now;
    return fdatasync(file->fd) == 0 ? 0 : -errno;
}

void highwater_close(struct highwater *file)
{
    if (file->fd < 0) {
        return;
    }
    (void)fdatasync(file->fd);
    (void)close(file->fd);
    *file = HIGHWATER_NULL;
}

int highwater_accuse(const char *path, const struct checkpoint *shown)
{
    _cleanup_(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return -errno;
    }
    int r = slot_write(fd, SHOWN_SLOT, 0, shown);
    return r == 0 && fdatasync(fd) != 0 ? -errno : r;
}
