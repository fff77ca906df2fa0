using System.Diagnostics;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace CaffeActors.MSBuild;

/// <summary>
/// Runs the program as a process of its own. Its errors become errors of the build, with file, line, column and code;
/// the warnings of its log become warnings. Its exit code 3, stopped in time and to be gone on with, is a success that
/// is not finished. A build that is cancelled ends it in order: with a snapshot.
/// </summary>
public sealed class RunCaffe : Task, ICancelableTask, IDisposable
{
    private const int StoppedResumable = 3;

    private readonly ManualResetEvent _canceled = new(initialState: false);
    private MessageImportance _importance = MessageImportance.High;

    /// <summary>The program: a <c>.dll</c>, run by <c>dotnet</c>, or an executable's path or name.</summary>
    [Required]
    public string Tool { get; set; } = "";

    /// <summary>Its arguments, one an item.</summary>
    [Required]
    public string[] Arguments { get; set; } = [];

    /// <summary>More of them as one text, apart by blanks; one with blanks in it stands in double quotes.</summary>
    public string MoreArguments { get; set; } = "";

    /// <summary>The folder it runs in. Default: the build's.</summary>
    public string WorkingDirectory { get; set; } = "";

    /// <summary>Seconds that a cancelled build waits for its end before it is killed, at least 0. Default 60.</summary>
    public int GraceSeconds { get; set; } = 60;

    /// <summary>How important its lines are: high, normal or low. Default high.</summary>
    public string LineImportance { get; set; } = "high";

    /// <summary>The program's exit code; -1 where it did not run.</summary>
    [Output]
    public int ExitCode { get; set; } = -1;

    /// <summary>Whether all is done: exit code 0.</summary>
    [Output]
    public bool IsFinished { get; set; }

    /// <inheritdoc/>
    public override bool Execute()
    {
        if (!Enum.TryParse(LineImportance, ignoreCase: true, out _importance))
        {
            Log.LogError($"LineImportance is high, normal or low, not '{LineImportance}'");
            return false;
        }

        try
        {
            using Process process = Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            WaitFor(process);
            ExitCode = process.ExitCode;
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or IOException)
        {
            Log.LogError($"The program '{Tool}' cannot be run: {failure.Message}. Install it (dotnet tool install "
                + "--global CaffeActors.Tool), or say where it is (CaffeActorsTool).");
            return false;
        }

        IsFinished = ExitCode == 0;
        if (ExitCode == StoppedResumable)
        {
            Log.LogMessage(
                MessageImportance.High, "Stopped early, with a snapshot: the next build goes on from there.");
        }
        else if (ExitCode != 0 && !Log.HasLoggedErrors)
        {
            Log.LogError($"'{Tool} {string.Join(" ", Arguments)}' ended with exit code {ExitCode}");
        }

        return !Log.HasLoggedErrors;
    }

    /// <summary>Asks the program to end, from another thread: with a snapshot, in its own time, which is
    /// limited.</summary>
    public void Cancel() => _canceled.Set();

    /// <inheritdoc/>
    public void Dispose() => _canceled.Dispose();

    private Process Start()
    {
        IEnumerable<string> arguments = Arguments.Concat(CommandText.Split(MoreArguments));
        bool isLibrary = Tool.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        if (isLibrary)
            arguments = arguments.Prepend(Tool);
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(isLibrary ? host : Tool, CommandText.Join(arguments))
            {
                WorkingDirectory = WorkingDirectory,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.OutputDataReceived += (_, line) => Tell(line.Data);
        process.ErrorDataReceived += (_, line) => Tell(line.Data);
        process.Start();
        return process;
    }

    private void WaitFor(Process process)
    {
        using var ended = new ManualResetEvent(initialState: false);
        process.Exited += (_, _) => ended.Set();
        process.EnableRaisingEvents = true;
        if (WaitHandle.WaitAny([ended, _canceled]) == 1)
        {
            Log.LogMessage(MessageImportance.High, "Cancelled: the program is asked to end with a snapshot.");
            if (!Termination.Ask(process) || !ended.WaitOne(TimeSpan.FromSeconds(GraceSeconds)))
                Termination.Force(process);
        }

        // Without a limit it waits for the last lines too.
        process.WaitForExit();
    }

    // Both streams tell of one run; the log behind MSBuild takes lines from any thread.
    private void Tell(string? line)
    {
        if (line is null)
            return;
        Diagnostic diagnostic = Diagnostic.Of(line);
        switch (diagnostic.Kind)
        {
            case DiagnosticKind.Error:
                Log.LogError(null, diagnostic.Code, null, diagnostic.File, diagnostic.Line, diagnostic.Column, 0, 0,
                    "{0}", diagnostic.Text);
                break;
            case DiagnosticKind.Warning:
                Log.LogWarning(null, diagnostic.Code, null, diagnostic.File, diagnostic.Line, diagnostic.Column, 0, 0,
                    "{0}", diagnostic.Text);
                break;
            default:
                Log.LogMessage(_importance, "{0}", line);
                break;
        }
    }
}
