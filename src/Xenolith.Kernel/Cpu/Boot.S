# Entry from Xen: 32-bit protected mode, paging off, ebx = physical address of hvm_start_info
# (xen/include/public/arch-x86/hvm/start_info.h). Ends in C#, in long mode, on the boot stack.
        .include "Layout.inc"

        .section .note.Xen, "a", @note
        .balign 4
        .long 4, 4, 18                          # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long xl_pvh_entry

        .section .note.GNU-stack, "", @progbits

        .section .xl.text.boot, "ax", @progbits
        .code32
        .globl xl_pvh_entry
xl_pvh_entry:
        cld
        rdtsc
        movl %eax, boot_record
        movl %edx, boot_record + 4
        movl $boot_stack_top, %esp
        movl %ebx, %edi                         # survives CPUID below, and is the first argument of C#

        # The features that decide which control bits may be set. C# judges them later, where it can print.
        movl $0x80000001, %eax
        cpuid
        movl %ecx, boot_record + 8
        movl %edx, boot_record + 12
        movl %edx, %ebp
        movl $7, %eax
        xorl %ecx, %ecx
        cpuid
        movl %ebx, boot_record + 16
        movl %ebx, %esi
        movl $1, %eax
        cpuid
        movl %ecx, boot_record + 20
        movl %edx, boot_record + 24

        movl $0x620, %eax                       # CR4: PAE, OSFXSR, OSXMMEXCPT
        testl $1 << 26, %ecx
        jz 1f
        orl $1 << 18, %eax                      # OSXSAVE
1:      testl $1, %esi
        jz 1f
        orl $1 << 16, %eax                      # FSGSBASE
1:      movl %eax, %cr4

        movl $boot_pml4, %eax
        movl %eax, %cr3

        movl $0xC0000080, %ecx                  # EFER: LME and SCE, NXE where there is NX
        movl $0x101, %eax
        testl $1 << 20, %ebp
        jz 1f
        orl $0x800, %eax
1:      xorl %edx, %edx
        wrmsr

        movl $0x80010033, %eax                  # CR0: PG, WP, NE, ET, MP, PE; EM and TS clear
        movl %eax, %cr0
        lgdt boot_gdt_pointer
        ljmp $SELECTOR_CODE, $long_mode

        .code64
long_mode:
        fninit
        movl $SELECTOR_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        movl $boot_stack_top, %esp
        movl %edi, %edi
        movl $boot_record, %esi
        xorl %ebp, %ebp                         # ends backtraces
        call xl_main
        ud2

        .section .xl.data.boot, "aw", @progbits
        .balign 8
boot_gdt:
        .quad 0
        .quad 0x00AF9A000000FFFF                # 0x08: 64-bit code, ring 0
        .quad 0x00CF92000000FFFF                # 0x10: data, ring 0
        .quad 0, 0                              # 0x18: TSS, filled in by C#
boot_gdt_pointer:
        .word 5 * 8 - 1
        .quad boot_gdt
        .globl boot_gdt

# The first GiB, identity-mapped with 2 MiB pages: what the kernel runs on until C# has built the real tables.
        .balign 4096
        .globl boot_pml4
boot_pml4:
        .quad boot_pdpt + 3
        .fill 511, 8, 0
boot_pdpt:
        .quad boot_pd + 3
        .fill 511, 8, 0
boot_pd:
        .set page, 0
        .rept 512
        .quad page * 0x200000 + 0x83
        .set page, page + 1
        .endr

        .section .xl.bss.boot, "aw", @nobits
        .balign 8
boot_record:                                    # C#: Boot/BootRecord.cs
        .skip 32
        .balign 4096                            # a page of its own, whose end is the second upcall's stack (Traps.S)
        .skip 8                                 # so that task_state + TASK_UPCALL_FRAME is a multiple of 16
        .globl task_state
task_state:                                     # C#: Cpu/DescriptorTables.cs
        .skip TASK_UPCALL_FRAME
        .balign 4096
        .globl direct_map_level3, direct_map_level2, direct_map_level1
direct_map_level3:                              # C#: Memory/Frames.cs
        .skip 4096
direct_map_level2:
        .skip 4096
direct_map_level1:
        .skip 4096
        .globl interrupt_table
interrupt_table:                                # C#: Cpu/DescriptorTables.cs fills it, Memory/AddressSpace.cs makes it read-only
        .skip 4096
# The stacks of traps, IST 1 to 4, then the boot's: each lies above a page that is taken away (Cpu/DescriptorTables.cs,
# Memory/AddressSpace.cs).
        .globl guarded_stacks
guarded_stacks:
        .skip 4 * (4096 + 8192)
        .skip 4096 + 32768
boot_stack_top:

