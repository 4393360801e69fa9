// The console: what it says of itself, text both ways, and much of it.
namespace Conformance;

internal static class Program
{
    private static int Main(string[] args)
    {
        if (args is ["much"])
        {
            Output.Much();
            return 0;
        }
        return Topics.Run(args, ("properties", Output.Properties), ("text", Output.Text), ("bytes", Output.Bytes), ("input", Input.Read));
    }
}
