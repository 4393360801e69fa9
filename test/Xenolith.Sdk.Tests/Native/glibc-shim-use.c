/* Calls one function of glibc-shim.c with a destination of 8 bytes, as a library that was compiled against glibc would. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

void *__memcpy_chk(void *, const void *, size_t, size_t);
void *__memset_chk(void *, int, size_t, size_t);
char *__strcat_chk(char *, const char *, size_t);
int __sprintf_chk(char *, int, size_t, const char *, ...);
int __fprintf_chk(FILE *, int, const char *, ...);
long __fdelt_chk(long);
int getcontext(void *);
int __wrap_openssl_get_fork_id(void);

/* OpenSSL's and the kernel's. */
int __real_openssl_get_fork_id(void)
{
        return 5;
}

long xl_resume_count(void)
{
        return 3;
}

int main(int count, char **arguments)
{
        const char *function = arguments[1];
        size_t more = strcmp(arguments[2], "over") == 0;
        char to[16] = "";

        if (strcmp(function, "memcpy") == 0) {
                __memcpy_chk(to, "123456789", 8 + more, 8);
                printf("%s\n", to);
        } else if (strcmp(function, "memset") == 0) {
                __memset_chk(to, 'x', 8 + more, 8);
        } else if (strcmp(function, "strcat") == 0) {
                strcpy(to, "abcd");
                printf("%s\n", __strcat_chk(to, more ? "efgh" : "efg", 8));
        } else if (strcmp(function, "sprintf") == 0) {
                int length = __sprintf_chk(to, 1, 8, "n=%d", more ? 123456 : 12345);
                __fprintf_chk(stdout, 1, "%s %d\n", to, length);
        } else if (strcmp(function, "select") == 0) {
                printf("word %ld\n", __fdelt_chk(strcmp(arguments[2], "inside") == 0 ? 1023 : 1024));
        } else if (strcmp(function, "copies") == 0) {
                printf("%d\n", __wrap_openssl_get_fork_id());
        } else {
                int result = getcontext(to);
                printf("%d %d\n", result, errno);
        }
        return 0;
}
