namespace Xenolith.Sdk.Tests.Publishing;

/// <summary>The tests that share one project, and so run one after the other.</summary>
[CollectionDefinition(SampleProject.Collection)]
public sealed class SampleProjectCollection : ICollectionFixture<SampleProject>;

/// <summary>A project in a folder of its own that is published with the SDK of this repository and a stub kernel.</summary>
public sealed class SampleProject : IDisposable
{
    /// <summary>The collection of the tests that share it.</summary>
    internal const string Collection = "sample project";

    private const string Program = """
        using System.Runtime.CompilerServices;
        using System.Runtime.InteropServices;

        switch (args)
        {
            case ["exit", string code]:
                return int.Parse(code);
            case ["recurse"]:
                Thread deep = new(() => Console.WriteLine($"depth {Recurse(1200)}"));
                deep.Start();
                deep.Join();
                return 0;
            case ["catch"]:
                try
                {
                    Console.WriteLine(((string)null!).Length);
                }
                catch (NullReferenceException)
                {
                    Console.WriteLine("caught");
                }
                return 0;
            case ["missing-file"]:
                try
                {
                    File.OpenRead("/no/such/file");
                }
                catch (DirectoryNotFoundException e)
                {
                    Console.WriteLine(e.Message);
                }
                Console.WriteLine(Marshal.GetPInvokeErrorMessage(13));
                return 0;
            default:
                Console.WriteLine($"hello {string.Join('|', args)}");
                return 0;
        }

        // About a kilobyte of stack a call.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static int Recurse(int depth)
        {
            Span<byte> room = stackalloc byte[1000];
            room[depth % 1000] = 1;
            return depth == 0 ? 0 : Recurse(depth - 1) + room[depth % 1000];
        }
        """;

    private readonly TemporaryDirectory _directory = new();

    public SampleProject()
        : this(Program)
    {
    }

    /// <summary>A project with another program, published with some properties.</summary>
    internal SampleProject(string program, params string[] properties)
        : this(program, "", _ => { }, properties)
    {
    }

    /// <summary>A project with another program, items and files, published with some properties.</summary>
    internal SampleProject(string program, string items, Action<SampleProject> writeFiles, params string[] properties)
    {
        string tests = AppContext.BaseDirectory;
        Kernel = _directory.Combine("kernel.o");
        Command.Require("as", ["-o", Kernel, Repository.Native("kernel-stub.S")]);
        _directory.Write("Program.cs", program);
        WriteProject(items: items);
        writeFiles(this);
        _directory.Write("Directory.Build.props", $"""
            <Project>
              <PropertyGroup>
                <XenolithTasksAssembly>{tests}Xenolith.Sdk.dll</XenolithTasksAssembly>
                <XenolithLibcShim>{Repository.Sdk}/bin/xenolith-libc.o</XenolithLibcShim>
                <XenolithKernelObject Condition="'$(XenolithKernelObject)' == ''">{Kernel}</XenolithKernelObject>
              </PropertyGroup>
              <Import Project="{Repository.Sdk}/Sdk/Sdk.props" />
            </Project>
            """);
        _directory.Write("Directory.Build.targets", $"""<Project><Import Project="{Repository.Sdk}/Sdk/Sdk.targets" /></Project>""");
        _directory.Write("Directory.Packages.props", "<Project />");
        Command.Result result = Publish(properties);
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
    }

    /// <summary>The stub kernel's object.</summary>
    internal string Kernel { get; }

    /// <summary>The published image.</summary>
    internal string Image => Published("A Sample.xen");

    /// <summary>The folder of the compiler's and linker's intermediate files.</summary>
    internal string NativeDirectory => _directory.Combine("obj/Release/net10.0/linux-x64/native");

    /// <summary>The path of a file in the project's folder.</summary>
    internal string File(string name) => _directory.Combine(name);

    /// <summary>Writes a file in the project's folder and returns its path.</summary>
    internal string Write(string name, string text) => _directory.Write(name, text);

    /// <summary>The path of a file in the publish folder.</summary>
    internal string Published(string name) => _directory.Combine($"bin/Release/net10.0/linux-x64/publish/{name}");

    /// <summary>Publishes the project with some properties.</summary>
    internal Command.Result Publish(params string[] properties) => Command.Run(
        "dotnet", ["publish", "-c", "Release", "--nologo", "-v:q", "--tl:off", .. properties.Select(p => $"-p:{p}")], _directory.Path);

    /// <summary>Runs another command of dotnet in the project's folder.</summary>
    internal Command.Result Dotnet(params string[] arguments) => Command.Run("dotnet", arguments, _directory.Path);

    /// <summary>Writes the project file.</summary>
    internal void WriteProject(string properties = "", string items = "") => _directory.Write("A Sample.csproj", $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            {properties}
          </PropertyGroup>
          <ItemGroup>
            {items}
          </ItemGroup>
        </Project>
        """);

    /// <summary>Removes everything that has been built.</summary>
    internal void Clean()
    {
        foreach (string name in (string[])["bin", "obj"])
            Directory.Delete(_directory.Combine(name), recursive: true);
    }

    public void Dispose() => _directory.Dispose();
}
