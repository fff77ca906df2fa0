namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// How a product's two sides are cut into shares, so that every thread has a task of its own: each task transforms its
/// shares of both sides for itself, since what two cores write and read in turn costs more than doing it twice.
/// </summary>
/// <param name="First">Shares of the first side.</param>
/// <param name="Second">Shares of the second side.</param>
internal readonly record struct ShareGrid(int First, int Second)
{
    /// <summary>The grid with the least work.</summary>
    /// <param name="tasks">Tasks there are without cutting.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="first">Units of the first side.</param>
    /// <param name="second">Units of the second side.</param>
    /// <param name="firstCost">What it costs to transform the first side; done for each share of the second.</param>
    /// <param name="secondCost">What it costs to transform the second side.</param>
    public static ShareGrid Of(int tasks, int threads, int first, int second, double firstCost, double secondCost)
    {
        if (tasks % threads == 0 || tasks >= 8 * threads)
            return new ShareGrid(1, 1);
        int shares = tasks >= threads ? 2 : (threads + tasks - 1) / tasks;
        var best = new ShareGrid(1, 1);
        double least = double.MaxValue;
        for (int a = 1; a <= Math.Min(shares, first); a++)
        {
            int b = Math.Min((shares + a - 1) / a, second);
            // The longest task, with what all of them do twice.
            double cost = (b * firstCost) + (a * secondCost) + (a * b < shares ? shares * (firstCost + secondCost) : 0);
            if (cost < least)
                (least, best) = (cost, new ShareGrid(a, b));
        }

        return best;
    }
}
