/* Xenstore through /dev/xen/xenbus, which passes on messages of xs_wire.h. The kernel gives them numbers and sorts the replies. */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ = 2, TRANSACTION_START = 6, TRANSACTION_END = 7, WRITE = 11, ERROR = 16, MAX_PAYLOAD = 4096, AT_ONCE = 16 };

struct header {
    uint32_t type, request, transaction, length;
};

struct message {
    struct header header;
    char payload[MAX_PAYLOAD + 1];
};

static int device = -1;

static void receive_bytes(void *buffer, size_t count)
{
    for (char *next = buffer; count > 0;) {
        ssize_t received = read(device, next, count);
        if (received <= 0)
            fail("reading from xenstore");
        next += received;
        count -= (size_t)received;
    }
}

/* Parts of a payload, one after the other; each with its length. */
static void send_request(uint32_t type, uint32_t transaction, const char *first, size_t first_length, const char *second, size_t second_length)
{
    struct message request = { .header = { type, 0, transaction, (uint32_t)(first_length + second_length) } };
    memcpy(request.payload, first, first_length);
    memcpy(request.payload + first_length, second, second_length);
    ssize_t length = (ssize_t)(sizeof request.header + request.header.length);
    if (write(device, &request, (size_t)length) != length)
        fail("writing to xenstore");
}

/* Puts a NUL behind the payload. */
static void receive_reply(struct message *reply)
{
    receive_bytes(&reply->header, sizeof reply->header);
    if (reply->header.length > MAX_PAYLOAD) {
        errno = EPROTO;
        fail("a reply of xenstore");
    }
    receive_bytes(reply->payload, reply->header.length);
    reply->payload[reply->header.length] = 0;
}

static void expect_success(struct message *reply)
{
    receive_reply(reply);
    if (reply->header.type == ERROR) {
        errno = 0;
        fail(reply->payload);
    }
}

static void open_store(void)
{
    if (device < 0)
        device = open_device("/dev/xen/xenbus");
}

static void send_read(uint32_t transaction, const char *path)
{
    send_request(READ, transaction, path, strlen(path) + 1, "", 0);
}

static void send_write(uint32_t transaction, const char *path, const char *value)
{
    send_request(WRITE, transaction, path, strlen(path) + 1, value, strlen(value));
}

void store_read(const char *path, char *value, unsigned size)
{
    struct message reply;
    open_store();
    send_read(0, path);
    expect_success(&reply);
    if (reply.header.length >= size) {
        errno = E2BIG;
        fail(path);
    }
    memcpy(value, reply.payload, reply.header.length + 1);
}

void store_write(const char *path, const char *value)
{
    struct message reply;
    open_store();
    send_write(0, path, value);
    expect_success(&reply);
}

static void begin(const struct offer *unused)
{
    (void)unused;
    store_write("data/number", "0");
}

static void reads(unsigned rounds)
{
    char value[MAX_WORD];
    for (unsigned i = 0; i < rounds; i++)
        store_read("data/number", value, sizeof value);
}

static void reads_at_once(unsigned rounds)
{
    struct message reply;
    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned request = 0; request < AT_ONCE; request++)
            send_read(0, "data/number");
        for (unsigned request = 0; request < AT_ONCE; request++)
            expect_success(&reply);
    }
}

static void writes(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        store_write("data/number", "1");
}

static void transactions(unsigned rounds)
{
    struct message reply;
    for (unsigned i = 0; i < rounds; i++) {
        send_request(TRANSACTION_START, 0, "", 1, "", 0);
        expect_success(&reply);
        uint32_t transaction = (uint32_t)strtoul(reply.payload, NULL, 10);
        send_read(transaction, "data/number");
        expect_success(&reply);
        char value[MAX_WORD];
        snprintf(value, sizeof value, "%lu", strtoul(reply.payload, NULL, 10) + 1);
        send_write(transaction, "data/number", value);
        expect_success(&reply);
        send_request(TRANSACTION_END, transaction, "T", 2, "", 0);
        expect_success(&reply);
    }
}

static void end(void)
{
}

const struct operation store_operations[] = {
    { "store-read", begin, reads, end },
    { "store-read-16", begin, reads_at_once, end },
    { "store-write", begin, writes, end },
    { "store-transaction", begin, transactions, end },
    { 0 },
};
