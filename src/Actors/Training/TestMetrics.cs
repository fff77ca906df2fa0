using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Training;

/// <summary>What tests measure, by the names that their metric rows have: split and name, as
/// <c>test0/accuracy</c>.</summary>
internal static class TestMetrics
{
    /// <summary>The name of the loss of all outputs.</summary>
    public const string TotalLoss = "total_loss";

    /// <summary>What one test measured, without the split.</summary>
    /// <param name="test">The test.</param>
    /// <param name="withLoss">Whether the loss of all outputs is told too (<c>test_compute_loss</c>).</param>
    public static IEnumerable<(string Name, double Value)> Of(TestDone test, bool withLoss)
    {
        foreach (OutputValue output in test.Outputs)
            yield return (NameOf(output, test.Outputs), output.Value);
        if (withLoss)
            yield return (TotalLoss, test.Loss);
    }

    /// <summary>The value that a test measured of a metric; null where it measured none.</summary>
    /// <param name="test">The test.</param>
    /// <param name="metric">Split and name.</param>
    public static double? Find(TestDone test, string metric)
    {
        foreach ((string name, double value) in Of(test, withLoss: true))
        {
            if (Full(test.Net, name) == metric)
                return value;
        }

        return null;
    }

    /// <summary>All metrics of tests, split and name.</summary>
    /// <param name="tests">The test nets.</param>
    /// <param name="withLoss">Whether the loss of all outputs is told too.</param>
    public static IEnumerable<string> Names(IReadOnlyList<TestNet> tests, bool withLoss) =>
        tests.SelectMany((test, i) => (withLoss ? OutputNames(test.Net).Append(TotalLoss) : OutputNames(test.Net))
            .Select(name => Full(i, name)));

    /// <summary>The names of a net's outputs, element by element.</summary>
    public static IEnumerable<string> OutputNames(Net net)
    {
        OutputValue[] outputs = [.. OutputsOf(net)];
        return outputs.Select(output => NameOf(output, outputs));
    }

    /// <summary>Refuses a metric that no test measures.</summary>
    /// <param name="setting">The setting that names it.</param>
    /// <param name="metric">Split and name.</param>
    /// <param name="tests">The test nets.</param>
    /// <param name="withLoss">Whether the loss of all outputs is told too.</param>
    /// <exception cref="CaffeException">CFA1003: none does; the text has those there are.</exception>
    public static void Require(string setting, string metric, IReadOnlyList<TestNet> tests, bool withLoss)
    {
        string[] known = [.. Names(tests, withLoss)];
        if (!known.Contains(metric))
        {
            throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                $"{setting} is '{metric}', which no test measures; "
                + (known.Length > 0 ? $"they measure {string.Join(", ", known)}" : "there is no test net"));
        }
    }

    /// <summary>An output's name among others: one of several elements has its number behind it.</summary>
    public static string NameOf(OutputValue output, IReadOnlyList<OutputValue> all) =>
        all.Count(other => other.Name == output.Name) > 1 ? $"{output.Name}[{output.Element}]" : output.Name;

    /// <summary>A metric's split and name.</summary>
    /// <param name="net">The test net's number.</param>
    /// <param name="name">The name.</param>
    public static string Full(int net, string name) => $"{MetricNames.Test(net)}/{name}";

    private static IEnumerable<OutputValue> OutputsOf(Net net) =>
        from name in net.OutputNames
        from element in Enumerable.Range(0, net.Blob(name).Count)
        select new OutputValue(name, element, 0, 0);
}
