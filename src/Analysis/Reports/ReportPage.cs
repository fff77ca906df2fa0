using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace CaffeActors.Analysis.Reports;

/// <summary>
/// A report as one HTML page that needs nothing beside it: no network, no other file. It may do nothing but run its own
/// script and show its own images (Content-Security-Policy), and what it shows of files and records is text.
/// </summary>
public static class ReportPage
{
    private const string Policy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

    /// <summary>Writes the page.</summary>
    /// <param name="report">The report.</param>
    public static string Write(RunReport report)
    {
        var page = new StringBuilder();
        string title = $"{report.Run.Manifest.Name} {report.Run.Manifest.RunId}";
        page.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="{Policy}">
            <title>{Text(title)}</title>
            <style>
            {PageParts.Style}</style>
            </head>
            <body>
            <main>
            <h1>{Text(report.Run.Manifest.Name)}</h1>
            <p class="faint">run {Text(report.Run.Manifest.RunId)}{Compared(report)}{ConfigOf(report)}</p>

            """);
        Facts(page, report);
        Charts(page, report);
        Layers(page, report);
        Net(page, report.Net);
        Changes(page, report);
        Files(page, report);
        return page.Append(CultureInfo.InvariantCulture, $"""
            </main>
            <script type="application/json" id="charts">{Json(report.Charts)}</script>
            <script>
            {PageParts.ChartScript}{PageParts.Read("report.js")}</script>
            </body>
            </html>

            """).ToString();
    }

    private static string Compared(RunReport report) => report.Before is { } before
        ? $", beside run {Text(before.Manifest.RunId)} before it" : "";

    private static string ConfigOf(RunReport report) => $", {Text(report.Run.Manifest.ConfigPath)}";

    private static void Facts(StringBuilder page, RunReport report)
    {
        page.Append("<dl class=\"facts\">\n");
        foreach (ReportFact fact in report.Facts.Where(fact => fact.Value.Length > 0))
        {
            string before = fact.Before.Length > 0 && fact.Before != fact.Value
                ? $"<small>before: {Text(fact.Before)}</small>" : "";
            page.Append(CultureInfo.InvariantCulture,
                $"<div class=\"fact\"><dt>{Text(fact.Name)}</dt><dd>{Text(fact.Value)}{before}</dd></div>\n");
        }

        page.Append("</dl>\n");
    }

    private static void Charts(StringBuilder page, RunReport report)
    {
        page.Append(report.Charts.Count == 0
            ? "<h2>Curves</h2>\n<p class=\"faint\">The run has measured nothing yet.</p>\n" : """
            <h2>Curves</h2>
            <div class="bar-row">
            <span class="switch" role="group" aria-label="horizontal axis">
            <button type="button" value="steps" aria-pressed="true">iterations</button>
            <button type="button" value="seconds" aria-pressed="false">seconds</button>
            </span>
            <span class="switch"><button type="button" id="whole" hidden>show all</button></span>
            <span class="faint">Drag across a chart to look closer.</span>
            </div>

            """);
        page.Append("<div class=\"charts\" id=\"chart-grid\"></div>\n");
        if (report.Charts.Count == 0)
            page.Append("<button type=\"button\" id=\"whole\" hidden></button>\n");
    }

    private static void Layers(StringBuilder page, RunReport report)
    {
        if (report.Layers.Count == 0)
            return;
        double all = report.Layers.Sum(layer => layer.Both), most = report.Layers.Max(layer => layer.Both);
        page.Append("<h2>Time by layer</h2>\n<p class=\"faint\">Means in milliseconds an iteration; "
            + "<span style=\"color: var(--hue0)\">forward</span> and "
            + "<span style=\"color: var(--hue1)\">backward</span>.</p>\n<div class=\"scroll\">\n"
            + "<table class=\"layers\"><tr><th>layer</th><th>forward</th><th>backward</th><th>share</th><th></th>"
            + "</tr>\n");
        foreach (LayerTime layer in report.Layers)
        {
            page.Append(CultureInfo.InvariantCulture, $"""
                <tr><td>{Text(layer.Layer)}</td><td>{layer.Forward:F2}</td><td>{layer.Backward:F2}</td>
                <td>{Percent(layer.Both, all)} %</td><td><div class="share">
                <span class="forward" style="width: {Percent(layer.Forward, most)}%"></span>
                <span class="backward" style="width: {Percent(layer.Backward, most)}%"></span></div></td></tr>

                """);
        }

        page.Append(CultureInfo.InvariantCulture,
            $"<tr><th>together</th><th>{report.Layers.Sum(layer => layer.Forward):F2}</th>"
            + $"<th>{report.Layers.Sum(layer => layer.Backward):F2}</th><th></th><th></th></tr>\n</table></div>\n");
    }

    private static string Percent(double part, double whole) =>
        (whole > 0 ? 100 * part / whole : 0).ToString("F1", CultureInfo.InvariantCulture);

    private static void Net(StringBuilder page, ReportNet? net)
    {
        if (net is null)
            return;
        page.Append(CultureInfo.InvariantCulture,
            $"<h2>What the net mixes up</h2>\n<p class=\"faint\">{Text(net.Remark)}</p>\n");
        if (net.Exam is { } exam)
        {
            Matrix(page, exam);
            Mistakes(page, exam);
            Examples(page, exam);
        }

        if (net.Filters.Length > 0)
        {
            page.Append(CultureInfo.InvariantCulture, $"""
                <h2>Filters of layer {Text(net.FilterLayer)}</h2>
                <img class="filters" alt="filters of layer {Text(net.FilterLayer)}" src="{Image(net.Filters)}">

                """);
        }
    }

    private static void Matrix(StringBuilder page, ReportExam exam)
    {
        if (exam.Matrix.Count == 0)
            return;
        page.Append("<div class=\"scroll\"><table class=\"matrix\"><tr><th>class</th>");
        for (int guess = 0; guess < exam.Matrix.Count; guess++)
            page.Append(CultureInfo.InvariantCulture, $"<th>as {guess}</th>");
        page.Append("<th>right</th></tr>\n");
        for (int label = 0; label < exam.Matrix.Count; label++)
        {
            IReadOnlyList<long> row = exam.Matrix[label];
            long sum = row.Sum();
            page.Append(CultureInfo.InvariantCulture, $"<tr><th>{label}</th>");
            for (int guess = 0; guess < row.Count; guess++)
            {
                double part = sum > 0 ? 100.0 * row[guess] / sum : 0;
                // Mistakes are rarer, and are to be seen all the same.
                double shade = guess == label ? part * 0.6 : Math.Min(80, part * 4);
                string tone = guess == label ? " --tone: var(--good);" : "";
                page.Append(CultureInfo.InvariantCulture, $"""
                    <td style="--part: {shade:F0};{tone}" title="{label} as {guess}: {part:F1} %">{row[guess]}</td>
                    """);
            }

            page.Append(CultureInfo.InvariantCulture,
                $"<td>{(sum > 0 ? 100.0 * row[label] / sum : 0):F1} %</td></tr>\n");
        }

        page.Append("</table></div>\n");
    }

    private static void Mistakes(StringBuilder page, ReportExam exam)
    {
        if (exam.Matrix.Count > 0 || exam.CommonMistakes.Count == 0)
            return;
        page.Append("<table><tr><th>class</th><th>taken for</th><th>times</th></tr>\n");
        foreach ((int label, int guess, long count) in exam.CommonMistakes)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<tr><td>{label}</td><td>{guess}</td><td>{count}</td></tr>\n");
        }

        page.Append("</table>\n");
    }

    private static void Examples(StringBuilder page, ReportExam exam)
    {
        if (exam.Examples.Count == 0)
            return;
        page.Append("<h2>Mistakes it was surest of</h2>\n<div class=\"examples\">\n");
        foreach (ReportExample example in exam.Examples)
        {
            string image = example.Png.Length == 0 ? ""
                : $"<img alt=\"record {Text(example.Record)}\" src=\"{Image(example.Png)}\">";
            page.Append(CultureInfo.InvariantCulture, $"""
                <figure>{image}<figcaption><b>{example.Label}</b> taken for <b>{example.Guess}</b>
                ({100 * example.Score:F0}&nbsp;%)<br>
                <span class="faint">{Text(example.Record)}</span></figcaption></figure>

                """);
        }

        page.Append("</div>\n");
    }

    private static void Changes(StringBuilder page, RunReport report)
    {
        if (report.Before is null)
            return;
        page.Append("<h2>What differs from the run before</h2>\n");
        int changed = 0;
        foreach ((string name, string text, string before) in report.Files.Where(file => file.Before.Length > 0))
        {
            IReadOnlyList<(bool IsLater, string Line)> changes = TextDifference.Of(before, text);
            if (changes.Count == 0)
                continue;
            changed++;
            page.Append(CultureInfo.InvariantCulture, $"<details open><summary>{Text(name)}</summary><pre>");
            foreach ((bool isLater, string line) in changes)
            {
                (string kind, char sign) = isLater ? ("later", '+') : ("sooner", '-');
                page.Append(CultureInfo.InvariantCulture, $"<span class=\"change {kind}\">{sign} {Text(line)}</span>");
            }

            page.Append("</pre></details>\n");
        }

        if (changed == 0)
            page.Append("<p class=\"faint\">Configuration, solver and net are the same.</p>\n");
    }

    private static void Files(StringBuilder page, RunReport report)
    {
        page.Append("<h2>Configuration</h2>\n");
        foreach ((string name, string text, _) in report.Files)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<details><summary>{Text(name)}</summary><pre>{Text(text)}</pre></details>\n");
        }
    }

    private static string Json(IReadOnlyList<ReportChart> charts) => JsonSerializer.Serialize(charts.Select(chart => new
    {
        title = chart.Title,
        unit = chart.Unit,
        lines = chart.Lines.Select(line => new
        {
            label = line.Label,
            earlier = line.IsEarlier,
            steps = line.Steps,
            seconds = line.Seconds.Select(second => Math.Round(second, 3)),
            // JSON has no NaN.
            values = line.Values.Select(value => double.IsFinite(value) ? (double?)(float)value : null),
        }),
    }));

    private static string Image(byte[] png) => $"data:image/png;base64,{Convert.ToBase64String(png)}";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
