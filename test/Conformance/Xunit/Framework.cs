// xunit's framework but for two things that an assembly has not when it is compiled ahead of time: a file, and metadata tokens.
using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Conformance;

internal sealed class Framework : XunitTestFramework
{
    protected override ITestFrameworkDiscoverer CreateDiscoverer(Assembly assembly) => new Discoverer(TestAssembly(assembly));

    protected override ITestFrameworkExecutor CreateExecutor(Assembly assembly) => new XunitTestFrameworkExecutor(TestAssembly(assembly));

    private static XunitTestAssembly TestAssembly(Assembly assembly)
    {
        string name = assembly.GetName().Name!;
        return new(assembly, configFilePath: null, name, Environment.ProcessPath!, ".NETCoreApp,Version=v10.0", uniqueID: name, assembly.GetName().Version);
    }

    /// <summary>Gives each test case that is found a type that does not ask for tokens.</summary>
    private sealed class Discoverer(IXunitTestAssembly assembly) : XunitTestFrameworkDiscoverer(assembly)
    {
        protected override ValueTask<bool> FindTestsForMethod(
            IXunitTestMethod testMethod, ITestFrameworkDiscoveryOptions discoveryOptions, Func<ITestCase, ValueTask<bool>> discoveryCallback) =>
            base.FindTestsForMethod(
                testMethod,
                discoveryOptions,
                found => discoveryCallback(found switch
                {
                    XunitDelayEnumeratedTheoryTestCase theory => new Theory(theory),
                    XunitTestCase fact => new Fact(fact),
                    _ => found,
                }));
    }

    private sealed class Fact(XunitTestCase found)
        : XunitTestCase(
            found.TestMethod, found.TestCaseDisplayName, found.UniqueID, found.Explicit, found.SkipExceptions, found.SkipReason, found.SkipType,
            found.SkipUnless, found.SkipWhen, found.Traits, found.TestMethodArguments, found.SourceFilePath, found.SourceLineNumber, found.Timeout),
        IXunitTestCase
    {
        int IXunitTestCase.TestMethodMetadataToken => 0;

        int? ITestCaseMetadata.TestClassMetadataToken => null;

        int? ITestCaseMetadata.TestMethodMetadataToken => null;
    }

    private sealed class Theory(XunitDelayEnumeratedTheoryTestCase found)
        : XunitDelayEnumeratedTheoryTestCase(
            found.TestMethod, found.TestCaseDisplayName, found.UniqueID, found.Explicit, found.SkipTestWithoutData, found.SkipExceptions, found.SkipReason,
            found.SkipType, found.SkipUnless, found.SkipWhen, found.Traits, found.SourceFilePath, found.SourceLineNumber, found.Timeout),
        IXunitTestCase
    {
        int IXunitTestCase.TestMethodMetadataToken => 0;

        int? ITestCaseMetadata.TestClassMetadataToken => null;

        int? ITestCaseMetadata.TestMethodMetadataToken => null;
    }
}
