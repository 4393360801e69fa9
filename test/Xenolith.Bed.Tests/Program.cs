using Xenolith.Bed;
using Xenolith.Bed.Tests;
using Xunit.MicrosoftTestingPlatform;

// The tests of what happens when a bed's owner dies start this program again, to be that owner.
if (args is [OwnerTests.OwnerArgument])
{
    TestBed bed = await TestBed.StartAsync();
    Console.WriteLine(bed.KeeperProcessId);
    await Task.Delay(Timeout.Infinite);
}

return await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
