using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.Lmdb;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>
/// Makes an LMDB of Datum records from the IDX files of MNIST and its relatives, as Caffe's convert_mnist_data does:
/// 1 x rows x columns bytes and a label each, keys of eight digits.
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
    /// <returns>Records written.</returns>
    /// <exception cref="CaffeException">A file cannot be read, they do not belong together, or the target
    /// exists.</exception>
    public static long Convert(string images, string labels, string target, Action<long, long>? progress = null)
    {
        if (Path.Exists(target))
            throw Exists(target);
        try
        {
            using var staged = new StagedFolder(target);
            long count = Write(images, labels, staged.Path, progress);
            return staged.Complete() ? count : throw Exists(target);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CaffeException(ErrorCodes.WriteFailed, FailureKind.Data,
                $"data base '{target}' cannot be made: {failure.Message}", inner: failure);
        }
    }

    internal static long Write(string images, string labels, string folder, Action<long, long>? progress)
    {
        using IdxFile imageFile = IdxFile.OpenImages(images), labelFile = IdxFile.OpenLabels(labels);
        if (imageFile.Count != labelFile.Count)
        {
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data,
                $"'{images}' holds {imageFile.Count} images and '{labels}' {labelFile.Count} labels; "
                + "they do not belong together");
        }

        using var writer = new LmdbWriter(folder);
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

        writer.Complete();
        if (imageFile.Count % ProgressEvery != 0)
            progress?.Invoke(imageFile.Count, imageFile.Count);
        return imageFile.Count;
    }

    private static CaffeException Exists(string target) =>
        new(ErrorCodes.WriteFailed, FailureKind.Data, $"'{target}' exists already; remove it or choose another place");
}
