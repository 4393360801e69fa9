# The functions xl_* that act on the kernel's own state: each is a system call of its own, with a number that Linux does not have. So they
# run on the thread's kernel stack with interrupts off, may block and be preempted like any other call, and check pointers as any other
# call does; and where the image runs as a Linux process, they answer ENOSYS. Numbers: Platform/PlatformCall.cs.
        .section .note.GNU-stack, "", @progbits

# Program text, not kernel text: an event that comes here has interrupted the program.
        .section .xl.program, "ax", @progbits

        .set number, 0x584C00
        .macro CALL name
        .globl \name
\name:
        movq %rcx, %r10                         # where SYSCALL keeps the return address
        movl $number, %eax
        syscall
        ret
        .set number, number + 1
        .endm

        CALL xl_event_limit
        CALL xl_event_open
        CALL xl_event_close
        CALL xl_event_notify
        CALL xl_event_mask
        CALL xl_event_status
        CALL xl_event_take
        CALL xl_xenstore_ring
        CALL xl_page_allocate
        CALL xl_page_free
        CALL xl_grant_table_size
        CALL xl_grant_table_grow
        CALL xl_grant_access
        CALL xl_grant_end
        CALL xl_grant_map
        CALL xl_grant_unmap
        CALL xl_grant_unmap_notify
        CALL xl_grant_copy
        CALL xl_shutdown_reason
        CALL xl_memory_trim
        CALL xl_xenstore_unsent
        CALL xl_suspend
        CALL xl_trace_start
        CALL xl_trace_stop
