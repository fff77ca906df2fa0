using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources.Lmdb;
using CsCheck;

namespace CaffeActors.Data.Tests.Sources.Lmdb;

public sealed class LmdbSourceTests
{
    private static readonly byte[] _raw = File.ReadAllBytes(TempFolder.Fixture("raw32_lmdb", "data.mdb"));

    [Theory]
    [InlineData("raw32_lmdb")]
    [InlineData("encoded_lmdb")]
    [InlineData("gray_lmdb")]
    public void Read_GivesTheRecordsThatCaffeWrote(string name)
    {
        using var source = new LmdbSource(TempFolder.Fixture(name));
        string[][] records = [.. File.ReadLines(TempFolder.Fixture("db-keys.txt"))
            .Select(line => line.Split(' ')).Where(fields => fields[0] == name)];
        Assert.Equal(records.Length, source.Count);
        for (int i = 0; i < records.Length; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            Assert.Equal(records[i][1], Encoding.UTF8.GetString(key));
            Assert.Equal(int.Parse(records[i][2], CultureInfo.InvariantCulture), value.Length);
            Assert.Equal(Convert.ToUInt32(records[i][3], 16), Crc32.HashToUInt32(value));
            Assert.True(source.TryGet(key, out ReadOnlySpan<byte> found));
            Assert.True(found.SequenceEqual(value));
        }

        Assert.False(source.TryGet("00000003"u8, out _));
        Assert.False(source.TryGet("x"u8, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(source.Count, out _, out _));
    }

    [Fact]
    public void Open_LeavesTheFolderAsItIs()
    {
        using var folder = new TempFolder();
        string path = folder.Lmdb("db", _raw);
        File.SetAttributes(Path.Combine(path, "data.mdb"), FileAttributes.ReadOnly);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using (var source = new LmdbSource(path))
            Assert.Equal(DigestAt(TempFolder.Fixture("raw32_lmdb")), Digest(source));
        Assert.Equal(["data.mdb"], Directory.GetFileSystemEntries(path).Select(Path.GetFileName));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void TwoSources_ReadTheSameFileAtOnce()
    {
        uint expected = DigestAt(TempFolder.Fixture("raw32_lmdb"));
        Parallel.For(0, 8, _ =>
        {
            using var source = new LmdbSource(TempFolder.Fixture("raw32_lmdb"));
            for (int i = 0; i < 20; i++)
                Assert.Equal(expected, Digest(source));
        });
    }

    [Fact]
    public void Open_OfACutFile_Fails()
    {
        using var folder = new TempFolder();
        for (int length = 0; length < _raw.Length; length += 211)
        {
            string path = folder.Lmdb("db", _raw.AsSpan(0, length));
            Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(() => new LmdbSource(path)).Code);
        }
    }

    [Fact]
    public void Read_OfADamagedFile_FailsOrGivesRecords_AndNothingElse()
    {
        using var folder = new TempFolder();
        Gen.Select(Gen.Int[0, _raw.Length - 1].Array[1, 8], Gen.Byte, (places, value) => (places, value))
            .Sample(damage => Read(damage.places, damage.value), iter: 300, threads: 1);
        // The places that matter most, each by itself: the meta pages, the leaf's header and its entries.
        int[] structure = [.. Enumerable.Range(0, 160), .. Enumerable.Range(4096, 160), .. Enumerable.Range(8192, 64),
            .. Enumerable.Range(8192 + 3756, 340), .. Enumerable.Range(3 * 4096, 16)];
        foreach (int place in structure)
        {
            foreach (byte value in (byte[])[0, 0x7F, 0xFF])
                Read([place], value);
        }

        void Read(int[] places, byte value)
        {
            byte[] bytes = [.. _raw];
            foreach (int place in places)
                bytes[place] = value;
            try
            {
                DigestAt(folder.Lmdb("db", bytes));
            }
            catch (CaffeException failure)
            {
                Assert.Equal(ErrorCodes.SourceUnreadable, failure.Code);
                Assert.Equal(FailureKind.Data, failure.Kind);
            }
        }
    }

    [Fact]
    public void Open_OfAnotherDataVersion_SaysSo()
    {
        using var folder = new TempFolder();
        byte[] bytes = [.. _raw];
        bytes[20] = bytes[4096 + 20] = 2;
        CaffeException failure = Assert.Throws<CaffeException>(() => new LmdbSource(folder.Lmdb("db", bytes)));
        Assert.Contains("data version is 2", failure.Message, StringComparison.Ordinal);
    }

    private static uint DigestAt(string path)
    {
        using var source = new LmdbSource(path);
        return Digest(source);
    }

    private static uint Digest(LmdbSource source)
    {
        var crc = new Crc32();
        for (long i = 0; i < source.Count; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            crc.Append(key);
            crc.Append(value);
        }

        return crc.GetCurrentHashAsUInt32();
    }
}
