using System.IO.MemoryMappedFiles;
using System.Text;

namespace Soak;

/// <summary>Files in memory: written in pieces, grown, cut, renamed, mapped, read back and deleted. What is in them is known at every time.</summary>
internal sealed class FileLoad(int number) : Load("files")
{
    private const int Files = 24, Longest = 120_000;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"soak-{number}");
    private readonly (string Path, byte[] Content)?[] _files = new (string, byte[])?[Files];
    private int _last;

    internal override void Rest()
    {
        for (int i = 0; i < Files; i++)
            Delete(i);
        Check(Directory.Exists(_folder) && !Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Any(), "files are left");
        Directory.Delete(_folder, recursive: true);
        Check(!Directory.Exists(_folder), "the folder is left");
    }

    protected override void Work(Random random)
    {
        Directory.CreateDirectory(_folder);
        int at = random.Next(Files);
        if (_files[at] is not { } file)
        {
            Write(at, random);
            return;
        }
        Check(File.ReadAllBytes(file.Path).AsSpan().SequenceEqual(file.Content), $"{file.Path} has changed");
        switch (random.Next(6))
        {
            case 0:
                Append(at, file, random);
                break;
            case 1:
                Cut(at, file, random);
                break;
            case 2:
                Rename(at, file, random);
                break;
            case 3:
                Map(at, file, random);
                break;
            case 4:
                Copy(file);
                break;
            default:
                Delete(at);
                break;
        }
    }

    private void Write(int at, Random random)
    {
        string folder = Path.Combine(_folder, $"{random.Next(3)}", $"{random.Next(3)}");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"ünï-{_last++}");
        byte[] content = new byte[random.Next(5) == 0 ? random.Next(100) : random.Next(Longest)];
        random.NextBytes(content);
        using (FileStream stream = new(path, FileMode.CreateNew))
        {
            for (int done = 0; done < content.Length;)
            {
                int piece = Math.Min(random.Next(1, 20_000), content.Length - done);
                stream.Write(content, done, piece);
                done += piece;
            }
        }
        _files[at] = (path, content);
    }

    private void Append(int at, (string Path, byte[] Content) file, Random random)
    {
        if (file.Content.Length > Longest)
            return;
        byte[] more = Encoding.UTF8.GetBytes($"line {random.Next()}\n");
        File.AppendAllBytes(file.Path, more);
        _files[at] = (file.Path, [.. file.Content, .. more]);
    }

    private void Cut(int at, (string Path, byte[] Content) file, Random random)
    {
        int length = random.Next(file.Content.Length + 5_000);
        using (FileStream stream = new(file.Path, FileMode.Open))
            stream.SetLength(length);
        byte[] content = new byte[length];
        file.Content.AsSpan(0, Math.Min(length, file.Content.Length)).CopyTo(content);
        _files[at] = (file.Path, content);
    }

    private void Rename(int at, (string Path, byte[] Content) file, Random random)
    {
        int other = random.Next(Files);
        string path = other != at && _files[other] is { } victim ? victim.Path : Path.Combine(_folder, $"moved-{_last++}");
        File.Move(file.Path, path, overwrite: true);
        Check(!File.Exists(file.Path) && File.Exists(path), "a renamed file is at both places or none");
        if (other != at)
            _files[other] = null;
        _files[at] = (path, file.Content);
    }

    private void Map(int at, (string Path, byte[] Content) file, Random random)
    {
        if (file.Content.Length == 0)
            return;
        byte[] content = file.Content;
        using (MemoryMappedFile map = MemoryMappedFile.CreateFromFile(file.Path, FileMode.Open))
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor(0, content.Length))
        {
            for (int i = 0; i < 20; i++)
            {
                int position = random.Next(content.Length);
                Check(view.ReadByte(position) == content[position], "a mapped file shows something else");
                content[position] = (byte)i;
                view.Write(position, (byte)i);
            }
        }
        Check(File.ReadAllBytes(file.Path).AsSpan().SequenceEqual(content), "what was written through a mapping is not in the file");
    }

    private void Copy((string Path, byte[] Content) file)
    {
        string copy = file.Path + "-copy";
        File.Copy(file.Path, copy);
        File.SetLastWriteTimeUtc(copy, DateTime.UnixEpoch);
        Check(new FileInfo(copy) is { Exists: true } info && info.Length == file.Content.Length && info.LastWriteTimeUtc == DateTime.UnixEpoch, "a copy differs");
        File.Delete(copy);
    }

    private void Delete(int at)
    {
        if (_files[at] is not { } file)
            return;
        Check(File.ReadAllBytes(file.Path).AsSpan().SequenceEqual(file.Content), $"{file.Path} has changed at its end");
        // Who has it open keeps its content.
        using FileStream open = File.OpenRead(file.Path);
        File.Delete(file.Path);
        Check(!File.Exists(file.Path) && open.Length == file.Content.Length, "a deleted file is there, or not for who has it open");
        _files[at] = null;
    }
}
