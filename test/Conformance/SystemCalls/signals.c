// A signal that every thread blocks, so that one sent to the process waits for a thread that does not: blocked before the runtime starts its
// first thread, which inherits that as all others do.
#include <signal.h>
#include <string.h>

#define WAITING 44

static volatile int handled;

__attribute__((constructor)) static void block(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WAITING);
    sigprocmask(SIG_BLOCK, &set, 0);
}

static void count(int number)
{
    handled += number == WAITING;
}

// 0: the default, 1: ignored, 2: counted
int waiting_signal_action(int kind)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = kind == 2 ? count : kind == 1 ? SIG_IGN : SIG_DFL;
    return sigaction(WAITING, &action, 0);
}

int waiting_signal_handled(void)
{
    return handled;
}
