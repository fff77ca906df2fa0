using CaffeActors.Analysis.Export;
using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Tests.Export;

public sealed class CsvExportTests : IDisposable
{
    private readonly SampleRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void File_HoldsTheRowsThatCount()
    {
        RunRecord run = _runs.Add("a", sink => sink.Add(10, "train", "loss", 0.1, epoch: 0.5));
        using MetricDatabase database = MetricDatabase.Open([run]);
        CsvExport.Write(database, run, _runs.At("a.csv"));
        string time = run.Manifest.Created.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ");
        Assert.Equal("step,epoch,split,name,value,wall_time,rank,segment\n"
            + $"0,,system,segment_start,0,{time},0,0\n10,0.5,train,loss,0.1,{time},0,0\n",
            File.ReadAllText(_runs.At("a.csv")));
    }
}
