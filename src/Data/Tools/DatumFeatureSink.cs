using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>Puts features into a data base as Caffe's extract_features does: Datums of floats, keys of ten
/// digits.</summary>
/// <param name="path">The data base's folder; it must not exist.</param>
/// <param name="backend">Its kind.</param>
/// <exception cref="CaffeException">CFA1404: the folder exists, or cannot be made.</exception>
public sealed class DatumFeatureSink(string path, DataParameter.Types.DB backend) : IFeatureSink
{
    private readonly RecordWriter _writer = RecordWriter.Create(path, backend);
    private readonly Datum _datum = new();

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<float> values, (int Channels, int Height, int Width) shape)
    {
        (_datum.Channels, _datum.Height, _datum.Width) = shape;
        _datum.FloatData.Clear();
        foreach (float value in values)
            _datum.FloatData.Add(value);
        Span<byte> key = stackalloc byte[10];
        _writer.Count.TryFormat(key, out _, "D10", CultureInfo.InvariantCulture);
        _writer.Put(key, _datum.ToByteArray());
    }

    /// <inheritdoc/>
    public void Complete() => _writer.Complete();

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();
}
