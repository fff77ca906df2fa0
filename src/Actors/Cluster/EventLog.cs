using System.Globalization;
using System.Text;
using System.Text.Json;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Logging;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// An event log of a cluster, JSON lines: what the coordinator decided, in <c>events.jsonl</c> of the run's folder, or
/// what a node did. Commits in a row are one line, unless all is traced. What comes before the file is known is kept
/// for it. Thread-safe; a file that cannot be written is told of once.
/// </summary>
/// <param name="node">This node's number.</param>
/// <param name="by">Whose events: <c>coordinator</c> or <c>node</c>.</param>
/// <param name="everything">Whether every iteration is written at once.</param>
/// <param name="log">Hears of failures.</param>
/// <param name="time">The clock.</param>
internal sealed class EventLog(ulong node, string by, bool everything, RunLog log, TimeProvider time) : IDisposable
{
    /// <summary>The file in the run's folder.</summary>
    public const string FileName = "events.jsonl";

    private readonly Lock _lock = new();
    private readonly StringBuilder _early = new();
    private FileStream? _file;
    private bool _failed;
    private (ulong Epoch, long From, long To)? _commits;

    /// <summary>Where the events go from now on.</summary>
    /// <param name="path">The file; lines are added to it.</param>
    public void Open(string path)
    {
        lock (_lock)
        {
            _file?.Dispose();
            try
            {
                _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                Fail(failure);
                return;
            }

            string early = _early.ToString();
            _early.Clear();
            if (early.Length > 0)
                Append(early);
        }
    }

    /// <summary>Something happened.</summary>
    /// <param name="what">What.</param>
    /// <param name="records">Of a commit, the records that it took: data layer, the first one's number, how
    /// many.</param>
    public void Write(ClusterEvent what, IReadOnlyList<(string Layer, long First, long Count)>? records = null)
    {
        lock (_lock)
        {
            if (what.Kind == ClusterEventKind.Committed && !everything)
            {
                if (_commits is { } open && open.Epoch == what.Epoch && open.To + 1 == what.Iteration)
                {
                    _commits = open with { To = what.Iteration };
                    return;
                }

                FlushCommits();
                _commits = (what.Epoch, what.Iteration, what.Iteration);
                return;
            }

            FlushCommits();
            Append(Line(what, records));
        }
    }

    /// <summary>Writes what is held back.</summary>
    public void Flush()
    {
        lock (_lock)
            FlushCommits();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            FlushCommits();
            _file?.Dispose();
            _file = null;
        }
    }

    private void FlushCommits()
    {
        if (_commits is not { } commits)
            return;
        _commits = null;
        Append(Line(new ClusterEvent(ClusterEventKind.Committed, commits.Epoch, commits.To), null, commits.From));
    }

    private string Line(
        ClusterEvent what, IReadOnlyList<(string Layer, long First, long Count)>? records, long? from = null)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("node", Hex(node));
            json.WriteString("by", by);
            json.WriteString("event", what.Kind.ToString().ToLowerInvariant());
            json.WriteNumber("epoch", what.Epoch);
            json.WriteNumber("iteration", what.Iteration);
            if (from is { } first)
                json.WriteNumber("from", first);
            if (what.Text.Length > 0)
                json.WriteString("text", what.Text);
            if (what.Nodes.Count > 0)
            {
                json.WriteStartArray("nodes");
                foreach (ulong other in what.Nodes)
                    json.WriteStringValue(Hex(other));
                json.WriteEndArray();
            }

            if (records is not null)
            {
                json.WriteStartArray("records");
                foreach ((string layer, long begin, long count) in records)
                {
                    json.WriteStartArray();
                    json.WriteStringValue(layer);
                    json.WriteNumberValue(begin);
                    json.WriteNumberValue(count);
                    json.WriteEndArray();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    private static string Hex(ulong number) => number.ToString("x16", CultureInfo.InvariantCulture);

    private void Append(string line)
    {
        if (_file is null)
        {
            if (!_failed)
                _early.Append(line);
            return;
        }

        try
        {
            _file.Write(Encoding.UTF8.GetBytes(line));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Fail(failure);
        }
    }

    private void Fail(Exception failure)
    {
        if (!_failed)
            log.Warn($"The cluster's events cannot be written any more: {failure.Message}");
        _failed = true;
        _file?.Dispose();
        _file = null;
        _early.Clear();
    }
}
