/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/half_open.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/files.h"
#include "sim/chance.h"
#include "support/daemons.h"

#define NOBODYS      0x0a000000U /* 10.0.0.0/8 */
#define NOBODYS_MASK 0xff000000U
#define FIRST_PORT   1024
#define TTL          64
#define FILE_MAX     (4 * 1024 * 1024)
#define SYN_RECEIVED " 03 " /* of the kernel's list of connections */
#define COOKIES      "SyncookiesSent"

/* --- the network --- */

static bool write_whole(const char *path, const char *text)
{
    _cleanup_(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool loopback_up(int fd)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static struct sockaddr inet(uint32_t address)
{
    struct sockaddr ret;
    const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(address)}};
    memcpy(&ret, &in, sizeof(ret));
    return ret;
}

/* What goes there by the loopback is nobody's, and lost. */
static bool lead_nowhere(int fd)
{
    char device[] = "lo";
    struct rtentry route = {.rt_dst = inet(NOBODYS),
                            .rt_genmask = inet(NOBODYS_MASK),
                            .rt_flags = RTF_UP,
                            .rt_dev = device};
    return ioctl(fd, SIOCADDRT, &route) == 0;
}

bool half_open_network(void)
{
    char map[64];
    unsigned user = getuid();
    if (unshare(CLONE_NEWNET | (user == 0 ? 0 : CLONE_NEWUSER)) != 0) {
        return false;
    }
    if (user != 0) {
        (void)snprintf(map, sizeof(map), "0 %u 1\n", user);
        (void)write_whole("/proc/self/uid_map", map);
    }
    _cleanup_(fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    _cleanup_(fd_close) int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    return fd >= 0 && loopback_up(fd) && lead_nowhere(fd) && raw >= 0;
}

/* --- a SYN --- */

struct packet {
    struct iphdr ip;
    struct tcphdr tcp;
};

/* What is summed before a segment: who, whom, and how much. */
struct before {
    uint32_t from;
    uint32_t to;
    uint8_t zero;
    uint8_t protocol;
    uint16_t len;
};

static uint32_t sum(uint32_t so_far, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i + 1 < len; i += 2) {
        so_far += (uint32_t)at[i] << 8 | at[i + 1];
    }
    return so_far;
}

static void make_syn(const struct sockaddr_in *to, struct packet *ret)
{
    *ret = (struct packet){
        .ip = {.version = 4,
               .ihl = sizeof(ret->ip) / 4,
               .ttl = TTL,
               .protocol = IPPROTO_TCP,
               .saddr = htonl(NOBODYS + 1 + chance_below(~NOBODYS_MASK - 1)),
               .daddr = to->sin_addr.s_addr},
        .tcp = {.source = htons((uint16_t)(FIRST_PORT + chance_below(UINT16_MAX - FIRST_PORT))),
                .dest = to->sin_port,
                .seq = htonl(chance_below(UINT32_MAX)),
                .doff = sizeof(ret->tcp) / 4,
                .syn = 1,
                .window = htons(UINT16_MAX)},
    };
    const struct before before = {.from = ret->ip.saddr,
                                  .to = ret->ip.daddr,
                                  .protocol = IPPROTO_TCP,
                                  .len = htons(sizeof(ret->tcp))};
    uint32_t total = sum(sum(0, &before, sizeof(before)), &ret->tcp, sizeof(ret->tcp));
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    ret->tcp.check = htons((uint16_t)~total);
}

void half_open_act(struct stranger *stranger)
{
    static int fd = -1;
    struct packet packet;
    if (fd < 0) {
        fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    }
    make_syn(stranger->address, &packet);
    if (sendto(fd, &packet, sizeof(packet), 0, (const struct sockaddr *)stranger->address,
               sizeof(*stranger->address)) != sizeof(packet)) {
        atomic_fetch_add(&stranger->tally->refused, 1);
    }
}

/* --- what came of it --- */

unsigned long long half_open_count(void)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX);
    unsigned long long n = 0;
    if (file_read("/proc/net/tcp", &text) != 0) {
        return 0;
    }
    for (const char *at = strstr(buf_text(&text), SYN_RECEIVED); at != NULL;
         at = strstr(at + 1, SYN_RECEIVED)) {
        n++;
    }
    return n;
}

/* Two lines: names, and their numbers. */
unsigned long long half_open_cookies(void)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX);
    if (file_read("/proc/net/netstat", &text) != 0) {
        return 0;
    }
    const char *names = strstr(buf_text(&text), "TcpExt:");
    const char *name = strstr(names, " " COOKIES);
    const char *number = strstr(names + 1, "TcpExt:");
    for (const char *at = names; at < name; at++) {
        number += *at == ' ' ? strcspn(number, " ") + 1 : 0;
    }
    number += strcspn(number, " ") + 1;
    return number_in(number);
}
