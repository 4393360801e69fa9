namespace Xenolith.Image.Tests;

/// <summary>Files: on Linux and as a domain a program sees the same.</summary>
public sealed class FileTests(ImageBed bed)
{
    [Fact]
    public async Task Everything_in_System_IO_prints_what_it_prints_on_Linux()
    {
        LinuxProcess linux = await LinuxProcess.RunAsync(Images.Files, ["all"]);
        Assert.Equal((0, ""), (linux.ExitCode, linux.Errors));
        ImageRun run = (await bed.RunAsync(Images.Files, "all", memory: 96)).RequireSuccess();
        Assert.Equal(linux.Output, run.Output);
    }

    [Fact]
    public async Task Packed_content_lies_beside_the_program_and_is_read_only()
    {
        ImageRun run = (await bed.RunAsync(Images.Files, "packed", memory: 64)).RequireSuccess();
        Assert.Equal(
            """
            /app/Files /app/ /app /app/Files
            { "greeting": "packed" }
            a short text
            400 lines, last: line 399 of a longer text
            /app/Files
            /app/content
            /app/content/deep
            /app/content/deep/long.txt
            /app/content/short.txt
            /app/settings.json
            program begins with 7F ELF
            content/short.txt mapped Read: True, 32
            content/short.txt mapped CopyOnWrite: True, 0
            content/deep/long.txt mapped Read: True, 105
            content/deep/long.txt mapped CopyOnWrite: True, 0
            write: IOException 0x0000001E
            create: IOException 0x0000001E
            delete: IOException 0x0000001E
            create a directory: IOException 0x0000001E
            set a time: IOException 0x0000001E
            copy out: done
            move out: IOException 0x0000001E
            { "greeting": "packed" }
            delete all: IOException 0x00000010
            True

            """,
            run.Output);
    }

    [Fact]
    public async Task A_hundred_thousand_small_files_come_and_go()
    {
        ImageRun run = (await bed.RunAsync(Images.Files, "many 100000", memory: 128)).RequireSuccess();
        Assert.Equal(
            """
            100000 files, 988890 bytes, the middle one: file 50000
            bytes a file below 400: True
            left 0, space is back: True

            """,
            run.Output);
    }

    [Fact]
    public async Task A_full_file_system_is_an_exception_and_leaves_the_heap_its_memory()
    {
        ImageRun run = (await bed.RunAsync(Images.Files, "full", memory: 64)).RequireSuccess();
        string round = "IOException True, same size True\nthe heap has 4000000\none more: IOException 0x0000001C\n";
        Assert.Equal(
            $"round 0: {round}round 1: {round}round 2: {round}between a quarter and a half of the memory: True True\n100000\n", run.Output);
    }
}
