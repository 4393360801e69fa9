using System.Runtime.CompilerServices;

namespace Xenolith.Contract;

/// <summary>A platform does not keep its contract.</summary>
public sealed class ContractException(string message) : Exception(message);

/// <summary>Assertions without a test framework.</summary>
internal static class Check
{
    internal static void True(bool condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        if (!condition)
            throw new ContractException($"Not so: {text}");
    }

    internal static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string text = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new ContractException($"{text} is {actual}, not {expected}");
    }

    internal static T Throws<T>(Action action, [CallerArgumentExpression(nameof(action))] string text = "")
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T expected)
        {
            return expected;
        }
        throw new ContractException($"{text} throws no {typeof(T).Name}");
    }

    internal static async Task<T> ThrowsAsync<T>(Func<Task> action, [CallerArgumentExpression(nameof(action))] string text = "")
        where T : Exception
    {
        try
        {
            await action();
        }
        catch (T expected)
        {
            return expected;
        }
        throw new ContractException($"{text} throws no {typeof(T).Name}");
    }
}
