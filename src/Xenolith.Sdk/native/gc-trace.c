/*
 * Collections in the domain's traces. The collector tells the rest of the runtime what it does through the functions of GCToEEInterface; the link
 * puts these in between (--wrap, ImageLinker.cs). Each passes the call on unchanged; without a trace it costs a call of the kernel's that looks at one
 * word, four times a collection. Kinds: Xenolith.Abi, TraceKind. In a Linux process there is no trace, ever.
 *
 * The functions are referred to weakly: a runtime that has none of them, or names them otherwise, links as before and is not traced.
 */

#include <stdint.h>

enum { GC_START = 0x10, GC_END = 0x11, GC_SUSPEND = 0x12, GC_RESUME = 0x13 };

/* The kernel's, docs/platform-abi.md. Weak too: programs that are no images are linked with this object as well, and have no collector. */
__attribute__((weak)) void xl_trace_write(uint32_t kind, uint32_t count, uint32_t detail, uint64_t value);

#define START _ZN15GCToEEInterface11GcStartWorkEii
#define DONE _ZN15GCToEEInterface6GcDoneEi
#define SUSPEND _ZN15GCToEEInterface9SuspendEEE14SUSPEND_REASON
#define RESTART _ZN15GCToEEInterface9RestartEEEb

#define JOIN(a, b) a##b
#define REAL(name) JOIN(__real_, name)
#define WRAP(name) JOIN(__wrap_, name)

__attribute__((weak)) void REAL(START)(int condemned, int oldest);
__attribute__((weak)) void REAL(DONE)(int condemned);
__attribute__((weak)) void REAL(SUSPEND)(int reason);
__attribute__((weak)) void REAL(RESTART)(_Bool finished);

void WRAP(START)(int condemned, int oldest)
{
        xl_trace_write(GC_START, 0, (uint32_t)condemned, 0);
        REAL(START)(condemned, oldest);
}

void WRAP(DONE)(int condemned)
{
        REAL(DONE)(condemned);
        xl_trace_write(GC_END, 0, (uint32_t)condemned, 0);
}

void WRAP(SUSPEND)(int reason)
{
        xl_trace_write(GC_SUSPEND, 0, (uint32_t)reason, 0);
        REAL(SUSPEND)(reason);
}

void WRAP(RESTART)(_Bool finished)
{
        REAL(RESTART)(finished);
        xl_trace_write(GC_RESUME, 0, 0, 0);
}
