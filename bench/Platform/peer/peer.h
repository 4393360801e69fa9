/* The operations that bench/Platform/Guest measures, done by a Linux program through the kernel's devices in /dev/xen. */
#pragma once

#include <stdint.h>

enum { PAGE_SIZE = 4096, SHARED_PAGES = 16, MAX_WORD = 256 };

/* The other domain and what it offers. */
struct offer {
    uint32_t domain;
    uint32_t port;
    uint32_t references[SHARED_PAGES];
};

/* Ends the program, and with it the domain, with a message that names what failed and errno. */
_Noreturn void fail(const char *what);

/* Opens a device for reading and writing. */
int open_device(const char *path);

/* One operation to measure: begins it, does it so many times, ends it. */
struct operation {
    const char *name;
    void (*begin)(const struct offer *offer);
    void (*repeat)(unsigned rounds);
    void (*end)(void);
};

extern const struct operation event_operations[], grant_operations[], store_operations[];

/* events.c: a port for a domain, and a loop without end that answers each of its events with one. */
uint32_t allocate_port(uint32_t domain);
_Noreturn void echo_for_ever(void);

/* grants.c: SHARED_PAGES pages for a domain, until the program ends. */
void share_for_ever(uint32_t domain, uint32_t *references);

/* store.c: a key of the domain's own part of xenstore. */
void store_read(const char *path, char *value, unsigned size);
void store_write(const char *path, const char *value);
