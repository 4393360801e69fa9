using System.CommandLine;
using Xenolith.Cli.Building;

namespace Xenolith.Cli.Commands;

/// <summary><c>xenolith build</c>: makes an image of a project and says where it is.</summary>
internal static class BuildCommand
{
    internal static Command Create()
    {
        Argument<string> project = new("project")
        {
            Description = "A project file, or the folder that has one.",
            DefaultValueFactory = _ => ".",
        };
        Option<DirectoryInfo?> output = new("--output", "-o") { Description = "Where the image goes [default: bin/xenolith in the project's folder]." };
        Command command = new("build", "Builds a .NET project as a unikernel image, with configurations for xl and libvirt.") { project, output };
        command.SetAction(async (result, cancellation) =>
        {
            ProjectFile file = ProjectFile.Find(result.GetRequiredValue(project));
            string directory = result.GetValue(output)?.FullName ?? Path.Combine(file.Directory, "bin", "xenolith");
            string image = await ProjectBuilder.BuildAsync(file, directory, cancellation).ConfigureAwait(false);
            Console.Out.WriteLine(image);
            return 0;
        });
        return command;
    }
}
