using CaffeActors.Analysis.Runs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Tests.Runs;

public sealed class RunFinderTests : IDisposable
{
    private readonly SampleRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Find_TakesAnIdAPartAFolderAndLatest()
    {
        RunRecord first = _runs.Add("a");
        _runs.Time.Advance(TimeSpan.FromDays(40));
        RunRecord second = _runs.Add("b");
        Assert.Equal(first.Path, Found(first.Manifest.RunId));
        Assert.Equal(first.Path, Found("run_id=" + first.Manifest.RunId));
        Assert.Equal(first.Path, Found(first.Manifest.RunId[..8]));
        Assert.Equal(first.Path, Found(first.Path));
        Assert.Equal(second.Path, Found("latest"));
        // Where the pointer is lost the newest of those that are left is meant.
        File.Delete(Path.Combine(_runs.Root, RunDirectory.LatestName));
        Assert.Equal(second.Path, Found("latest"));
        Directory.Delete(second.Path, recursive: true);
        Assert.Equal(first.Path, Found("latest"));
    }

    [Fact]
    public void Find_OfANameTakesItsNewestRun()
    {
        RunRecord first = _runs.Add("slow");
        _runs.Time.Advance(TimeSpan.FromHours(1));
        RunRecord second = _runs.Add("slow");
        _runs.Add("fast");
        Assert.Equal(second.Path, Found("slow"));
        Assert.Equal(first.Path, Found(first.Manifest.RunId));
        Assert.Contains("did you mean 'slow'?", Refused("slwo"), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_OfAnUnknownRun_NamesTheNearest()
    {
        string id = _runs.Add("a").Manifest.RunId;
        string misspelt = id[..5] + "9" + id[6..];
        Assert.Contains($"did you mean '{id}'?", Refused(misspelt), StringComparison.Ordinal);
        Assert.Contains($"the newest are {id}", Refused("lenet"), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_OfAPartThatSeveralHave_NamesThem()
    {
        string[] ids = [_runs.Add("a").Manifest.RunId, _runs.Add("b").Manifest.RunId];
        string message = Refused(ids[0][..8]);
        Assert.Contains("2 runs have", message, StringComparison.Ordinal);
        Assert.All(ids, id => Assert.Contains(id, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Find_OfOneRunTwice_IsRefused()
    {
        RunRecord run = _runs.Add("a");
        var failure = Assert.Throws<CaffeException>(() => RunFinder.Find(_runs.Root, ["latest", run.Path]));
        Assert.Contains("name it once", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_WithoutRuns_SaysWhatMakesThem() =>
        Assert.Contains("'train' makes one", Refused("latest"), StringComparison.Ordinal);

    private string Found(string name) => Path.GetFullPath(RunFinder.Find(_runs.Root, name).Path);

    private string Refused(string name)
    {
        var failure = Assert.Throws<CaffeException>(() => RunFinder.Find(_runs.Root, name));
        Assert.Equal((ErrorCodes.UnknownRun, FailureKind.Configuration), (failure.Code, failure.Kind));
        return failure.Message;
    }
}
