/*
 * What the .NET runtime pack, built against glibc, expects of its C library and musl does not have. Each entry is listed with its
 * reason in libc-imports.txt; nothing else may be added here without a line there.
 */

#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The compiler's start-up files define it for __cxa_atexit; a static executable is one object, so its handle is null. */
void *__dso_handle = NULL;

/* glibc's CPU_ALLOC and CPU_FREE are macros over these two. CPU sets come in words of an unsigned long. */
cpu_set_t *__sched_cpualloc(size_t cpus)
{
        size_t bits = 8 * sizeof(unsigned long);
        return calloc((cpus + bits - 1) / bits, sizeof(unsigned long));
}

void __sched_cpufree(cpu_set_t *set)
{
        free(set);
}

/*
 * glibc's strerror_r returns the text, which need not lie in the caller's buffer; musl's is the POSIX one and returns an int. The
 * runtime's library is made to call this one by its own name, so that other C code in an image keeps musl's.
 */
char *xl_gnu_strerror_r(int error, char *buffer, size_t size)
{
        (void)buffer;
        (void)size;
        return strerror(error);
}
