using System.Globalization;
using System.Text.RegularExpressions;

namespace Xenolith.Image.Tests;

/// <summary>
/// What docs/hardening.md promises: programs that must die and how they do, requests that are refused, and the page tables themselves.
/// </summary>
public sealed partial class HardeningTests(ImageBed bed)
{
    private const string BadAccessAt = @"SIGSEGV \(bad memory access\) at address ";
    private const string BadAccess = BadAccessAt + "0x[0-9a-f]+";
    private const string BadAccessOfHeap = @"SIGSEGV \(bad memory access in the C library's heap: damaged memory or misuse\) at address 0x[0-9a-f]+";
    private const string StackOverflow = @"SIGSEGV \(stack overflow\) at address 0x[0-9a-f]+";
    private const string StoppedByLibc = @"SIGILL \(stopped by the C library: damaged memory or misuse\)";

    [Theory]
    [InlineData("write-code-of-program")]
    [InlineData("write-code-of-kernel")]
    [InlineData("write-hypercall-page")]
    [InlineData("write-constants")]
    [InlineData("write-code-through-direct-map")]
    [InlineData("write-interrupt-table")]
    public Task A_write_to_code_constants_or_the_interrupt_table_ends_the_program(string defect) => RequireEndAsync(defect, BadAccess, "defect_write");

    [Theory]
    [InlineData("execute-data")]
    [InlineData("execute-constants")]
    [InlineData("execute-heap")]
    [InlineData("execute-managed-heap")]
    [InlineData("execute-stack")]
    [InlineData("execute-direct-map")]
    public Task A_jump_to_what_is_no_code_ends_the_program(string defect) => RequireEndAsync(defect, BadAccess, "0x", "defect_call");

    [Fact]
    public Task A_null_reference_in_native_code_ends_the_program() => RequireEndAsync("read-null", BadAccessAt + "0x0", "defect_read");

    [Theory]
    [InlineData("call-null", "0x0")]
    [InlineData("call-nowhere", "0xdead0000")]
    public Task A_jump_to_where_nothing_is_ends_the_program(string defect, string address) =>
        RequireEndAsync(defect, BadAccessAt + address, address, "defect_call");

    [Theory]
    [InlineData("overflow-native-stack")]
    [InlineData("overflow-native-stack-of-thread")]
    public Task A_stack_overflow_of_native_code_says_so(string defect) =>
        RequireEndAsync(defect, StackOverflow, "defect_overflow_stack", "defect_overflow_stack");

    [Fact]
    public async Task The_first_threads_stack_has_a_guard_below_whatever_else_is_mapped()
    {
        ImageRun run = await RequireEndAsync("overflow-main-stack-between-mappings", StackOverflow, "defect_overflow_stack");
        Assert.Equal(["before", "below the stack: ---p 64 KiB, 0 from it", "mmap there: errno 17", "mapped there: 0 of 2000"], run.Lines[..4]);
    }

    [Theory]
    [InlineData("overflow-kernel-stack")] // a thread's
    [InlineData("overflow-trap-stack")]
    public Task A_stack_overflow_of_the_kernel_is_a_panic_that_says_so(string defect) =>
        RequireLastWordsAsync(defect, @"kernel panic: kernel stack overflow \(.*\)", "Descend", "Descend");

    [Fact]
    public Task A_buffer_overrun_on_the_stack_of_native_code_ends_the_program() =>
        RequireEndAsync("overflow-buffer", StoppedByLibc, "__stack_chk_fail", "defect_overflow_buffer");

    [Fact]
    public async Task A_buffer_overrun_on_the_stack_of_unsafe_csharp_ends_the_program()
    {
        ImageRun run = await RequireEndAsync("overflow-managed-buffer", @"SIGABRT \(abort\)");
        Assert.Contains("OverflowBuffer", run.Output);
    }

    [Fact]
    public Task A_buffer_overrun_on_the_stack_of_the_kernel_is_a_panic_that_says_so() =>
        RequireLastWordsAsync("overflow-kernel-buffer", "kernel panic: a buffer on the stack was overrun", "xl_defect_overflow_buffer");

    [Fact]
    public Task A_buffer_overrun_on_the_heap_ends_the_program_when_the_block_is_freed() => RequireEndAsync("overflow-heap", StoppedByLibc, "__libc_free");

    [Theory]
    [InlineData("free-twice")]
    [InlineData("free-inside")]
    public async Task A_block_that_is_freed_twice_or_is_none_ends_the_program(string defect)
    {
        // What is left of such a block is a matter of its neighbours: a check fails, or there is nothing to check.
        ImageRun run = await RequireEndAsync(defect, $"(?:{StoppedByLibc}|{BadAccessOfHeap})");
        Assert.Contains("__libc_free", run.Output);
    }

    [Fact]
    public async Task What_would_weaken_the_protection_is_refused()
    {
        ImageRun run = (await bed.RunAsync(Images.Defects, "refusals")).RequireSuccess();
        Assert.Equal(
            [
                "mmap writable and executable: errno 13",
                "mprotect writable and executable: errno 13",
                "mprotect of data to executable: errno 13",
                "mprotect of code to writable: errno 13",
                "mprotect of the kernel's code to writable: errno 13",
                "mprotect of constants to writable: errno 13",
                "mprotect of a kernel stack's guard: errno 22",
                "mprotect of the interrupt table: errno 22",
                "munmap of a kernel stack's guard: errno 22",
                "munmap of code: errno 22",
                "mmap at page zero: errno 1",
                "a system call that writes to code: errno 14",
                "a system call that writes to constants: errno 14",
                "a system call that writes to the direct map: errno 14",
                "a system call that writes to a kernel stack: errno 14",
                "a system call that writes to a kernel stack's guard: errno 14",
            ],
            run.Lines);
    }

    [Fact]
    public async Task The_page_tables_allow_no_more_than_is_needed()
    {
        ImageRun run = (await bed.RunAsync(Images.Defects, "page-tables")).RequireSuccess();
        Assert.Equal(
            [
                "pages: many",
                "writable and executable: 0",
                "for ring 3: 0",
                "below 64 KiB: 0",
                "executable outside the code: 0",
                "writable in code or constants: 0",
                "of the image at another address: 1", // the TSS, as the stack of an upcall that is delivered twice
                "stacks of traps: 4 of 4",
                "guards of theirs: 4 of 4",
                "guard of a thread's stack in the kernel: 4 of 4",
            ],
            run.Lines[..10]);
    }

    [Fact]
    public async Task The_processor_enforces_the_page_tables_on_the_kernel_too()
    {
        const ulong protectedMode = 1, writeProtect = 1 << 16, paging = 1ul << 31, noExecuteEnable = 1 << 11;
        ImageRun run = (await bed.RunAsync(Images.Defects, "control-registers")).RequireSuccess();
        Match registers = ControlRegisters().Match(run.Output);
        Assert.True(registers.Success, run.Output);
        const ulong needed = protectedMode | writeProtect | paging;
        Assert.Equal(needed, Hexadecimal(registers.Groups[1].Value) & needed);
        Assert.Equal(noExecuteEnable, Hexadecimal(registers.Groups[3].Value) & noExecuteEnable);
    }

    [Fact]
    public async Task Canaries_and_the_places_of_heaps_and_stacks_differ_between_two_starts()
    {
        Dictionary<string, ulong>[] starts = new Dictionary<string, ulong>[2];
        for (int i = 0; i < starts.Length; i++)
        {
            ImageRun run = (await bed.RunAsync(Images.Defects, "random")).RequireSuccess();
            starts[i] = run.Lines.Select(line => line.Split(' ')).ToDictionary(words => words[0], words => Hexadecimal(words[1]));
        }
        (Dictionary<string, ulong> one, Dictionary<string, ulong> other) = (starts[0], starts[1]);
        string[] secrets = ["canary", "cookie"];
        Assert.All(secrets, name => Assert.NotEqual(one[name], other[name]));
        Assert.Equal(one["code"], other["code"]); // by design: the page says why

        // How far apart two places are differs too, so who knows one does not know the others.
        string[] places = ["code", "stack", "heap", "managed-heap"];
        foreach (string from in places)
            Assert.All(places.Where(to => to != from), to => Assert.NotEqual(one[to] - one[from], other[to] - other[from]));
        Assert.NotEqual(one["thread-stack"], other["thread-stack"]);
    }

    private Task<ImageRun> RequireEndAsync(string defect, string cause, params string[] functions) =>
        RequireLastWordsAsync(defect, "program ended by " + cause, functions);

    /// <summary>Requires that a defect ends the domain as crashed, with a line that matches a pattern and these functions innermost.</summary>
    private async Task<ImageRun> RequireLastWordsAsync(string defect, string cause, params string[] functions)
    {
        ImageRun run = (await bed.RunAsync(Images.Defects, defect)).RequireCrash();
        Assert.Equal("before", run.Lines[0]);
        Assert.DoesNotContain("survived", run.Lines);
        int first = Array.FindIndex(run.Lines, line => line.StartsWith("xenolith: ", StringComparison.Ordinal));
        Assert.Matches($"^xenolith: {cause}$", run.Lines[first]);
        string[] frames = [.. run.Lines[first..].Where(line => line.StartsWith("xenolith:    at ", StringComparison.Ordinal))];
        for (int i = 0; i < functions.Length; i++)
            Assert.Contains(functions[i], frames[i]);
        return run;
    }

    private static ulong Hexadecimal(string digits) => ulong.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex("^CR0 ([0-9a-f]+) CR4 ([0-9a-f]+) EFER ([0-9a-f]+)$", RegexOptions.Multiline)]
    private static partial Regex ControlRegisters();
}
