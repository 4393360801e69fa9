using Microsoft.Build.Framework;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.Tasks;

/// <summary>A task of a build: its work, with the expected failures reported as numbered build errors.</summary>
public abstract class BuildTask : ITask
{
    /// <inheritdoc/>
    public IBuildEngine BuildEngine { get; set; } = null!;

    /// <inheritdoc/>
    public ITaskHost HostObject { get; set; } = null!;

    /// <inheritdoc/>
    public bool Execute()
    {
        try
        {
            Run();
            return true;
        }
        catch (ImageLinkException problem)
        {
            return Fail(problem.Code, problem.Message);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ElfFormatException)
        {
            return Fail("XEN1002", problem.Message);
        }
    }

    /// <summary>Does the task's work.</summary>
    /// <exception cref="ImageLinkException">It cannot be done; the message becomes the build's error.</exception>
    protected abstract void Run();

    private bool Fail(string code, string message)
    {
        BuildEngine.LogErrorEvent(new BuildErrorEventArgs(
            subcategory: null, code, file: BuildEngine.ProjectFileOfTaskNode, 0, 0, 0, 0, message, helpKeyword: null, senderName: GetType().Name));
        return false;
    }
}
