/* How long it takes from a wake-up to the first instruction of the thread that waited. */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DELAY = 2000000 }; /* nanoseconds that a timed sleep takes */

static _Atomic uint32_t turn; /* 0 and 1: whose turn it is; 2: the end */
static pthread_t other;

static void hand_over(uint32_t from, uint32_t to)
{
    atomic_store(&turn, to);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    while (atomic_load(&turn) == to && from != to)
        syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, to, NULL, NULL, 0);
}

static void *answer(void *unused)
{
    while (atomic_load(&turn) == 0)
        syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    while (atomic_load(&turn) != 2)
        hand_over(1, 0);
    return unused;
}

static void begin_futex(void)
{
    atomic_store(&turn, 0);
    if (pthread_create(&other, NULL, answer, NULL) != 0)
        calls_fail("pthread_create");
}

/* Two wake-ups a round: there and back. */
static uint64_t repeat_futex(unsigned rounds)
{
    CALLS_TIME(rounds, hand_over(0, 1));
}

static void end_futex(void)
{
    hand_over(2, 2);
    pthread_join(other, NULL);
}

/* The time that sleeps end too late, without the sleeps themselves. */
static uint64_t repeat_timer(unsigned rounds)
{
    uint64_t late = 0;
    for (unsigned i = 0; i < rounds; i++) {
        uint64_t due = calls_now() + DELAY;
        struct timespec time = { (time_t)(due / 1000000000), (long)(due % 1000000000) };
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
        }
        late += calls_now() - due;
    }
    return late;
}

static atomic_bool computing;

static void *compute(void *unused)
{
    while (atomic_load_explicit(&computing, memory_order_relaxed)) {
    }
    return unused;
}

static void begin_busy(void)
{
    atomic_store(&computing, 1);
    if (pthread_create(&other, NULL, compute, NULL) != 0)
        calls_fail("pthread_create");
}

static void end_busy(void)
{
    atomic_store(&computing, 0);
    pthread_join(other, NULL);
}

const struct call wake_calls[] = {
    { "wake-futex", begin_futex, repeat_futex, end_futex },
    { "wake-timer", NULL, repeat_timer, NULL },
    { "wake-timer-busy", begin_busy, repeat_timer, end_busy },
    { NULL, NULL, NULL, NULL },
};
