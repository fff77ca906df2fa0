using System.Globalization;
using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Dumps;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Keeps a pass whose numbers went wrong in the run's folder, on a thread where blocking on a disk hurts nobody, and
/// adds to the failure how to run it again. Where it cannot be kept, the failure says so and stays what it is.
/// </summary>
internal sealed class DumpActor : UntypedActor
{
    private readonly TrainingRun _run;

    public DumpActor(TrainingRun run) => _run = run;

    public static Props Props(TrainingRun run) => Akka.Actor.Props.Create(() => new DumpActor(run));

    protected override void OnReceive(object message)
    {
        if (message is not WriteDump write)
        {
            Unhandled(message);
            return;
        }

        string folder = Path.Combine(
            _run.Folder.Path, "dump", string.Create(CultureInfo.InvariantCulture, $"iter_{_run.Iteration}"));
        string outcome;
        try
        {
            outcome = $"the pass is kept in '{folder}'; to run it again: {Command(folder, write.Pass)}";
        }
#pragma warning disable CA1031 // What ends the run is told whatever becomes of the dump.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = "the pass could not be kept: "
                + RunFailures.Unexpected(exception, $"the dump in '{folder}'").Message;
        }

        CaffeException failure = write.Failure;
        Sender.Tell(new DumpDone(new CaffeException(failure.Code, failure.Kind, $"{failure.Message}; {outcome}",
            failure.Place, failure.InnerException ?? failure)));
    }

    private string Command(string folder, FailedPass pass)
    {
        string flags = PassDump.Write(folder, _run.Plan.Nets.Train, pass.Start.Net, pass.Start.Streams);
        StorageType precision = _run.Plan.Precision;
        return $"caffeactors net run {flags}"
            + (pass.Device.Kind == DeviceId.Gpu ? $" --device {pass.Device}" : "")
            + (precision == StorageType.Float32 ? "" : $" --precision {StorageNames.NameOf(precision)}")
            + (pass.Backward ? " --backward" : "");
    }
}
