/* The C library's allocator and its routines for blocks of memory. */
#include "calls.h"

#include <stdlib.h>
#include <string.h>

enum { LIVE = 512, LARGEST = 1 << 20 };

/* Keeps the compiler from knowing what a block holds or that nobody looks at it. */
static void use(const void *block)
{
    __asm__ volatile("" : : "r"(block) : "memory");
}

static void *allocate(size_t size)
{
    void *block = malloc(size);
    if (block == NULL)
        calls_fail("malloc");
    use(block);
    return block;
}

static uint64_t repeat_malloc_32(unsigned rounds)
{
    CALLS_TIME(rounds, free(allocate(32)));
}

static uint64_t repeat_malloc_512(unsigned rounds)
{
    CALLS_TIME(rounds, free(allocate(512)));
}

static uint64_t repeat_malloc_8k(unsigned rounds)
{
    CALLS_TIME(rounds, free(allocate(8192)));
}

static void *live[LIVE];
static uint32_t state;

/* A linear congruential generator: the same sequence everywhere. */
static uint32_t next(void)
{
    state = state * 1664525 + 1013904223;
    return state >> 8;
}

static void begin_mixed(void)
{
    state = 1;
}

/* A block of 16 to 1,039 bytes takes the place of another one, in any order. */
static uint64_t repeat_mixed(unsigned rounds)
{
    CALLS_TIME(rounds, {
        uint32_t number = next();
        void **place = &live[number % LIVE];
        free(*place);
        *place = allocate(16 + number / LIVE % 1024);
    });
}

static void end_mixed(void)
{
    for (unsigned i = 0; i < LIVE; i++) {
        free(live[i]);
        live[i] = NULL;
    }
}

const struct call allocation_calls[] = {
    { "malloc-32", NULL, repeat_malloc_32, NULL },
    { "malloc-512", NULL, repeat_malloc_512, NULL },
    { "malloc-8k", NULL, repeat_malloc_8k, NULL },
    { "malloc-mixed", begin_mixed, repeat_mixed, end_mixed },
    { NULL, NULL, NULL, NULL },
};

static unsigned char *from, *to;

static void begin_blocks(void)
{
    /* Not at the start of a page, as allocated blocks mostly are not. */
    from = (unsigned char *)allocate(LARGEST + 64) + 16;
    to = (unsigned char *)allocate(LARGEST + 64) + 32;
    memset(from, 1, LARGEST);
    memset(to, 1, LARGEST);
}

static void end_blocks(void)
{
    free(from - 16);
    free(to - 32);
}

/* The size goes through a register that the compiler knows nothing of, so that it calls the library. */
#define BLOCK_CALLS(suffix, bytes)                                                                                                                   \
    static uint64_t repeat_copy_##suffix(unsigned rounds)                                                                                            \
    {                                                                                                                                                \
        size_t size = bytes;                                                                                                                         \
        CALLS_TIME(rounds, {                                                                                                                         \
            __asm__ volatile("" : "+r"(size));                                                                                                       \
            memcpy(to, from, size);                                                                                                                  \
            use(to);                                                                                                                                 \
        });                                                                                                                                          \
    }                                                                                                                                                \
    static uint64_t repeat_set_##suffix(unsigned rounds)                                                                                             \
    {                                                                                                                                                \
        size_t size = bytes;                                                                                                                         \
        CALLS_TIME(rounds, {                                                                                                                         \
            __asm__ volatile("" : "+r"(size));                                                                                                       \
            memset(to, 1, size);                                                                                                                     \
            use(to);                                                                                                                                 \
        });                                                                                                                                          \
    }                                                                                                                                                \
    static uint64_t repeat_compare_##suffix(unsigned rounds)                                                                                         \
    {                                                                                                                                                \
        size_t size = bytes;                                                                                                                         \
        CALLS_TIME(rounds, {                                                                                                                         \
            __asm__ volatile("" : "+r"(size));                                                                                                       \
            if (memcmp(to, from, size) != 0)                                                                                                         \
                calls_fail("memcmp");                                                                                                                \
        });                                                                                                                                          \
    }

BLOCK_CALLS(16, 16)
BLOCK_CALLS(64, 64)
BLOCK_CALLS(256, 256)
BLOCK_CALLS(1k, 1024)
BLOCK_CALLS(4k, 4096)
BLOCK_CALLS(64k, 65536)
BLOCK_CALLS(1m, 1048576)

#define BLOCK_ROW(suffix)                                                                                                                            \
    { "memcpy-" #suffix, begin_blocks, repeat_copy_##suffix, end_blocks }, { "memset-" #suffix, begin_blocks, repeat_set_##suffix, end_blocks },       \
    { "memcmp-" #suffix, begin_blocks, repeat_compare_##suffix, end_blocks }

const struct call string_calls[] = {
    BLOCK_ROW(16), BLOCK_ROW(64), BLOCK_ROW(256), BLOCK_ROW(1k), BLOCK_ROW(4k), BLOCK_ROW(64k), BLOCK_ROW(1m), { NULL, NULL, NULL, NULL },
};
