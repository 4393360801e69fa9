using Xenolith.Sdk.Elf;

namespace Xenolith.Bench.Boot;

/// <summary>Sizes in bytes.</summary>
/// <param name="Stripped">The image as it is deployed.</param>
/// <param name="WithSymbols">The same link before stripping.</param>
/// <param name="KernelCode">The kernel's machine code.</param>
/// <param name="KernelData">The kernel's constants and initialised data.</param>
/// <param name="KernelZeros">What the kernel begins with as zeros, which takes memory but no space in the file.</param>
internal sealed record ImageSizes(long Stripped, long WithSymbols, long KernelCode, long KernelData, long KernelZeros)
{
    public static ImageSizes Measure(string image, string kernelObject)
    {
        ElfFile kernel = ElfFile.Read(kernelObject);
        return new(
            new FileInfo(image).Length, new FileInfo(image + ".debug").Length, Sum(".xl.text"), Sum(".xl.rodata") + Sum(".xl.data"), Sum(".xl.bss"));

        long Sum(string prefix) => kernel.Sections.Where(section => section.Name.StartsWith(prefix, StringComparison.Ordinal)).Sum(section => (long)section.Size);
    }
}
