using CaffeActors.Testing;

namespace CaffeActors.MSBuild.Tests;

/// <summary>The hash file changes when, and only when, what it is of does.</summary>
public sealed class HashInputsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BuildEngine _engine = new();

    public void Dispose() => _folder.Dispose();

    private string Hash(string[] files, string[]? large = null, params string[] texts)
    {
        var task = new HashInputs
        {
            BuildEngine = _engine,
            Files = files,
            LargeFiles = large ?? [],
            Texts = texts,
            Output = _folder.At("obj", "net.inputs"),
        };
        Assert.True(task.Execute());
        return File.ReadAllText(task.Output);
    }

    [Fact]
    public void SameInputs_LeaveTheFileAsItIs()
    {
        string file = _folder.Write("a", "1"), other = _folder.Write("b", "2");
        string hash = Hash([file, other], null, "x");
        DateTime old = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(_folder.At("obj", "net.inputs"), old);
        // Written again, in another order and twice: the same inputs.
        _folder.Write("a", "1");
        Assert.Equal(hash, Hash([other, file, file], null, "x"));
        Assert.Equal(old, File.GetLastWriteTimeUtc(_folder.At("obj", "net.inputs")));
    }

    [Fact]
    public void EveryChange_ChangesTheHash()
    {
        string file = _folder.Write("a", "1"), other = _folder.Write("b", "2"), large = _folder.Write("c", "3");
        HashSet<string> hashes = [Hash([file, other], [large], "x", "y")];
        Assert.True(hashes.Add(Hash([file], [large], "x", "y")), "a file is gone");
        Assert.True(hashes.Add(Hash([file, other], [], "x", "y")), "a large file is gone");
        Assert.True(hashes.Add(Hash([file, other], [large], "x")), "a text is gone");
        Assert.True(hashes.Add(Hash([file, other], [large], "xy")), "texts are cut elsewhere");
        File.SetLastWriteTimeUtc(large, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.True(hashes.Add(Hash([file, other], [large], "x", "y")), "a large file is older");
        File.Delete(large);
        Assert.True(hashes.Add(Hash([file, other], [large], "x", "y")), "a large file is missing");
        _folder.Write("b", "1");
        Assert.True(hashes.Add(Hash([file, other], [large], "x", "y")), "contents differ");
    }

    [Fact]
    public void StampsOfThisHash_AreNoOlder()
    {
        string file = _folder.Write("a", "1");
        string first = Hash([file]);
        string same = _folder.Write("obj/same", first), other = _folder.Write("obj/other", "0\n");
        _folder.Write("a", "2");
        Hash([file]);
        _folder.Write("a", "1");
        var task = new HashInputs
        {
            BuildEngine = _engine,
            Files = [file],
            Output = _folder.At("obj", "net.inputs"),
            Stamps = [same, other, _folder.At("obj", "missing")],
        };
        DateTime old = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(same, old);
        File.SetLastWriteTimeUtc(other, old);
        Assert.True(task.Execute());
        Assert.Equal(File.GetLastWriteTimeUtc(task.Output), File.GetLastWriteTimeUtc(same));
        Assert.Equal(old, File.GetLastWriteTimeUtc(other));
    }

    [Fact]
    public void FileThatIsMissing_IsAnError()
    {
        var task = new HashInputs
        {
            BuildEngine = _engine,
            Files = [_folder.At("nowhere")],
            Output = _folder.At("net.inputs"),
        };
        Assert.False(task.Execute());
        Assert.Contains("nowhere", Assert.Single(_engine.Errors).Message);
    }
}
