namespace CaffeActors.Analysis.Reports;

/// <summary>What a layer takes of an iteration.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Forward">Mean milliseconds forward.</param>
/// <param name="Backward">Mean milliseconds backward; 0 where it does not go backward.</param>
public sealed record LayerTime(string Layer, double Forward, double Backward)
{
    /// <summary>Both ways together, in milliseconds.</summary>
    public double Both => Forward + Backward;
}
