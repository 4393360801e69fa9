// What a conformance program is made of: topics, each of which prints what it observes. All of it must be the same on Linux and as a domU, so a
// topic prints facts ("at least 5 ms"), not figures.
namespace Conformance;

internal static class Topics
{
    /// <summary>Runs the topics that the arguments name, or all of them.</summary>
    /// <returns>The exit code: 1 if a topic ended with an exception, which is printed, or an argument names none.</returns>
    internal static int Run(string[] names, params ReadOnlySpan<(string Name, Action Run)> topics)
    {
        int code = 0;
        foreach (string name in names)
        {
            bool found = false;
            foreach ((string Name, Action Run) topic in topics)
                found |= topic.Name == name;
            if (!found)
            {
                Console.WriteLine($"no topic is named {name}");
                code = 1;
            }
        }
        foreach ((string name, Action run) in topics)
        {
            if (names.Length > 0 && !names.Contains(name))
                continue;
            Console.WriteLine($"-- {name}");
            try
            {
                run();
            }
            catch (Exception e)
            {
                Console.WriteLine($"{name} failed: {e}");
                code = 1;
            }
        }
        Console.WriteLine("-- end");
        return code;
    }

    /// <summary>The same for topics that await.</summary>
    internal static Action Wait(Func<Task> topic) => () => topic().GetAwaiter().GetResult();
}
