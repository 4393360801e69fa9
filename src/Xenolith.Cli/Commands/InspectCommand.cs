using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Xenolith.Sdk.Elf;
using Xenolith.Sdk.Linking;
using Xenolith.Sdk.Symbols;

namespace Xenolith.Cli.Commands;

/// <summary><c>xenolith inspect</c>: shows what an image is made of.</summary>
internal static class InspectCommand
{
    internal static Command Create()
    {
        Argument<string> image = new("image") { Description = "An image (.xen)." };
        Command command = new("inspect", "Shows an image's segments, permissions, notes, sizes and entry points.") { image };
        command.SetAction(result => Show(result.GetRequiredValue(image)));
        return command;
    }

    private static int Show(string path)
    {
        ElfFile image = ImageFile.Read(path);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 160;
        try
        {
            console.Write(Summary(path, image));
            console.Write(Segments(image));
            console.Write(Notes(image));
            if (image.Sections.Count != 0)
                console.Write(Sections(image));
            ImageChecks.RequireBootable(image);
            return 0;
        }
        catch (Exception problem) when (problem is ImageLinkException or ElfFormatException)
        {
            throw new CliException(ExitCode.NotAnImage, $"{path} is not an image that Xen can start: {problem.Message}");
        }
    }

    private static Grid Summary(string path, ElfFile image)
    {
        Grid grid = new Grid().AddColumn().AddColumn();
        void Row(string name, string value) => grid.AddRow(Markup.Escape(name), Markup.Escape(value));

        Row("file", $"{Path.GetFullPath(path)}, {Number(image.Length)} bytes");
        Row("type", image.Type.ToString().ToLowerInvariant());
        Row("PVH entry", ImageChecks.PvhEntry(image) is { } entry ? Hex(entry) : "none: Xen cannot start it");
        Row("ELF entry", Hex(image.Entry));
        ElfSegment[] loads = [.. image.Segments.Where(s => s.Type == ElfSegmentType.Load)];
        if (loads.Length != 0)
            Row("in memory", $"{Hex(loads.Min(s => s.Address))} to {Hex(loads.Max(s => s.Address + s.MemorySize))}, {Number(loads.Sum(s => (long)s.MemorySize))} bytes");
        Row("thread stack", image.Segments.FirstOrDefault(s => s.Type == ElfSegmentType.GnuStack) is { } stack ? $"{Number((long)stack.MemorySize)} bytes" : "not said");
        if (SymbolCount(image) is { } count)
            Row("symbols", $"{Number(count)} functions for backtraces");
        return grid;
    }

    private static Table Segments(ElfFile image)
    {
        Table table = NewTable("segment", "permissions", "address", "in memory", "in file", "alignment");
        foreach (ElfSegment s in image.Segments)
            table.AddRow(s.Type.ToString(), Permissions(s.Flags), Hex(s.Address), Number((long)s.MemorySize), Number((long)s.FileSize), Hex(s.Alignment));
        return table;
    }

    private static Table Notes(ElfFile image)
    {
        Table table = NewTable("note", "type", "content");
        foreach (ElfNote note in image.Notes())
            table.AddRow(Markup.Escape(note.Name), note.Type.ToString(CultureInfo.InvariantCulture), Convert.ToHexStringLower(note.Description.Span));
        return table;
    }

    private static Table Sections(ElfFile image)
    {
        Table table = NewTable("section", "address", "size");
        foreach (ElfSection section in image.Sections.Where(s => s.Flags.HasFlag(ElfSectionFlags.Allocate)))
            table.AddRow(Markup.Escape(section.Name), Hex(section.Address), Number((long)section.Size));
        return table;
    }

    private static int? SymbolCount(ElfFile image) =>
        image.Sections.FirstOrDefault(s => s.Name == ".xl.symbols") is { } section ? SymbolTable.Decode(image.Content(section).Span)?.Count : null;

    private static Table NewTable(params ReadOnlySpan<string> columns)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string column in columns)
            table.AddColumn(column is "segment" or "permissions" or "section" or "note" or "content" ? new TableColumn(column) : new TableColumn(column).RightAligned());
        return table;
    }

    private static string Permissions(ElfSegmentFlags flags) =>
        $"{(flags.HasFlag(ElfSegmentFlags.Read) ? 'R' : '-')}{(flags.HasFlag(ElfSegmentFlags.Write) ? 'W' : '-')}{(flags.HasFlag(ElfSegmentFlags.Execute) ? 'X' : '-')}";

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
