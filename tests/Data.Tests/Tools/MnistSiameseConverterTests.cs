using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

public sealed class MnistSiameseConverterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Convert_DrawsPairs_WhoseLabelSaysWhetherTheyAreOfOneClass()
    {
        Datum[] pairs = Convert("a", 5);
        Assert.Equal(200, pairs.Length);
        var classes = new HashSet<int>();
        foreach (Datum pair in pairs)
        {
            Assert.Equal((2, 2, 3, 12), (pair.Channels, pair.Height, pair.Width, pair.Data.Length));
            // Image i begins with the value i, and its label is i modulo 10.
            int first = pair.Data[0], second = pair.Data[6];
            Assert.Equal(first % 10 == second % 10 ? 1 : 0, pair.Label);
            Assert.Equal(Enumerable.Range(0, 6).Select(k => (byte)(second + k)), pair.Data.Skip(6));
            classes.Add(first % 10);
        }

        Assert.Equal(10, classes.Count);
        Assert.InRange(pairs.Count(pair => pair.Label == 1), 5, 45);
    }

    [Fact]
    public void Convert_HangsOnTheSeedOnly()
    {
        Datum[] pairs = Convert("a", 5);
        Assert.Equal(pairs, Convert("b", 5, DataParameter.Types.DB.Lmdb));
        Assert.NotEqual(pairs, Convert("c", 6));
    }

    [Fact]
    public void Convert_OfFilesThatDoNotBelongTogether_Fails()
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => MnistSiameseConverter.Convert(
            IdxSamples.Images(_folder.At("i"), 5), IdxSamples.Labels(_folder.At("l"), 4), _folder.At("db"),
            DataParameter.Types.DB.Leveldb, 0));
        Assert.Equal(ErrorCodes.BadRecord, failure.Code);
        Assert.False(Directory.Exists(_folder.At("db")));
    }

    private Datum[] Convert(string name, ulong seed, DataParameter.Types.DB backend = DataParameter.Types.DB.Leveldb)
    {
        MnistSiameseConverter.Convert(IdxSamples.Images(_folder.At("i"), 200), IdxSamples.Labels(_folder.At("l"), 200),
            _folder.At(name), backend, seed);
        using RecordSource source = RecordSource.Open(_folder.At(name));
        var pairs = new Datum[source.Count];
        for (int i = 0; i < pairs.Length; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            Assert.Equal($"{i:D8}", Encoding.ASCII.GetString(key));
            pairs[i] = Datum.Parser.ParseFrom(value);
        }

        return pairs;
    }
}
