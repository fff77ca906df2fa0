using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WriteText_ReplacesTheFileAndLeavesNothingElse()
    {
        AtomicFile.WriteText(_folder.At("a.txt"), "old");
        AtomicFile.WriteText(_folder.At("a.txt"), "näxt\n");
        Assert.Equal("näxt\n"u8.ToArray(), File.ReadAllBytes(_folder.At("a.txt")));
        Assert.Equal(["a.txt"], _folder.Names());
    }

    [Fact]
    public void Write_ThatFailsHalfway_LeavesTheOldFile()
    {
        AtomicFile.WriteText(_folder.At("a.txt"), "old");
        var failure = Assert.Throws<CaffeException>(() => AtomicFile.Write(_folder.At("a.txt"), stream =>
        {
            stream.WriteByte(1);
            throw new IOException("No space left on device");
        }));
        Assert.Equal(ErrorCodes.WriteFailed, failure.Code);
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Contains("No space left on device", failure.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(_folder.At("a.txt")));
        Assert.Equal(["a.txt"], _folder.Names());
    }

    [Fact]
    public void Write_WhileWriting_ShowsTheOldFile()
    {
        AtomicFile.WriteText(_folder.At("a.txt"), "old");
        AtomicFile.Write(_folder.At("a.txt"), stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(_folder.At("a.txt")));
        });
        Assert.Equal("new", File.ReadAllText(_folder.At("a.txt")));
    }

    [Fact]
    public void Write_OverWhatAKilledProcessLeft_Succeeds()
    {
        File.WriteAllText(_folder.At("a.txt.tmp"), "a longer text than the new one");
        AtomicFile.WriteText(_folder.At("a.txt"), "new");
        Assert.Equal("new", File.ReadAllText(_folder.At("a.txt")));
        Assert.Equal(["a.txt"], _folder.Names());
    }

    [Fact]
    public void Write_IntoAMissingDirectory_SaysWhere()
    {
        string path = _folder.At(Path.Combine("none", "a.txt"));
        var failure = Assert.Throws<CaffeException>(() => AtomicFile.WriteText(path, ""));
        Assert.Equal(ErrorCodes.WriteFailed, failure.Code);
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
    }
}
