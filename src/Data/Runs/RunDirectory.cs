using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Runs;

/// <summary>
/// A run's folder, <c>OUTPUT_ROOT/run_id=ID/</c>, held by the process that trains it: a second one is refused until
/// this is disposed or the process ends. The manifest is replaced whole at every change. Not thread-safe.
/// </summary>
public sealed class RunDirectory : IDisposable
{
    /// <summary>What a run's folder name begins with, before the id: a Hive partition of the metric files.</summary>
    public const string FolderPrefix = "run_id=";

    /// <summary>The text file in the output root with the newest run's folder name.</summary>
    public const string LatestName = "latest";

    /// <summary>The configuration with includes and substitutions resolved.</summary>
    public const string ConfigName = "config.resolved.hocon";

    /// <summary>The net as trained.</summary>
    public const string NetName = "net.prototxt";

    /// <summary>The solver as used.</summary>
    public const string SolverName = "solver.prototxt";

    private const string ManifestName = "manifest.json";
    private const string LockName = "run.lock";
    private const string HolderName = "run.lock.json";
    private readonly FileStream _lock;
    private readonly TimeProvider _time;

    private RunDirectory(string path, RunManifest manifest, FileStream @lock, TimeProvider time)
    {
        Path = path;
        Manifest = manifest;
        _lock = @lock;
        _time = time;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The manifest as last written.</summary>
    public RunManifest Manifest { get; private set; }

    /// <summary>The run's id.</summary>
    public string RunId => Manifest.RunId;

    /// <summary>The folder of the metric part files.</summary>
    public string MetricsPath => MetricsPathOf(Path);

    /// <summary>The folder of the snapshots of a HOCON run.</summary>
    public string SnapshotsPath => At("snapshots");

    /// <summary>The folder of the drawn charts.</summary>
    public string PlotsPath => At("plots");

    /// <summary>The configuration with includes and substitutions resolved.</summary>
    public string ConfigPath => ConfigPathOf(Path);

    /// <summary>The net as trained.</summary>
    public string NetPath => At(NetName);

    /// <summary>The solver as used.</summary>
    public string SolverPath => At(SolverName);

    /// <summary>The log.</summary>
    public string LogPath => At("train.log");

    /// <summary>The report.</summary>
    public string ReportPath => ReportPathOf(Path);

    /// <summary>Hears of each step in which the manifest is written, and fails it by throwing; tests do. Default:
    /// nobody hears.</summary>
    public Action<FaultPoint>? Reached { get; set; }

    /// <summary>What the names of this run's snapshots begin with.</summary>
    public string SnapshotPrefix => SnapshotPrefixOf(Path, Manifest);

    /// <summary>
    /// Creates a run: its folder with subfolders, its manifest (state running, no segments yet), and the output
    /// root's <c>latest</c>.
    /// </summary>
    /// <param name="outputRoot">The folder of all runs; made where it is missing.</param>
    /// <param name="manifest">What the run is; id, number, creation time and state are set here.</param>
    /// <param name="time">The clock.</param>
    /// <param name="wanted">The id that it has on another machine; one that has a folder here is not taken. Null, the
    /// default: a new one.</param>
    /// <exception cref="CaffeException">CFA1404: the folder cannot be written.</exception>
    public static RunDirectory Create(
        string outputRoot, RunManifest manifest, TimeProvider time, string? wanted = null)
    {
        DateTimeOffset now = time.GetUtcNow();
        try
        {
            (string id, string path) = NewFolder(outputRoot, now, wanted);
            int number = 1 + RunIndex.List(outputRoot).Select(run => run.Manifest.Number).DefaultIfEmpty(0).Max();
            RunDirectory run = Hold(path, manifest with
            {
                RunId = id,
                Number = number,
                Created = now,
                State = RunState.Running,
            }, time);
            Directory.CreateDirectory(run.MetricsPath);
            Directory.CreateDirectory(run.SnapshotsPath);
            Directory.CreateDirectory(run.PlotsPath);
            run.Update(created => created);
            string latest = System.IO.Path.Combine(outputRoot, LatestName);
            AtomicFile.WriteText(latest, run.At(LatestName + AtomicFile.TemporarySuffix), FolderPrefix + id + "\n");
            return run;
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw AtomicFile.Failure(outputRoot, exception);
        }
    }

    /// <summary>Opens a run to go on with it.</summary>
    /// <param name="path">The run's folder.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CaffeException">
    /// CFA1404: another process trains the run (the text says which), or the folder cannot be written; CFA1502: its
    /// manifest is missing, damaged or of a newer version.
    /// </exception>
    public static RunDirectory Open(string path, TimeProvider time) => Hold(path, ReadManifest(path), time);

    /// <summary>Reads a run's manifest without holding the run.</summary>
    /// <param name="path">The run's folder.</param>
    /// <exception cref="CaffeException">CFA1502: it is missing, damaged or of a newer version.</exception>
    public static RunManifest ReadManifest(string path)
    {
        string file = System.IO.Path.Combine(path, ManifestName);
        try
        {
            using FileStream stream = File.OpenRead(file);
            RunManifest manifest = JsonSerializer.Deserialize(stream, RunJson.Readable.RunManifest)
                ?? throw new JsonException("it holds null");
            if (manifest.FormatVersion > RunManifest.CurrentFormatVersion)
            {
                throw new JsonException($"its format version {manifest.FormatVersion} is newer than this program's "
                    + $"{RunManifest.CurrentFormatVersion}");
            }

            return manifest;
        }
        catch (Exception exception) when (exception is JsonException || AtomicFile.IsFileFailure(exception))
        {
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data,
                $"cannot read the run manifest '{file}': {exception.Message}", inner: exception);
        }
    }

    /// <summary>Whether a process, this one included, holds the run.</summary>
    /// <param name="path">The run's folder.</param>
    public static bool IsHeld(string path)
    {
        string file = System.IO.Path.Combine(path, LockName);
        if (!File.Exists(file))
            return false;
        try
        {
            using FileStream probe = OpenLock(file);
            return false;
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            return IsLocked(exception);
        }
    }

    /// <summary>Who holds a run, for errors: another process, and which one where that can be read.</summary>
    /// <param name="path">The run's folder.</param>
    public static string DescribeHolder(string path)
    {
        try
        {
            RunHolder? holder = JsonSerializer.Deserialize(
                File.ReadAllBytes(System.IO.Path.Combine(path, HolderName)), RunJson.Readable.RunHolder);
            return holder is null ? "another process" : $"another process ({holder})";
        }
        catch (Exception exception) when (exception is JsonException || AtomicFile.IsFileFailure(exception))
        {
            return "another process";
        }
    }

    /// <summary>The folder of a run's metric part files.</summary>
    /// <param name="path">The run's folder.</param>
    public static string MetricsPathOf(string path) => System.IO.Path.Combine(path, "metrics");

    /// <summary>A run's configuration with everything resolved; a run of a bare solver has none.</summary>
    /// <param name="path">The run's folder.</param>
    public static string ConfigPathOf(string path) => System.IO.Path.Combine(path, ConfigName);

    /// <summary>A run's report.</summary>
    /// <param name="path">The run's folder.</param>
    public static string ReportPathOf(string path) => System.IO.Path.Combine(path, "report.html");

    /// <summary>What the names of a run's snapshots begin with.</summary>
    /// <param name="path">The run's folder.</param>
    /// <param name="manifest">The run's manifest.</param>
    public static string SnapshotPrefixOf(string path, RunManifest manifest) =>
        System.IO.Path.Combine(path, manifest.SnapshotPrefix);

    /// <summary>Opens the next segment: the run's start, or a resume.</summary>
    /// <param name="step">Iterations done at the start.</param>
    /// <returns>The segment's number.</returns>
    /// <exception cref="CaffeException">CFA1404: the manifest cannot be written.</exception>
    public int BeginSegment(long step)
    {
        var segment = new RunSegment(Manifest.Segments.Count, step, _time.GetUtcNow());
        Update(manifest => manifest with
        {
            State = RunState.Running,
            ExitCode = null,
            LastIteration = step,
            Segments = [.. manifest.Segments, segment],
        });
        return segment.Index;
    }

    /// <summary>Writes how the run ended.</summary>
    /// <param name="state">Finished, stopped or failed.</param>
    /// <param name="exitCode">The program's exit code.</param>
    /// <param name="lastIteration">Iterations done.</param>
    /// <exception cref="CaffeException">CFA1404: the manifest cannot be written.</exception>
    public void End(RunState state, int exitCode, long lastIteration) =>
        Update(manifest => manifest with { State = state, ExitCode = exitCode, LastIteration = lastIteration });

    /// <summary>Changes the manifest and writes it.</summary>
    /// <exception cref="CaffeException">CFA1404: it cannot be written; the older one stands.</exception>
    public void Update(Func<RunManifest, RunManifest> change)
    {
        RunManifest changed = change(Manifest);
        byte[] text = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(changed, RunJson.Readable.RunManifest) + "\n");
        AtomicFile.Write(At(ManifestName), stream => stream.Write(text), Reached,
            FaultPoint.ManifestWritten, FaultPoint.ManifestRenamed);
        Manifest = changed;
    }

    /// <summary>Lets go of the run.</summary>
    public void Dispose()
    {
        // Once: from then on the files are the next holder's.
        if (_lock.SafeFileHandle.IsClosed)
            return;
        try
        {
            File.Delete(At(HolderName));
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            // Nobody reads it once the lock is free.
        }

        _lock.Dispose();
    }

    private static (string Id, string Path) NewFolder(string outputRoot, DateTimeOffset now, string? wanted)
    {
        for (; ; wanted = null)
        {
            string id = wanted ?? now.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)
                + "-" + RandomNumberGenerator.GetHexString(4, lowercase: true);
            string path = System.IO.Path.Combine(outputRoot, FolderPrefix + id);
            if (Directory.Exists(path))
                continue;
            Directory.CreateDirectory(path);
            return (id, path);
        }
    }

    private static RunDirectory Hold(string path, RunManifest manifest, TimeProvider time)
    {
        string file = System.IO.Path.Combine(path, LockName);
        FileStream? held = null;
        try
        {
            held = OpenLock(file);
            // Beside the lock, not in it: nobody can read a locked file. What a killed process left is replaced.
            var holder = new RunHolder(Environment.ProcessId, Environment.MachineName, time.GetUtcNow());
            AtomicFile.WriteText(System.IO.Path.Combine(path, HolderName),
                JsonSerializer.Serialize(holder, RunJson.Readable.RunHolder) + "\n");
            return new(path, manifest, held, time);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            held?.Dispose();
            throw IsLocked(exception)
                ? new CaffeException(ErrorCodes.WriteFailed, FailureKind.Data,
                    $"cannot take over the run in '{path}': {DescribeHolder(path)} trains it; wait until it ends, or "
                    + "begin another run (--resume never)", inner: exception)
                : AtomicFile.Failure(file, exception);
        }
        catch (CaffeException)
        {
            held?.Dispose();
            throw;
        }
    }

    // The operating system lets go of the lock when the process ends, however it ends; the empty file may stay.
    private static FileStream OpenLock(string path) =>
        new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    // The codes of Windows for sharing and locking, and those of Linux and macOS for a lock that is taken.
    private static bool IsLocked(Exception exception) => exception is IOException && (OperatingSystem.IsWindows()
        ? (exception.HResult & 0xFFFF) is 32 or 33
        : exception.HResult is 11 or 35);

    private string At(string name) => System.IO.Path.Combine(Path, name);
}
