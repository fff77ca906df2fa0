using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>
/// Makes a data base of pairs of images out of IDX files, as Caffe's convert_mnist_siamese_data does: as many pairs as
/// images, both images drawn by chance, one channel each, label 1 where both are of one class and else 0; keys of eight
/// digits. Unlike Caffe's, the pairs hang on a seed only.
/// </summary>
public static class MnistSiameseConverter
{
    /// <summary>Records between two calls of the progress callback.</summary>
    public const int ProgressEvery = 1000;

    private const string PairStream = "convert_mnist_siamese/pairs";

    /// <summary>Converts. The data base appears at its place once it is complete.</summary>
    /// <param name="images">IDX file of images, plain or gzip.</param>
    /// <param name="labels">IDX file of as many labels.</param>
    /// <param name="target">The data base's folder; it must not exist.</param>
    /// <param name="backend">Its kind.</param>
    /// <param name="seed">Decides the pairs.</param>
    /// <param name="progress">Called with records done and records in all, every <see cref="ProgressEvery"/> and at the
    /// end.</param>
    /// <returns>Records written.</returns>
    /// <exception cref="CaffeException">A file cannot be read, they do not belong together, or the target
    /// exists.</exception>
    public static long Convert(
        string images, string labels, string target, DataParameter.Types.DB backend, ulong seed,
        Action<long, long>? progress = null)
    {
        using RecordWriter writer = RecordWriter.Create(target, backend);
        Write(images, labels, writer, seed, progress);
        writer.Complete();
        return writer.Count;
    }

    internal static void Write(
        string images, string labels, RecordWriter writer, ulong seed, Action<long, long>? progress)
    {
        using IdxFile imageFile = IdxFile.OpenImages(images), labelFile = IdxFile.OpenLabels(labels);
        imageFile.RequireSameCount(labelFile);
        int count = imageFile.Count, size = imageFile.Rows * imageFile.Columns;
        byte[][] pixels = ReadAll(imageFile, size);
        byte[][] classes = ReadAll(labelFile, 1);
        var random = new RandomStream(seed, RandomStream.StreamId(PairStream));
        Span<byte> key = stackalloc byte[8];
        var datum = new Datum { Channels = 2, Height = imageFile.Rows, Width = imageFile.Columns };
        for (int i = 0; i < count; i++)
        {
            RandomDraw draw = random.NextDraw();
            int first = (int)(draw.Bits(0) % (uint)count), second = (int)(draw.Bits(1) % (uint)count);
            byte[] both = [.. pixels[first], .. pixels[second]];
            datum.Data = UnsafeByteOperations.UnsafeWrap(both);
            datum.Label = classes[first][0] == classes[second][0] ? 1 : 0;
            i.TryFormat(key, out _, "D8", CultureInfo.InvariantCulture);
            writer.Put(key, datum.ToByteArray());
            if ((i + 1) % ProgressEvery == 0 || i + 1 == count)
                progress?.Invoke(i + 1, count);
        }
    }

    // Item after item: a count that lies ends with the file and not with the memory.
    private static byte[][] ReadAll(IdxFile file, int size)
    {
        var items = new List<byte[]>();
        for (int i = 0; i < file.Count; i++)
        {
            var item = new byte[size];
            file.ReadWhole(item);
            items.Add(item);
        }

        return [.. items];
    }
}
