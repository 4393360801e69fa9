/* Runs a plan of calls and tells what they took. */
#define _GNU_SOURCE
#include "calls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_NAME = 64 };

uint64_t calls_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

_Noreturn void calls_fail(const char *what)
{
    printf("failed: %s\n", what);
    fflush(stdout);
    abort();
}

static const struct call *find(const char *name)
{
    const struct call *const groups[] = { kernel_calls, wake_calls, allocation_calls, string_calls };
    for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++) {
        for (const struct call *call = groups[i]; call->name != NULL; call++) {
            if (strcmp(call->name, name) == 0)
                return call;
        }
    }
    calls_fail(name);
}

static void measure(const char *name, unsigned rounds, unsigned batches)
{
    const struct call *call = find(name);
    if (call->begin != NULL)
        call->begin();
    call->repeat(rounds); /* not counted: caches are filled, and emulated code is translated, when it first runs */
    printf("measured %s %u", name, rounds);
    for (unsigned i = 0; i < batches; i++)
        printf(" %llu", (unsigned long long)call->repeat(rounds));
    printf("\n");
    fflush(stdout);
    if (call->end != NULL)
        call->end();
}

static void *wait_for_ever(void *unused)
{
    for (;;)
        sleep(1000000);
    return unused;
}

void calls_measure(unsigned batches, const char *plan)
{
    /* Both C libraries spare themselves locks while there is one thread; a .NET program always has several. */
    static pthread_t thread;
    if (thread == 0 && pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
        calls_fail("pthread_create");

    char name[MAX_NAME];
    unsigned rounds;
    if (sscanf(plan, "%63[^:]:%u", name, &rounds) != 2)
        calls_fail(plan);
    measure(name, rounds, batches);
}
