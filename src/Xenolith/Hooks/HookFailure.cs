namespace Xenolith.Hooks;

/// <summary>A hook has failed.</summary>
/// <param name="Hook">Which, in words: "before waiting for events", or for one at the end its name.</param>
/// <param name="Error">What it threw; <see cref="TimeoutException"/> if its time was up.</param>
public sealed record HookFailure(string Hook, Exception Error)
{
    /// <summary>One line, and the exception below it.</summary>
    public override string ToString() => Error is TimeoutException ? $"A hook ({Hook}) failed: {Error.Message}" : $"A hook ({Hook}) failed: {Error}";
}

/// <summary>How long hooks at the end of the program may take. By the clock of the platform.</summary>
public sealed record ExitHookOptions
{
    /// <summary>
    /// For one hook; then its token is cancelled. 5 seconds: enough to send what is buffered to a peer that lives, and short enough for an operator
    /// who waits.
    /// </summary>
    public TimeSpan HookLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For all together; hooks that have not begun by then do not run, and that is reported. 20 seconds: toolstacks give a domain that they have
    /// asked to stop about a minute.
    /// </summary>
    public TimeSpan TotalLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>For a hook to end after its token was cancelled, before it is left behind. 1 second: it has nothing to do but to clean up.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest that all hooks together can take.</summary>
    internal TimeSpan Longest => TotalLimit + Grace;
}
