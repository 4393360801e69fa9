/* Event channels through /dev/xen/evtchn. A port that was read is masked until it is written back. */
#include "peer.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A type of Xen that the header uses and does not define. */
typedef uint16_t domid_t;
#include <xen/evtchn.h>

enum { DOMAIN_SELF = 0x7FF0, FEW_PORTS = 4, MANY_PORTS = 4000 };

static int device = -1;
static uint32_t local_port;
static int echo_device, idle_device;
static uint32_t echo_port;
static pthread_t echo_thread;

static uint32_t bind_unbound(int file, uint32_t domain)
{
    struct ioctl_evtchn_bind_unbound_port request = { .remote_domain = domain };
    int port = ioctl(file, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &request);
    if (port < 0)
        fail("IOCTL_EVTCHN_BIND_UNBOUND_PORT");
    return (uint32_t)port;
}

static uint32_t bind_interdomain(int file, uint32_t domain, uint32_t remote)
{
    struct ioctl_evtchn_bind_interdomain request = { .remote_domain = domain, .remote_port = remote };
    int port = ioctl(file, IOCTL_EVTCHN_BIND_INTERDOMAIN, &request);
    if (port < 0)
        fail("IOCTL_EVTCHN_BIND_INTERDOMAIN");
    return (uint32_t)port;
}

static void notify(int file, uint32_t port)
{
    struct ioctl_evtchn_notify request = { .port = port };
    if (ioctl(file, IOCTL_EVTCHN_NOTIFY, &request) != 0)
        fail("IOCTL_EVTCHN_NOTIFY");
}

static void wait_for_event(int file)
{
    uint32_t port;
    if (read(file, &port, sizeof port) != sizeof port || write(file, &port, sizeof port) != sizeof port)
        fail("waiting for an event");
}

uint32_t allocate_port(uint32_t domain)
{
    device = open_device("/dev/xen/evtchn");
    local_port = bind_unbound(device, domain);
    return local_port;
}

_Noreturn void echo_for_ever(void)
{
    for (;;) {
        wait_for_event(device);
        notify(device, local_port);
    }
}

static void round_trips(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        notify(device, local_port);
        wait_for_event(device);
    }
}

static void begin_peer(const struct offer *offer)
{
    device = open_device("/dev/xen/evtchn");
    local_port = bind_interdomain(device, offer->domain, offer->port);
    wait_for_event(device); /* The one that a new connection has from the start. */
}

static void end_peer(void)
{
    close(device);
}

static void *echo(void *unused)
{
    (void)unused;
    for (;;) {
        wait_for_event(echo_device);
        notify(echo_device, echo_port);
    }
    return NULL;
}

static void begin_within(unsigned ports)
{
    device = open_device("/dev/xen/evtchn");
    echo_device = open_device("/dev/xen/evtchn");
    idle_device = open_device("/dev/xen/evtchn");
    for (unsigned i = 2; i < ports; i++)
        bind_unbound(idle_device, DOMAIN_SELF);
    local_port = bind_unbound(device, DOMAIN_SELF);
    echo_port = bind_interdomain(echo_device, DOMAIN_SELF, local_port);
    if (pthread_create(&echo_thread, NULL, echo, NULL) != 0)
        fail("pthread_create");
    wait_for_event(device); /* The answer to the one that the new connection has from the start. */
}

static void begin_within_few(const struct offer *unused)
{
    (void)unused;
    begin_within(FEW_PORTS);
}

static void begin_within_many(const struct offer *unused)
{
    (void)unused;
    begin_within(MANY_PORTS);
}

static void end_within(void)
{
    pthread_cancel(echo_thread);
    pthread_join(echo_thread, NULL);
    close(device);
    close(echo_device);
    close(idle_device);
}

const struct operation event_operations[] = {
    { "event-peer", begin_peer, round_trips, end_peer },
    { "event-within-4", begin_within_few, round_trips, end_within },
    { "event-within-4000", begin_within_many, round_trips, end_within },
    { 0 },
};
