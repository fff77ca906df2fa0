using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Hdf5;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Hdf5;

public sealed class StructureGuardTests : IDisposable
{
    // Where a file of Caffe's keeps the kind of its first entry: 1 for a group, 2 for a soft link.
    private const int KindInEntry = 16, EntriesAt = 8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SoftLinks_AreRefusedByName()
    {
        byte[] bytes = File.ReadAllBytes(Fixture.PathOf("data-gray.h5"));
        int node = bytes.AsSpan().IndexOf("SNOD"u8);
        bytes[node + EntriesAt + KindInEntry] = 2;
        CaffeException refusal = Assert.Throws<CaffeException>(() => new Hdf5Reader(Write(bytes)));
        Assert.Equal(ErrorCodes.SourceUnreadable, refusal.Code);
        Assert.Contains("in it is a soft link", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesLongerThanTheirEntry_AreRefused()
    {
        string path = _folder.At("a.h5");
        var writer = new Hdf5Writer();
        writer.AddFloats("layer/0", [2], [1, 2]);
        writer.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        int name = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes("layer"));
        bytes[name - 1] = 0xFF;
        CaffeException refusal = Assert.Throws<CaffeException>(() => new Hdf5Reader(Write(bytes)));
        Assert.Contains("longer than its entry", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SizesThatTheFileCannotHold_AreNotBelieved()
    {
        string path = _folder.At("a.h5");
        var writer = new Hdf5Writer();
        writer.AddFloats("values", [258], new float[258]);
        writer.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        // The length of the one axis, 258, stands once as the length and once as the most it may grow to.
        byte[] length = BitConverter.GetBytes(258L), huge = BitConverter.GetBytes(1L << 34);
        for (int at; (at = bytes.AsSpan().IndexOf(length)) >= 0;)
            huge.CopyTo(bytes, at);
        using var reader = new Hdf5Reader(Write(bytes));
        Assert.Throws<CaffeException>(() => reader.ReadFloats("values"));
    }

    private string Write(byte[] bytes)
    {
        string path = _folder.At("b.h5");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
