using System.Diagnostics;
using System.Globalization;
using System.Text;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tools;
using Google.Protobuf;

namespace CaffeActors.Benchmarks;

/// <summary>
/// What the data tools and readers cost over plain loops that call the same libraries.
/// Usage: <c>tools [IMAGES [SIDE [ROUNDS]]]</c>: JPEG files of SIDE x SIDE pixels, default 400 of 256; best of ROUNDS,
/// default 5.
/// </summary>
internal static class DataTools
{
    public static int Run(string[] args)
    {
        int images = Number(args, 0, 400), side = Number(args, 1, 256), rounds = Number(args, 2, 5);
        string folder = Directory.CreateTempSubdirectory("caffeactors-tools-").FullName;
        try
        {
            string list = MakeImages(folder, images, side);
            foreach (DataParameter.Types.DB backend in (ReadOnlySpan<DataParameter.Types.DB>)[
                DataParameter.Types.DB.Lmdb, DataParameter.Types.DB.Leveldb])
            {
                Convert(folder, list, images, backend, rounds);
                Read(folder, backend, rounds);
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Convert(string folder, string list, int images, DataParameter.Types.DB backend, int rounds)
    {
        string target = Path.Combine(folder, "db");
        var times = new double[3];
        Array.Fill(times, double.MaxValue);
        for (int round = 0; round < rounds; round++)
        {
            Best(ref times[0], () => PlainLoop(folder, list, target, backend));
            Best(ref times[1], () => ImageSetConverter.Convert(
                folder + "/", list, target, new ImageSetOptions { Backend = backend, Threads = 1 }));
            Best(ref times[2], () => ImageSetConverter.Convert(
                folder + "/", list, target, new ImageSetOptions { Backend = backend }));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"convert imageset to {backend}: plain loop {images / times[0]:F0} images/s, one thread "
            + $"{images / times[1]:F0} (time x {times[1] / times[0]:F3}), {Environment.ProcessorCount} threads "
            + $"{images / times[2]:F0} (time x {times[2] / times[0]:F3})"));

        void Best(ref double best, Action work)
        {
            if (Directory.Exists(target))
                Directory.Delete(target, recursive: true);
            best = Math.Min(best, Time(work));
        }
    }

    // The least that a converter must do: read, decode, serialize, put.
    private static unsafe void PlainLoop(string folder, string list, string target, DataParameter.Types.DB backend)
    {
        var pixels = new PixelBuffer();
        using RecordWriter writer = RecordWriter.Create(target, backend);
        int line = 0;
        foreach (string entry in File.ReadLines(list))
        {
            int blank = entry.LastIndexOf(' ');
            byte[] file = File.ReadAllBytes($"{folder}/{entry[..blank]}");
            if (!ImageDecoder.TryDecode(file, ColorMode.Color, pixels, out string error))
                throw new InvalidDataException(error);
            PlanarPixels image = pixels.Pixels;
            var datum = new Datum
            {
                Channels = image.Channels,
                Height = image.Height,
                Width = image.Width,
                Label = int.Parse(entry.AsSpan(blank + 1), CultureInfo.InvariantCulture),
                Data = ByteString.CopyFrom(
                    new ReadOnlySpan<byte>(image.Data, image.Channels * image.Height * image.Width)),
            };
            writer.Put(Encoding.UTF8.GetBytes($"{line++:D8}_{entry[..blank]}"), datum.ToByteArray());
        }

        writer.Complete();
    }

    private static void Read(string folder, DataParameter.Types.DB backend, int rounds)
    {
        string path = Path.Combine(folder, "db");
        using RecordSource source = RecordSource.Open(path);
        string[] files = Directory.GetFiles(path);
        byte[] buffer = new byte[1 << 20];
        double open = double.MaxValue, read = double.MaxValue, plain = double.MaxValue;
        long bytes = 0, sum = 0;
        for (int round = 0; round < rounds; round++)
        {
            open = Math.Min(open, Time(() => RecordSource.Open(path).Dispose()));
            bytes = 0;
            read = Math.Min(read, Time(() =>
            {
                for (long i = 0; i < source.Count; i++)
                {
                    source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
                    bytes += key.Length + value.Length;
                    sum += Sum(value);
                }
            }));
            plain = Math.Min(plain, Time(() =>
            {
                foreach (string file in files)
                {
                    using FileStream stream = File.OpenRead(file);
                    for (int length; (length = stream.Read(buffer)) > 0;)
                        sum += Sum(buffer.AsSpan(0, length));
                }
            }));
        }

        double flat = files.Sum(file => new FileInfo(file).Length) / plain;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"read {backend}: open {open * 1000:F1} ms, {source.Count / read:F0} records/s, "
            + $"{bytes / read / 1e6:F0} MB/s (the files' bytes by themselves: {flat / 1e6:F0} MB/s) {sum & 1}"));
    }

    // Touches the bytes, as whoever reads records does.
    private static long Sum(ReadOnlySpan<byte> bytes)
    {
        long sum = 0;
        foreach (ulong word in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(bytes))
            sum += (long)word;
        return sum;
    }

    private static unsafe string MakeImages(string folder, int count, int side)
    {
        var pixels = new PixelBuffer();
        PlanarPixels image = pixels.Reserve(3, side, side);
        var lines = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            for (int k = 0; k < 3 * side * side; k++)
                image.Data[k] = (byte)((k / side * (i % 7)) + (k % side * 3) + (((k * 2654435761L) >> 20) & 31));
            if (!ImageEncoder.TryEncode(image, "jpg", out byte[] file))
                throw new InvalidDataException("no JPEG could be made");
            File.WriteAllBytes(Path.Combine(folder, $"{i:D6}.jpg"), file);
            lines.Append(CultureInfo.InvariantCulture, $"{i:D6}.jpg {i % 10}\n");
        }

        GC.KeepAlive(pixels);
        string list = Path.Combine(folder, "list.txt");
        File.WriteAllText(list, lines.ToString());
        return list;
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static int Number(string[] args, int index, int standard) =>
        args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : standard;
}
