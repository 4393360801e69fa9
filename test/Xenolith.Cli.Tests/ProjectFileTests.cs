using Xenolith.Cli.Building;

namespace Xenolith.Cli.Tests;

public sealed class ProjectFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_project_is_found_by_its_file_or_its_folder()
    {
        string path = _directory.Write("My App.csproj", "");
        Assert.Equal(path, ProjectFile.Find(path).FullPath);
        Assert.Equal("My App", ProjectFile.Find(_directory.Path).Name);
    }

    [Fact]
    public void What_is_no_project_is_explained()
    {
        Refused(_directory.Path, "has no project file");
        Refused(_directory.Combine("nowhere"), "there is no file or folder");
        Refused(_directory.Write("text.txt", ""), "is not a project file");
        _directory.Write("A.csproj", "");
        _directory.Write("B.fsproj", "");
        Refused(_directory.Path, "name one of A.csproj, B.fsproj");

        static void Refused(string path, string message)
        {
            CliException problem = Assert.Throws<CliException>(() => ProjectFile.Find(path));
            Assert.Equal(ExitCode.NotFound, problem.ExitCode);
            Assert.Contains(message, problem.Message);
        }
    }
}
