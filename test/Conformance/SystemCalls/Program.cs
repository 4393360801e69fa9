// System calls that .NET makes seldom or never, with good arguments and bad ones: what they answer.
using Conformance;
using SystemCalls;

return Topics.Run(
    args,
    ("descriptors", Descriptors.Run),
    ("open files", OpenFiles.Run),
    ("select", Selecting.Run),
    ("paths", Paths.Run),
    ("memory", Memory.Run),
    ("threads", Threads.Run),
    ("signals", Signals.Run),
    ("process", Process.Run),
    ("waits", Waits.Run));
