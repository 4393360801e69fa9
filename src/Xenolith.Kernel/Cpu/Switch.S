# Switching between threads, and sleeping until an interrupt.
        .include "Layout.inc"
        .section .note.GNU-stack, "", @progbits
        .section .xl.text.switch, "ax", @progbits

# switch_thread(rdi = from, rsi = to): saves the callee-saved registers and the extended state of `from`, and continues `to`
# where it was switched away, or at return_to_program if it is new. Interrupts are off. A null `from` is not saved.
        .globl switch_thread
switch_thread:
        testq %rdi, %rdi
        jz 1f
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, THREAD_STACK_POINTER(%rdi)
        movq THREAD_EXTENDED_STATE(%rdi), %rcx
        movl $-1, %eax
        movl $-1, %edx
        xsave (%rcx)
1:      movq THREAD_STACK_POINTER(%rsi), %rsp
        movq THREAD_EXTENDED_STATE(%rsi), %rcx
        movl $-1, %eax
        movl $-1, %edx
        xrstor (%rcx)
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret

# enter_program(rdi = kernel stack pointer at a frame): the first entry to the program; does not return.
        .globl enter_program
enter_program:
        movq %rdi, %rsp
        jmp return_to_program

# wait_for_interrupt: enables interrupts and halts as one step; returns with them off. STI's shadow keeps an interrupt from slipping
# in before HLT, where the shadow survives a VM exit; where it does not, the upcall handler sees that it came at HLT and steps over it
# (Cpu/Traps.cs), so that no wake-up is slept through.
        .globl wait_for_interrupt, wait_halt, wait_halted
wait_for_interrupt:
        sti
wait_halt:
        hlt
wait_halted:
        cli
        ret

# allow_interrupts: lets an event in that has been waiting.
        .globl allow_interrupts
allow_interrupts:
        sti
        nop
        cli
        ret

# save_extended_state(rdi = area, 64-byte aligned) / restore_extended_state(rdi)
        .globl save_extended_state
save_extended_state:
        movl $-1, %eax
        movl $-1, %edx
        xsave (%rdi)
        ret

        .globl restore_extended_state
restore_extended_state:
        movl $-1, %eax
        movl $-1, %edx
        xrstor (%rdi)
        ret
