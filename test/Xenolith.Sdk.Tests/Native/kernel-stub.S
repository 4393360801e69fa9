/*
 * The smallest object that keeps the kernel's contract with the linker script: an image made with it runs as a Linux process, and
 * halts when a hypervisor starts it.
 */

        .section .note.Xen, "a", @note
        .long 4, 4, 18                  /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz "Xen"
        .long xl_pvh_entry

        .section .xl.text, "ax", @progbits
        .globl xl_pvh_entry
        .type xl_pvh_entry, @function
        .code32
xl_pvh_entry:
        cli
        mov     $counter, %eax
        mov     $message, %eax
        mov     $xl_symbols, %eax
        mov     $zeroes, %eax
halt:   hlt
        jmp     halt
        .size xl_pvh_entry, . - xl_pvh_entry

        .globl xl_resume_count
        .type xl_resume_count, @function
        .code64
xl_resume_count:
        xor     %eax, %eax
        ret
        .size xl_resume_count, . - xl_resume_count

        .section .xl.rodata, "a", @progbits
message:
        .asciz "halted"

        .section .xl.data, "aw", @progbits
counter:
        .quad 0

        .section .xl.bss, "aw", @nobits
zeroes:
        .space 8192

        .section .note.GNU-stack, "", @progbits
