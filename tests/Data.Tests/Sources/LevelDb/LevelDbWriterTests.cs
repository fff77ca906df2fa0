using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources.LevelDb;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Data.Tests.Sources.LevelDb;

public sealed class LevelDbWriterTests
{
    private static readonly Comparer<byte[]> _ascending =
        Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private static readonly Gen<(byte[] Key, int Length, byte Fill)[]> _records = Gen.Select(
        Gen.OneOf(Gen.Byte.Array[0, 3], Gen.Byte.Array[0, 600]),
        Gen.OneOf(Gen.Int[0, 60], Gen.Int[4000, 4200], Gen.Int[65000, 66000]), Gen.Byte,
        (key, length, fill) => (key, length, fill)).Array[0, 120];

    [Theory]
    [InlineData(128 << 20)]
    [InlineData(20_000)]
    public void Source_ReadsWhatWasWritten_InAnyOrder_TheLastOfEqualKeys(int memoryLimit) => _records.Sample(
        records =>
        {
            var expected = new SortedDictionary<byte[], byte[]>(_ascending);
            using var folder = new TemporaryFolder();
            using (var writer = new LevelDbWriter(folder.At("db"), memoryLimit))
            {
                foreach ((byte[] key, int length, byte fill) in records)
                {
                    expected[key] = Value(length, fill);
                    writer.Put(key, expected[key]);
                }

                Assert.Equal(records.Length, writer.Count);
                writer.Complete();
            }

            Check(folder.At("db"), expected);
        },
        iter: 40);

    [Fact]
    public void AscendingKeys_MakeTablesWithoutOverlap()
    {
        using var folder = new TemporaryFolder();
        var expected = new SortedDictionary<byte[], byte[]>(_ascending);
        using (var writer = new LevelDbWriter(folder.At("db")))
        {
            for (int i = 0; i < 700; i++)
            {
                byte[] key = Encoding.ASCII.GetBytes($"{i:D8}");
                // Bytes that do not repeat are stored as they are: two tables.
                expected[key] = [.. Enumerable.Range(0, 700).SelectMany(
                    k => BitConverter.GetBytes((((ulong)i << 32) + (ulong)k) * 0x9E3779B97F4A7C15
                        * (ulong)((k * 2654435761L) | 1))), .. new byte[50_000]];
                writer.Put(key, expected[key]);
            }

            writer.Complete();
        }

        Assert.Equal(["000001.ldb", "000003.log", "CURRENT", "LOCK", "MANIFEST-000002"],
            Directory.GetFiles(folder.At("db")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Check(folder.At("db"), expected);
    }

    [Fact]
    public void Unfinished_IsNoDatabase()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LevelDbWriter(folder.At("db")))
            writer.Put("a"u8, new byte[100_000]);
        Assert.Equal(ErrorCodes.SourceUnreadable,
            Assert.Throws<CaffeException>(() => new LevelDbSource(folder.At("db"))).Code);
    }

    [Fact]
    public void Start_WhereSomethingIs_Fails()
    {
        using var folder = new TemporaryFolder();
        folder.Write("db/CURRENT", "precious");
        Assert.Equal(
            ErrorCodes.WriteFailed, Assert.Throws<CaffeException>(() => new LevelDbWriter(folder.At("db"))).Code);
        Assert.Equal("precious", File.ReadAllText(folder.At("db", "CURRENT")));
    }

    // LevelDB itself reads it and goes on writing, and its own checks are content. Runs where python3-plyvel is
    // installed, as on the build agents.
    [Fact]
    public async Task LevelDbItself_ReadsAndGoesOn()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LevelDbWriter(folder.At("db"), 30_000))
        {
            for (int i = 0; i < 1000; i++)
                writer.Put(Encoding.ASCII.GetBytes($"{i * 7 % 1000:D4}"), Value(i, (byte)i));
            writer.Complete();
        }

        string script = folder.Write("check.py", """
            import sys, plyvel
            db = plyvel.DB(sys.argv[1], create_if_missing=False, paranoid_checks=True)
            for n, (key, value) in enumerate(db.iterator(verify_checksums=True)):
                i = int(key) * 143 % 1000
                assert int(key) == n and value == bytes((i + k) % 256 for k in range(i)), key
            assert n == 999
            db.delete(b'0003'); db.put(b'zz', b'more'); db.put(b'0004', b'new')
            db.compact_range()
            db.close()
            db = plyvel.DB(sys.argv[1], create_if_missing=False, paranoid_checks=True)
            db.delete(b'0005')
            db.close()
            """);
        if (await Plyvel.RunAsync(script, folder.At("db")) is not { } outcome)
            return;
        Assert.Equal((0, ""), outcome);
        using var source = new LevelDbSource(folder.At("db"));
        Assert.Equal(999, source.Count);
        Assert.True(source.TryGet("0004"u8, out ReadOnlySpan<byte> value) && value.SequenceEqual("new"u8));
        Assert.False(source.TryGet("0003"u8, out _) || source.TryGet("0005"u8, out _));
    }

    private static void Check(string path, SortedDictionary<byte[], byte[]> expected)
    {
        using var source = new LevelDbSource(path);
        Assert.Equal(expected.Count, source.Count);
        byte[][] keys = [.. expected.Keys];
        for (int i = keys.Length - 1; i >= 0; i--)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            Assert.True(key.SequenceEqual(keys[i]) && value.SequenceEqual(expected[keys[i]]));
            Assert.True(source.TryGet(keys[i], out ReadOnlySpan<byte> found) && found.SequenceEqual(expected[keys[i]]));
        }
    }

    private static byte[] Value(int length, byte fill)
    {
        var value = new byte[length];
        for (int i = 0; i < length; i++)
            value[i] = (byte)(fill + i);
        return value;
    }
}
