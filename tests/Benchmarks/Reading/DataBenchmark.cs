using System.Globalization;
using System.Text;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Transforms;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;
using SkiaSharp;

namespace CaffeActors.Benchmarks.Reading;

/// <summary>
/// Records a second of one core: decode, resize, crop, mirror through the Data layer, and through a plain loop over the
/// same calls; and an LMDB against a plain file of the same records. Usage: <c>data [ROUNDS]</c>. Processor time is
/// taken, and of all rounds the best.
/// </summary>
internal static unsafe class DataBenchmark
{
    private const int Records = 256;
    private const int Batch = 64;

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10;
        string folder = Directory.CreateTempSubdirectory("caffeactors-").FullName;
        try
        {
            string encoded = Path.Combine(folder, "encoded"), raw = Path.Combine(folder, "raw");
            Write(encoded, i => new Datum { Encoded = true, Label = i, Data = ByteString.CopyFrom(Jpeg(i, 400, 300)) });
            Write(raw, RawDatum);
            TransformationParameter transform = new() { CropSize = 227, Mirror = true };
            transform.MeanValue.Add([104f, 117f, 123f]);
            var resize = new DataExtension(ResizeHeight: 256, ResizeWidth: 256, Threads: 1);
            Console.WriteLine("JPEG of 400 x 300: decode, resize to 256 x 256, crop 227, mirror");
            Compare(rounds, ("SkiaSharp decodes, nothing else", DecodeOnly(encoded)),
                ("plain loop", Plain(encoded, transform, resize)), ("Data layer", Layer(encoded, transform, resize)));
            Console.WriteLine("raw 3 x 256 x 256: crop 227, mirror");
            Compare(rounds, ("plain loop", Plain(raw, transform, new DataExtension())),
                ("Data layer", Layer(raw, transform, new DataExtension(Threads: 1))));
            Console.WriteLine("raw 3 x 256 x 256: each record copied");
            Compare(rounds, ("plain file", PlainFile(raw, Path.Combine(folder, "flat"))), ("LMDB", Lmdb(raw)));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Each action goes through all records.
    private static void Compare(int rounds, params (string Name, Action Work)[] items)
    {
        double[] least = new double[items.Length];
        Array.Fill(least, double.MaxValue);
        for (int round = -1; round < rounds; round++)
        {
            for (int i = 0; i < items.Length; i++)
            {
                TimeSpan used = Environment.CpuUsage.TotalTime;
                int runs = 0;
                double seconds;
                do
                {
                    items[i].Work();
                    runs++;
                    seconds = (Environment.CpuUsage.TotalTime - used).TotalSeconds;
                }
                while (seconds < 0.1);
                if (round >= 0)
                    least[i] = Math.Min(least[i], seconds / runs);
            }
        }

        for (int i = 0; i < items.Length; i++)
        {
            string over = i < items.Length - 1 ? ""
                : $"  {100 * ((least[i] / least[i - 1]) - 1):F1} % over the line above";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {items[i].Name,-34}{Records / least[i],10:F0} records/s{over}"));
        }
    }

    private static Action Layer(string path, TransformationParameter transform, DataExtension extension)
    {
        var parameter = new LayerParameter
        {
            Name = "data",
            Type = "Data",
            Phase = Phase.Train,
            TransformParam = transform,
            DataParam = new DataParameter { Source = path, BatchSize = Batch, Backend = DataParameter.Types.DB.Lmdb },
        };
        var layer = (BatchLayer)new LayerCatalog(typeof(Layer).Assembly, typeof(BatchLayer).Assembly).Create(parameter);
        var context = new LayerContext(new CpuDevice(1), 1)
        {
            Extensions = new Dictionary<string, object> { ["data"] = extension },
        };
        layer.SetUp(context, [], [new Blob(), new Blob()]);
        Batch batch = layer.CreateBatch();
        return () =>
        {
            for (int i = 0; i < Records / Batch; i++)
                layer.Load(batch);
        };
    }

    private static Action Plain(string path, TransformationParameter transform, DataExtension extension)
    {
        var source = new LmdbSource(path);
        var transformer = new DataTransformer(transform, Phase.Train, 1, 1, static name => name, Failure);
        PixelBuffer decoded = new(), resized = new();
        var resizer = new BilinearResizer();
        var blob = new Blob(Batch, 3, 227, 227);
        float[] labels = new float[Batch];
        long record = 0;
        return () =>
        {
            float* target = (float*)blob.DataMemory.OverwriteCpuData();
            for (int i = 0; i < Records; i++)
            {
                source.Read(i, out _, out ReadOnlySpan<byte> value);
                DatumView.TryParse(value, out DatumView datum);
                fixed (byte* bytes = datum.Data)
                {
                    var image = new PlanarPixels(bytes, datum.Channels, datum.Height, datum.Width);
                    if (datum.Encoded && ImageDecoder.TryDecode(datum.Data, ColorMode.AsStored, decoded, out _))
                        image = decoded.Pixels;
                    if (extension.ResizeHeight > 0)
                        image = resizer.Resize(image, extension.ResizeHeight, extension.ResizeWidth, resized);
                    transformer.Transform(image, record++, target + (i % Batch * 3 * 227 * 227));
                }

                labels[i % Batch] = datum.Label;
            }
        };
    }

    private static Action DecodeOnly(string path)
    {
        var source = new LmdbSource(path);
        var info = new SKImageInfo(400, 300, SKColorType.Bgra8888, SKAlphaType.Unpremul);
        byte[] pixels = GC.AllocateUninitializedArray<byte>(info.BytesSize, pinned: true);
        return () =>
        {
            for (int i = 0; i < Records; i++)
            {
                source.Read(i, out _, out ReadOnlySpan<byte> value);
                DatumView.TryParse(value, out DatumView datum);
                fixed (byte* bytes = datum.Data, target = pixels)
                {
                    using SKData data = SKData.Create((nint)bytes, datum.Data.Length);
                    using SKCodec codec = SKCodec.Create(data);
                    codec.GetPixels(info, (nint)target);
                }
            }
        };
    }

    private static Action Lmdb(string path)
    {
        var source = new LmdbSource(path);
        byte[] buffer = new byte[1 << 20];
        return () =>
        {
            for (int i = 0; i < source.Count; i++)
            {
                source.Read(i, out _, out ReadOnlySpan<byte> value);
                value.CopyTo(buffer);
            }
        };
    }

    private static Action PlainFile(string path, string flat)
    {
        using var source = new LmdbSource(path);
        var ends = new List<long>();
        using (FileStream stream = File.Create(flat))
        {
            for (int i = 0; i < source.Count; i++)
            {
                source.Read(i, out _, out ReadOnlySpan<byte> value);
                stream.Write(value);
                ends.Add(stream.Position);
            }
        }

        SafeFileHandle file = File.OpenHandle(flat);
        byte[] buffer = new byte[1 << 20];
        return () =>
        {
            long at = 0;
            foreach (long end in ends)
            {
                RandomAccess.Read(file, buffer.AsSpan(0, (int)(end - at)), at);
                at = end;
            }
        };
    }

    private static void Write(string path, Func<int, Datum> datum)
    {
        using var writer = new LmdbWriter(path);
        for (int i = 0; i < Records; i++)
            writer.Put(Encoding.UTF8.GetBytes($"{i:D8}"), datum(i).ToByteArray());
        writer.Complete();
    }

    private static Datum RawDatum(int i)
    {
        byte[] values = new byte[3 * 256 * 256];
        for (int k = 0; k < values.Length; k++)
            values[k] = (byte)((k * 7) + i);
        return new Datum
        {
            Channels = 3,
            Height = 256,
            Width = 256,
            Label = i,
            Data = UnsafeByteOperations.UnsafeWrap(values),
        };
    }

    // Smooth with some detail, as photographs are.
    private static byte[] Jpeg(int seed, int width, int height)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Bgra8888, SKAlphaType.Opaque));
        uint* pixels = (uint*)bitmap.GetPixels();
        for (int k = 0; k < width * height; k++)
        {
            int x = k % width, y = k / width, noise = ((x * 31) + (y * 17) + (x * y)) % 23;
            byte blue = Wave(x + seed), green = Wave(y + (2 * seed)), red = Wave(x + y);
            pixels[k] = 0xFF000000u | (uint)(red << 16) | (uint)(green << 8) | blue;
            byte Wave(int at) => (byte)(116 + (110 * Math.Sin(at / 23.0)) + noise);
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    private static CaffeException Failure(string code, string message, FailureKind kind, int item) =>
        new(code, kind, message);
}
