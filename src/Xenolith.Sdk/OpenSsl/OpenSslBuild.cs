// Compiles the runtime's sources that call OpenSSL against musl, and what OpenSSL's libraries miss in it, once for each version of all
// that goes into it.

using System.Security.Cryptography;
using System.Text;
using Xenolith.Sdk.Cache;
using Xenolith.Sdk.Linking;

namespace Xenolith.Sdk.OpenSsl;

/// <summary>Prepares what is linked beside OpenSSL's own libraries.</summary>
internal static class OpenSslBuild
{
    /// <summary>The runtime's part: every <c>CryptoNative_*</c> function.</summary>
    internal const string AdapterName = "runtime.a";

    /// <summary>What OpenSSL's libraries expect of glibc.</summary>
    internal const string ShimName = "glibc-shim.o";

    private const string AdapterFolder = "System.Security.Cryptography.Native";
    private const string RootsSource = "roots.c";
    private const string ShimSource = "glibc-shim.c";
    private const string ImportsList = "imports.txt";

    /// <summary>They look for OpenSSL's functions by name at run time, and list the adapter's own for that.</summary>
    private static readonly string[] LeftOut = ["opensslshim.c", "entrypoints.c"];

    private static readonly string[] Flags =
    [
        "-std=gnu11", "-O2", "-fno-pic", "-ffunction-sections", "-fdata-sections", "-fstack-protector-strong", "-fno-asynchronous-unwind-tables",
        "-nostdinc", "-D_GNU_SOURCE", "-DNDEBUG",
    ];

    /// <summary>How the runtime's own build compiles these sources for one fixed OpenSSL; and where they find root certificates.</summary>
    private static readonly string[] AdapterFlags =
    [
        "-DLOCAL_BUILD", "-DPALEXPORT=EXTERN_C", "-DTARGET_UNIX", "-DOPENSSL_API_COMPAT=0x10100000L", "-DX509_get_default_cert_file=xl_root_certificates",
    ];

    /// <summary>The folder with both parts, which is made if it is not there.</summary>
    /// <exception cref="ImageLinkException">A source or tool is missing or fails, or OpenSSL uses a function that nobody has reviewed.</exception>
    internal static string Ensure(OpenSslOptions options, string libc)
    {
        string adapter = Path.Combine(options.RuntimeSources, "libs", AdapterFolder);
        if (!Directory.Exists(adapter))
            throw new ImageLinkException("XEN1016", $"The compiler's package has no sources in {adapter}, from which images get System.Security.Cryptography: set XenolithRuntimeSources to the folder native/src of the package runtime.linux-x64.Microsoft.DotNet.ILCompiler.");
        string[] headers = [.. options.HeaderDirectories.Select(d => Path.Combine(d, "openssl")).Where(Directory.Exists)];
        if (!headers.Any(h => File.Exists(Path.Combine(h, "ssl.h"))))
            throw new ImageLinkException("XEN1015", $"The program uses System.Security.Cryptography, and OpenSSL's headers are not in {string.Join(" or ", options.HeaderDirectories)}: run `apt-get install libssl-dev`, or set XenolithOpenSslHeaders.");

        string[] sources = [.. Directory.EnumerateFiles(adapter, "*.c").Where(f => !LeftOut.Contains(Path.GetFileName(f))).Order(StringComparer.Ordinal)];
        string[] inputs =
        [
            .. Directory.EnumerateFiles(options.OwnSources), .. Directory.EnumerateFiles(adapter),
            .. Directory.EnumerateFiles(Path.Combine(options.RuntimeSources, "libs", "Common")), .. Directory.EnumerateFiles(Path.Combine(options.RuntimeSources, "minipal")),
            .. headers.SelectMany(Directory.EnumerateFiles), .. options.Libraries, libc,
        ];
        return new BuildCache(options.CacheDirectory).Ensure("openssl", Key(options, inputs), folder => RequireReviewed(options, libc, Compile(options, sources, headers, folder)));
    }

    private static string Key(OpenSslOptions options, string[] inputs)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', [options.Compiler, .. Flags, .. AdapterFlags])));
        foreach (string input in inputs.Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{input}\n"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(input)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>Compiles both parts and returns the path of the second.</summary>
    private static string Compile(OpenSslOptions options, string[] sources, string[] headers, string folder)
    {
        string work = Path.Combine(folder, "work");
        Directory.CreateDirectory(work);
        // /usr/include cannot be named as it is: it has glibc's headers, too.
        List<string> include = ["-isystem", options.MuslHeaders];
        for (int i = 0; i < headers.Length; i++)
        {
            string directory = Path.Combine(work, $"include{i}");
            Directory.CreateDirectory(directory);
            Directory.CreateSymbolicLink(Path.Combine(directory, "openssl"), Path.GetFullPath(headers[i]));
            include.AddRange(["-isystem", directory]);
        }
        // The compiler's own headers: musl has no stdatomic.h.
        include.AddRange(["-idirafter", RunCompiler(options, ["-print-file-name=include"]).Trim()]);

        string libraries = Path.Combine(options.RuntimeSources, "libs");
        string[] common = [.. Flags, .. include];
        string[] adapter = [.. common, .. AdapterFlags, "-I", options.OwnSources, "-I", options.RuntimeSources, "-I", Path.Combine(libraries, "Common"), "-I", Path.Combine(libraries, AdapterFolder)];
        string[] objects = [.. sources.Select(s => Path.Combine(work, Path.GetFileNameWithoutExtension(s) + ".o"))];
        try
        {
            Parallel.For(0, sources.Length, i => RunCompiler(options, [.. adapter, "-c", sources[i], "-o", objects[i]]));
        }
        catch (AggregateException problems)
        {
            throw problems.InnerExceptions.OfType<ImageLinkException>().FirstOrDefault() ?? problems.InnerExceptions[0];
        }
        string roots = Path.Combine(work, "roots.o");
        RunCompiler(options, [.. common, "-c", Path.Combine(options.OwnSources, RootsSource), "-o", roots]);
        NativeTool.Require("ar", ["rcsD", Path.Combine(folder, AdapterName), .. objects, roots]);

        string shim = Path.Combine(folder, ShimName);
        RunCompiler(options, [.. common, "-fno-builtin", "-c", Path.Combine(options.OwnSources, ShimSource), "-o", shim]);
        Directory.Delete(work, recursive: true);
        return shim;
    }

    private static string RunCompiler(OpenSslOptions options, IEnumerable<string> arguments) => NativeTool.Require(options.Compiler, arguments, package: "gcc");

    private static void RequireReviewed(OpenSslOptions options, string libc, string shim)
    {
        string list = Path.Combine(options.OwnSources, ImportsList);
        LibcImports.Require(options.Libraries, [shim, libc], LibcImports.ParseList(File.ReadLines(list)), "OpenSSL", "openssl/" + ImportsList);
    }
}
