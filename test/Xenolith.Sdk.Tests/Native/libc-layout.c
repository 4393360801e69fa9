/*
 * Prints the layout of every structure and the value of every constant that passes between the .NET runtime or OpenSSL, compiled against
 * glibc, and the C library of an image, musl. Compiled against both and compared by a test; libc-imports.txt and openssl/imports.txt in
 * src/Xenolith.Sdk/native give the reason for what is compared and what is not.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <link.h>
#include <dlfcn.h>
#include <mntent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <syslog.h>
#include <termios.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SIZE(type) printf("sizeof(" #type ") %zu\n", sizeof(type))
#define FIELD(type, field) printf(#type "." #field " %zu\n", offsetof(type, field))
#define VALUE(name) printf(#name " %lld\n", (long long)(name))

/* Not in musl's headers: for what was compiled against glibc's. */
const unsigned short **__ctype_b_loc(void);
const int **__ctype_tolower_loc(void);

static void openssl(void)
{
        for (int c = 0; c < 128; c++)
                printf("character %d %#x %d\n", c, (*__ctype_b_loc())[c], (*__ctype_tolower_loc())[c]);

        SIZE(jmp_buf); SIZE(fd_set); VALUE(FD_SETSIZE); SIZE(FILE *);
        SIZE(struct timeval); FIELD(struct timeval, tv_usec);
        SIZE(struct tm); FIELD(struct tm, tm_year); FIELD(struct tm, tm_isdst); FIELD(struct tm, tm_gmtoff);
        SIZE(struct hostent); FIELD(struct hostent, h_addrtype); FIELD(struct hostent, h_length); FIELD(struct hostent, h_addr_list);
        SIZE(struct addrinfo); FIELD(struct addrinfo, ai_protocol); FIELD(struct addrinfo, ai_addr); FIELD(struct addrinfo, ai_next);
        SIZE(struct utsname); FIELD(struct utsname, release);
        VALUE(AI_PASSIVE); VALUE(SO_TYPE); VALUE(SO_REUSEADDR); VALUE(SO_KEEPALIVE); VALUE(SO_RCVTIMEO); VALUE(TCP_NODELAY); VALUE(IPV6_V6ONLY);
        VALUE(IP_MTU); VALUE(IP_MTU_DISCOVER); VALUE(IPV6_MTU); VALUE(SOCK_DGRAM); VALUE(MSG_PEEK);
        VALUE(O_NONBLOCK); VALUE(O_APPEND); VALUE(FIONBIO); VALUE(F_GETFL); VALUE(F_SETFL); VALUE(F_GETFD);
        VALUE(_SC_PAGESIZE); VALUE(AT_HWCAP); VALUE(IPC_CREAT); VALUE(SHM_RDONLY); VALUE(MADV_DONTDUMP); VALUE(MAP_ANONYMOUS); VALUE(EINTR); VALUE(EAGAIN);
        VALUE(LOG_PID); VALUE(LOG_CONS); VALUE(LOG_DAEMON); VALUE(NI_MAXSERV); VALUE(PTHREAD_ONCE_INIT); VALUE(SEEK_END); VALUE(EOF); VALUE(CLOCK_REALTIME);
}

int main(void)
{
        openssl();
        SIZE(struct stat);
        FIELD(struct stat, st_mode); FIELD(struct stat, st_uid); FIELD(struct stat, st_rdev); FIELD(struct stat, st_size);
        FIELD(struct stat, st_blocks); FIELD(struct stat, st_atim); FIELD(struct stat, st_mtim); FIELD(struct stat, st_ctim);
        SIZE(struct statfs);
        FIELD(struct statfs, f_type); FIELD(struct statfs, f_bsize); FIELD(struct statfs, f_blocks); FIELD(struct statfs, f_bavail);
        FIELD(struct statfs, f_flags);
        FIELD(struct dirent, d_ino); FIELD(struct dirent, d_type); FIELD(struct dirent, d_name);
        SIZE(struct iovec);
        SIZE(struct pollfd); SIZE(struct epoll_event); FIELD(struct epoll_event, data);
        SIZE(struct inotify_event); FIELD(struct inotify_event, name);

        SIZE(struct sockaddr_storage); SIZE(struct sockaddr_in); SIZE(struct sockaddr_in6); SIZE(struct sockaddr_un);
        FIELD(struct sockaddr_un, sun_path); FIELD(struct sockaddr_in6, sin6_scope_id);
        SIZE(struct msghdr);
        FIELD(struct msghdr, msg_iov); FIELD(struct msghdr, msg_iovlen); FIELD(struct msghdr, msg_control);
        FIELD(struct msghdr, msg_controllen); FIELD(struct msghdr, msg_flags);
        SIZE(struct cmsghdr); FIELD(struct cmsghdr, cmsg_level); FIELD(struct cmsghdr, cmsg_type);
        SIZE(struct addrinfo);
        FIELD(struct addrinfo, ai_addrlen); FIELD(struct addrinfo, ai_addr); FIELD(struct addrinfo, ai_canonname); FIELD(struct addrinfo, ai_next);
        SIZE(struct ifaddrs); FIELD(struct ifaddrs, ifa_flags); FIELD(struct ifaddrs, ifa_addr); FIELD(struct ifaddrs, ifa_data);
        SIZE(struct linger); SIZE(struct ip_mreqn); SIZE(struct ipv6_mreq); SIZE(struct in_pktinfo); SIZE(struct in6_pktinfo);
        FIELD(struct tcp_info, tcpi_rtt);

        SIZE(struct timespec); SIZE(struct timeval); SIZE(struct tm); FIELD(struct tm, tm_gmtoff); FIELD(struct tm, tm_zone);
        FIELD(struct rusage, ru_utime); FIELD(struct rusage, ru_stime); FIELD(struct rusage, ru_maxrss); FIELD(struct rusage, ru_nivcsw);
        SIZE(struct rlimit);
        FIELD(struct sysinfo, totalram); FIELD(struct sysinfo, freeram); FIELD(struct sysinfo, totalswap); FIELD(struct sysinfo, mem_unit);
        SIZE(struct utsname); FIELD(struct utsname, machine);
        SIZE(struct passwd); FIELD(struct passwd, pw_uid); FIELD(struct passwd, pw_dir); FIELD(struct passwd, pw_shell);
        SIZE(struct group); FIELD(struct group, gr_gid); FIELD(struct group, gr_mem);
        SIZE(struct mntent); FIELD(struct mntent, mnt_type); FIELD(struct mntent, mnt_opts);
        SIZE(struct termios); FIELD(struct termios, c_cc);

        SIZE(struct sigaction); FIELD(struct sigaction, sa_mask); FIELD(struct sigaction, sa_flags); FIELD(struct sigaction, sa_restorer);
        SIZE(sigset_t); SIZE(siginfo_t);
        FIELD(siginfo_t, si_signo); FIELD(siginfo_t, si_code); FIELD(siginfo_t, si_addr); FIELD(siginfo_t, si_pid); FIELD(siginfo_t, si_status);
        FIELD(ucontext_t, uc_mcontext); FIELD(mcontext_t, gregs); FIELD(mcontext_t, fpregs); FIELD(ucontext_t, uc_sigmask);

        SIZE(pthread_t); SIZE(pthread_attr_t); SIZE(pthread_mutex_t); SIZE(pthread_mutexattr_t); SIZE(pthread_cond_t);
        SIZE(pthread_condattr_t); SIZE(pthread_rwlock_t); SIZE(pthread_key_t); SIZE(pthread_once_t); SIZE(cpu_set_t);
        SIZE(struct dl_phdr_info); FIELD(struct dl_phdr_info, dlpi_phnum); FIELD(struct dl_phdr_info, dlpi_adds);
        SIZE(Dl_info); FIELD(Dl_info, dli_saddr);

        VALUE(PTHREAD_MUTEX_NORMAL); VALUE(PTHREAD_MUTEX_RECURSIVE); VALUE(PTHREAD_MUTEX_ERRORCHECK);
        VALUE(PTHREAD_CREATE_DETACHED); VALUE(PTHREAD_CANCEL_DISABLE);
        VALUE(RTLD_LAZY); VALUE(RTLD_NOW); VALUE(RTLD_LOCAL);
        VALUE(_SC_PAGESIZE); VALUE(_SC_NPROCESSORS_ONLN); VALUE(_SC_NPROCESSORS_CONF); VALUE(_SC_PHYS_PAGES); VALUE(_SC_AVPHYS_PAGES);
        VALUE(_SC_CLK_TCK); VALUE(_SC_OPEN_MAX); VALUE(_SC_GETPW_R_SIZE_MAX); VALUE(_SC_GETGR_R_SIZE_MAX); VALUE(_SC_HOST_NAME_MAX); VALUE(_SC_IOV_MAX);
        VALUE(_PC_NAME_MAX); VALUE(_PC_PATH_MAX); VALUE(_PC_PIPE_BUF); VALUE(_PC_CHOWN_RESTRICTED);
        VALUE(AI_CANONNAME); VALUE(AI_NUMERICHOST); VALUE(AI_ADDRCONFIG); VALUE(AI_V4MAPPED); VALUE(AI_ALL);
        VALUE(NI_NAMEREQD); VALUE(NI_NUMERICHOST); VALUE(NI_NUMERICSERV); VALUE(NI_DGRAM);
        VALUE(EAI_AGAIN); VALUE(EAI_BADFLAGS); VALUE(EAI_FAIL); VALUE(EAI_FAMILY); VALUE(EAI_MEMORY); VALUE(EAI_NONAME);
        VALUE(EAI_SERVICE); VALUE(EAI_SOCKTYPE); VALUE(EAI_SYSTEM); VALUE(EAI_OVERFLOW);
        VALUE(O_CLOEXEC); VALUE(O_NOFOLLOW); VALUE(O_DIRECTORY); VALUE(O_SYNC); VALUE(O_DIRECT); VALUE(F_DUPFD_CLOEXEC); VALUE(F_SETLK); VALUE(F_GETPIPE_SZ);
        VALUE(SIGRTMAX - SIGUSR1); VALUE(SIGCHLD); VALUE(SIGCONT); VALUE(SA_RESTART); VALUE(SA_SIGINFO); VALUE(SA_ONSTACK);
        VALUE(WNOHANG); VALUE(WNOWAIT); VALUE(WEXITED); VALUE(P_ALL); VALUE(RLIMIT_AS); VALUE(RLIMIT_NOFILE); VALUE(RLIMIT_STACK);
        VALUE(POSIX_FADV_SEQUENTIAL); VALUE(MADV_DODUMP); VALUE(MADV_DONTDUMP); VALUE(MADV_DONTNEED); VALUE(LOG_USER); VALUE(LOG_PID);
        VALUE(CLOCK_MONOTONIC); VALUE(CLOCK_REALTIME); VALUE(CLOCK_THREAD_CPUTIME_ID); VALUE(CLOCK_BOOTTIME); VALUE(CLOCK_MONOTONIC_COARSE); VALUE(TIMER_ABSTIME);
        VALUE(VMIN); VALUE(VTIME); VALUE(ICANON); VALUE(ISIG); VALUE(ECHO); VALUE(IEXTEN); VALUE(TCSANOW); VALUE(TCSADRAIN);
        VALUE(SOL_SOCKET); VALUE(SO_REUSEPORT); VALUE(SO_ERROR); VALUE(MSG_NOSIGNAL); VALUE(MSG_DONTWAIT); VALUE(SOCK_CLOEXEC); VALUE(SOCK_NONBLOCK);
        VALUE(EWOULDBLOCK); VALUE(ENOTSUP); VALUE(EOVERFLOW); VALUE(ETIMEDOUT); VALUE(EOWNERDEAD);
        return 0;
}
