using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Training;

/// <summary>Who carries out a run, alone or together with other nodes.</summary>
public interface ITrainingHost
{
    /// <summary>The run's folder, once it is open; null where another node has it.</summary>
    string? RunFolder { get; }

    /// <summary>Asks the run for something, from any thread; a request before its start is kept.</summary>
    void Request(RunRequest request);

    /// <summary>Runs until the end.</summary>
    /// <param name="exitCodeOf">The exit code of an outcome, for the run's manifest.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="Compute.Diagnostics.CaffeException">The run could not begin.</exception>
    Task<RunOutcome> RunAsync(Func<RunOutcome, int> exitCodeOf);
}
