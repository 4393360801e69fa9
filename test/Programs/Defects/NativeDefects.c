/* Defects of native code: each function does one thing that must end the program, or looks at the machine from ring 0. */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern char xl_text_start[], xl_text_end[], xl_kernel_text_start[], xl_kernel_text_end[], xl_rodata_start[], xl_rodata_end[], xl_data_start[], xl_data_end[];

uint64_t defect_place(int which)
{
        char *places[] = { xl_text_start, xl_text_end, xl_kernel_text_start, xl_kernel_text_end, xl_rodata_start, xl_rodata_end, xl_data_start, xl_data_end };

        return (uint64_t)places[which];
}

/* Ring 0 sees them: CR0, CR3, CR4, EFER. */
uint64_t defect_control_register(int which)
{
        uint64_t value = 0;
        uint32_t low, high;

        switch (which) {
        case 0:
                __asm__ volatile("mov %%cr0, %0" : "=r"(value));
                return value;
        case 3:
                __asm__ volatile("mov %%cr3, %0" : "=r"(value));
                return value;
        case 4:
                __asm__ volatile("mov %%cr4, %0" : "=r"(value));
                return value;
        default:
                __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xC0000080));
                return (uint64_t)high << 32 | low;
        }
}

/* What the compiler compares a function's stack with, and what it is made from: AT_RANDOM's bytes. */
uint64_t defect_canary(void)
{
        uint64_t value;

        __asm__ volatile("mov %%fs:0x28, %0" : "=r"(value));
        return value;
}

int defect_read(const volatile char *address)
{
        return *address;
}

void defect_write(volatile char *address, char value)
{
        *address = value;
}

void defect_call(void (*function)(void))
{
        function();
}

static char data_of_image[64];

/* Memory of one kind that holds a RET instruction. */
void *defect_code_on_heap(void)
{
        char *code = malloc(64);

        *code = (char)0xC3;
        return code;
}

void *defect_code_in_data(void)
{
        *data_of_image = (char)0xC3;
        return data_of_image;
}

void defect_execute_stack(void)
{
        volatile char code[64];

        code[0] = (char)0xC3;
        defect_call((void (*)(void))(uintptr_t)code);
}

/* A string that is longer than the place for it. */
__attribute__((noinline)) int defect_overflow_buffer(int length)
{
        volatile char buffer[16];

        for (int i = 0; i < length; i++)
                buffer[i] = 'x';
        return buffer[length / 2];
}

__attribute__((noinline)) int defect_overflow_stack(int depth)
{
        volatile char room[200];

        room[depth % 200] = 1;
        return defect_overflow_stack(depth + 1) + room[depth * 7 % 200];
}

static void *overflow(void *argument)
{
        return (void *)(intptr_t)defect_overflow_stack((int)(intptr_t)argument);
}

int defect_overflow_stack_of_thread(void)
{
        pthread_t thread;
        void *result;

        if (pthread_create(&thread, NULL, overflow, NULL) != 0)
                return -1;
        pthread_join(thread, &result);
        return (int)(intptr_t)result;
}

int defect_overflow_heap(int length)
{
        char *first = malloc(16), *second = malloc(16);

        for (int i = 0; i < length; i++)
                ((volatile char *)first)[i] = 'x';
        free(first);
        free(second);
        return 0;
}

int defect_free_twice(void)
{
        char *volatile block = malloc(16), *volatile other = malloc(16);

        free(block);
        free(block);
        free(other);
        return 0;
}

int defect_free_inside(void)
{
        char *volatile block = malloc(64);

        free(block + 16);
        return 0;
}

/* The CPU's own tables: where LIDT and LGDT have put them. */
struct table_register {
        uint16_t limit;
        uint64_t base;
} __attribute__((packed));

uint64_t defect_interrupt_table(void)
{
        struct table_register table;

        __asm__ volatile("sidt %0" : "=m"(table));
        return table.base;
}

/* The tops of the stacks that the kernel runs on: 0 is the running thread's, 1 to 4 are those of traps (the TSS's interrupt stack table). */
uint64_t defect_kernel_stack(int which)
{
        uint64_t value;
        struct table_register table;
        const uint8_t *descriptor, *task;

        if (which == 0) {
                __asm__ volatile("mov %%gs:8, %0" : "=r"(value));
                return value;
        }
        __asm__ volatile("sgdt %0" : "=m"(table));
        descriptor = (const uint8_t *)(table.base + 0x18);
        memcpy(&value, descriptor + 8, 4);
        task = (const uint8_t *)(value << 32 | (uint64_t)descriptor[7] << 24 | (uint64_t)descriptor[4] << 16 | (uint64_t)descriptor[3] << 8 | descriptor[2]);
        memcpy(&value, task + 36 + 8 * (which - 1), 8);
        return value;
}

int xl_defect_overflow_stack(int depth);

/* Calls into the kernel as the kernel itself is called: on that stack, with interrupts off. */
void defect_overflow_kernel_stack(uint64_t top)
{
        __asm__ volatile("cli; mov %0, %%rsp; xor %%edi, %%edi; xor %%ebp, %%ebp; call xl_defect_overflow_stack" : : "r"(top & ~15ull) : "memory");
}
