using System.Globalization;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources;

namespace CaffeActors.Data.Tools;

/// <summary>
/// Makes a data base of image files and a list of their labels, as Caffe's convert_imageset does: keys of eight digits
/// (the line, counted from 0), an underscore and the path. Images are decoded on several threads, records written in
/// the order of the list.
/// </summary>
public static class ImageSetConverter
{
    /// <summary>Records between two calls of the progress callback.</summary>
    public const int ProgressEvery = 1000;

    /// <summary>
    /// Converts. The data base appears at its place once it is complete. An image that cannot be read is passed over
    /// with a remark; its key stays free.
    /// </summary>
    /// <param name="root">Put before each path as it is: a folder ends with a separator.</param>
    /// <param name="list">The list's file.</param>
    /// <param name="target">The data base's folder; it must not exist.</param>
    /// <param name="options">How.</param>
    /// <param name="warn">Hears which images are passed over, and why.</param>
    /// <param name="progress">Called with records done and lines in all, every <see cref="ProgressEvery"/> records and
    /// at the end.</param>
    /// <returns>Records written.</returns>
    /// <exception cref="CaffeException">The list is damaged, no image can be read, sizes differ though they must not,
    /// or the target exists.</exception>
    public static long Convert(
        string root, string list, string target, ImageSetOptions options, Action<string>? warn = null,
        Action<long, long>? progress = null)
    {
        CheckOptions(options);
        List<(string Path, int Label)> entries = ImageSetList.Read(list);
        if (entries.Count == 0)
        {
            throw new CaffeException(ErrorCodes.SourceUnreadable, FailureKind.Data,
                $"list '{list}' names no images: each line is a path, a blank and an integer label");
        }

        if (options.Shuffle)
            ImageSetList.Shuffle(entries, options.Seed);
        using RecordWriter writer = RecordWriter.Create(target, options.Backend);
        ImageRecord? first = null;
        OrderedWork.Run(
            entries, options.Threads, () => new ImageRecordMaker(options),
            (maker, entry) => maker.Make(root + entry.Path, entry.Label),
            new RecordSink(writer, entries, warn, progress, Check).Add);
        if (writer.Count == 0)
        {
            throw new CaffeException(ErrorCodes.SourceUnreadable, FailureKind.Data,
                $"none of the {entries.Count} images of '{list}' can be read; the first would be "
                + $"'{root}{entries[0].Path}': check the root folder, which is put before each path as it is");
        }

        writer.Complete();
        if (writer.Count % ProgressEvery != 0)
            progress?.Invoke(writer.Count, entries.Count);
        return writer.Count;

        void Check(ImageRecord record, string path)
        {
            first ??= record;
            if (options.CheckSize && record.Shape != first.Shape)
            {
                throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Data,
                    $"'{root}{path}' is an image of {Text(record.Shape)}, the first one of {Text(first.Shape)}; "
                    + "resize the images, or leave the check of sizes out");
            }
        }
    }

    private static string Text((int Channels, int Height, int Width) shape) =>
        $"{shape.Channels} x {shape.Height} x {shape.Width}";

    private static void CheckOptions(ImageSetOptions options)
    {
        if (options.ResizeHeight < 0 || options.ResizeWidth < 0
            || (options.ResizeHeight > 0) != (options.ResizeWidth > 0))
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"images cannot be resized to {options.ResizeHeight} x {options.ResizeWidth}; "
                + "give both sides, or neither");
        }

        if (4L * options.ResizeHeight * options.ResizeWidth > int.MaxValue)
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"images of {options.ResizeHeight} x {options.ResizeWidth} are too large");
        }

        if (options.EncodeType.Length > 0 && !Images.ImageEncoder.Knows(options.EncodeType))
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"images cannot be stored as '{options.EncodeType}'; png, jpg, jpeg and webp can be written");
        }
    }

    /// <summary>Puts the records into the data base, line after line.</summary>
    private sealed class RecordSink(
        RecordWriter writer, List<(string Path, int Label)> entries, Action<string>? warn,
        Action<long, long>? progress, Action<ImageRecord, string> check)
    {
        private int _line;

        public void Add(ImageRecord record)
        {
            int line = _line++;
            string path = entries[line].Path;
            if (record.Datum is null)
            {
                warn?.Invoke($"record {line} is passed over: {record.Fault}");
                return;
            }

            check(record, path);
            string key = string.Create(CultureInfo.InvariantCulture, $"{line:D8}_{path}");
            writer.Put(Encoding.UTF8.GetBytes(key), record.Datum);
            if (writer.Count % ProgressEvery == 0)
                progress?.Invoke(writer.Count, entries.Count);
        }
    }
}
