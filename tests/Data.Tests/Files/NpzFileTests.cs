using System.IO.Compression;
using System.Text;
using CaffeActors.Data.Files;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Files;

public sealed class NpzFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(new int[0], "()")]
    [InlineData(new[] { 3 }, "(3,)")]
    [InlineData(new[] { 2, 3 }, "(2, 3)")]
    [InlineData(new[] { 20, 1, 5, 5 }, "(20, 1, 5, 5)")]
    public void Array_HasTheHeaderOfNumPy(int[] shape, string lengths)
    {
        float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (n, length) => n * length)).Select(i => i - 1.5f)];
        string path = _folder.At("a.npz");
        NpzFile.Write(path, [("conv/0", shape, values)]);
        using ZipArchive archive = ZipFile.OpenRead(path);
        ZipArchiveEntry entry = Assert.Single(archive.Entries);
        Assert.Equal("conv/0.npy", entry.FullName);
        Assert.Equal(entry.Length, entry.CompressedLength);
        byte[] bytes = new byte[entry.Length];
        using (Stream stream = entry.Open())
            stream.ReadExactly(bytes);

        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0], bytes[..8]);
        int end = 10 + bytes[8] + (bytes[9] << 8);
        Assert.Equal(0, end % 64);
        string header = Encoding.ASCII.GetString(bytes[10..end]);
        Assert.Equal($"{{'descr': '<f4', 'fortran_order': False, 'shape': {lengths}, }}", header.TrimEnd());
        Assert.EndsWith("\n", header);
        Assert.Equal(4 * values.Length, bytes.Length - end);
        for (int i = 0; i < values.Length; i++)
            Assert.Equal(values[i], BitConverter.ToSingle(bytes, end + (4 * i)));
    }

    [Fact]
    public void SameArrays_GiveTheSameBytes()
    {
        foreach (string name in (string[])["a.npz", "b.npz"])
            NpzFile.Write(_folder.At(name), [("x", [2], [1f, 2]), ("y", [], [3f])]);
        Assert.Equal(File.ReadAllBytes(_folder.At("a.npz")), File.ReadAllBytes(_folder.At("b.npz")));
    }
}
