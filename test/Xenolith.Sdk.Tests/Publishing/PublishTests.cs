using System.Text;
using System.Text.RegularExpressions;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.Tests.Publishing;

/// <summary>What <c>dotnet publish</c> leaves.</summary>
[Collection(SampleProject.Collection)]
public sealed class PublishTests(SampleProject project)
{
    [Fact]
    public void Publishing_leaves_a_stripped_image_its_symbols_and_two_configurations()
    {
        RequirePublish();
        ElfFile image = ElfFile.Read(project.Image);

        ImageChecks.RequireBootable(image);
        Assert.Empty(image.Symbols());
        Assert.InRange(image.Length, 1, 2 * 1024 * 1024);
        Assert.Contains(ElfFile.Read(project.Published("A Sample.xen.debug")).Symbols(), s => s.Name == "xl_pvh_entry");
        Assert.Contains("kernel = \"A Sample.xen\"", File.ReadAllText(project.Published("A Sample.xl")));
        Assert.Contains($"<kernel>{project.Image}</kernel>", File.ReadAllText(project.Published("A Sample.libvirt.xml")));
        Assert.Equal(
            ["A Sample.libvirt.xml", "A Sample.xen", "A Sample.xen.debug", "A Sample.xl"],
            Directory.EnumerateFiles(Path.GetDirectoryName(project.Image)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "hello \n", 0)]
    [InlineData("a b c", "hello a|b|c\n", 0)]
    [InlineData("exit 255", "", 255)]
    [InlineData("catch", "caught\n", 0)]
    [InlineData("recurse", "depth 1200\n", 0)]
    [InlineData("missing-file", "Could not find a part of the path '/no/such/file'.\nPermission denied\n", 0)]
    public void The_image_runs_as_a_Linux_process(string arguments, string output, int exitCode)
    {
        Command.Result result = Command.Run(project.Image, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((output, "", exitCode), (result.Output, result.Errors, result.ExitCode));
    }

    [Fact]
    public void Publishing_again_without_a_change_links_nothing()
    {
        RequirePublish();
        DateTime before = File.GetLastWriteTimeUtc(Linked);
        RequirePublish();
        Assert.Equal(before, File.GetLastWriteTimeUtc(Linked));
    }

    [Fact]
    public void A_new_kernel_or_option_links_anew()
    {
        DateTime before = File.GetLastWriteTimeUtc(Linked);
        File.SetLastWriteTimeUtc(project.Kernel, DateTime.UtcNow);
        RequirePublish();
        DateTime afterKernel = File.GetLastWriteTimeUtc(Linked);
        Assert.NotEqual(before, afterKernel);

        RequirePublish("XenolithSymbols=none");
        Assert.NotEqual(afterKernel, File.GetLastWriteTimeUtc(Linked));
    }

    [Fact]
    public void Publishing_the_same_sources_gives_the_same_image()
    {
        RequirePublish();
        byte[] first = File.ReadAllBytes(project.Image);
        project.Clean();
        RequirePublish();
        Assert.Equal(first, File.ReadAllBytes(project.Image));
    }

    [Fact]
    public void A_projects_properties_reach_the_configurations()
    {
        project.WriteProject(
            """
            <XenolithName>web</XenolithName><XenolithMemory>96</XenolithMemory><XenolithVirtualCpus>2</XenolithVirtualCpus>
            <XenolithOnCrash>preserve</XenolithOnCrash><XenolithBridge>br7</XenolithBridge>
            <XenolithCommandLine>MODE="a b" --verbose</XenolithCommandLine><XenolithDisks>/dev/vg/one</XenolithDisks>
            """,
            """<XenolithDisk Include="/srv/two.qcow2" Device="xvdq" ReadOnly="true" Format="qcow2" />""");
        RequirePublish();
        string configuration = File.ReadAllText(project.Published("A Sample.xl"));
        project.WriteProject();

        Assert.Equal(
            """
            type = "pvh"
            name = "web"
            kernel = "A Sample.xen"
            cmdline = "MODE=\"a b\" --verbose"
            memory = 96
            vcpus = 2
            on_crash = "preserve"
            vif = [ "bridge=br7" ]
            disk = [ "format=qcow2, vdev=xvdq, access=ro, target=/srv/two.qcow2", "format=raw, vdev=xvdb, access=rw, target=/dev/vg/one" ]

            """,
            configuration[(configuration.IndexOf('\n') + 1)..]);
    }

    [Fact]
    public void Whatever_way_a_file_comes_to_be_published_it_is_in_the_image_once()
    {
        (string Name, string Item)[] files =
        [
            ("always.txt", "<Content Include=\"always.txt\" CopyToPublishDirectory=\"Always\" />"),
            ("newest.txt", "<Content Include=\"newest.txt\" CopyToPublishDirectory=\"PreserveNewest\" />"),
            ("changed.txt", "<Content Include=\"changed.txt\" CopyToPublishDirectory=\"IfDifferent\" />"),
            ("output.txt", "<Content Include=\"output.txt\" CopyToOutputDirectory=\"Always\" />"),
            ("none.txt", "<None Update=\"none.txt\" CopyToPublishDirectory=\"Always\" />"),
            ("named.txt", "<Content Include=\"named.txt\" CopyToPublishDirectory=\"Always\" /><XenolithContent Include=\"named.txt\" />"),
        ];
        foreach ((string name, _) in files)
            project.Write(name, Text(name));
        project.WriteProject(items: string.Concat(files.Select(file => file.Item)));
        Command.Result result = project.Publish();
        project.WriteProject();

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        byte[] image = File.ReadAllBytes(project.Image);
        Assert.All(files, file =>
        {
            Assert.Equal(Text(file.Name), File.ReadAllText(project.Published(file.Name)));
            Assert.Equal(1, image.AsSpan().Count(Encoding.UTF8.GetBytes(Text(file.Name))));
            File.Delete(project.Published(file.Name));
        });

        static string Text(string name) => $"this is what {name} says";
    }

    [Theory]
    [InlineData("one.txt", "XEN1018: one.txt and two.txt have the same content path one.txt: give one of them another with Link.")]
    [InlineData("one.txt/two.txt", "XEN1018: The content path one.txt/two.txt is a file and a directory: give one of them another with Link.")]
    [InlineData("../two.txt", "XEN1018: The content path ../two.txt is not one below the program's directory, /usr or /etc: give it one with Link.")]
    [InlineData("A Sample", "XEN1018: The content path A Sample is the program's own: give it another with Link.")]
    public void Content_that_has_no_place_in_the_image_fails_the_build_with_one_message(string path, string message)
    {
        foreach (string name in (string[])["one.txt", "two.txt"])
            project.Write(name, name);
        project.WriteProject(items: $"""<XenolithContent Include="one.txt" /><XenolithContent Include="two.txt" Link="{path}" />""");
        Command.Result result = project.Publish();
        project.WriteProject();

        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal($"error {message}", Assert.Single(Regex.Matches(result.Output, @"error [^\[\n]*[^ \[\n]").Select(m => m.Value).Distinct()));
    }

    [Theory]
    [InlineData("XenolithMemory=lots", "error XEN1021: XenolithMemory is `lots`: it must be a number.")]
    [InlineData("XenolithMaxMemory=much", "error XEN1021: XenolithMaxMemory is `much`: it must be a number.")]
    [InlineData("XenolithMaxMemory=32", "error XEN1021: The domain starts with 64 MiB of memory and can have 32 MiB at most")]
    [InlineData("XenolithOnCrash=explode", "error XEN1021: `explode` is no action for a crash")]
    [InlineData("XenolithSymbols=some", "error XEN1020: XenolithSymbols is `some`: it must be all, kernel or none.")]
    [InlineData("XenolithKernelObject=/nowhere.o", "error XEN1004: There is no kernel object at /nowhere.o")]
    [InlineData("XenolithMuslDirectory=/nowhere", "error XEN1005: The C library musl is not installed in /nowhere: run `apt-get install musl-dev`")]
    [InlineData("XenolithLibcImports=/dev/null", "error XEN1013: The .NET runtime uses __cxa_atexit, ")]
    [InlineData("XenolithTimeZones=Europe/Zürich", "error XEN1023: There is no time zone `Europe/Zürich` in /usr/share/zoneinfo.")]
    [InlineData("XenolithLocalTimeZone=zurich", "error XEN1023: There is no time zone `zurich` in /usr/share/zoneinfo. Did you mean Europe/Zurich?")]
    [InlineData("OutputType=Library;NoBuild=true", "error XEN1022: A Sample.csproj makes a library")]
    [InlineData("PublishAot=false", "error XEN1022: An image is compiled ahead of time")]
    public void A_mistake_fails_the_build_with_one_message(string property, string message)
    {
        Command.Result result = project.Publish(property);

        Assert.NotEqual(0, result.ExitCode);
        string error = Assert.Single(Regex.Matches(result.Output, "error .*").Select(m => m.Value).Distinct());
        Assert.StartsWith(message, error);
    }

    private string Linked => Path.Combine(project.NativeDirectory, "xenolith", "linked.elf");

    private void RequirePublish(params string[] properties)
    {
        Command.Result result = project.Publish(properties);
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
    }
}
