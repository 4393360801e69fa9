// Generic code that only reflection asks for, with values: named here, the compiler makes it. Code for references is shared.
using Xunit.Sdk;

namespace Conformance;

internal static class Instantiations
{
    internal static void Keep()
    {
        // Assert.Equal of collections makes one of these for the type of the elements.
        using CollectionTracker<int> tracker = Array.Empty<int>().AsTracker();
        Theories theories = new();
        theories.Generic(5, "text");
        theories.Generic("text", 5);
    }
}
