using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>
/// Makes data bases of CIFAR-10's binary files (a byte of label, then 3 x 32 x 32 bytes of pixels), as Caffe's
/// convert_cifar_data does: keys of five digits, one data base for training and one for testing.
/// </summary>
public static class CifarConverter
{
    private const int Side = 32;
    private const int Channels = 3;
    private const int RecordLength = 1 + (Channels * Side * Side);

    private static readonly string[] _train = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")];
    private static readonly string[] _test = ["test_batch.bin"];

    /// <summary>Converts. Each data base appears at its place once it is complete.</summary>
    /// <param name="input">The folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin.</param>
    /// <param name="output">Where cifar10_train_lmdb (or _leveldb) and cifar10_test_lmdb are to be.</param>
    /// <param name="backend">Their kind.</param>
    /// <param name="notice">Hears which file is read.</param>
    /// <returns>The folders of the two data bases.</returns>
    /// <exception cref="CaffeException">A file is missing or of another length, or a target exists.</exception>
    public static (string Train, string Test) Convert(
        string input, string output, DataParameter.Types.DB backend, Action<string>? notice = null)
    {
        string kind = backend == DataParameter.Types.DB.Lmdb ? "lmdb" : "leveldb";
        string train = Path.Combine(output, $"cifar10_train_{kind}");
        string test = Path.Combine(output, $"cifar10_test_{kind}");
        // Looked at before anything is written: the last file may be the one that is missing.
        foreach (string name in _train.Concat(_test))
            Open(Path.Combine(input, name)).Dispose();
        notice?.Invoke("Writing training data");
        Write(input, _train, train, backend, notice);
        notice?.Invoke("Writing testing data");
        Write(input, _test, test, backend, notice);
        return (train, test);
    }

    private static void Write(
        string input, string[] names, string target, DataParameter.Types.DB backend, Action<string>? notice)
    {
        using RecordWriter writer = RecordWriter.Create(target, backend);
        var record = new byte[RecordLength];
        Span<byte> key = stackalloc byte[5];
        foreach (string name in names)
        {
            notice?.Invoke($"Reading {name}");
            using FileStream file = Open(Path.Combine(input, name));
            for (long rest = file.Length / RecordLength; rest > 0; rest--)
            {
                file.ReadExactly(record);
                var datum = new Datum
                {
                    Channels = Channels,
                    Height = Side,
                    Width = Side,
                    Data = ByteString.CopyFrom(record.AsSpan(1)),
                    Label = record[0],
                };
                writer.Count.TryFormat(key, out _, "D5", CultureInfo.InvariantCulture);
                writer.Put(key, datum.ToByteArray());
            }
        }

        writer.Complete();
    }

    private static FileStream Open(string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(failure.Message, failure);
        }

        if (file.Length > 0 && file.Length % RecordLength == 0)
            return file;
        string what = $"its {file.Length} bytes are not whole records of {RecordLength}";
        file.Dispose();
        throw Unreadable(what, null);

        CaffeException Unreadable(string what, Exception? inner) => new(ErrorCodes.SourceUnreadable, FailureKind.Data,
            $"CIFAR file '{path}' cannot be read: {what}", inner: inner);
    }
}
