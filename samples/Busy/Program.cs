long[] sums = new long[8];
Parallel.For(0, sums.Length, worker =>
{
    for (int i = 0; i < 1_000_000; i++)
        sums[worker] += i % (worker + 1);
});
await Task.Delay(10);
Console.WriteLine($"checksum {sums.Sum()}");
