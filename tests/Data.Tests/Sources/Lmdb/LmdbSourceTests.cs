using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Data.Tests.Sources.Lmdb;

public sealed class LmdbSourceTests
{
    private static readonly byte[] _raw = File.ReadAllBytes(Fixture.PathOf("raw32_lmdb", "data.mdb"));

    [Theory]
    [InlineData("raw32_lmdb")]
    [InlineData("encoded_lmdb")]
    [InlineData("gray_lmdb")]
    public void Read_GivesTheRecordsThatCaffeWrote(string name)
    {
        using var source = new LmdbSource(Fixture.PathOf(name));
        string[][] records = [.. File.ReadLines(Fixture.PathOf("db-keys.txt"))
            .Select(line => line.Split(' ')).Where(fields => fields[0] == name)];
        Assert.Equal(records.Length, source.Count);
        for (int i = 0; i < records.Length; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            Assert.Equal(records[i][1], Encoding.UTF8.GetString(key));
            Assert.Equal(int.Parse(records[i][2], CultureInfo.InvariantCulture), value.Length);
            Assert.Equal(Convert.ToUInt32(records[i][3], 16), Crc32.HashToUInt32(value));
            Assert.True(source.TryGet(Encoding.UTF8.GetBytes(records[i][1]), out ReadOnlySpan<byte> found));
            Assert.Equal(Convert.ToUInt32(records[i][3], 16), Crc32.HashToUInt32(found));
        }

        Assert.False(source.TryGet("00000003"u8, out _));
        Assert.False(source.TryGet("x"u8, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(source.Count, out _, out _));
    }

    [Fact]
    public void Open_LeavesTheFolderAsItIs()
    {
        using var folder = new TemporaryFolder();
        string path = LmdbFolder.Write(folder.At("db"), _raw);
        File.SetAttributes(Path.Combine(path, "data.mdb"), FileAttributes.ReadOnly);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using (var source = new LmdbSource(path))
            Assert.Equal(DigestAt(Fixture.PathOf("raw32_lmdb")), Digest(source));
        Assert.Equal(["data.mdb"], Directory.GetFileSystemEntries(path).Select(Path.GetFileName));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void TwoSources_ReadTheSameFileAtOnce()
    {
        uint expected = DigestAt(Fixture.PathOf("raw32_lmdb"));
        Parallel.For(0, 8, _ =>
        {
            using var source = new LmdbSource(Fixture.PathOf("raw32_lmdb"));
            for (int i = 0; i < 20; i++)
                Assert.Equal(expected, Digest(source));
        });
    }

    [Fact]
    public void Open_OfACutFile_Fails()
    {
        using var folder = new TemporaryFolder();
        for (int length = 0; length < _raw.Length; length += 211)
        {
            string path = LmdbFolder.Write(folder.At("db"), _raw.AsSpan(0, length));
            Assert.Equal(ErrorCodes.SourceUnreadable, Assert.Throws<CaffeException>(() => new LmdbSource(path)).Code);
        }
    }

    [Fact]
    public void Read_OfAFileThatIsCutWhileItIsOpen_Fails()
    {
        using var folder = new TemporaryFolder();
        string path = LmdbFolder.Write(folder.At("db"), _raw);
        using var source = new LmdbSource(path);
        source.Read(0, out _, out _);
        using (var file = new FileStream(Path.Combine(path, "data.mdb"), FileMode.Open, FileAccess.Write,
            FileShare.ReadWrite | FileShare.Delete))
        {
            file.SetLength(3 * 4096);
        }

        CaffeException failure = Assert.Throws<CaffeException>(() => Digest(source));
        Assert.Equal((ErrorCodes.SourceUnreadable, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains($"'{path}' is damaged or incomplete: data.mdb ends after 12288 of", failure.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_OfADamagedFile_FailsOrGivesRecords_AndNothingElse(bool deep)
    {
        using var folder = new TemporaryFolder();
        byte[] whole = deep ? DeepTree(folder) : _raw;
        Gen.Select(Gen.Int[0, whole.Length - 1].Array[1, 8], Gen.Byte, (places, value) => (places, value))
            .Sample(damage => Read(damage.places, damage.value), iter: 300, threads: 1);
        // The places that matter most, each by itself: the headers of the pages, and the nodes of the third one.
        IEnumerable<int> structure = Enumerable.Range(0, 160).Concat(Enumerable.Range(4096, 160));
        for (int page = 2; page < whole.Length / 4096; page++)
            structure = structure.Concat(Enumerable.Range(page * 4096, 18));
        structure = structure.Concat(Enumerable.Range((2 * 4096) + 3756, deep ? 0 : 340));
        foreach (int place in structure)
            Read([place], (byte)(place % 3 == 0 ? 0 : place % 3 == 1 ? 0x7F : 0xFF));

        void Read(int[] places, byte value)
        {
            byte[] bytes = [.. whole];
            foreach (int place in places)
                bytes[place] = value;
            try
            {
                DigestAt(LmdbFolder.Write(folder.At("db"), bytes));
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
        using var folder = new TemporaryFolder();
        byte[] bytes = [.. _raw];
        bytes[20] = bytes[4096 + 20] = 2;
        CaffeException failure =
            Assert.Throws<CaffeException>(() => new LmdbSource(LmdbFolder.Write(folder.At("db"), bytes)));
        Assert.Contains("data version is 2", failure.Message, StringComparison.Ordinal);
    }

    // Four levels, by keys so long that few fit a page.
    private static byte[] DeepTree(TemporaryFolder folder)
    {
        using var writer = new LmdbWriter(folder.At("deep"));
        for (int i = 0; i < 400; i++)
            writer.Put(Encoding.ASCII.GetBytes($"{i:D8}".PadRight(500, 'x')), [(byte)i]);
        writer.Complete();
        return File.ReadAllBytes(Path.Combine(folder.At("deep"), "data.mdb"));
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
