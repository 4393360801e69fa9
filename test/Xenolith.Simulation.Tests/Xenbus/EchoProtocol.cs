using System.Runtime.InteropServices;

namespace Xenolith.Tests.Xenbus;

/// <summary>What a front end asks: the answer to the number in a page that it grants. As large as it is so that a ring has but four slots.</summary>
[StructLayout(LayoutKind.Sequential, Size = 1000)]
internal struct EchoRequest
{
    public ulong Id;
    public uint Reference;
}

/// <summary>The page has the answer, or the back end could not get at it.</summary>
internal struct EchoResponse
{
    public ulong Id;
    public int Status;
}

/// <summary>
/// The connection ended before the answer came. Whether the request was carried out is not known, and it may not be carried out twice.
/// </summary>
internal sealed class EchoInterruptedException() : IOException("The connection ended before the answer came; whether it was carried out is not known.");

/// <summary>
/// The request got no answer for want of something, or because the device is closed. It was not carried out; one that may be made again may have
/// been, on an earlier connection.
/// </summary>
internal sealed class EchoFailedException(string why) : IOException(why);
