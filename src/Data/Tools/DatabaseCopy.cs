using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;

namespace CaffeActors.Data.Tools;

/// <summary>Copies a data base, key and value as they are, to one of the same or the other kind.</summary>
public static class DatabaseCopy
{
    /// <summary>Records between two calls of the progress callback.</summary>
    public const int ProgressEvery = 1000;

    /// <summary>Copies. The copy appears at its place once it is complete.</summary>
    /// <param name="source">The data base.</param>
    /// <param name="target">The copy's folder; it must not exist.</param>
    /// <param name="backend">Its kind.</param>
    /// <param name="progress">Called with records done and records in all, every <see cref="ProgressEvery"/> and at the
    /// end.</param>
    /// <returns>Records written.</returns>
    /// <exception cref="CaffeException">The source is damaged, the target exists or cannot be written.</exception>
    public static long Copy(
        RecordSource source, string target, DataParameter.Types.DB backend, Action<long, long>? progress = null)
    {
        using RecordWriter writer = RecordWriter.Create(target, backend);
        for (long i = 0; i < source.Count; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            writer.Put(key, value);
            if (writer.Count % ProgressEvery == 0 || writer.Count == source.Count)
                progress?.Invoke(writer.Count, source.Count);
        }

        writer.Complete();
        return writer.Count;
    }
}
