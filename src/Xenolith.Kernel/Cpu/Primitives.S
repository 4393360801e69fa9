# Instructions that C# cannot express. System V calling convention; each keeps to the registers a call may clobber.
        .include "Layout.inc"
        .section .note.GNU-stack, "", @progbits
        .section .xl.text.primitives, "ax", @progbits

        .globl read_timestamp
read_timestamp:                                 # -> rax = TSC
        rdtsc
        shlq $32, %rdx
        orq %rdx, %rax
        ret

        .globl cpuid_query
cpuid_query:                                    # edi = leaf, esi = subleaf, rdx = uint[4] for eax, ebx, ecx, edx
        pushq %rbx
        movq %rdx, %r8
        movl %edi, %eax
        movl %esi, %ecx
        cpuid
        movl %eax, (%r8)
        movl %ebx, 4(%r8)
        movl %ecx, 8(%r8)
        movl %edx, 12(%r8)
        popq %rbx
        ret

        .globl write_msr
write_msr:                                      # edi = register, rsi = value
        movl %edi, %ecx
        movl %esi, %eax
        movq %rsi, %rdx
        shrq $32, %rdx
        wrmsr
        ret

        .globl write_xcr0
write_xcr0:                                     # rdi = value
        xorl %ecx, %ecx
        movl %edi, %eax
        movq %rdi, %rdx
        shrq $32, %rdx
        xsetbv
        ret

        .globl write_fs_base
write_fs_base:                                  # rdi = base; needs FSGSBASE
        wrfsbase %rdi
        ret

        .globl read_fs_base
read_fs_base:                                   # -> rax; needs FSGSBASE
        rdfsbase %rax
        ret

        .globl read_fault_address
read_fault_address:                             # -> rax = CR2
        movq %cr2, %rax
        ret

        .globl read_page_table_root
read_page_table_root:                           # -> rax = CR3
        movq %cr3, %rax
        ret

        .globl invalidate_page
invalidate_page:                                # rdi = address
        invlpg (%rdi)
        ret

        .globl flush_translations
flush_translations:                             # all of them: the kernel uses no global pages
        movq %cr3, %rax
        movq %rax, %cr3
        ret

        .globl load_interrupt_table
load_interrupt_table:                           # rdi = address, esi = limit
        subq $16, %rsp
        movw %si, (%rsp)
        movq %rdi, 2(%rsp)
        lidt (%rsp)
        addq $16, %rsp
        ret

        .globl load_task_register
load_task_register:                             # edi = selector
        ltr %di
        ret

        .globl write_port
write_port:                                     # edi = port, esi = byte
        movl %edi, %edx
        movl %esi, %eax
        outb %al, %dx
        ret

        .globl read_port
read_port:                                      # edi = port -> eax = byte
        movl %edi, %edx
        xorl %eax, %eax
        inb %dx, %al
        ret

        .globl halt_forever
halt_forever:
        cli
        hlt
        jmp halt_forever

        .globl frame_pointer
frame_pointer:                                  # -> rax = the caller's rbp
        movq %rbp, %rax
        ret

        .globl read_random
read_random:                                    # edi: 0 = RDRAND, else RDSEED; rsi = ulong* -> eax = 1 if there was one
        testl %edi, %edi
        jnz 1f
        rdrand %rax
        jmp 2f
1:      rdseed %rax
2:      movq %rax, (%rsi)
        setc %al
        movzbl %al, %eax
        ret

        .globl zero_page
zero_page:                                      # rdi = page: 16 bytes a store; xmm0 is kept
        subq $24, %rsp
        movups %xmm0, (%rsp)
        xorps %xmm0, %xmm0
        leaq 4096(%rdi), %rax
1:
        .set offset, 0
        .rept 32
        movaps %xmm0, offset(%rdi)
        .set offset, offset + 16
        .endr
        addq $512, %rdi
        cmpq %rax, %rdi
        jne 1b
        movups (%rsp), %xmm0
        addq $24, %rsp
        ret

        .globl zero_page_wide
zero_page_wide:                                 # the same, 32 bytes a store; needs AVX. ymm0 is kept: its upper half is the program's
        subq $40, %rsp
        vmovdqu %ymm0, (%rsp)
        vpxor %xmm0, %xmm0, %xmm0
        leaq 4096(%rdi), %rax
1:
        .set offset, 0
        .rept 32
        vmovdqa %ymm0, offset(%rdi)
        .set offset, offset + 32
        .endr
        addq $1024, %rdi
        cmpq %rax, %rdi
        jne 1b
        vmovdqu (%rsp), %ymm0
        addq $40, %rsp
        ret

        .globl move_bytes
move_bytes:                                     # rdi = to, rsi = from, rdx = length; may overlap
        movq %rdi, %rax
        subq %rsi, %rax
        cmpq %rdx, %rax
        jb 3f                                   # `to` lies inside the source: copy from the end
1:      cmpq $8, %rdx
        jb 2f
        movq (%rsi), %rax
        movq %rax, (%rdi)
        addq $8, %rsi
        addq $8, %rdi
        subq $8, %rdx
        jmp 1b
2:      movq %rdx, %rcx
        rep movsb
        ret
3:      movq %rdx, %rcx
        leaq -1(%rdi, %rdx), %rdi
        leaq -1(%rsi, %rdx), %rsi
        std
        rep movsb
        cld
        ret

        .globl fill_bytes
fill_bytes:                                     # rdi = to, esi = byte, rdx = length
        movzbl %sil, %eax
        movabsq $0x0101010101010101, %rcx
        imulq %rcx, %rax
1:      cmpq $8, %rdx
        jb 2f
        movq %rax, (%rdi)
        addq $8, %rdi
        subq $8, %rdx
        jmp 1b
2:      movq %rdx, %rcx
        rep stosb
        ret

        .globl memcpy, memmove, memset
memmove:
memcpy:                                         # ILC's block copies: return rdi
        movq %rdi, %r8
        call move_bytes
        movq %r8, %rax
        ret
memset:
        movq %rdi, %r8
        call fill_bytes
        movq %r8, %rax
        ret

# The hypercall page: Xen fills it when its address is written to the MSR that CPUID names.
# hypercall(edi = number, rsi, rdx, rcx, r8 = arguments 1-4) -> rax
        .globl hypercall, hypercall_page
hypercall:
        movl %edi, %eax
        shll $5, %eax
        addq $hypercall_page, %rax
        movq %rsi, %rdi
        movq %rdx, %rsi
        movq %rcx, %rdx
        movq %r8, %r10
        jmp *%rax

        .balign 4096
hypercall_page:
        .skip 4096, 0xCC

# Addresses of assembly labels and linker-script symbols for C#: label_address(edi = index in the table below).
        .globl label_address
label_address:
        movl %edi, %edi
        movq labels(, %rdi, 8), %rax
        ret

        .section .xl.rodata.labels, "a", @progbits
        .balign 8
labels: .quad trap_stubs, syscall_entry, return_to_program, hypercall_page, boot_gdt, boot_pml4
        .quad xl_image_start, xl_text_start, xl_text_end
        .quad xl_rodata_start, xl_rodata_end, xl_data_start, xl_data_end, _start, xl_symbols
        .quad direct_map_level3, direct_map_level2, direct_map_level1, wait_halt, wait_halted, __security_cookie, vdso_file, task_state, xl_content
        .quad guarded_stacks, interrupt_table
        .quad xl_build_id, xl_kernel_text_start, xl_kernel_text_end

        .section .xl.data.compiler, "aw", @progbits
        .balign 8
        .globl __security_cookie, RhpTrapThreads
__security_cookie:                              # C#: Boot/Main.cs replaces it by a random one
        .quad 0x5BD1E995A3C59AC3
RhpTrapThreads:                                 # the runtime's "a collection is waiting" flag: never set here
        .quad 0
