// One program for many tests: its first argument says what it does, the others with what. An unknown one shows arguments and environment.
using System.Collections;

namespace Scenarios;

internal static class Program
{
    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["lines", string count]:
                Output.Lines(int.Parse(count));
                return 0;
            case ["bytes", string count]:
                Output.Bytes(int.Parse(count));
                return 0;
            case ["write", string text]:
                Console.Write(text);
                return 0;
            case ["write-from-threads", string threads, string lines]:
                Output.FromThreads(int.Parse(threads), int.Parse(lines));
                return 0;
            case ["echo"]:
                Output.Echo();
                return 0;

            case ["exit", string code, ..]:
                Console.Write(string.Join(' ', args[2..]));
                return int.Parse(code);
            case ["throw"]:
                Endings.Throw();
                return 0;
            case ["throw-in-thread"]:
                Endings.ThrowInThread();
                return 0;
            case ["fail-fast"]:
                Endings.FailFast();
                return 0;
            case ["abort"]:
                Endings.Abort();
                return 0;
            case ["fault-in-native-code"]:
                Endings.FaultInNativeCode();
                return 0;
            case ["overflow-stack"]:
                Console.WriteLine(Endings.OverflowStack(0));
                return 0;
            case ["overflow-stack-of-thread"]:
                Endings.OverflowStackOfThread();
                return 0;
            case ["break-kernel"]:
                Endings.BreakKernel();
                return 0;

            case ["read", string address]:
                Protection.Read(Convert.ToUInt64(address, 16));
                return 0;
            case ["write-code"]:
                Protection.WriteCode();
                return 0;
            case ["write-constant"]:
                Protection.WriteConstant();
                return 0;
            case ["execute-data"]:
                Protection.ExecuteData();
                return 0;
            case ["write-protected"]:
                Protection.WriteProtected();
                return 0;
            case ["use-unmapped"]:
                Protection.UseUnmapped();
                return 0;
            case ["writable-and-executable"]:
                Protection.WritableAndExecutable();
                return 0;
            case ["protect"]:
                Protection.ProtectAndUnmap();
                return 0;

            case ["map-again-and-again", string times, string mebibytes]:
                Memory.MapAgainAndAgain(int.Parse(times), int.Parse(mebibytes));
                return 0;
            case ["exhaust"]:
                Memory.Exhaust();
                return 0;

            case ["unknown-call"]:
                SystemCalls.Unknown();
                return 0;
            case ["clocks"]:
                Clocks.Agree();
                return 0;
            case ["local-time"]:
                LocalTime.Show();
                return 0;
            case ["spin"]:
                Scheduling.Spin();
                return 0;

            default:
                ShowArguments(args);
                return 0;
        }
    }

    private static void ShowArguments(string[] args)
    {
        foreach (string argument in args)
            Console.WriteLine($"argument [{argument}]");
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().OrderBy(v => (string)v.Key, StringComparer.Ordinal))
        {
            if (variable.Key is not "DOTNET_GCRegionRange") // the kernel's, for the garbage collector
                Console.WriteLine($"variable {variable.Key} [{variable.Value}]");
        }
    }
}
