namespace Xenolith.Tracing;

/// <summary>The names of this process's threads, as Linux (and the unikernel's kernel) tell them in /proc.</summary>
internal static class ThreadNames
{
    /// <summary>The name of a thread; <see langword="null"/> if it has ended or has none.</summary>
    public static string? Find(uint thread)
    {
        try
        {
            string name = File.ReadAllText($"/proc/self/task/{thread}/comm").TrimEnd('\n');
            return name.Length == 0 ? null : name;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
