/* Compares the image's memory routines with loops over single bytes: every length up to some, every alignment, every overlap. Says how often. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ROOM = 16384, GUARD = 64, ALIGNMENTS = 17 };

static unsigned char *actual, *expected;
static unsigned long count;

static void fail(const char *function, size_t length, long a, long b)
{
        printf("%s of %zu bytes (%ld, %ld) is wrong\n", function, length, a, b);
        exit(1);
}

static void fill(void)
{
        for (unsigned i = 0; i < ROOM; i++)
                actual[i] = expected[i] = (unsigned char)(i * 167 + i / 251);
}

/* The whole room is compared: nothing beside the block may change. */
static void require_same(const char *function, size_t length, long a, long b)
{
        for (unsigned i = 0; i < ROOM; i++) {
                if (actual[i] != expected[i])
                        fail(function, length, a, b);
        }
        count++;
}

static void check_move(size_t length, long to, long from)
{
        fill();
        if (to < from) {
                for (size_t i = 0; i < length; i++)
                        expected[to + (long)i] = expected[from + (long)i];
        } else {
                for (size_t i = length; i-- > 0;)
                        expected[to + (long)i] = expected[from + (long)i];
        }
        if (memmove(actual + to, actual + from, length) != actual + to)
                fail("memmove", length, to, from);
        require_same("memmove", length, to, from);
        if (labs(to - from) < (long)length)
                return;
        fill();
        for (size_t i = 0; i < length; i++)
                expected[to + (long)i] = expected[from + (long)i];
        memcpy(actual + to, actual + from, length);
        require_same("memcpy", length, to, from);
}

static void check_set(size_t length, long to)
{
        fill();
        for (size_t i = 0; i < length; i++)
                expected[to + (long)i] = 0xA5;
        if (memset(actual + to, 0x1A5, length) != actual + to)
                fail("memset", length, to, 0);
        require_same("memset", length, to, 0);
}

/* Equal blocks, and blocks that differ at one place, either way; the last byte of each is the last that can be read. */
static void check_compare(unsigned char *end_a, unsigned char *end_b, size_t length, size_t place)
{
        unsigned char *a = end_a - length, *b = end_b - length;
        memset(a, 0x7F, length);
        memset(b, 0x7F, length);
        if (memcmp(a, b, length) != 0)
                fail("memcmp", length, 0, 0);
        if (place < length) {
                b[place] = 0x80;
                if (memcmp(a, b, length) >= 0 || memcmp(b, a, length) <= 0)
                        fail("memcmp", length, (long)place, 0);
                if (place + 1 < length) {
                        a[place + 1] = 0xFF; /* only the first difference counts */
                        if (memcmp(a, b, length) >= 0 || memcmp(b, a, length) <= 0)
                                fail("memcmp", length, (long)place, 1);
                }
        }
        count++;
}

/* So many bytes before a page that cannot be touched. */
static unsigned char *before_a_guard(size_t size)
{
        unsigned char *pages = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED || mprotect(pages + size, 4096, PROT_NONE) != 0)
                exit(2);
        return pages;
}

int main(void)
{
        static const size_t long_ones[] = { 511, 512, 1000, 1023, 1024, 2047, 2048, 2049, 2063, 2064, 4096, 5001 };
        size_t lengths[320 + sizeof long_ones / sizeof *long_ones];
        unsigned n = 0;
        while (n < 320) {
                lengths[n] = n;
                n++;
        }
        for (unsigned i = 0; i < sizeof long_ones / sizeof *long_ones; i++)
                lengths[n++] = long_ones[i];
        actual = before_a_guard(ROOM);
        expected = malloc(ROOM);

        for (unsigned l = 0; l < n; l++) {
                size_t length = lengths[l];
                for (long alignment = 0; alignment < ALIGNMENTS; alignment += 3) {
                        check_set(length, GUARD + alignment);
                        check_move(length, GUARD + alignment, ROOM / 2);
                        check_move(length, ROOM / 2, GUARD + alignment);
                }
                static const long distances[] = { 1, 7, 8, 15, 16, 17, 33, 63, 64, 65, 130, 2050 };
                for (unsigned d = 0; d < sizeof distances / sizeof *distances; d++) {
                        check_move(length, 4096, 4096 + distances[d]);
                        check_move(length, 4096 + distances[d], 4096);
                }
                check_set(length, ROOM - (long)length); /* up to the guard */
                check_move(length, ROOM - (long)length, 0);
                check_move(length, 0, ROOM - (long)length);
        }

        unsigned char *other = before_a_guard(8192);
        for (unsigned l = 0; l < n; l++) {
                for (size_t place = 0; place <= lengths[l]; place += lengths[l] < 320 ? 1 : 97)
                        check_compare(actual + ROOM, other + 8192 - place % 3, lengths[l], place);
        }
        printf("%lu as they should be\n", count);
        return 0;
}
