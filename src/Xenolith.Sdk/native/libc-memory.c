/*
 * memcpy, memmove, memset and memcmp, in place of musl's: its memcpy and memset begin a string instruction for any length, which takes longer to
 * start than a short block takes to copy, and its memcmp looks at single bytes. bench/Calls has the figures.
 *
 * Short blocks take a few moves that may overlap each other: all loads come before the first store, so that source and destination may overlap,
 * too. Longer ones take a loop of 64 bytes a turn; from where it is the fastest way, a string instruction, which the processor's microcode does
 * in whole cache lines. Nothing beyond SSE2, nothing read or written outside the blocks. Compiled so that the compiler does not
 * find these very functions in their loops, and calls them.
 */

#include <stddef.h>
#include <stdint.h>

typedef uint8_t vector __attribute__((vector_size(16), aligned(1), may_alias));
typedef char bytes16 __attribute__((vector_size(16)));
typedef uint64_t word64 __attribute__((aligned(1), may_alias));
typedef uint32_t word32 __attribute__((aligned(1), may_alias));
typedef uint16_t word16 __attribute__((aligned(1), may_alias));

enum { VECTOR = 16, TURN = 4 * VECTOR, STRING_COPY = 2048, STRING_FILL = 2048 };

#define AT(type, base, offset) (*(type *)((uint8_t *)(base) + (offset)))

/* Up to 16 bytes. */
static inline void move_short(uint8_t *to, const uint8_t *from, size_t length)
{
        if (length >= 8) {
                uint64_t first = AT(word64, from, 0), last = AT(word64, from, length - 8);
                AT(word64, to, 0) = first;
                AT(word64, to, length - 8) = last;
        } else if (length >= 4) {
                uint32_t first = AT(word32, from, 0), last = AT(word32, from, length - 4);
                AT(word32, to, 0) = first;
                AT(word32, to, length - 4) = last;
        } else if (length >= 2) {
                uint16_t first = AT(word16, from, 0), last = AT(word16, from, length - 2);
                AT(word16, to, 0) = first;
                AT(word16, to, length - 2) = last;
        } else if (length == 1) {
                *to = *from;
        }
}

/* More than 128 bytes, towards higher addresses: the destination does not begin inside the source. */
static void move_up(uint8_t *to, const uint8_t *from, size_t length)
{
        /* The end is read before anything is written, and written last. */
        vector a = AT(vector, from, length - 64), b = AT(vector, from, length - 48);
        vector c = AT(vector, from, length - 32), d = AT(vector, from, length - 16);
        uint8_t *end = to + length;

        for (; length > TURN; length -= TURN, to += TURN, from += TURN) {
                vector e = AT(vector, from, 0), f = AT(vector, from, 16), g = AT(vector, from, 32), h = AT(vector, from, 48);
                AT(vector, to, 0) = e;
                AT(vector, to, 16) = f;
                AT(vector, to, 32) = g;
                AT(vector, to, 48) = h;
        }
        AT(vector, end, -64) = a;
        AT(vector, end, -48) = b;
        AT(vector, end, -32) = c;
        AT(vector, end, -16) = d;
}

/* The same towards lower addresses: the source does not begin inside the destination. */
static void move_down(uint8_t *to, const uint8_t *from, size_t length)
{
        vector a = AT(vector, from, 0), b = AT(vector, from, 16), c = AT(vector, from, 32), d = AT(vector, from, 48);

        for (; length > TURN; length -= TURN) {
                vector e = AT(vector, from, length - 64), f = AT(vector, from, length - 48);
                vector g = AT(vector, from, length - 32), h = AT(vector, from, length - 16);
                AT(vector, to, length - 64) = e;
                AT(vector, to, length - 48) = f;
                AT(vector, to, length - 32) = g;
                AT(vector, to, length - 16) = h;
        }
        AT(vector, to, 0) = a;
        AT(vector, to, 16) = b;
        AT(vector, to, 32) = c;
        AT(vector, to, 48) = d;
}

void *memmove(void *destination, const void *source, size_t length)
{
        uint8_t *to = destination;
        const uint8_t *from = source;

        if (length <= 16) {
                move_short(to, from, length);
        } else if (length <= 32) {
                vector a = AT(vector, from, 0), b = AT(vector, from, length - 16);
                AT(vector, to, 0) = a;
                AT(vector, to, length - 16) = b;
        } else if (length <= 64) {
                vector a = AT(vector, from, 0), b = AT(vector, from, 16), c = AT(vector, from, length - 32), d = AT(vector, from, length - 16);
                AT(vector, to, 0) = a;
                AT(vector, to, 16) = b;
                AT(vector, to, length - 32) = c;
                AT(vector, to, length - 16) = d;
        } else if (length <= 128) {
                vector a = AT(vector, from, 0), b = AT(vector, from, 16), c = AT(vector, from, 32), d = AT(vector, from, 48);
                vector e = AT(vector, from, length - 64), f = AT(vector, from, length - 48);
                vector g = AT(vector, from, length - 32), h = AT(vector, from, length - 16);
                AT(vector, to, 0) = a;
                AT(vector, to, 16) = b;
                AT(vector, to, 32) = c;
                AT(vector, to, 48) = d;
                AT(vector, to, length - 64) = e;
                AT(vector, to, length - 48) = f;
                AT(vector, to, length - 32) = g;
                AT(vector, to, length - 16) = h;
        } else if ((uintptr_t)to - (uintptr_t)from < length) {
                move_down(to, from, length);
        } else if (length < STRING_COPY || (uintptr_t)from - (uintptr_t)to < length) {
                move_up(to, from, length);
        } else {
                /* Whole words by the string instruction; the last 16 bytes take care of what is left. */
                vector last = AT(vector, from, length - 16);
                uint8_t *end = to + length;
                size_t words = length / 8;
                __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
                AT(vector, end, -16) = last;
        }
        return destination;
}

void *memcpy(void *restrict destination, const void *restrict source, size_t length) __attribute__((alias("memmove")));

void *memset(void *destination, int value, size_t length)
{
        uint8_t *to = destination;
        uint64_t word = (uint8_t)value * 0x0101010101010101u;

        if (length < 16) {
                if (length >= 8) {
                        AT(word64, to, 0) = word;
                        AT(word64, to, length - 8) = word;
                } else if (length >= 4) {
                        AT(word32, to, 0) = (uint32_t)word;
                        AT(word32, to, length - 4) = (uint32_t)word;
                } else if (length >= 2) {
                        AT(word16, to, 0) = (uint16_t)word;
                        AT(word16, to, length - 2) = (uint16_t)word;
                } else if (length == 1) {
                        *to = (uint8_t)value;
                }
                return destination;
        }
        typedef uint64_t words2 __attribute__((vector_size(16)));
        vector fill = (vector)(words2){ word, word };
        AT(vector, to, 0) = fill;
        AT(vector, to, length - 16) = fill;
        if (length <= 32)
                return destination;
        AT(vector, to, 16) = fill;
        AT(vector, to, length - 32) = fill;
        if (length <= 64)
                return destination;
        AT(vector, to, 32) = fill;
        AT(vector, to, 48) = fill;
        AT(vector, to, length - 64) = fill;
        AT(vector, to, length - 48) = fill;
        if (length < STRING_FILL) {
                for (size_t done = 64; done + 64 < length; done += TURN) {
                        AT(vector, to, done) = fill;
                        AT(vector, to, done + 16) = fill;
                        AT(vector, to, done + 32) = fill;
                        AT(vector, to, done + 48) = fill;
                }
        } else {
                size_t words = length / 8;
                __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
        }
        return destination;
}

/* All ones in those of 16 bytes that are the same on both sides. */
static inline bytes16 equal_at(const uint8_t *first, const uint8_t *second, size_t offset)
{
        return (bytes16)(AT(const vector, first, offset) == AT(const vector, second, offset));
}

/* The same as a bit each. */
static inline unsigned same(const uint8_t *first, const uint8_t *second)
{
        return (unsigned)__builtin_ia32_pmovmskb128(equal_at(first, second, 0));
}

static inline int differ(const uint8_t *first, const uint8_t *second, unsigned same)
{
        unsigned position = (unsigned)__builtin_ctz(~same);
        return first[position] - second[position];
}

static inline int compare_words(uint64_t first, uint64_t second)
{
        first = __builtin_bswap64(first);
        second = __builtin_bswap64(second);
        return (first > second) - (first < second);
}

int memcmp(const void *left, const void *right, size_t length)
{
        const uint8_t *first = left, *second = right;
        const unsigned all = 0xFFFF;

        if (length < 16) {
                if (length >= 8) {
                        int result = compare_words(AT(word64, first, 0), AT(word64, second, 0));
                        return result != 0 ? result : compare_words(AT(word64, first, length - 8), AT(word64, second, length - 8));
                }
                if (length >= 4) {
                        uint64_t a = (uint64_t)__builtin_bswap32(AT(word32, first, 0)) << 32 | __builtin_bswap32(AT(word32, first, length - 4));
                        uint64_t b = (uint64_t)__builtin_bswap32(AT(word32, second, 0)) << 32 | __builtin_bswap32(AT(word32, second, length - 4));
                        return (a > b) - (a < b);
                }
                for (; length != 0; length--, first++, second++) {
                        if (*first != *second)
                                return *first - *second;
                }
                return 0;
        }
        for (; length > TURN; length -= TURN, first += TURN, second += TURN) {
                bytes16 equal = equal_at(first, second, 0) & equal_at(first, second, 16) & equal_at(first, second, 32) & equal_at(first, second, 48);
                if (__builtin_ia32_pmovmskb128(equal) != (int)all)
                        break; /* found again below */
        }
        for (; length > VECTOR; length -= VECTOR, first += VECTOR, second += VECTOR) {
                unsigned equal = same(first, second);
                if (equal != all)
                        return differ(first, second, equal);
        }
        /* The last 16 bytes, of which some have been compared. */
        first += length;
        second += length;
        unsigned equal = same(first - VECTOR, second - VECTOR);
        return equal != all ? differ(first - VECTOR, second - VECTOR, equal) : 0;
}
