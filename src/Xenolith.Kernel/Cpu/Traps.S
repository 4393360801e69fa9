# Entry to the kernel: exceptions, the event upcall and SYSCALL; and the way back to the program.
#
# Everything runs in ring 0, so the CPU does not switch stacks by privilege. Every vector has an IST stack instead (a program's
# red zone and a broken stack pointer must both survive), and a trap that interrupted the program moves on at once to its
# thread's kernel stack, where the thread can be switched. A trap that interrupted the kernel stays on the IST stack.
# "Kernel" means: the interrupted rip lies in [xl_kernel_text_start, xl_kernel_text_end).
#
# Frame, from low to high addresses: xmm0-15, r15 ... r8, rbp, rdi, rsi, rdx, rcx, rbx, rax, vector, error, rip, cs, rflags,
# rsp, ss. C#: Cpu/TrapFrame.cs. The upper halves of the vector registers stay in the CPU: kernel code does not touch them.
        .include "Layout.inc"

        .equ SYS_SCHED_YIELD, 24
        .equ SYS_FUTEX, 202
        .equ FUTEX_WAKE, 1
        .equ FUTEX_PRIVATE, 128
        .equ FUTEX_CLOCK_REALTIME, 256

        .section .note.GNU-stack, "", @progbits

        .macro SAVE_REGISTERS
        pushq %rax
        pushq %rbx
        pushq %rcx
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %rbp
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        SAVE_VECTORS
        .endm

        .macro SAVE_VECTORS
        subq $FRAME_GENERAL, %rsp
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movaps %xmm\n, \n * 16(%rsp)
        .endr
        .endm

        .macro RESTORE_REGISTERS
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movaps \n * 16(%rsp), %xmm\n
        .endr
        addq $FRAME_GENERAL, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rbp
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        popq %rbx
        popq %rax
        .endm

        .section .xl.text.traps, "ax", @progbits

# One stub a vector: pushes an error code of 0 where the CPU pushed none, then the vector. 16 bytes each.
        .balign 16
        .globl trap_stubs
trap_stubs:
        .set vector, 0
        .rept 32
        .balign 16
        .if (vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
        .else
        pushq $0
        .endif
        pushq $vector
        jmp trap_entry
        .set vector, vector + 1
        .endr

# The last stub is the upcall's. QEMU 7.2's emulation now and then delivers an injected interrupt a second time, whatever IF says, at any
# instruction until the guest's next exit: also before the first one here. The second frame must not take the place of the first.
# So the frame is pushed over the TSS's own IST 7, through which the CPU found the place: the upper half of rip, which is 0, and the lower
# half of cs become a stack pointer, SELECTOR_CODE << 32, and that is where the next delivery finds its stack
# (Memory/AddressSpace.cs maps the TSS's own page there: in a migration the first write to a page is a VM exit, and one in the middle of a second
# delivery would be the domain's end, since the emulator reports that as an exception with the upcall's number. The first delivery has written to that
# page just now. To find a page by its tables counts as writing to them: so each upcall goes that way once, when nothing is lost by an exit.)
# From there on:
#
#   task_state + 80 rip   84..91 IST 7   88 cs   96 rflags   104 rsp   112 ss   120 = what IST 7 holds while no upcall is being taken
#
# An upcall that has interrupted code with interrupts off is such a second delivery, and is dropped: it changes no register.
        .balign 16
upcall_stub:
        testl $RFLAGS_IF, 16(%rsp)
        jz upcall_twice
        movq second_upcall_stack(%rip), %rsp
        pushq $0                                # keeps the tables there, and the translation, ready for a second delivery
        movq task_state + TASK_UPCALL_STACK(%rip), %rsp
        pushq task_state + 112(%rip)
        pushq task_state + 104(%rip)
        pushq task_state + 96(%rip)
        pushq task_state + 88(%rip)
        pushq task_state + 80(%rip)
        movq $task_state + TASK_UPCALL_FRAME, task_state + TASK_UPCALL_ENTRY(%rip)
        pushq $0
        pushq $VECTOR_UPCALL
        jmp trap_entry
upcall_twice:                                   # on the other stack, with the first frame still in the TSS; or in the TSS
        cmpq $task_state + 80, %rsp
        jne 1f
        movq second_upcall_stack(%rip), %rsp    # the frame must leave IST 7 before that is set again
        pushq task_state + 112(%rip)
        pushq task_state + 104(%rip)
        pushq task_state + 96(%rip)
        pushq task_state + 88(%rip)
        pushq task_state + 80(%rip)
        movq $task_state + TASK_UPCALL_FRAME, task_state + TASK_UPCALL_ENTRY(%rip)
1:      iretq

        .balign 16
trap_entry:                                     # IST stack: vector, error, rip, cs, rflags, rsp, ss
        cld
        pushq %rax
        pushq %rcx
        movq 32(%rsp), %rax
        cmpq $xl_kernel_text_start, %rax
        jb from_program
        cmpq $xl_kernel_text_end, %rax
        jae from_program
        cmpq $syscall_leave, %rax
        je from_syscall_leave

        popq %rcx
        popq %rax
        SAVE_REGISTERS
        movq %rsp, %rdi
        call xl_kernel_trap
        RESTORE_REGISTERS
        addq $16, %rsp
        iretq

# At the jump that ends a system call: everything but rip is the program's already, and rip is in rcx. It counts as the program's.
# (STI's shadow keeps interrupts from here, unless a VM exit has lost it.)
from_syscall_leave:
        movq (%rsp), %rax
        movq %rax, 32(%rsp)

from_program:                                   # rcx, rax, vector, error, rip, cs, rflags, rsp, ss
        movq %gs:PERCPU_KERNEL_STACK, %rcx
        movq 64(%rsp), %rax
        movq %rax, -8(%rcx)
        movq 56(%rsp), %rax
        movq %rax, -16(%rcx)
        movq 48(%rsp), %rax
        movq %rax, -24(%rcx)
        movq 40(%rsp), %rax
        movq %rax, -32(%rcx)
        movq 32(%rsp), %rax
        movq %rax, -40(%rcx)
        movq 24(%rsp), %rax
        movq %rax, -48(%rcx)
        movq 16(%rsp), %rax
        movq %rax, -56(%rcx)
        movq 8(%rsp), %rax
        movq %rax, -64(%rcx)
        movq (%rsp), %rax                       # the program's rcx
        leaq -64(%rcx), %rsp
        movq %rax, %rcx
        movq (%rsp), %rax                       # already in its slot; pushed again below
        addq $8, %rsp
        SAVE_REGISTERS
        movq %rsp, %rdi
        call xl_program_trap
        # falls through

# return_to_program: the kernel stack holds a frame; leaves by IRETQ, which restores everything.
        .globl return_to_program
return_to_program:
        RESTORE_REGISTERS
        addq $16, %rsp
        iretq

# SYSCALL from the program: rcx = rip, r11 = rflags, rsp still the program's; the flags mask has cleared IF, DF, TF, AC, NT.
        .balign 16
        .globl syscall_entry
syscall_entry:
        cmpl $SYS_SCHED_YIELD, %eax
        je yield_entry
        cmpl $SYS_FUTEX, %eax
        je futex_entry
syscall_full:
        movq %rsp, %gs:PERCPU_USER_STACK
        movq %gs:PERCPU_KERNEL_STACK, %rsp
        pushq $SELECTOR_DATA
        pushq %gs:PERCPU_USER_STACK
        pushq %r11
        pushq $SELECTOR_CODE
        pushq %rcx
        pushq %rax                              # error slot: the call's number, for restarting it
        pushq $VECTOR_SYSCALL
        SAVE_REGISTERS
        movq %rsp, %rdi
        call xl_syscall
        testl %eax, %eax
        jnz return_to_program                   # the frame was changed (signal): restore all of it

        RESTORE_REGISTERS                       # rsp -> vector, error, rip, cs, rflags, rsp, ss
        movq 16(%rsp), %rcx
        movq 32(%rsp), %r11
        pushq %r11
        andl $~RFLAGS_IF, (%rsp)                # IF comes back with STI, whose shadow covers the jump:
        popfq                                   # no interrupt can find the program's stack with a kernel rip
        movq 40(%rsp), %rsp
syscall_enable:
        sti
syscall_leave:
        jmp *%rcx

# Two calls that mostly have nothing to do, and then need no frame: sched_yield(2) with no other thread runnable, and FUTEX_WAKE with nobody in
# the word's bucket. They use no register but rax, change only the arithmetic flags besides, and leave the rest to the full way.
yield_entry:
        cmpq $0, %gs:PERCPU_RUNNABLE
        jne syscall_full
        testl $RFLAGS_SPECIAL, %r11d
        jnz syscall_full
        xorl %eax, %eax
        jmp syscall_enable

futex_entry:                                    # rdi = word, esi = operation
        movl %esi, %eax
        andl $~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME), %eax
        cmpl $FUTEX_WAKE, %eax
        jne 1f
        testb $3, %dil
        jnz 1f
        testl $RFLAGS_SPECIAL, %r11d
        jnz 1f
        movq %rdi, %rax                         # C#: Threads/Futexes.cs, Bucket
        shrq $2, %rax
        imulq futex_multiplier(%rip), %rax
        shrq $56, %rax
        shlq $4, %rax
        cmpq $0, futex_buckets(%rax)
        jne 1f
        xorl %eax, %eax
        jmp syscall_enable
1:      movl $SYS_FUTEX, %eax
        jmp syscall_full

        .section .xl.bss.futexes, "aw", @nobits
        .balign 16
        .globl futex_buckets
futex_buckets:                                  # 256 queues of two pointers
        .skip 256 * 16

        .section .xl.rodata.traps, "a", @progbits
        .balign 8
second_upcall_stack:
        .quad SELECTOR_CODE << 32
futex_multiplier:
        .quad 0x9E3779B97F4A7C15
