/* What a C program asks of its kernel and its C library. The same sources run in a unikernel, over musl, and on Linux, over glibc or musl. */
#pragma once

#include <stdint.h>

/* linux/futex.h, which musl does not bring along. */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

/* One thing to measure. Doing it so many times is preceded and followed by what is not counted. */
struct call {
    const char *name;
    void (*begin)(void); /* may be null */
    uint64_t (*repeat)(unsigned rounds); /* the nanoseconds that all rounds took together */
    void (*end)(void); /* may be null */
};

extern const struct call kernel_calls[], wake_calls[], allocation_calls[], string_calls[];

/* calls.c: the call "NAME:ROUNDS" in so many batches; tells it on a line "measured NAME ROUNDS NANOSECONDS...". */
void calls_measure(unsigned batches, const char *plan);

/* The time by CLOCK_MONOTONIC. */
uint64_t calls_now(void);

/* Ends the program with a message. */
_Noreturn void calls_fail(const char *what);

/* Times so many rounds of a statement. */
#define CALLS_TIME(rounds, statement)                                                                                                                \
    do {                                                                                                                                             \
        uint64_t calls_start = calls_now();                                                                                                          \
        for (unsigned calls_i = 0; calls_i < (rounds); calls_i++) {                                                                                  \
            statement;                                                                                                                               \
        }                                                                                                                                            \
        return calls_now() - calls_start;                                                                                                            \
    } while (0)
