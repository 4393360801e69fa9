using System.Text.RegularExpressions;
using Xenolith.Sdk.Elf;

namespace Xenolith.Image.Tests;

/// <summary>Abnormal ends: always a crash, with what happened and where on the console.</summary>
public sealed class CrashTests(ImageBed bed)
{
    [Theory]
    [InlineData("throw")]
    [InlineData("throw-in-thread")]
    public async Task An_unhandled_exception_shows_itself_and_the_methods_it_went_through(string scenario)
    {
        ImageRun run = (await bed.RunScenarioAsync(scenario)).RequireCrash();
        Assert.StartsWith("before the exceptionUnhandled exception. System.InvalidOperationException: the reason\n", run.Output);
        Assert.Equal(4, Regex.Count(run.Output, @"^   at Scenarios\.Endings\.ThrowDeeper\(Int32\)", RegexOptions.Multiline));
        Assert.Matches(new Regex(@"^   at Scenarios\.Endings\.Throw\(\)", RegexOptions.Multiline), run.Output);
        AssertEndsInBacktrace(run, "SIGABRT (abort)", "abort");
    }

    [Fact]
    public async Task FailFast_shows_its_message_and_the_method_that_called_it()
    {
        ImageRun run = (await bed.RunScenarioAsync("fail-fast")).RequireCrash();
        Assert.Contains("this cannot go on", run.Output);
        Assert.Matches(new Regex(@"^   at Scenarios\.Endings\.FailFast\(\)", RegexOptions.Multiline), run.Output);
        AssertEndsInBacktrace(run, "SIGABRT (abort)", "abort");
    }

    [Fact]
    public async Task An_abort_of_native_code_is_named_with_its_callers()
    {
        ImageRun run = (await bed.RunScenarioAsync("abort")).RequireCrash();
        Assert.StartsWith("before the abort\nxenolith: program ended by SIGABRT (abort)\n", run.Output);
        AssertEndsInBacktrace(run, "SIGABRT (abort)", "Scenarios_Endings__Abort");
    }

    [Fact]
    public async Task A_fault_in_native_code_is_named_with_its_address_and_callers()
    {
        ImageRun run = (await bed.RunScenarioAsync("fault-in-native-code")).RequireCrash();
        Assert.StartsWith("before the fault\nxenolith: program ended by SIGSEGV (bad memory access) at address 0xdead0000\n", run.Output);
        AssertEndsInBacktrace(run, "SIGSEGV (bad memory access) at address 0xdead0000", "strlen");
    }

    [Theory]
    [InlineData("overflow-stack")]
    [InlineData("overflow-stack-of-thread")]
    public async Task A_stack_overflow_is_a_crash_that_says_so(string scenario)
    {
        ImageRun run = (await bed.RunScenarioAsync(scenario)).RequireCrash();
        Assert.StartsWith("xenolith: program ended by SIGSEGV (stack overflow) at address 0x", run.Output);
        Assert.Contains("Scenarios_Endings__OverflowStack", run.Output);
        Assert.Matches(@"xenolith:    address 0x[0-9a-f]+: the guard below a stack 0x[0-9a-f]+-0x[0-9a-f]+ ---\n", run.Output);
    }

    [Fact]
    public async Task A_fault_of_the_program_is_shown_with_registers_code_and_memory()
    {
        ImageRun run = (await bed.RunScenarioAsync("fault-in-native-code")).RequireCrash();
        AssertShowsRegisters(run, rip: "strlen");
        Assert.Matches(@"xenolith:    rsi 0x[0-9a-f]+ rdi 0xdead0000 rbp 0x[0-9a-f]+ r8 0x[0-9a-f]+\n", run.Output);
        Assert.Matches(@"xenolith:    cr2 0xdead0000 cr3 0x[0-9a-f]+ error 0x0 vector 0xe\n", run.Output);
        Assert.Matches(@"xenolith:    thread 1 of \d+, \d+ waiting for the CPU; kernel stack below 0xffffc[0-9a-f]+\n", run.Output);
        Assert.Matches(@"xenolith:    memory 32768 KiB: free \d+, program \d+, .*; promised \d+ of \d+\n", run.Output);
        Assert.Matches(@"xenolith:    rsp 0x[0-9a-f]+: stack 0x[0-9a-f]+-0x[0-9a-f]+ RW-\n", run.Output);
        Assert.Contains("xenolith:    address 0xdead0000: nothing is mapped there\n", run.Output);
    }

    [Fact]
    public async Task An_abort_is_shown_without_registers_which_would_say_nothing()
    {
        ImageRun run = (await bed.RunScenarioAsync("abort")).RequireCrash();
        Assert.DoesNotContain("xenolith:    rip ", run.Output);
        Assert.Contains("xenolith:    memory 32768 KiB: ", run.Output);
    }

    [Fact]
    public async Task A_panic_of_the_kernel_names_the_functions_on_its_stack_and_shows_registers_and_memory()
    {
        ImageRun run = (await bed.RunScenarioAsync("break-kernel")).RequireCrash();
        Assert.StartsWith("before the panic\nxenolith: kernel panic: page fault in the kernel (vector 14, ", run.Output);
        Assert.Contains("address 0xffffdeadbeef0000", run.Lines[1]);
        Assert.Contains("xl_platform_info", run.Output);
        Assert.Contains("Scenarios_Endings__BreakKernel", run.Output);
        Assert.All(run.Lines[1..], line => Assert.StartsWith("xenolith: ", line));
        AssertShowsRegisters(run, rip: "xl_platform_info");
        Assert.Matches(@"xenolith:    image: code 0x200000-0x[0-9a-f]+, kernel 0x[0-9a-f]+-0x[0-9a-f]+, constants 0x[0-9a-f]+-0x[0-9a-f]+, data 0x", run.Output);
        Assert.Contains("xenolith:    address 0xffffdeadbeef0000: the device window, nothing is mapped there\n", run.Output);
        AssertEndsWithBuildId(run);
    }

    [Fact]
    public async Task A_panic_that_cannot_be_reported_in_full_says_so_and_goes_on_behind_what_failed()
    {
        (ulong address, ulong size) = KernelState("Memory_AddressSpace");
        ImageRun run = (await bed.RunScenarioAsync("break-kernel-twice", $"{address:x}", $"{size}")).RequireCrash();
        Assert.StartsWith("xenolith: kernel panic: page fault in the kernel (vector 14, ", run.Output);
        AssertShowsRegisters(run, rip: "xl_platform_info");
        Assert.Single(run.Lines, line => line.StartsWith("xenolith:    another fault while reporting this: vector 13, ", StringComparison.Ordinal));
        AssertEndsWithBuildId(run);
    }

    [Fact]
    public async Task A_program_that_hangs_shows_what_each_thread_does_when_it_is_sent_an_NMI()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using Domain domain = await bed.Bed.CreateDomainAsync(new() { ImagePath = Images.Scenarios, CommandLine = "hang" }, cancellation);
        await domain.Console.WaitForLineAsync("hanging", cancellationToken: cancellation);
        await bed.Bed.RunAsync("xl", "trigger", $"{domain.Id}", "nmi");
        ImageRun run = (await ImageBed.CompleteAsync(domain)).RequireCrash();

        Assert.Equal("xenolith: stopped by an NMI (xl trigger)", run.Lines[1]);
        Assert.Contains(run.Lines, line => line.Contains("Scenarios_Endings__Spin", StringComparison.Ordinal));
        Assert.Matches(@"xenolith: thread 1, blocked in system call 202\nxenolith:    at ", run.Output); // futex
        Assert.Matches(@"xenolith: thread \d+ ""spinner"", running\nxenolith:    at ", run.Output);
        AssertEndsWithBuildId(run);
    }

    /// <summary>The kernel's lines come last: what ended the program, then the functions on the stack, one of them the given one.</summary>
    private static void AssertEndsInBacktrace(ImageRun run, string cause, string function)
    {
        int first = Array.FindIndex(run.Lines, line => line == $"xenolith: program ended by {cause}");
        Assert.True(first >= 0, run.Output);
        string[] frames = [.. run.Lines[(first + 1)..].TakeWhile(line => Regex.IsMatch(line, @"^xenolith:    at (\S.*\+)?0x[0-9a-f]+$"))];
        Assert.Contains(frames, frame => frame.Contains(function, StringComparison.Ordinal));
        Assert.All(run.Lines[(first + 1)..], line => Assert.StartsWith("xenolith:    ", line));
        AssertEndsWithBuildId(run);
    }

    /// <summary>All general registers and the code around rip, whose first byte the image has at that address.</summary>
    private static void AssertShowsRegisters(ImageRun run, string rip)
    {
        string[] names = ["rip", "rsp", "rflags", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cr2", "cr3", "error"];
        Assert.All(names, name => Assert.Matches($@"xenolith:   .* {name} 0x[0-9a-f]+", run.Output));
        Assert.Contains($"xenolith:    at {rip}+0x", run.Output);
        ulong address = Convert.ToUInt64(Regex.Match(run.Output, "rip 0x([0-9a-f]+)").Groups[1].Value, 16);
        byte[] code = [.. Regex.Match(run.Output, @"xenolith:    code(( [0-9a-f]{2}){16} <[0-9a-f]{2}>( [0-9a-f]{2}){15})\n").Groups[1].Value
            .Split([' ', '<', '>'], StringSplitOptions.RemoveEmptyEntries).Select(digits => Convert.ToByte(digits, 16))];
        Assert.Equal(ElfFile.Read(Images.Scenarios).ContentAt(address - 16)!.Value[..32].ToArray(), code);
    }

    private static void AssertEndsWithBuildId(ImageRun run)
    {
        ElfNote note = ElfFile.Read(Images.Scenarios).Notes().Single(n => n is { Name: "GNU", Type: 3 });
        Assert.Equal($"xenolith:    image Scenarios, build id {Convert.ToHexStringLower(note.Description.Span)}", run.Lines[^1]);
    }

    /// <summary>Where the static fields of a class of the kernel lie, and how much room there is to the next.</summary>
    private static (ulong Address, ulong Size) KernelState(string type)
    {
        const string Prefix = "__NONGCSTATICSxenolith_kernel_Xenolith_Kernel_";
        ElfSymbol[] all = [.. ElfFile.Read(Images.Scenarios + ".debug").Symbols().Where(s => s.Name.StartsWith(Prefix, StringComparison.Ordinal)).OrderBy(s => s.Value)];
        int index = Array.FindIndex(all, s => s.Name == Prefix + type);
        return (all[index].Value, all[index + 1].Value - all[index].Value);
    }
}
