namespace Xenolith.Cli.Tests;

/// <summary>The tests that share one project, and so run one after the other.</summary>
[CollectionDefinition(OutsideProject.Collection)]
public sealed class OutsideProjectCollection : ICollectionFixture<OutsideProject>;

/// <summary>
/// A project that has never heard of Xenolith: in a folder with blanks, with strict settings, central package versions and a library of
/// its own for two frameworks.
/// </summary>
public sealed class OutsideProject : IAsyncLifetime
{
    /// <summary>The collection of the tests that share it.</summary>
    internal const string Collection = "outside project";

    private const string Program = """
        switch (args)
        {
            case ["exit", var code]:
                System.Console.WriteLine("leaving");
                return int.Parse(code);
            case ["bytes", var count]:
                byte[] bytes = new byte[int.Parse(count)];
                new System.Random(1).NextBytes(bytes);
                System.Console.OpenStandardOutput().Write(bytes);
                return 0;
            case ["endless"]:
                while (true)
                    System.Console.WriteLine("more");
            case ["throw"]:
                throw new System.InvalidOperationException("boom");
            case ["sleep"]:
                System.Console.WriteLine("sleeping");
                System.Threading.Thread.Sleep(System.Threading.Timeout.Infinite);
                return 0;
            default:
                System.Console.WriteLine(Library.Greeter.Greet(string.Join('|', args)) + System.Environment.GetEnvironmentVariable("GREETING"));
                return 0;
        }
        """;

    private readonly TemporaryDirectory _directory = new();

    /// <summary>The folder of everything.</summary>
    internal TemporaryDirectory Directory => _directory;

    /// <summary>The program's folder.</summary>
    internal string Project => _directory.Combine("The App");

    /// <summary>The image that was built of it, outside the project.</summary>
    internal string Image => _directory.Combine("out/The App.xen");

    /// <summary>The program's source file.</summary>
    internal string Source => _directory.Combine("The App/Program.cs");

    /// <summary>The number of the source's only line that contains a text.</summary>
    internal int LineOf(string text) => 1 + Array.FindIndex(File.ReadAllLines(Source), line => line.Contains(text, StringComparison.Ordinal));

    public async ValueTask InitializeAsync()
    {
        _directory.Write("Directory.Build.props", "<Project><PropertyGroup><TreatWarningsAsErrors>true</TreatWarningsAsErrors><Nullable>enable</Nullable></PropertyGroup></Project>");
        _directory.Write("Directory.Packages.props", "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup></Project>");
        _directory.Write("My Library/Library.csproj", """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFrameworks>netstandard2.0;net10.0</TargetFrameworks></PropertyGroup></Project>""");
        _directory.Write("My Library/Greeter.cs", "namespace Library { public static class Greeter { public static string Greet(string name) => \"hello \" + name; } }");
        _directory.Write("The App/The App.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFrameworks>net9.0;net10.0</TargetFrameworks>
              </PropertyGroup>
              <ItemGroup>
                <ProjectReference Include="../My Library/Library.csproj" />
              </ItemGroup>
            </Project>
            """);
        _directory.Write("The App/Program.cs", Program);

        Cli.Result result = await Cli.RunAsync("build", Project, "--output", _directory.Combine("out"));
        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal(Image + "\n", result.Output);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
