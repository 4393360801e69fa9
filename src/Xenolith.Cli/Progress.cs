// Shows on standard error what the tool is doing: a moving line on a terminal, nothing elsewhere.

using Spectre.Console;

namespace Xenolith.Cli;

/// <summary>Tells the user what a wait is for.</summary>
internal static class Progress
{
    private static readonly IAnsiConsole Errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Does something while its name is shown.</summary>
    internal static Task<T> ShowAsync<T>(string what, Func<Task<T>> work) => ShowAsync(what, _ => work());

    /// <summary>Does something that reports its steps, while the last step is shown; where there is no terminal, every step is a line.</summary>
    internal static Task<T> ShowAsync<T>(string what, Func<IProgress<string>, Task<T>> work) => Console.IsErrorRedirected
        ? work(new Lines())
        : Errors.Status().Spinner(Spinner.Known.Dots).StartAsync(Markup.Escape(what), context => work(new Line(context)));

    private sealed class Line(StatusContext context) : IProgress<string>
    {
        public void Report(string value) => context.Status(Markup.Escape(value));
    }

    private sealed class Lines : IProgress<string>
    {
        public void Report(string value) => Console.Error.WriteLine($"xenolith: {value}");
    }
}
