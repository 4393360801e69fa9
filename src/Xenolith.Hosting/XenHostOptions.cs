namespace Xenolith.Hosting;

/// <summary>What a host offers the toolstack, besides its end: <c>services.Configure&lt;XenHostOptions&gt;(options => ...)</c>.</summary>
public sealed class XenHostOptions
{
    /// <summary>
    /// Whether a tool in dom0 can trace the program (<c>xenolith trace</c>). Default: yes. It costs one watch in xenstore, and dom0 can read all of the domain's
    /// memory anyway.
    /// </summary>
    public bool AllowTracing { get; set; } = true;
}
