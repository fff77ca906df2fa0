using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Prototxt;

/// <summary>The places of the fields of one message, by name and, of repeated strings and messages, by item.</summary>
internal sealed class FieldPlaces : Dictionary<(string Name, int Index), SourcePlace>
{
    /// <summary>Starts empty.</summary>
    public FieldPlaces()
    {
    }

    /// <summary>Starts as a copy.</summary>
    public FieldPlaces(FieldPlaces places)
        : base(places)
    {
    }
}
