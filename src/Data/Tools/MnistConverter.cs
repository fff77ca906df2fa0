using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>
/// Makes a data base of Datum records from the IDX files of MNIST and its relatives, as Caffe's convert_mnist_data
/// does: 1 x rows x columns bytes and a label each, keys of eight digits.
/// </summary>
public static class MnistConverter
{
    /// <summary>Records between two calls of the progress callback.</summary>
    public const int ProgressEvery = 1000;

    /// <summary>
    /// Converts. The data base appears at its place once it is complete; an interrupted conversion leaves nothing
    /// there, and what it leaves beside it the next one removes.
    /// </summary>
    /// <param name="images">IDX file of images, plain or gzip.</param>
    /// <param name="labels">IDX file of as many labels.</param>
    /// <param name="target">The data base's folder; it must not exist.</param>
    /// <param name="progress">Called with records done and records in all, every <see cref="ProgressEvery"/> and at the
    /// end.</param>
    /// <param name="backend">The data base's kind; default LMDB.</param>
    /// <returns>Records written.</returns>
    /// <exception cref="CaffeException">A file cannot be read, they do not belong together, or the target
    /// exists.</exception>
    public static long Convert(
        string images, string labels, string target, Action<long, long>? progress = null,
        DataParameter.Types.DB backend = DataParameter.Types.DB.Lmdb)
    {
        using RecordWriter writer = RecordWriter.Create(target, backend);
        Write(images, labels, writer, progress);
        writer.Complete();
        return writer.Count;
    }

    internal static void Write(string images, string labels, RecordWriter writer, Action<long, long>? progress)
    {
        using IdxFile imageFile = IdxFile.OpenImages(images), labelFile = IdxFile.OpenLabels(labels);
        imageFile.RequireSameCount(labelFile);
        var pixels = new byte[imageFile.Rows * imageFile.Columns];
        Span<byte> key = stackalloc byte[8], label = stackalloc byte[1];
        var datum = new Datum { Channels = 1, Height = imageFile.Rows, Width = imageFile.Columns };
        for (int i = 0; i < imageFile.Count; i++)
        {
            imageFile.ReadWhole(pixels);
            labelFile.ReadWhole(label);
            datum.Data = ByteString.CopyFrom(pixels);
            datum.Label = label[0];
            i.TryFormat(key, out _, "D8", CultureInfo.InvariantCulture);
            writer.Put(key, datum.ToByteArray());
            if ((i + 1) % ProgressEvery == 0)
                progress?.Invoke(i + 1, imageFile.Count);
        }

        if (imageFile.Count % ProgressEvery != 0)
            progress?.Invoke(imageFile.Count, imageFile.Count);
    }
}
