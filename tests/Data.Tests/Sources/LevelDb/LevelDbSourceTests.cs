using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.LevelDb;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Data.Tests.Sources.LevelDb;

public sealed class LevelDbSourceTests
{
    [Fact]
    public void Read_GivesTheRecordsThatCaffeWrote()
    {
        using var source = new LevelDbSource(Fixture.PathOf("raw32_leveldb"));
        using var same = new LmdbSource(Fixture.PathOf("raw32_lmdb"));
        Assert.Equal(10, source.Count);
        for (int i = 0; i < 10; i++)
        {
            same.Read(i, out ReadOnlySpan<byte> expectedKey, out ReadOnlySpan<byte> expected);
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            Assert.True(key.SequenceEqual(expectedKey) && value.SequenceEqual(expected));
            Assert.True(source.TryGet(expectedKey, out ReadOnlySpan<byte> found));
            Assert.True(found.SequenceEqual(expected));
        }

        Assert.False(source.TryGet("00000003"u8, out _));
        Assert.False(source.TryGet("x"u8, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(10, out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(-1, out _, out _));
    }

    // Made by LevelDB in four sessions: tables of two levels, overwritten and deleted records, and a log.
    [Fact]
    public void Read_OfSeveralLevelsAndALog_GivesWhatHolds()
    {
        SortedDictionary<string, byte[]> expected = Mixed();
        using var source = new LevelDbSource(Fixture.PathOf("mixed_leveldb"));
        Assert.Equal(expected.Count, source.Count);
        int[] order = [.. Enumerable.Range(0, expected.Count), .. Enumerable.Range(0, 500).Select(i => i * 71 % 300)];
        string[] keys = [.. expected.Keys];
        foreach (int i in order)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            Assert.Equal(keys[i], Encoding.UTF8.GetString(key));
            Assert.True(value.SequenceEqual(expected[keys[i]]));
        }

        for (int i = 0; i < 400; i++)
        {
            string key = i.ToString("D5", CultureInfo.InvariantCulture);
            Assert.Equal(expected.ContainsKey(key), source.TryGet(Encoding.UTF8.GetBytes(key), out _));
        }
    }

    [Fact]
    public void Open_LeavesTheFolderAsItIs()
    {
        using var folder = new TemporaryFolder();
        string path = Copy("mixed_leveldb", folder.At("db"));
        string[] before = Listing(path);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using (new FileStream(Path.Combine(path, "LOCK"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            Assert.Equal(DigestAt(Fixture.PathOf("mixed_leveldb")), DigestAt(path));
        Assert.Equal(before, Listing(path));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        static string[] Listing(string path) => [.. Directory.GetFiles(path).Order(StringComparer.Ordinal).Select(
            file => $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file):O}")];
    }

    [Fact]
    public void TwoSources_ReadTheSameFilesAtOnce()
    {
        uint expected = DigestAt(Fixture.PathOf("mixed_leveldb"));
        Parallel.For(0, 8, _ => Assert.Equal(expected, DigestAt(Fixture.PathOf("mixed_leveldb"))));
    }

    [Theory]
    [InlineData("raw32_leveldb", "000005.ldb")]
    [InlineData("raw32_leveldb", "MANIFEST-000004")]
    [InlineData("mixed_leveldb", "000012.ldb")]
    [InlineData("mixed_leveldb", "000013.log")]
    public void Open_OfACutFile_NamesIt(string name, string file)
    {
        using var folder = new TemporaryFolder();
        string path = Copy(name, folder.At("db")), victim = Path.Combine(path, file);
        byte[] whole = File.ReadAllBytes(victim);
        int step = Math.Max(1, whole.Length / 100), wholeOnes = 0;
        for (int length = whole.Length - 1; length > 0; length -= step)
        {
            File.WriteAllBytes(victim, whole[..length]);
            var failure = Record.Exception(() => DigestAt(path)) as CaffeException;
            // A log that ends between two batches is whole.
            if (failure is null && file.EndsWith(".log", StringComparison.Ordinal))
            {
                wholeOnes++;
                continue;
            }

            Assert.NotNull(failure);
            Assert.Equal(ErrorCodes.SourceUnreadable, failure.Code);
            Assert.Contains(file, failure.Message, StringComparison.Ordinal);
            Assert.Contains("byte ", failure.Message, StringComparison.Ordinal);
        }

        Assert.InRange(wholeOnes, 0, 10);
    }

    [Theory]
    [InlineData("raw32_leveldb")]
    [InlineData("mixed_leveldb")]
    public void Read_OfADamagedFile_FailsOrGivesRecords_AndNothingElse(string name)
    {
        using var folder = new TemporaryFolder();
        string path = Copy(name, folder.At("db"));
        string[] files = Directory.GetFiles(path);
        uint expected = DigestAt(path);
        Gen.Select(Gen.Int[0, files.Length - 1], Gen.Int[0, int.MaxValue].Array[1, 8], Gen.Byte).Sample(
            (file, places, value) =>
            {
                byte[] whole = File.ReadAllBytes(files[file]);
                if (whole.Length == 0)
                    return;
                byte[] bytes = [.. whole];
                foreach (int place in places)
                    bytes[place % bytes.Length] = value;
                File.WriteAllBytes(files[file], bytes);
                try
                {
                    // All but a few bytes are under a checksum.
                    Assert.Equal(expected, DigestAt(path));
                }
                catch (CaffeException failure)
                {
                    Assert.Equal((ErrorCodes.SourceUnreadable, FailureKind.Data), (failure.Code, failure.Kind));
                }

                File.WriteAllBytes(files[file], whole);
            },
            iter: 250, threads: 1);
    }

    // What only a checksum that was made for it lets pass.
    [Fact]
    public void Read_OfABlockThatIsDamagedUnderARightChecksum_FailsOrGivesRecords_AndNothingElse()
    {
        using var folder = new TemporaryFolder();
        string path = folder.At("db");
        using (var writer = new LevelDbWriter(path))
        {
            for (int i = 0; i < 40; i++)
                writer.Put(Encoding.ASCII.GetBytes($"{i:D4}"), new byte[i * 3]);
            writer.Complete();
        }

        string file = Path.Combine(path, "000001.ldb");
        byte[] whole = File.ReadAllBytes(file);
        // The one block lies before the empty meta index (8 bytes), the index and the footer.
        int size = whole.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 0, 0, 1, 0, 0, 0, 0]) - 5;
        Assert.Equal(1, whole[size]);
        Gen.Select(Gen.Int[0, size].Array[1, 3], Gen.Byte).Sample(
            (places, value) =>
            {
                byte[] bytes = [.. whole];
                foreach (int place in places)
                    bytes[place] = value;
                BitConverter.TryWriteBytes(
                    bytes.AsSpan(size + 1), MaskedCrc32C.Of(bytes.AsSpan(0, size + 1)));
                File.WriteAllBytes(file, bytes);
                try
                {
                    DigestAt(path);
                }
                catch (CaffeException failure)
                {
                    Assert.Equal((ErrorCodes.SourceUnreadable, FailureKind.Data), (failure.Code, failure.Kind));
                }
            },
            iter: 2000, threads: 1);
    }

    [Theory]
    [InlineData("CURRENT", "MANIFEST-000009\n", "MANIFEST-000009, which is not there")]
    [InlineData("CURRENT", "../MANIFEST-000004\n", "names no manifest")]
    [InlineData("CURRENT", "", "names no manifest")]
    [InlineData("000005.ldb", null, "000005.ldb, byte 0: the file is missing")]
    [InlineData("000005.ldb", "x", "should have 31190 bytes")]
    public void Open_OfAFolderThatIsNotWhole_SaysWhatIsMissing(string file, string? text, string says)
    {
        using var folder = new TemporaryFolder();
        string path = Copy("raw32_leveldb", folder.At("db")), victim = Path.Combine(path, file);
        File.Delete(victim);
        if (text is not null)
            File.WriteAllText(victim, text);
        CaffeException failure = Assert.Throws<CaffeException>(() => new LevelDbSource(path));
        Assert.Equal((ErrorCodes.SourceUnreadable, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TakesTablesByTheirOldName()
    {
        using var folder = new TemporaryFolder();
        string path = Copy("raw32_leveldb", folder.At("db"));
        File.Move(Path.Combine(path, "000005.ldb"), Path.Combine(path, "000005.sst"));
        Assert.Equal(DigestAt(Fixture.PathOf("raw32_leveldb")), DigestAt(path));
    }

    private static SortedDictionary<string, byte[]> Mixed()
    {
        SortedDictionary<string, byte[]> records = new(StringComparer.Ordinal);
        for (int round = 0; round < 4; round++)
        {
            for (int n = 0; n < 400; n++)
            {
                int i = n * 7 % 400;
                string key = i.ToString("D5", CultureInfo.InvariantCulture);
                if (i % 4 == round || i < 100 * round)
                {
                    records[key] =
                        [.. Enumerable.Range(0, 20 + (i % 90)).Select(k => (byte)((i * ((k % 7) + 1)) + round))];
                }

                if (i % 9 == round)
                    records.Remove(key);
            }
        }

        return records;
    }

    private static string Copy(string name, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(Fixture.PathOf(name)))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        return target;
    }

    private static uint DigestAt(string path)
    {
        using var source = new LevelDbSource(path);
        return Digest(source);
    }

    private static uint Digest(RecordSource source)
    {
        var digest = new Crc32();
        for (long i = 0; i < source.Count; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            digest.Append(key);
            digest.Append(value);
        }

        return digest.GetCurrentHashAsUInt32();
    }
}
