namespace Xenolith.Sdk.Tests.Publishing;

public sealed class PackageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_project_that_names_the_package_as_its_SDK_publishes_an_image()
    {
        string kernel = _directory.Combine("kernel.o");
        Command.Require("as", ["-o", kernel, Repository.Native("kernel-stub.S")]);
        // Built in folders of its own: other tests use the SDK's build while this one makes a package.
        Command.Require("dotnet", ["pack", Path.Combine(Repository.Sdk, "Xenolith.Sdk.csproj"), "-c", "Release", "--nologo", "-v:q", "--tl:off",
            "-o", _directory.Combine("feed"), "--artifacts-path", _directory.Combine("artifacts"), $"-p:XenolithKernelObject={kernel}"]);

        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        _directory.Write("app/NuGet.config", $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{_directory.Combine("packages")}" /></config>
              <packageSources><add key="feed" value="{_directory.Combine("feed")}" /></packageSources>
              <fallbackPackageFolders><add key="machine" value="{packages}" /></fallbackPackageFolders>
            </configuration>
            """);
        _directory.Write("app/App.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <Sdk Name="Xenolith.Sdk" Version="0.1.0" />
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
            </Project>
            """);
        _directory.Write("app/Program.cs", "System.Console.WriteLine(\"from a package\");");

        Command.Require("dotnet", ["publish", "-c", "Release", "--nologo", "-v:q", "--tl:off"], _directory.Combine("app"));

        string image = _directory.Combine("app/bin/Release/net10.0/linux-x64/publish/App.xen");
        Assert.Equal("from a package\n", Command.Require(image, []).Output);
        Assert.True(File.Exists(Path.ChangeExtension(image, ".xl")));
    }
}
