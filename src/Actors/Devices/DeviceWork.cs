using System.Diagnostics;

namespace CaffeActors.Actors.Devices;

/// <summary>A piece of work for a device. Made once by its owner and sent again each iteration.</summary>
internal abstract class DeviceWork
{
    protected DeviceWork(int order, string name)
    {
        Order = order;
        Name = name;
        Request = new Messages.Run(this);
        Completed = new Messages.Ran(this);
    }

    /// <summary>What is ready together runs in rising order.</summary>
    public int Order { get; }

    /// <summary>What it does, for people.</summary>
    public string Name { get; }

    /// <summary>The message that asks for the work.</summary>
    public Messages.Run Request { get; }

    /// <summary>The message that says it is done.</summary>
    public Messages.Ran Completed { get; }

    /// <summary>Why the last run failed, or null.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Time spent in all runs, in <see cref="Stopwatch"/> ticks; who reports it sets it back.</summary>
    public long Ticks { get; set; }

    /// <summary>Number of runs; who reports it sets it back.</summary>
    public int Runs { get; set; }

    /// <summary>Does the work on the calling thread.</summary>
    public void Execute()
    {
        long start = Stopwatch.GetTimestamp();
        Failure = null;
        try
        {
            Body();
        }
#pragma warning disable CA1031 // A failure is a value here: the owner names the layer and ends the run in order.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Failure = failure;
        }

        Ticks += Stopwatch.GetTimestamp() - start;
        Runs++;
    }

    /// <summary>The work itself.</summary>
    protected abstract void Body();
}
