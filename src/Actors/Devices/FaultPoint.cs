namespace CaffeActors.Actors.Devices;

/// <summary>Where a run can be made to fail, so that it is seen what comes after.</summary>
public enum FaultPoint
{
    /// <summary>A device, when a layer asks it for its forward pass; of several replicas the last one's.</summary>
    Device,
}
