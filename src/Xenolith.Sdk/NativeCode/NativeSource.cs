namespace Xenolith.Sdk.NativeCode;

/// <summary>A C source that the SDK compiles.</summary>
/// <param name="Path">The file.</param>
/// <param name="Flags">More flags for the compiler, such as <c>-Iinclude</c>.</param>
public sealed record NativeSource(string Path, IReadOnlyList<string> Flags);
