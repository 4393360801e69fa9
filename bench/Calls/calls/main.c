/* The same on Linux: calls BATCHES NAME:ROUNDS,... As the first process of a domain it ends the domain when it is done. */
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

int main(int count, char **words)
{
    if (count != 3) {
        fprintf(stderr, "calls BATCHES NAME:ROUNDS,...\n");
        return 2;
    }
    unsigned batches = (unsigned)strtoul(words[1], NULL, 10);
    for (char *call = strtok(words[2], ","); call != NULL; call = strtok(NULL, ","))
        calls_measure(batches, call);
    if (getpid() == 1)
        reboot(RB_POWER_OFF);
    return 0;
}
