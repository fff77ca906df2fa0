using CaffeActors.Actors.Devices;

namespace CaffeActors.Actors.Training;

/// <summary>A pass whose numbers went wrong: what it takes to run it again. Its net must stay as it is until it is
/// written.</summary>
/// <param name="Start">Its net, and where the random streams stood.</param>
/// <param name="Backward">Whether what is wrong shows in the backward pass only.</param>
/// <param name="Device">Where it ran.</param>
internal sealed record FailedPass(PassStart Start, bool Backward, DeviceId Device);
