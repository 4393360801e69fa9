// A file system that is full says so, leaves the heap its memory, and goes on once there is space.
namespace Files;

internal static class Full
{
    internal static void Run()
    {
        const int diskFull = 28;
        byte[] piece = new byte[100_000];
        Array.Fill(piece, (byte)1);
        long size = 0;
        for (int round = 0; round < 3; round++)
        {
            try
            {
                using FileStream stream = new("/tmp/full", FileMode.Create, FileAccess.Write, FileShare.None, 0);
                for (; ; )
                    stream.Write(piece);
            }
            catch (IOException e)
            {
                long reached = new FileInfo("/tmp/full").Length;
                Console.WriteLine($"round {round}: {e.GetType().Name} {e.HResult == diskFull}, same size {round == 0 || Math.Abs(reached - size) < 1 << 20}");
                size = reached;
            }
            byte[][] heap = [.. Enumerable.Range(0, 40).Select(_ => new byte[100_000])];
            Console.WriteLine($"the heap has {heap.Sum(h => h.Length)}");
            Program.Try("one more", () => File.WriteAllBytes("/tmp/more", new byte[50_000]));
            File.Delete("/tmp/full");
            File.Delete("/tmp/more");
        }
        Console.WriteLine($"between a quarter and a half of the memory: {size > 16 << 20} {size <= 32 << 20}");
        File.WriteAllBytes("/tmp/again", piece);
        Console.WriteLine(new FileInfo("/tmp/again").Length);
    }
}
