# What Linux's vDSO offers: clock_gettime and getcpu without a system call. The C library looks these names up in a small ELF file that the
# auxiliary vector points to (AT_SYSINFO_EHDR); this one is made of constants, and its functions are part of the image.
# Called as C functions. What they do not know they answer with ENOSYS, and the C library makes the system call.
        .include "Layout.inc"
        .section .note.GNU-stack, "", @progbits

# Program text: a bad pointer is the program's fault, and an event that comes here may switch threads.
        .section .xl.program, "ax", @progbits

        .equ NANOSECONDS, 1000000000
        .equ NO_SYSTEM_CALL, -38

# vdso_clock_gettime(edi = clock, rsi = timespec*) -> eax = 0. C#: Time/PvClock.cs and Time/Clock.cs compute the same.
        .balign 16
vdso_clock_gettime:
        movabsq $SHARED_INFO, %r8
        movq clock_resumes(%rip), %rax
        movq %rax, -8(%rsp)
        cmpl $11, %edi
        ja 9f
        movl $0xD2, %eax                        # 1, 4, 6, 7: the monotonic clocks
        btl %edi, %eax
        jnc 8f
        xorl %r10d, %r10d                       # seconds and nanoseconds to add
        movq clock_adjustment(%rip), %r11
        jmp 2f

8:      movl $0x821, %eax                       # 0, 5, 11: the wall clock, which knows no leap seconds
        btl %edi, %eax
        jnc 9f
1:      movl SHARED_WC_VERSION(%r8), %r9d       # odd while Xen writes; loads stay in order
        movl SHARED_WC_SEC(%r8), %r10d
        movl SHARED_WC_SEC_HI(%r8), %eax
        movl SHARED_WC_NSEC(%r8), %r11d
        testl $1, %r9d
        jnz 1b
        cmpl SHARED_WC_VERSION(%r8), %r9d
        jne 1b
        shlq $32, %rax
        orq %rax, %r10

2:      movl SHARED_TIME_VERSION(%r8), %edi
        testl $1, %edi
        jnz 2b
        lfence                                  # the counter is not read before the version
        rdtsc
        shlq $32, %rdx
        orq %rdx, %rax
        movzbl SHARED_TIME_SHIFT(%r8), %ecx
        xorl %r9d, %r9d
        subq SHARED_TIME_TIMESTAMP(%r8), %rax
        jns 3f
        negq %rax                               # the record lies ahead of the counter: so does its time
        notq %r9
3:      testb %cl, %cl
        js 4f
        shlq %cl, %rax
        jmp 5f
4:      negb %cl
        shrq %cl, %rax
5:      movl SHARED_TIME_MULTIPLIER(%r8), %edx
        mulq %rdx
        shrdq $32, %rdx, %rax
        xorq %r9, %rax                          # negated again if it was
        subq %r9, %rax
        addq SHARED_TIME_SYSTEM(%r8), %rax
        cmpl SHARED_TIME_VERSION(%r8), %edi
        jne 2b
        movq -8(%rsp), %rcx                     # resumed meanwhile: what was read belongs to two hosts
        cmpq clock_resumes(%rip), %rcx
        jne 9f

        addq %r11, %rax
        xorl %edx, %edx
        movl $NANOSECONDS, %ecx
        divq %rcx
        addq %r10, %rax
        movq %rax, (%rsi)
        movq %rdx, 8(%rsi)
        xorl %eax, %eax
        ret
9:      movl $NO_SYSTEM_CALL, %eax
        ret

        .section .xl.data.clock, "aw", @progbits
        .balign 16
        .globl clock_adjustment
clock_adjustment:                               # C#: Time/Clock.cs, ClockAdjustment
        .quad 0
clock_resumes:
        .quad 0
        .section .xl.program

# vdso_getcpu(rdi = unsigned* or null, rsi = unsigned* or null) -> eax = 0
        .balign 16
vdso_getcpu:
        movl %gs:PERCPU_NUMBER, %eax
        testq %rdi, %rdi
        jz 1f
        movl %eax, (%rdi)
1:      testq %rsi, %rsi
        jz 2f
        movl $0, (%rsi)                         # one node
2:      xorl %eax, %eax
        ret

# The ELF file: header, two program headers, the dynamic section and what it names. Addresses in it are relative to its start.
        .section .xl.rodata.vdso, "a", @progbits
        .balign 16
        .globl vdso_file
vdso_file:
        .byte 0x7F
        .ascii "ELF"
        .byte 2, 1, 1, 0                        # 64 bits, little endian, current version
        .skip 8
        .short 3, 62                            # ET_DYN, EM_X86_64
        .long 1
        .quad 0                                 # no entry
        .quad vdso_headers - vdso_file
        .quad 0                                 # no sections
        .long 0
        .short 64, 56, 2, 64, 0, 0              # sizes and numbers of headers

vdso_headers:
        .long 1, 5                              # PT_LOAD, R-X
        .quad 0, 0, 0, vdso_end - vdso_file, vdso_end - vdso_file, 4096
        .long 2, 4                              # PT_DYNAMIC, R--
        .quad vdso_dynamic - vdso_file, vdso_dynamic - vdso_file, vdso_dynamic - vdso_file, vdso_strings - vdso_dynamic, vdso_strings - vdso_dynamic, 8

vdso_dynamic:
        .quad 4, vdso_hash - vdso_file          # DT_HASH
        .quad 5, vdso_strings - vdso_file       # DT_STRTAB
        .quad 6, vdso_symbols - vdso_file       # DT_SYMTAB
        .quad 10, vdso_hash - vdso_strings      # DT_STRSZ
        .quad 11, 24                            # DT_SYMENT
        .quad 0, 0

vdso_strings:
        .byte 0
name_clock_gettime:
        .asciz "__vdso_clock_gettime"
name_getcpu:
        .asciz "__vdso_getcpu"

        .balign 4
vdso_hash:                                      # one bucket: a chain of all
        .long 1, 3, 1
        .long 0, 2, 0

        .balign 8
vdso_symbols:                                   # name; global function in some section; address, size
        .quad 0, 0, 0
        .long name_clock_gettime - vdso_strings
        .byte 0x12, 0
        .short 1
        .quad vdso_clock_gettime - vdso_file, 0
        .long name_getcpu - vdso_strings
        .byte 0x12, 0
        .short 1
        .quad vdso_getcpu - vdso_file, 0
vdso_end:
