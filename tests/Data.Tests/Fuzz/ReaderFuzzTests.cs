using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Images;
using CaffeActors.Data.Snapshots;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.LevelDb;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Tests.Snapshots;
using CaffeActors.Data.Tests.Sources.Lmdb;
using CaffeActors.Testing;
using Google.Protobuf;
using SkiaSharp;

namespace CaffeActors.Data.Tests.Fuzz;

/// <summary>Five thousand damaged files of every kind that is read: see <see cref="ReaderFuzz"/>.</summary>
public sealed class ReaderFuzzTests : IDisposable
{
    private const int Files = 5000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Caffemodel() => Run(
        [File.ReadAllBytes(Sample.OfCaffe("sgd-step", "snap_iter_15.caffemodel"))],
        bytes => TakeBlobs(WeightsFile.Read(Write("a.caffemodel", bytes))));

    [Fact]
    public Task CaffemodelInHdf5() => Run(
        [File.ReadAllBytes(SaveInHdf5().ModelPath!)],
        bytes => TakeBlobs(WeightsFile.Read(Write("a.caffemodel.h5", bytes))));

    [Fact]
    public Task Solverstate() => Run(
        [File.ReadAllBytes(Sample.OfCaffe("sgd-step", "snap_iter_15.solverstate"))],
        bytes => SolverStateFile.Read(Write("a.solverstate", bytes)));

    [Fact]
    public Task SolverstateInHdf5() => Run(
        [File.ReadAllBytes(SaveInHdf5().StatePath!)],
        bytes => SolverStateFile.Read(Write("a.solverstate.h5", bytes)));

    [Fact]
    public Task Hdf5Data() => Run(
        [File.ReadAllBytes(Fixture.PathOf("data-gray.h5"))],
        bytes =>
        {
            using var file = new Hdf5Reader(Write("a.h5", bytes));
            foreach (string dataset in file.Datasets())
                file.ReadFloats(dataset);
        });

    [Fact]
    public Task Lmdb() => Run(
        [File.ReadAllBytes(Fixture.PathOf("gray_lmdb", "data.mdb"))],
        bytes =>
        {
            using var source = new LmdbSource(LmdbFolder.Write(_folder.At("db"), bytes));
            for (long i = 0; i < source.Count; i++)
                source.Read(i, out _, out _);
        });

    // Few damages get past the checksums of tables and logs; the names in CURRENT have none.
    [Theory]
    [InlineData("000012.ldb")]
    [InlineData("000013.log")]
    [InlineData("MANIFEST-000011")]
    [InlineData("CURRENT")]
    public Task LevelDb(string file)
    {
        string whole = Fixture.PathOf("mixed_leveldb"), path = _folder.At("db");
        Directory.CreateDirectory(path);
        foreach (string part in Directory.GetFiles(whole))
            File.Copy(part, Path.Combine(path, Path.GetFileName(part)));
        return Run([File.ReadAllBytes(Path.Combine(whole, file))], bytes =>
        {
            File.WriteAllBytes(Path.Combine(path, file), bytes);
            using var source = new LevelDbSource(path);
            for (long i = 0; i < source.Count; i++)
                source.Read(i, out _, out _);
        });
    }

    [Fact]
    public Task DatumOfBytes() => Run(
        [
            new Datum { Channels = 3, Height = 4, Width = 5, Label = 7, Data = ByteString.CopyFrom(new byte[60]) }
                .ToByteArray(),
            new Datum { Channels = 1, Height = 2, Width = 3, FloatData = { 1, 2, 3, 4, 5, 6 } }.ToByteArray(),
        ],
        ReadDatum);

    [Fact]
    public Task DatumOfAnImage() => Run(
        [new Datum { Encoded = true, Label = 1, Data = ByteString.CopyFrom(Image(SKEncodedImageFormat.Png)) }
            .ToByteArray()],
        ReadDatum);

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public Task ImageFile(SKEncodedImageFormat format) => Run([Image(format)], Decode);

    [Fact]
    public Task Bitmap() => Run([BitmapFile()], Decode);

    private static void TakeBlobs(NetParameter net)
    {
        foreach (BlobProto stored in net.Layer.SelectMany(layer => layer.Blobs))
        {
            using var blob = new Blob();
            blob.FromProto(stored);
        }
    }

    private static void Decode(byte[] bytes)
    {
        if (!ImageDecoder.TryDecode(bytes, ColorMode.AsStored, new PixelBuffer(), out string error))
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data, error);
    }

    private static unsafe void ReadDatum(byte[] bytes)
    {
        var reader = new DatumReader((code, message, kind, _) => new CaffeException(code, kind, message));
        fixed (byte* start = bytes)
            reader.Open("key"u8, new ReadOnlySpan<byte>(start, bytes.Length), ColorMode.AsStored);
    }

    private static async Task Run(byte[][] seeds, Action<byte[]> read)
    {
        (int taken, int refused) = await ReaderFuzz.RunAsync(seeds, Files, read);
        Assert.True(refused > Files / 10, $"only {refused} files were refused");
        TestContext.Current.TestOutputHelper?.WriteLine($"{taken} read, {refused} refused");
    }

    private static byte[] Image(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(37, 29, SKColorType.Bgra8888, SKAlphaType.Opaque));
        for (int y = 0; y < bitmap.Height; y++)
        {
            for (int x = 0; x < bitmap.Width; x++)
                bitmap.SetPixel(x, y, new SKColor((byte)(x * 6), (byte)(y * 8), (byte)(x * y)));
        }

        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    // 24 bits a pixel, rows from below, filled up to a multiple of four bytes.
    private static byte[] BitmapFile()
    {
        const int Width = 5, Height = 3, RowBytes = 16, Start = 54;
        var bytes = new byte[Start + (RowBytes * Height)];
        using var writer = new BinaryWriter(new MemoryStream(bytes));
        writer.Write("BM"u8);
        writer.Write(bytes.Length);
        writer.Write(0);
        writer.Write(Start);
        writer.Write(40);
        writer.Write(Width);
        writer.Write(Height);
        writer.Write((short)1);
        writer.Write((short)24);
        for (int i = Start; i < bytes.Length; i++)
            bytes[i] = (byte)(7 * i);
        return bytes;
    }

    private SnapshotEntry SaveInHdf5() =>
        new SnapshotStore(_folder.At("net")) { Format = SolverParameter.Types.SnapshotFormat.Hdf5 }
            .Save(Sample.Net(), Sample.Progress(10), Sample.Resume());

    private string Write(string name, byte[] bytes)
    {
        string path = _folder.At(name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
