/* The PVH entry of the test guest: a stack, then guest_main(start_info). Also the note by which Xen finds the entry. */
        .section .note.Xen, "a", @note
        .balign 4
        .long   4, 4, 18                /* name's and value's length; XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz  "Xen"
        .long   entry

        .text
        .code32
        .globl  entry
entry:
        movl    $stack_end, %esp
        pushl   %ebx
        call    guest_main
        ud2

        .bss
        .balign 4096
        .globl  hypercall_page, shared_info
hypercall_page: .skip 4096
shared_info:    .skip 4096
                .skip 16384
stack_end:

        .section .note.GNU-stack, "", @progbits
