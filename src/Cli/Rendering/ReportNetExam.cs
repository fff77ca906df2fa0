using System.Globalization;
using CaffeActors.Actors.Training;
using CaffeActors.Analysis.Reports;
using CaffeActors.Api;
using CaffeActors.Api.Exams;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Cli.Rendering;

/// <summary>Runs a run's net, as its newest snapshot left it, over its first test net's data, for its report.</summary>
internal static class ReportNetExam
{
    // More classes than can be told apart in a table.
    private const int MostClasses = 30;

    /// <summary>Looks at a run's net. What stands in the way (a run without a snapshot, data that are not there) is
    /// told in the report, not an error: the rest of it is of use all the same.</summary>
    /// <param name="run">The run.</param>
    /// <param name="images">Test images to look at, at most.</param>
    /// <param name="examples">Mistakes to show, at most.</param>
    /// <param name="terminal">Whose environment counts.</param>
    /// <param name="notice">Takes remarks for the log.</param>
    public static ReportNet Of(RunRecord run, int images, int examples, Terminal terminal, Action<string> notice)
    {
        try
        {
            SnapshotSearch search = new SnapshotStore(RunDirectory.SnapshotPrefixOf(run.Path, run.Manifest))
                .Newest(run.Manifest.RunId);
            if (search.Newest is not { ModelPath: { } weights } snapshot)
                return Without("The net was not looked at: the run has no valid snapshot.");
            RunPlan plan = PlanFiles.OfRun(run, terminal, notice);
            if (plan.Nets.Tests is not [{ } test, ..])
                return Without("The net was not looked at: the run has no test net.");
            using CaffeNet net = CaffeNet.Open(test.Net, new CaffeNetOptions
            {
                Weights = weights,
                Catalog = plan.Catalog,
                Extensions = plan.Extensions,
                Threads = plan.Threads,
                Notice = notice,
                TellBuild = false,
            }, plan.ResolvePath);
            return Look(net, test, snapshot.Iteration, images, examples);
        }
        catch (CaffeException failure)
        {
            return Without($"The net was not looked at: {failure.Message}");
        }
    }

    private static ReportNet Look(CaffeNet net, SolverTestNet test, int iteration, int images, int examples)
    {
        net.RequireMemory();
        int batch = net.Layers.Select(layer => layer.Layer).OfType<CaffeActors.Data.Layers.BatchLayer>()
            .Select(layer => layer.BatchSize).DefaultIfEmpty(1).Max();
        int batches = Math.Clamp(images / Math.Max(1, batch), 1, Math.Max(1, test.Iterations));
        NetLayer? first = net.Layers.FirstOrDefault(
            layer => layer.Layer is { Parameter.Type: "Convolution", Blobs.Count: > 0 });
        byte[] filters = first is null ? [] : FloatImage.OfFilters(first.Layer.Blobs[0]);
        return ClassificationExam.Run(net, batches, examples) is { } exam
            ? new(Shown(exam), string.Create(CultureInfo.InvariantCulture,
                $"{100 * exam.Confusion.Accuracy:F1} % of {exam.Confusion.Total} test images were right, with the "
                + $"weights of iteration {iteration}. Rows are what images are, columns what they were taken for."),
                first?.Name ?? "", filters)
            : new(null, "The net classifies no images: there is no layer of type Accuracy or SoftmaxWithLoss with a "
                + "label an image.", first?.Name ?? "", filters);
    }

    private static ReportExam Shown(ClassificationExam exam)
    {
        ConfusionMatrix confusion = exam.Confusion;
        IEnumerable<int> classes = Enumerable.Range(0, confusion.Classes > MostClasses ? 0 : confusion.Classes);
        return new(confusion.Total, confusion.Accuracy,
            [.. classes.Select(label => classes.Select(guess => confusion[label, guess]).ToArray())],
            confusion.CommonMistakes(MostClasses),
            [.. exam.Mistakes.Select(wrong =>
                new ReportExample(wrong.Record, wrong.Label, wrong.Guess, wrong.Score, wrong.Png))]);
    }

    private static ReportNet Without(string remark) => new(null, remark, "", []);
}
