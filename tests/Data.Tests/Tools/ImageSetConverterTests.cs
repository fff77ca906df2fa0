using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

public sealed class ImageSetConverterTests : IDisposable
{
    private static readonly string _root = Fixture.PathOf("images") + "/";
    private static readonly string _list = Fixture.PathOf("images", "list.txt");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("raw32_lmdb", false, 1)]
    [InlineData("raw32_lmdb", false, 4)]
    [InlineData("gray_lmdb", true, 3)]
    public void Pixels_AreTheRecordsThatCaffeMade_ByteForByte(string expected, bool gray, int threads)
    {
        var options = new ImageSetOptions { ResizeHeight = 32, ResizeWidth = 32, Gray = gray, Threads = threads };
        Assert.Equal(10, ImageSetConverter.Convert(_root, _list, _folder.At("db"), options));
        AssertSame(Fixture.PathOf(expected), _folder.At("db"));
    }

    [Fact]
    public void EncodedImages_HoldThePixelsThatCaffesHold()
    {
        var options = new ImageSetOptions { ResizeHeight = 36, ResizeWidth = 36, Encoded = true };
        ImageSetConverter.Convert(_root, _list, _folder.At("db"), options);
        using RecordSource made = RecordSource.Open(_folder.At("db"));
        using RecordSource expected = RecordSource.Open(Fixture.PathOf("encoded_lmdb"));
        for (int i = 0; i < 10; i++)
        {
            (string key, Datum datum) = Record(made, i);
            (string expectedKey, Datum expectedDatum) = Record(expected, i);
            Assert.Equal((expectedKey, expectedDatum.Label), (key, datum.Label));
            Assert.Equal((expectedDatum.HasChannels, expectedDatum.Encoded), (datum.HasChannels, datum.Encoded));
            Assert.Equal(Decode(expectedDatum.Data.ToByteArray()), Decode(datum.Data.ToByteArray()));
        }
    }

    [Fact]
    public void EncodedWithoutResize_KeepsTheFilesBytes()
    {
        ImageSetConverter.Convert(
            _root, _list, _folder.At("db"), new ImageSetOptions { EncodeType = "PNG" });
        using RecordSource source = RecordSource.Open(_folder.At("db"));
        for (int i = 0; i < 10; i++)
            Assert.Equal(File.ReadAllBytes($"{_root}img0{i}.png"), Record(source, i).Datum.Data.ToByteArray());
    }

    [Fact]
    public void EncodeType_MakesFilesOfThatFormat()
    {
        ImageSetConverter.Convert(
            _root, _list, _folder.At("db"), new ImageSetOptions { EncodeType = "jpg", Gray = true });
        using RecordSource source = RecordSource.Open(_folder.At("db"));
        byte[] file = Record(source, 0).Datum.Data.ToByteArray();
        Assert.Equal([0xFF, 0xD8], file[..2]);
        var pixels = new PixelBuffer();
        Assert.True(ImageDecoder.TryDecode(file, ColorMode.AsStored, pixels, out _));
        Assert.Equal((1, 40, 52), (pixels.Pixels.Channels, pixels.Pixels.Height, pixels.Pixels.Width));
    }

    [Fact]
    public void Shuffle_HangsOnTheSeedOnly_AndKeysFollowTheOrder()
    {
        string[] Keys(string name, ulong seed, int threads)
        {
            ImageSetConverter.Convert(_root, _list, _folder.At(name),
                new ImageSetOptions { Shuffle = true, Seed = seed, Threads = threads });
            using RecordSource source = RecordSource.Open(_folder.At(name));
            return [.. Enumerable.Range(0, 10).Select(i => Record(source, i).Key)];
        }

        string[] keys = Keys("a", 1, 1);
        Assert.Equal(keys, Keys("b", 1, 3));
        Assert.NotEqual(keys, Keys("c", 2, 1));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i:D8}"), keys.Select(key => key[..8]));
        Assert.Equal(
            Enumerable.Range(0, 10).Select(i => $"img0{i}.png"), keys.Select(key => key[9..]).Order());
    }

    [Fact]
    public void ImagesThatCannotBeRead_ArePassedOver_AndTheirKeysStayFree()
    {
        _folder.Write("broken.png", "no image");
        File.Copy(_root + "img00.png", _folder.At("a picture.png"));
        string list = _folder.Write("list.txt", "gone.png 1\na picture.png 7\r\n\nbroken.png 2\na picture.png 8");
        var warnings = new List<string>();
        var progress = new List<(long, long)>();
        Assert.Equal(2, ImageSetConverter.Convert(_folder.Path + "/", list, _folder.At("db"),
            new ImageSetOptions { Backend = DataParameter.Types.DB.Leveldb, Threads = 2 }, warnings.Add,
            (done, all) => progress.Add((done, all))));
        Assert.Equal([(2, 4)], progress);
        Assert.Equal(2, warnings.Count);
        Assert.Contains("gone.png'", warnings[0], StringComparison.Ordinal);
        Assert.Contains("broken.png'", warnings[1], StringComparison.Ordinal);
        using RecordSource source = RecordSource.Open(_folder.At("db"));
        Assert.Equal([("00000001_a picture.png", 7), ("00000003_a picture.png", 8)],
            Enumerable.Range(0, 2).Select(i => (Record(source, i).Key, Record(source, i).Datum.Label)));
    }

    [Fact]
    public void CheckSize_NamesTheFirstImageOfAnotherSize()
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => ImageSetConverter.Convert(
            _root, _list, _folder.At("db"), new ImageSetOptions { CheckSize = true }));
        Assert.Equal((ErrorCodes.ShapeMismatch, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("img01.png", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        ImageSetConverter.Convert(_root, _list, _folder.At("db"),
            new ImageSetOptions { CheckSize = true, ResizeHeight = 8, ResizeWidth = 8 });
    }

    [Theory]
    [InlineData("img00.png", "is not a path, a blank and an integer label")]
    [InlineData("img00.png 1\nimg01.png one", "is not a path, a blank and an integer label")]
    [InlineData("nowhere.png 1", "none of the 1 images")]
    [InlineData("\n", "names no images")]
    public void DamagedLists_AreRefused(string lines, string says)
    {
        string list = _folder.Write("list.txt", lines);
        CaffeException failure = Assert.Throws<CaffeException>(
            () => ImageSetConverter.Convert(_root, list, _folder.At("db"), new ImageSetOptions()));
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("db")));
    }

    [Theory]
    [InlineData(32, 0, "")]
    [InlineData(-1, -1, "")]
    [InlineData(0, 0, "tiff")]
    public void OptionsThatCannotBeMeant_AreRefused(int height, int width, string type) =>
        Assert.Equal(FailureKind.Configuration, Assert.Throws<CaffeException>(() => ImageSetConverter.Convert(
            _root, _list, _folder.At("db"),
            new ImageSetOptions { ResizeHeight = height, ResizeWidth = width, EncodeType = type })).Kind);

    private static byte[] Decode(byte[] file)
    {
        var pixels = new PixelBuffer();
        Assert.True(ImageDecoder.TryDecode(file, ColorMode.AsStored, pixels, out string error), error);
        unsafe
        {
            byte[] values = new ReadOnlySpan<byte>(pixels.Pixels.Data,
                pixels.Pixels.Channels * pixels.Pixels.Height * pixels.Pixels.Width).ToArray();
            GC.KeepAlive(pixels);
            return values;
        }
    }

    private static (string Key, Datum Datum) Record(RecordSource source, long index)
    {
        source.Read(index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
        return (Encoding.UTF8.GetString(key), Datum.Parser.ParseFrom(value));
    }

    private static void AssertSame(string expected, string made)
    {
        using RecordSource one = RecordSource.Open(expected), other = RecordSource.Open(made);
        Assert.Equal(one.Count, other.Count);
        for (long i = 0; i < one.Count; i++)
        {
            one.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            other.Read(i, out ReadOnlySpan<byte> madeKey, out ReadOnlySpan<byte> madeValue);
            Assert.True(key.SequenceEqual(madeKey) && value.SequenceEqual(madeValue), $"record {i}");
        }
    }
}
