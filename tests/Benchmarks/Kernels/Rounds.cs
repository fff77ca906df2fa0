using System.Diagnostics;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>
/// Times several pieces of work in turn, round after round, and keeps the least time of each: on a machine that
/// others use too, the least of many is what repeats.
/// </summary>
internal sealed class Rounds
{
    private readonly List<(string Name, double Flops, Action Work)> _items = [];

    /// <summary>Adds a piece of work.</summary>
    /// <param name="name">Its line in the table.</param>
    /// <param name="flops">Floating-point operations of one run.</param>
    /// <param name="work">One run.</param>
    public void Add(string name, double flops, Action work) => _items.Add((name, flops, work));

    /// <summary>Runs all and prints the best of each in milliseconds and GF/s.</summary>
    /// <param name="rounds">How many times to go through the list.</param>
    public void Print(int rounds)
    {
        double[] least = new double[_items.Count];
        Array.Fill(least, double.MaxValue);
        foreach ((_, _, Action work) in _items)
            work();
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < _items.Count; i++)
                least[i] = Math.Min(least[i], Seconds(_items[i].Work));
        }

        for (int i = 0; i < _items.Count; i++)
        {
            Console.WriteLine(
                $"{_items[i].Name,-40} {least[i] * 1e3,10:F4} ms {_items[i].Flops / least[i] * 1e-9,8:F1} GF/s");
        }
    }

    // At least three milliseconds at a time, so that the clock and the wake-up of threads do not count.
    private static double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        int runs = 0;
        double seconds;
        do
        {
            work();
            runs++;
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (seconds < 3e-3);
        return seconds / runs;
    }
}
