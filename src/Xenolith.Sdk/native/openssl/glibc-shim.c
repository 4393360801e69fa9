/*
 * What OpenSSL's static libraries, built against glibc, expect of their C library and musl does not have; and one function of theirs that is ours. Each entry is listed with its
 * reason in imports.txt; nothing else may be added here without a line there.
 *
 * Names that end in _chk are what the compiler makes of ordinary calls where it knows how long the destination is.
 */

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <syslog.h>

struct ucontext_t;

int __real_openssl_get_fork_id(void);
long xl_resume_count(void);

/*
 * OpenSSL's generators seed themselves anew before the next number when this one has changed: in a process that has forked, where it is the process's
 * number. A domain that was resumed may be one of two copies, too, and the kernel has other random numbers in each. 2^22: the greatest process number.
 */
int __wrap_openssl_get_fork_id(void)
{
        return (int)((unsigned)__real_openssl_get_fork_id() + ((unsigned)xl_resume_count() << 22));
}

/* Ends the program: something was about to be written behind its destination. */
static _Noreturn void overflow(void)
{
        static const char message[] = "buffer overflow detected\n";

        fwrite(message, 1, sizeof message - 1, stderr);
        abort();
}

void *__memcpy_chk(void *to, const void *from, size_t length, size_t room)
{
        if (length > room)
                overflow();
        return memcpy(to, from, length);
}

void *__memset_chk(void *to, int value, size_t length, size_t room)
{
        if (length > room)
                overflow();
        return memset(to, value, length);
}

char *__strcat_chk(char *to, const char *from, size_t room)
{
        size_t used = strnlen(to, room), more = strlen(from);

        if (more >= room - used)
                overflow();
        memcpy(to + used, from, more + 1);
        return to;
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
        va_list arguments;

        (void)flag;
        va_start(arguments, format);
        int length = vsnprintf(to, room > INT_MAX ? INT_MAX : room, format, arguments);
        va_end(arguments);
        if (length >= 0 && (size_t)length >= room)
                overflow();
        return length;
}

int __vfprintf_chk(FILE *file, int flag, const char *format, va_list arguments)
{
        (void)flag;
        return vfprintf(file, format, arguments);
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
        va_list arguments;

        (void)flag;
        va_start(arguments, format);
        int length = vfprintf(file, format, arguments);
        va_end(arguments);
        return length;
}

void __syslog_chk(int priority, int flag, const char *format, ...)
{
        va_list arguments;

        (void)flag;
        va_start(arguments, format);
        vsyslog(priority, format, arguments);
        va_end(arguments);
}

/* The index of a descriptor's word in an fd_set. */
long __fdelt_chk(long descriptor)
{
        if (descriptor < 0 || descriptor >= FD_SETSIZE)
                overflow();
        return descriptor / (long)(8 * sizeof(long));
}

/*
 * OpenSSL's asynchronous jobs switch stacks with these. It asks getcontext whether they work before it uses any, and does without jobs
 * if they do not; .NET uses none.
 */
int getcontext(struct ucontext_t *context)
{
        (void)context;
        errno = ENOSYS;
        return -1;
}

int setcontext(const struct ucontext_t *context)
{
        (void)context;
        errno = ENOSYS;
        return -1;
}

void makecontext(struct ucontext_t *context, void (*function)(void), int count, ...)
{
        (void)context;
        (void)function;
        (void)count;
}
