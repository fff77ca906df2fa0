using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CaffeActors.Testing.MultiProcess;

/// <summary>A node as a process of its own. What it writes is kept, and written to a file.</summary>
public sealed partial class NodeProcess : IAsyncDisposable
{
    private const int Interrupted = 2, Terminated = 15, Continued = 18, Stopped = 19;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StreamWriter _file;
    private readonly Func<string> _describe;
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _streams = 2;

    internal NodeProcess(string name, ProcessStartInfo start, string file, Func<string> describe)
    {
        (Name, File, _describe) = (name, file, describe);
        _file = new StreamWriter(file);
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The file of what it writes.</summary>
    public string File { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>All that it has written so far, output and log, line by line.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    /// <summary>Ends it as a power failure does.</summary>
    public void Kill9() => _process.Kill();

    /// <summary>Halts it (SIGSTOP): it does nothing more, and its connections stay.</summary>
    public void Stop() => Signal(Stopped);

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Continue() => Signal(Continued);

    /// <summary>Asks it to end (SIGTERM).</summary>
    public void Terminate() => Signal(Terminated);

    /// <summary>Asks it to end as Ctrl+C does (SIGINT).</summary>
    public void Interrupt() => Signal(Interrupted);

    /// <summary>Waits for a line that holds a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Lines before that one are left out of account. Default 0.</param>
    /// <param name="within">At most how long. Default two minutes.</param>
    /// <returns>The line.</returns>
    public Task<string> LineAsync(string text, int from = 0, TimeSpan? within = null) =>
        LineAsync(line => line.Contains(text, StringComparison.Ordinal), $"a line with '{text}'", from, within);

    /// <summary>Waits for a line.</summary>
    /// <param name="seen">Which.</param>
    /// <param name="what">What is waited for, for people.</param>
    /// <param name="from">Lines before that one are left out of account. Default 0.</param>
    /// <param name="within">At most how long. Default two minutes.</param>
    /// <returns>The line.</returns>
    public async Task<string> LineAsync(Func<string, bool> seen, string what, int from = 0, TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? _patience);
        for (int next = from; ;)
        {
            Task changed;
            lock (_gate)
            {
                for (; next < _lines.Count; next++)
                {
                    if (seen(_lines[next]))
                        return _lines[next];
                }

                if (_streams == 0)
                    throw new InvalidOperationException($"{Name} ended before {what} came.\n{_describe()}");
                changed = _changed.Task;
            }

            await WaitAsync(changed, what, limit.Token);
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <param name="within">At most how long. Default two minutes.</param>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? _patience);
        await WaitAsync(_process.WaitForExitAsync(limit.Token), "its end", limit.Token);
        return _process.ExitCode;
    }

    /// <summary>The last lines that it has written, under its name.</summary>
    /// <param name="count">How many at most.</param>
    public string Tail(int count = 40)
    {
        string state = HasExited ? $"ended with {_process.ExitCode}" : "runs";
        return string.Join('\n', Lines.TakeLast(count).Prepend($"== {Name} ({state}; {File})"));
    }

    /// <summary>Ends it, where it has not ended, and closes its file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        lock (_gate)
            _file.Dispose();
    }

    private async Task WaitAsync(Task task, string what, CancellationToken limit)
    {
        try
        {
            await task.WaitAsync(limit);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name}: waited in vain for {what}.\n{_describe()}");
        }
    }

    // Null is a stream's end.
    private void Add(string? line)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (line is null)
            {
                _streams--;
            }
            else
            {
                _lines.Add(line);
                _file.WriteLine(line);
            }

            if (_streams == 0)
                _file.Flush();
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    private void Signal(int signal)
    {
        if (Send(Id, signal) != 0)
            throw new InvalidOperationException($"{Name} took no signal {signal}.\n{_describe()}");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
