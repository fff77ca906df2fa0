using System.Globalization;
using System.Text;
using System.Xml;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Actors.Training;

/// <summary>The results of <c>acceptance</c> as a JUnit file, a test case for each threshold: pipelines show them among
/// their tests.</summary>
internal static class AcceptanceFile
{
    /// <summary>Its name in the run's folder.</summary>
    public const string Name = "acceptance.xml";

    private static readonly XmlWriterSettings _form = new()
    {
        Encoding = new UTF8Encoding(false),
        Indent = true,
        NewLineChars = "\n",
        // Names of outputs may hold what XML cannot; such a character becomes a reference.
        CheckCharacters = false,
    };

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="CaffeException">CFA1404: it cannot be written.</exception>
    public static void Write(
        string path, string run, IReadOnlyList<AcceptanceResult> results, DateTimeOffset time) =>
        AtomicFile.Write(path, stream =>
        {
            using var xml = XmlWriter.Create(stream, _form);
            string failures = Number(results.Count(result => !result.IsMet));
            xml.WriteStartElement("testsuites");
            xml.WriteStartElement("testsuite");
            xml.WriteAttributeString("name", $"acceptance of {run}");
            xml.WriteAttributeString("tests", Number(results.Count));
            xml.WriteAttributeString("failures", failures);
            xml.WriteAttributeString("errors", "0");
            xml.WriteAttributeString("skipped", "0");
            xml.WriteAttributeString("time", "0");
            xml.WriteAttributeString(
                "timestamp", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
            foreach (AcceptanceResult result in results)
                WriteCase(xml, run, result);
            xml.WriteEndElement();
            xml.WriteEndElement();
        });

    private static void WriteCase(XmlWriter xml, string run, AcceptanceResult result)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", $"acceptance.{run}");
        xml.WriteAttributeString("name", result.Threshold.ToString());
        xml.WriteAttributeString("time", "0");
        if (!result.IsMet)
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("type", ErrorCodes.Unaccepted);
            xml.WriteAttributeString("message", $"{result.Threshold} is wanted, {result.Measured}");
            xml.WriteEndElement();
        }

        xml.WriteElementString("system-out", result.Measured);
        xml.WriteEndElement();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
