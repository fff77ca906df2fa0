using System.Text.Json;
using System.Text.RegularExpressions;
using CaffeActors.Analysis.Queries;
using CaffeActors.Analysis.Reports;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Tests.Reports;

/// <summary>Reports of runs that nobody trained, and the pages they make.</summary>
public sealed partial class ReportPageTests : IDisposable
{
    private readonly SampleRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private static RunReport Report(ReportNet? net, params RunRecord[] runs)
    {
        using MetricDatabase database = MetricDatabase.Open(runs);
        return ReportBuilder.Build(database, net);
    }

    private RunRecord Full(string name, double scale = 1)
    {
        RunRecord run = _runs.Add(name, sink =>
        {
            _runs.Curve(sink, "loss", 4 * scale, 2 * scale, scale);
            _runs.Curve(sink, "lr", 0.1, 0.1, 0.01);
            _runs.Curve(sink, "images_per_second", 100, 200, 300);
            sink.Add(20, MetricNames.Test(0), "accuracy", 0.5);
            sink.Add(40, MetricNames.Test(0), "accuracy", 0.75 * scale);
            sink.Add(10, MetricNames.Layer, "forward_ms/a/conv", 3);
            sink.Add(10, MetricNames.Layer, "backward_ms/a/conv", 5);
            sink.Add(10, MetricNames.Layer, "forward_ms/data", 1);
            sink.Add(10, MetricNames.System, "data_wait_ms/data", 1);
            sink.Add(10, MetricNames.System, "rss_bytes", 3 * 1024 * 1024);
        });
        File.WriteAllText(Path.Combine(run.Path, "net.prototxt"), """
            layer {
              name: "data"
            }
            layer {
              name: "a/conv"
            }
            """);
        File.WriteAllText(Path.Combine(run.Path, "solver.prototxt"), $"base_lr: {scale}\nmomentum: 0.9\n");
        return run;
    }

    [Fact]
    public void Report_HasWhatTheRunMeasured()
    {
        RunReport report = Report(null, Full("one"));
        Assert.Equal(
            ["Training loss", "Test accuracy", "Learning rate", "Throughput", "Waiting for data", "Memory"],
            report.Charts.Select(chart => chart.Title));
        ReportLine loss = Assert.Single(report.Charts[0].Lines);
        Assert.Equal([10, 20, 30], loss.Steps);
        Assert.Equal([4, 2, 1], loss.Values);
        Assert.Equal([10.0], report.Charts[4].Lines.Single().Values);
        Assert.Equal([3.0], report.Charts[5].Lines.Single().Values);
        Assert.Equal([new LayerTime("data", 1, 0), new LayerTime("a/conv", 3, 5)], report.Layers);
        Assert.Contains(new ReportFact("Best accuracy", "0.75"), report.Facts);
        Assert.Contains(new ReportFact("State", "finished"), report.Facts);
        Assert.Contains(new ReportFact("Images a second", "200"), report.Facts);
        Assert.Equal(["solver.prototxt", "net.prototxt"], report.Files.Select(file => file.Name));
    }

    [Fact]
    public void Report_StandsBesideTheRunBefore()
    {
        RunRecord before = Full("net", 0.5), other = Full("other");
        RunRecord run = Full("net");
        IReadOnlyList<RunRecord> all = _runs.All;
        Assert.Equal(before.Manifest.RunId, ReportBuilder.RunBefore(run, all)?.Manifest.RunId);
        Assert.Null(ReportBuilder.RunBefore(other, all));
        RunReport report = Report(null, run, before);
        Assert.Equal([false, true], report.Charts[0].Lines.Select(line => line.IsEarlier));
        Assert.Equal([2, 1, 0.5], report.Charts[0].Lines[1].Values);
        Assert.Contains(new ReportFact("Best accuracy", "0.75", "0.5"), report.Facts);
        string page = ReportPage.Write(report);
        Assert.Contains("<span class=\"change sooner\">- base_lr: 0.5</span>"
            + "<span class=\"change later\">+ base_lr: 1</span></pre>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("net.prototxt</summary><pre><span", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_StandsAlone_AndShowsWhatItIsGivenAsText()
    {
        RunRecord run = _runs.Add("</script><script>alert(1)</script>", sink =>
            _runs.Curve(sink, "x</script><b>", 1, double.NaN, 3));
        File.WriteAllText(Path.Combine(run.Path, "net.prototxt"), "name: \"<img src=x>\"");
        string page = ReportPage.Write(Report(
            new ReportNet(
                new ReportExam(4, 0.5, [[1, 1], [1, 1]], [], [new ReportExample("<i>", 1, 0, 0.9, [1, 2, 3])]),
                "half & half", "conv<1>", [4, 5, 6]),
            run));
        // Two scripts are the page's own; nothing is fetched.
        Assert.Equal(2, Script().Count(page));
        Assert.DoesNotMatch(@"(src|href)=""(?!data:)", page);
        Assert.DoesNotContain("<img src=x>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<i>", page.Replace("<i>%", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("half &amp; half", page, StringComparison.Ordinal);
        Assert.Contains("data:image/png;base64,BAUG", page, StringComparison.Ordinal);
        using JsonDocument charts = JsonDocument.Parse(Island().Match(page).Groups[1].Value);
        JsonElement line = charts.RootElement[0].GetProperty("lines")[0];
        Assert.Equal("x</script><b>", line.GetProperty("label").GetString());
        Assert.Equal(JsonValueKind.Null, line.GetProperty("values")[1].ValueKind);
    }

    [Fact]
    public void RunThatHasMeasuredNothing_HasAReportToo()
    {
        RunReport report = Report(null, _runs.Add("empty"));
        Assert.Empty(report.Charts);
        Assert.Contains("has measured nothing yet", ReportPage.Write(report), StringComparison.Ordinal);
    }

    [GeneratedRegex("<script")]
    private static partial Regex Script();

    [GeneratedRegex("<script type=\"application/json\" id=\"charts\">(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Island();
}
