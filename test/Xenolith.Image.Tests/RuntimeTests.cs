namespace Xenolith.Image.Tests;

/// <summary>What the kernel owes a program that asks for much: memory, turns, and plain answers.</summary>
public sealed class RuntimeTests(ImageBed bed)
{
    [Fact]
    public async Task Unmapped_memory_can_be_had_again()
    {
        // 640 MiB in all.
        ImageRun run = (await bed.RunAsync(Images.Scenarios, "map-again-and-again 80 8", memory: 32)).RequireSuccess();
        Assert.Equal("mapped 80 times 8 MiB, found 0\n", run.Output);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(96)]
    public async Task A_program_that_runs_out_of_memory_catches_it_and_goes_on(int memory)
    {
        ImageRun run = (await bed.RunAsync(Images.Scenarios, "exhaust", memory)).RequireSuccess();
        Assert.Equal("first some, second as much\ngoes on: 2890\n", run.Output);
    }

    [Fact]
    public async Task An_unknown_system_call_is_ENOSYS_and_named_once()
    {
        ImageRun run = (await bed.RunScenarioAsync("unknown-call")).RequireSuccess();
        Assert.Equal(
            """
            xenolith: system call 500 is not supported (ENOSYS)
            500: -1, errno 38
            500: -1, errno 38
            xenolith: system call 501 is not supported (ENOSYS)
            501: -1, errno 38
            500: -1, errno 38
            1000000: -1, errno 38

            """,
            run.Output);
    }

    [Fact]
    public async Task A_clock_read_without_a_system_call_agrees_with_the_call()
    {
        ImageRun run = (await bed.RunScenarioAsync("clocks")).RequireSuccess();
        Assert.Equal(
            """
            clock 0: 0 backwards, moves
            clock 1: 0 backwards, moves
            clock 4: 0 backwards, moves
            clock 5: 0 backwards, moves
            clock 6: 0 backwards, moves
            clock 7: 0 backwards, moves
            clock 11: 0 backwards, moves
            clock 99: -1, errno 22
            processor 0

            """,
            run.Output);
    }

    [Fact]
    public async Task Threads_that_only_compute_do_not_keep_others_from_running_or_the_program_from_ending()
    {
        ImageRun run = (await bed.RunScenarioAsync("spin")).RequireSuccess();
        Assert.Equal("turn 0\nturn 1\nturn 2\nturn 3\nturn 4\n", run.Output);
    }

    [Fact]
    public async Task The_program_lies_in_a_directory_of_its_own()
    {
        ImageRun run = (await bed.RunAsync(Images.Platform, "paths")).RequireSuccess();
        Assert.Equal("/app/Platform in /app/\nTrue True False\n", run.Output);
    }
}
