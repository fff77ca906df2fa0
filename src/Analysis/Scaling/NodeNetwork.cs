namespace CaffeActors.Analysis.Scaling;

/// <summary>What joins nodes, each by a link of its own that carries both directions at once.</summary>
/// <param name="BytesPerSecond">What a link carries in each direction, above 0.</param>
/// <param name="Latency">Seconds from one node to another, 0 or more.</param>
public sealed record NodeNetwork(double BytesPerSecond, double Latency)
{
    /// <summary>Bytes of gradients that a node adds in a second, above 0. Default: without limit.</summary>
    public double AddBytesPerSecond { get; init; } = double.PositiveInfinity;

    /// <summary>Seconds that a message of control takes beside the latency, 0 or more. Default 0.</summary>
    public double ControlDelay { get; init; }

    /// <summary>Seconds that the coordinator is busy with one message of control, 0 or more. Default 0.</summary>
    public double ControlWork { get; init; }

    /// <summary>Bytes on the way for each byte of gradients: 1, the default, or 0.5 with 16 bits.</summary>
    public double Compression { get; init; } = 1;
}
