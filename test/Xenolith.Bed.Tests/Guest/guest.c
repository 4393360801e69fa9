/*
 * A guest that does what its command line says, for the tests of the bed: 32-bit, without interrupts, waiting for events with SCHEDOP_poll.
 * Names and numbers are those of Xen's public headers. Commands (N decimal):
 *
 *   hello           prints its command line and powers off
 *   lines N         prints N numbered lines
 *   bytes N         prints a pattern of N bytes with CR, LF and CR LF in it
 *   shutdown N      ends with SCHEDOP_shutdown reason N
 *   exit N          leaves N in data/exit-code and powers off
 *   echo            sends back what is typed, until a 'q'
 *   wait            ends as control/shutdown asks
 *   hang            prints a line and stays
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum { memory_op = 12, event_channel_op = 32, sched_op = 29, hvm_op = 34 };

struct start_info { u32 magic, version, flags, nr_modules; u64 modlist, cmdline; };
struct console_ring { u8 in[1024], out[2048]; volatile u32 in_cons, in_prod, out_cons, out_prod; };
struct store_ring { u8 req[1024], rsp[1024]; volatile u32 req_cons, req_prod, rsp_cons, rsp_prod; };

extern u8 hypercall_page[], shared_info[];
static struct console_ring *console;
static struct store_ring *store;
static u32 console_port, store_port;

static int hypercall2(u32 number, u32 first, const void *second)
{
    int result;
    u32 address = (u32)second;
    asm volatile("call *%[page]" : "=a"(result), "+b"(first), "+c"(address) : [page] "r"(hypercall_page + 32 * number) : "memory");
    return result;
}

static void barrier(void) { asm volatile("lock; addl $0, (%%esp)" ::: "memory", "cc"); }

static void notify(u32 port) { hypercall2(event_channel_op, 4 /* EVTCHNOP_send */, &port); }

/* Waits for the port's next event. The pending bit is cleared before the caller looks at its ring again, so no event is missed. */
static void wait_for(u32 port)
{
    struct { u32 *ports, count; u64 timeout; } poll = { &port, 1, 0 };
    hypercall2(sched_op, 3 /* SCHEDOP_poll */, &poll);
    asm volatile("lock; btrl %1, %0" : "+m"(*(u32 *)(shared_info + 2048)) : "r"(port) : "memory", "cc");
}

static u32 hvm_parameter(u32 index)
{
    struct { u16 domain, pad; u32 index; u64 value; } parameter = { 0x7FF0 /* DOMID_SELF */, 0, index, 0 };
    hypercall2(hvm_op, 1 /* HVMOP_get_param */, &parameter);
    return (u32)parameter.value;
}

static void put(const u8 *bytes, u32 count)
{
    while (count > 0) {
        while (console->out_prod - console->out_cons == sizeof console->out)
            wait_for(console_port);
        for (; count > 0 && console->out_prod - console->out_cons < sizeof console->out; count--, bytes++) {
            console->out[console->out_prod % sizeof console->out] = *bytes;
            barrier();
            console->out_prod++;
        }
        notify(console_port);
    }
}

static u32 length(const char *text)
{
    u32 count = 0;
    while (text[count])
        count++;
    return count;
}

static void print(const char *text) { put((const u8 *)text, length(text)); }

static void print_number(u32 value)
{
    u8 digits[10];
    u32 count = 0;
    do
        digits[sizeof digits - ++count] = '0' + value % 10;
    while (value /= 10);
    put(digits + sizeof digits - count, count);
}

static void __attribute__((noreturn)) shut_down(u32 reason)
{
    hypercall2(sched_op, 2 /* SCHEDOP_shutdown */, &reason);
    for (;;)
        ;
}

/* The parts of a message to and from xenstored go through byte rings. */
static void store_send(const void *bytes, u32 count)
{
    for (const u8 *next = bytes; count > 0; count--, next++) {
        while (store->req_prod - store->req_cons == sizeof store->req)
            wait_for(store_port);
        store->req[store->req_prod % sizeof store->req] = *next;
        barrier();
        store->req_prod++;
    }
}

static void store_receive(u8 *bytes, u32 count)
{
    for (; count > 0; count--) {
        while (store->rsp_prod == store->rsp_cons)
            wait_for(store_port);
        *bytes++ = store->rsp[store->rsp_cons % sizeof store->rsp];
        barrier();
        store->rsp_cons++;
    }
}

struct store_header { u32 type, request, transaction, length; };
enum { xs_read = 2, xs_watch = 4, xs_write = 11, xs_watch_event = 15 };

/* Receives a message with a NUL behind it and returns its type. */
static u32 store_message(u8 *body)
{
    struct store_header header;
    store_receive((u8 *)&header, sizeof header);
    store_receive(body, header.length);
    body[header.length] = 0;
    notify(store_port);
    return header.type;
}

/* Sends a request, waits for its reply and returns the reply's type. Returns how many watch events came before it in *events. */
static u32 store_request(u32 type, const char *body, u32 count, u8 *reply, u32 *events)
{
    struct store_header header = { type, 1, 0, count };
    u32 received;
    store_send(&header, sizeof header);
    store_send(body, count);
    notify(store_port);
    for (*events = 0; (received = store_message(reply)) == xs_watch_event; ++*events)
        ;
    return received;
}

static int starts(const char *text, const char *prefix)
{
    while (*prefix)
        if (*text++ != *prefix++)
            return 0;
    return 1;
}

static u32 number(const char *text)
{
    u32 value = 0;
    while (*text && *text != ' ')
        text++;
    for (text += *text == ' '; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + *text - '0';
    return value;
}

static void leave_exit_code(const char *code)
{
    static const char path[] = "data/exit-code";
    char body[64];
    u8 reply[256];
    u32 count = 0;
    for (; count < sizeof path; count++)
        body[count] = path[count];
    while (*code && *code != ' ')
        code++;
    for (code += *code == ' '; *code >= '0' && *code <= '9'; code++)
        body[count++] = *code;
    u32 events;
    store_request(xs_write, body, count, reply, &events);
}

static void obey_control(void)
{
    static const char watch[] = "control/shutdown\0token";
    u8 reply[256];
    u32 events;
    store_request(xs_watch, watch, sizeof watch, reply, &events);
    print("waiting\r\n");
    for (;;) {
        /* xenstored drops an event while an equal one is still to be delivered: so after each event the key is read, after it was received. */
        if (store_request(xs_read, watch, 17, reply, &events) == xs_read) {
            if (starts((char *)reply, "poweroff"))
                shut_down(0);
            if (starts((char *)reply, "reboot"))
                shut_down(1);
            if (starts((char *)reply, "suspend"))
                shut_down(2);
        }
        if (events == 0)
            store_message(reply);
    }
}

static void echo(void)
{
    print("type\r\n");
    for (;;) {
        while (console->in_prod == console->in_cons)
            wait_for(console_port);
        u8 byte = console->in[console->in_cons % sizeof console->in];
        barrier();
        console->in_cons++;
        notify(console_port);
        if (byte == 'q')
            return;
        put(&byte, 1);
    }
}

void guest_main(const struct start_info *start)
{
    const char *command = start->cmdline ? (const char *)(u32)start->cmdline : "";
    u32 leaf, eax, ebx, ecx, edx;

    for (leaf = 0x40000000;; leaf += 0x100) {
        asm volatile("cpuid" : "=a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx) : "a"(leaf), "c"(0));
        if (ebx == 0x566E6558 /* "XenV" */)
            break;
    }
    asm volatile("cpuid" : "=a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx) : "a"(leaf + 2), "c"(0));
    asm volatile("wrmsr" ::"c"(ebx), "a"(hypercall_page), "d"(0));

    struct { u16 domain, size; u32 space, index, frame; } map = { 0x7FF0, 0, 0 /* XENMAPSPACE_shared_info */, 0, (u32)shared_info >> 12 };
    hypercall2(memory_op, 7 /* XENMEM_add_to_physmap */, &map);
    store = (void *)(hvm_parameter(1) << 12);
    store_port = hvm_parameter(2);
    console = (void *)(hvm_parameter(17) << 12);
    console_port = hvm_parameter(18);

    if (starts(command, "lines")) {
        for (u32 i = 1; i <= number(command); i++) {
            print("line ");
            print_number(i);
            print("\r\n");
        }
    } else if (starts(command, "bytes")) {
        /* Every value in turn, with CR LF, CR CR LF and LF after them: the test's decoding of it must agree with the bed's. */
        static const u8 ends[] = { '\r', '\n', '\r', '\r', '\n', '\n' };
        enum { period = 256 + sizeof ends };
        u8 piece[period];
        u32 total = number(command);
        for (u32 i = 0; i < period; i++)
            piece[i] = i < 256 ? (u8)i : ends[i - 256];
        for (; total >= period; total -= period)
            put(piece, period);
        put(piece, total);
    } else if (starts(command, "shutdown")) {
        print("shutting down\r\n");
        shut_down(number(command));
    } else if (starts(command, "exit")) {
        leave_exit_code(command);
    } else if (starts(command, "echo")) {
        echo();
    } else if (starts(command, "wait")) {
        obey_control();
    } else if (starts(command, "hang")) {
        print("hanging\r\n");
        for (;;)
            wait_for(console_port);
    } else {
        print("command line: ");
        print(command);
        print("\r\n");
    }
    shut_down(0);
}
