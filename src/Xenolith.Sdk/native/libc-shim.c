/*
 * What the .NET runtime pack, built against glibc, expects of its C library and musl does not have. Each entry is listed with its
 * reason in libc-imports.txt; nothing else may be added here without a line there.
 */

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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

/*
 * musl finds the end of the first thread's stack by one mremap a page, and only as far as it has grown: hundreds of system calls for
 * an answer that makes the runtime believe its stack is nearly used up. As glibc does, the limit of the stack is taken instead. The
 * margin covers what lies above the environment's pointers: the text of arguments and environment.
 */
int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);

static pthread_t first_thread;

__attribute__((constructor)) static void note_first_thread(void)
{
        first_thread = pthread_self();
}

int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
        const size_t page = 4096, unlimited = 8u << 20, margin = 256u << 10;
        struct rlimit limit;

        if (thread != first_thread || getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur <= 2 * margin)
                return __real_pthread_getattr_np(thread, attributes);
        size_t size = (limit.rlim_cur == RLIM_INFINITY ? unlimited : limit.rlim_cur) - margin;
        char *top = (char *)(((size_t)environ + page - 1) & ~(page - 1));
        int error = pthread_attr_init(attributes);
        if (error == 0)
                error = pthread_attr_setstack(attributes, top - (size & ~(page - 1)), size & ~(page - 1));
        return error;
}
