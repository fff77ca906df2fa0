using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Training;

/// <summary>Turns what a device threw into a failure a user can act on.</summary>
internal static class RunFailures
{
    /// <summary>A failure of one layer, with the layer's name and place.</summary>
    public static CaffeException InLayer(Exception failure, NetLayer layer) => failure switch
    {
        // A device knows nothing of layers.
        CaffeException { Kind: FailureKind.Device } known when !known.Message.StartsWith("layer '") =>
            new CaffeException(known.Code, known.Kind, $"layer '{layer.Name}': {known.Message}",
                SourcePlaces.Of(layer.Layer.Parameter), known.InnerException ?? known),
        CaffeException known => known.At(SourcePlaces.Of(layer.Layer.Parameter)),
        OutOfMemoryException => new CaffeException(ErrorCodes.OutOfMemory, FailureKind.Device,
            $"layer '{layer.Name}' got no memory; make the batch smaller", SourcePlaces.Of(layer.Layer.Parameter),
            failure),
        _ => Unexpected(failure, $"layer '{layer.Name}'"),
    };

    /// <summary>A failure nobody foresaw.</summary>
    public static CaffeException Unexpected(Exception failure, string where) =>
        failure as CaffeException
        ?? new CaffeException(
            ErrorCodes.Internal, FailureKind.Internal, $"{where}: {failure.GetType().Name}: {failure.Message}", null,
            failure);

    /// <summary>A failure that an actor died of.</summary>
    /// <param name="failure">What its parent was told.</param>
    /// <param name="actor">The actor.</param>
    public static CaffeException OfActor(Exception failure, IActorRef actor)
    {
        Exception cause = failure is ActorInitializationException { InnerException: { } inner } ? inner : failure;
        return Unexpected(cause, $"actor '{actor.Path.Name}'");
    }

    /// <summary>Whether a run ended because a disk did not answer: whoever waits for it still hangs.</summary>
    public static bool IsLongWait(CaffeException? failure) => failure?.Code == ErrorCodes.TakesTooLong;

    /// <summary>Adds the device, where there are several.</summary>
    public static CaffeException On(CaffeException failure, DeviceId device) =>
        new(failure.Code, failure.Kind, $"{failure.Message} (device {device})", failure.Place,
            failure.InnerException ?? failure);

    /// <summary>Adds the iteration, and for a record at fault the key it has in its source.</summary>
    public static CaffeException WithRecord(CaffeException failure, Net net, int iteration)
    {
        string message = $"{failure.Message} (iteration {iteration}";
        if (failure.BatchItem >= 0)
        {
            IEnumerable<string> keys = net.Layers.Select(layer => layer.Layer).OfType<BatchLayer>()
                .Where(layer => failure.BatchItem < layer.BatchSize)
                .Select(layer => $"record '{layer.RecordKey(failure.BatchItem)}' of layer '{layer.Name}'");
            message += string.Concat(keys.Select(key => $", {key}"));
        }

        return new CaffeException(
            failure.Code, failure.Kind, message + ")", failure.Place, failure.InnerException ?? failure);
    }
}
