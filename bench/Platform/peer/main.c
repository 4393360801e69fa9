/*
 * The first process of a Linux PVH domU: server, or client BATCHES OPERATION:ROUNDS...
 *
 * A server reads the client's domain from data/peer, writes "PORT REFERENCE..." to data/offer, and then answers events for ever. A client reads
 * "DOMAIN PORT REFERENCE..." from data/peer and measures. For each operation it prints a line "measured OPERATION ROUNDS NANOSECONDS...",
 * with the time of each batch of so many rounds.
 */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void power_off(void)
{
    fflush(stdout);
    reboot(RB_POWER_OFF);
    abort();
}

_Noreturn void fail(const char *what)
{
    printf("failed: %s: %s\n", what, strerror(errno));
    power_off();
}

int open_device(const char *path)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        fail(path);
    return file;
}

static void load_module(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || syscall(SYS_finit_module, file, "", 0) != 0)
        fail(path);
    close(file);
}

static uint64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static const struct operation *find_operation(const char *name)
{
    const struct operation *const groups[] = { event_operations, grant_operations, store_operations };
    for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++) {
        for (const struct operation *operation = groups[i]; operation->name != NULL; operation++) {
            if (strcmp(operation->name, name) == 0)
                return operation;
        }
    }
    errno = EINVAL;
    fail(name);
}

static void measure(char *plan, unsigned batches, const struct offer *offer)
{
    char *colon = strchr(plan, ':');
    if (colon == NULL) {
        errno = EINVAL;
        fail(plan);
    }
    *colon = 0;
    unsigned rounds = (unsigned)strtoul(colon + 1, NULL, 10);
    const struct operation *operation = find_operation(plan);

    uint64_t times[batches];
    operation->begin(offer);
    operation->repeat(rounds); /* Not counted: emulated code is translated, and caches are filled, when it first runs. */
    for (unsigned i = 0; i < batches; i++) {
        uint64_t start = nanoseconds();
        operation->repeat(rounds);
        times[i] = nanoseconds() - start;
    }
    operation->end();

    printf("measured %s %u", operation->name, rounds);
    for (unsigned i = 0; i < batches; i++)
        printf(" %llu", (unsigned long long)times[i]);
    printf("\n");
    fflush(stdout);
}

static void serve(void)
{
    char text[MAX_WORD];
    store_read("data/peer", text, sizeof text);
    uint32_t client = (uint32_t)strtoul(text, NULL, 10), references[SHARED_PAGES];
    share_for_ever(client, references);
    int length = snprintf(text, sizeof text, "%u", allocate_port(client));
    for (unsigned i = 0; i < SHARED_PAGES; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, " %u", references[i]);
    store_write("data/offer", text);
    echo_for_ever();
}

static void read_offer(struct offer *offer)
{
    char text[MAX_WORD], *next = text;
    store_read("data/peer", text, sizeof text);
    offer->domain = (uint32_t)strtoul(next, &next, 10);
    offer->port = (uint32_t)strtoul(next, &next, 10);
    for (unsigned i = 0; i < SHARED_PAGES; i++)
        offer->references[i] = (uint32_t)strtoul(next, &next, 10);
}

int main(int count, char **words)
{
    if (mount("dev", "/dev", "devtmpfs", 0, NULL) != 0)
        fail("/dev");
    load_module("/modules/xen-evtchn.ko");
    load_module("/modules/xen-gntdev.ko");
    load_module("/modules/xen-gntalloc.ko");

    if (count == 2 && strcmp(words[1], "server") == 0) {
        serve();
    } else if (count > 2 && strcmp(words[1], "client") == 0) {
        struct offer offer;
        read_offer(&offer);
        for (int i = 3; i < count; i++)
            measure(words[i], (unsigned)strtoul(words[2], NULL, 10), &offer);
    } else {
        errno = EINVAL;
        fail("arguments");
    }
    power_off();
}
