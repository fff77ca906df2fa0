using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Tools;

/// <summary>Takes one feature after the other: the values that a blob has for an image.</summary>
public interface IFeatureSink : IDisposable
{
    /// <summary>Adds a feature.</summary>
    /// <param name="values">Channels x height x width values.</param>
    /// <param name="shape">The dimensions; the same for all features.</param>
    /// <exception cref="CaffeException">CFA1404: the disk does not take it.</exception>
    void Add(ReadOnlySpan<float> values, (int Channels, int Height, int Width) shape);

    /// <summary>Finishes; what was made appears at its place now.</summary>
    /// <exception cref="CaffeException">CFA1404: the disk does not take it.</exception>
    void Complete();
}
