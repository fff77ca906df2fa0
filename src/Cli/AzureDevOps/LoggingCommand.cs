using System.Globalization;
using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.AzureDevOps;

/// <summary>
/// Logging commands: lines on stdout that the agent of Azure Pipelines carries out, as
/// <c>##vso[area.action key=value;]text</c>. Values and texts may hold anything; what the agent would take for the
/// command's own signs is escaped.
/// </summary>
internal static class LoggingCommand
{
    /// <summary>How far the job is.</summary>
    /// <param name="percent">0 to 100.</param>
    /// <param name="what">What is being done.</param>
    public static string Progress(int percent, string what) =>
        Write("task.setprogress", what, ("value", percent.ToString(CultureInfo.InvariantCulture)));

    /// <summary>A warning, for the run's page.</summary>
    public static string Warning(string text) => Write("task.logissue", text, ("type", "warning"));

    /// <summary>An error that ends nothing, for the run's page.</summary>
    public static string Error(string text) => Write("task.logissue", text, ("type", "error"));

    /// <summary>A failure, with its code and, where it lies in a file, its place there.</summary>
    public static string Failure(CaffeException failure)
    {
        List<(string, string)> properties = [("type", "error")];
        // What stands on the command line has a place too, but no file.
        if (failure.Place is { Path.Length: > 0 } place && File.Exists(place.Path))
        {
            properties.Add(("sourcepath", Path.GetFullPath(place.Path)));
            if (place.Line > 0)
                properties.Add(("linenumber", place.Line.ToString(CultureInfo.InvariantCulture)));
            if (place.Column > 0)
                properties.Add(("columnnumber", place.Column.ToString(CultureInfo.InvariantCulture)));
        }

        properties.Add(("code", failure.Code));
        return Write("task.logissue", failure.Message, [.. properties]);
    }

    /// <summary>A variable of the step that later steps and jobs read.</summary>
    public static string Variable(string name, string value) =>
        Write("task.setvariable", value, ("variable", name), ("isOutput", "true"));

    /// <summary>A Markdown file to show on the run's page.</summary>
    /// <param name="path">The file; the agent wants it absolute.</param>
    public static string Summary(string path) => Write("task.uploadsummary", Path.GetFullPath(path));

    /// <summary>A tag for the run.</summary>
    public static string Tag(string tag) => Write("build.addbuildtag", tag);

    /// <summary>
    /// The text with the signs of commands written as the agent decodes them: <c>;</c>, <c>]</c> and line ends, and
    /// the percent sign, which it decodes where the variable DECODE_PERCENTS is true.
    /// </summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char sign in text)
        {
            _ = sign switch
            {
                '%' => escaped.Append("%AZP25"),
                ';' => escaped.Append("%3B"),
                ']' => escaped.Append("%5D"),
                '\r' => escaped.Append("%0D"),
                '\n' => escaped.Append("%0A"),
                _ => escaped.Append(sign),
            };
        }

        return escaped.ToString();
    }

    private static string Write(string action, string text, params ReadOnlySpan<(string Key, string Value)> properties)
    {
        var line = new StringBuilder($"##vso[{action}");
        for (int i = 0; i < properties.Length; i++)
            line.Append($"{(i == 0 ? ' ' : ';')}{properties[i].Key}={Escape(properties[i].Value)}");
        return line.Append(']').Append(Escape(text)).ToString();
    }
}
