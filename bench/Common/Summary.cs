namespace Xenolith.Bench;

/// <summary>What many measurements of one thing come to.</summary>
internal readonly record struct Summary(double Median, double Least, double Most)
{
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static Summary Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
            throw new InvalidOperationException("There is no measurement.");
        int middle = sorted.Length / 2;
        return new(sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, sorted[0], sorted[^1]);
    }
}
