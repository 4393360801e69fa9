/* Short system calls, and what is one only if the kernel has nothing better. */
#define _GNU_SOURCE
#include "calls.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t repeat_monotonic(unsigned rounds)
{
    struct timespec now;
    CALLS_TIME(rounds, clock_gettime(CLOCK_MONOTONIC, &now));
}

static uint64_t repeat_realtime(unsigned rounds)
{
    struct timespec now;
    CALLS_TIME(rounds, clock_gettime(CLOCK_REALTIME, &now));
}

static uint64_t repeat_getcpu(unsigned rounds)
{
    CALLS_TIME(rounds, sched_getcpu());
}

static uint64_t repeat_gettid(unsigned rounds)
{
    CALLS_TIME(rounds, syscall(SYS_gettid));
}

static uint64_t repeat_yield(unsigned rounds)
{
    CALLS_TIME(rounds, sched_yield());
}

static uint64_t repeat_futex_wake(unsigned rounds)
{
    static uint32_t word;
    CALLS_TIME(rounds, syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
}

const struct call kernel_calls[] = {
    { "clock-monotonic", NULL, repeat_monotonic, NULL },
    { "clock-realtime", NULL, repeat_realtime, NULL },
    { "getcpu", NULL, repeat_getcpu, NULL },
    { "gettid", NULL, repeat_gettid, NULL },
    { "yield", NULL, repeat_yield, NULL },
    { "futex-wake", NULL, repeat_futex_wake, NULL },
    { NULL, NULL, NULL, NULL },
};
