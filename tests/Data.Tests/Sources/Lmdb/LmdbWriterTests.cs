using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Data.Tests.Sources.Lmdb;

public sealed class LmdbWriterTests
{
    private static readonly Comparer<byte[]> _ascending =
        Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private static readonly Gen<byte[]> _key = Gen.Byte.Array[1, 511];

    // Around the longest value that stays in a leaf, and around whole overflow pages.
    private static readonly Gen<int> _length = Gen.OneOf(
        Gen.Int[0, 60], Gen.Int[1500, 2050], Gen.Int[4070, 4090], Gen.Int[8160, 8180], Gen.Int[0, 30000]);

    [Fact]
    public void Source_ReadsWhatWasWritten() =>
        Gen.Select(_key, _length, Gen.Byte, (key, length, fill) => (key, length, fill)).Array[0, 300].Sample(
            records =>
            {
                (byte[] key, int length, byte fill)[] sorted =
                [
                    .. records.DistinctBy(record => Convert.ToHexString(record.key))
                        .OrderBy(record => record.key, _ascending),
                ];
                using var folder = new TemporaryFolder();
                using (var writer = new LmdbWriter(folder.At("db")))
                {
                    foreach ((byte[] key, int length, byte fill) in sorted)
                        writer.Put(key, Value(length, fill));
                    writer.Complete();
                }

                using var source = new LmdbSource(folder.At("db"));
                Assert.Equal(sorted.Length, source.Count);
                for (int i = sorted.Length - 1; i >= 0; i--)
                {
                    source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
                    Assert.True(key.SequenceEqual(sorted[i].key));
                    Assert.True(value.SequenceEqual(Value(sorted[i].length, sorted[i].fill)));
                    Assert.True(source.TryGet(sorted[i].key, out ReadOnlySpan<byte> found)
                        && found.SequenceEqual(Value(sorted[i].length, sorted[i].fill)));
                }
            },
            iter: 60);

    [Theory]
    [InlineData(1, 8)]
    [InlineData(1300, 8)]
    [InlineData(60_000, 8)]
    [InlineData(3_000, 500)]
    public void Tree_OfAnyDepth_IsReadInAnyOrder(int count, int keyLength)
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LmdbWriter(folder.At("db")))
        {
            for (int i = 0; i < count; i++)
                writer.Put(Key(i), BitConverter.GetBytes(i));
            writer.Complete();
        }

        using var source = new LmdbSource(folder.At("db"));
        Assert.Equal(count, source.Count);
        for (int i = 0; i < count; i++)
            Check(i);
        for (int i = 0; i < count; i += 7)
            Check((int)(i * 48_611L % count));

        byte[] Key(int i) => Encoding.ASCII.GetBytes($"{i:D8}".PadRight(keyLength, 'x'));

        void Check(int i)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            Assert.True(key.SequenceEqual(Key(i)));
            Assert.Equal(i, BitConverter.ToInt32(value));
            Assert.True(source.TryGet(Key(i), out ReadOnlySpan<byte> found));
            Assert.Equal(i, BitConverter.ToInt32(found));
        }
    }

    [Fact]
    public void Unfinished_IsNoDatabase()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LmdbWriter(folder.At("db")))
        {
            for (int i = 0; i < 3000; i++)
                writer.Put(Encoding.ASCII.GetBytes($"{i:D8}"), new byte[1000]);
        }

        Assert.Equal(ErrorCodes.SourceUnreadable,
            Assert.Throws<CaffeException>(() => new LmdbSource(folder.At("db"))).Code);
    }

    [Fact]
    public void Put_RefusesKeysThatDoNotAscend()
    {
        using var folder = new TemporaryFolder();
        using var writer = new LmdbWriter(folder.At("db"));
        writer.Put("b"u8, default);
        Assert.Throws<ArgumentException>(() => writer.Put("a"u8, default));
        Assert.Throws<ArgumentException>(() => writer.Put("b"u8, default));
        Assert.Throws<ArgumentException>(() => writer.Put(default, default));
        Assert.Throws<ArgumentException>(() => writer.Put(new byte[512], default));
        writer.Put("ba"u8, default);
        Assert.Equal(2, writer.Count);
    }

    [Fact]
    public void Start_WhereADatabaseIs_Fails()
    {
        using var folder = new TemporaryFolder();
        LmdbFolder.Write(folder.At("db"), [1]);
        Assert.Equal(ErrorCodes.WriteFailed, Assert.Throws<CaffeException>(() => new LmdbWriter(folder.At("db"))).Code);
        Assert.Equal([1], File.ReadAllBytes(Path.Combine(folder.At("db"), "data.mdb")));
    }

    private static byte[] Value(int length, byte fill)
    {
        var value = new byte[length];
        for (int i = 0; i < length; i++)
            value[i] = (byte)(fill + i);
        return value;
    }
}
