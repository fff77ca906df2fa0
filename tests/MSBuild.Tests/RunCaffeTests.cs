using System.Diagnostics;
using CaffeActors.Testing;
using CsCheck;
using Microsoft.Build.Framework;
using Task = System.Threading.Tasks.Task;

namespace CaffeActors.MSBuild.Tests;

/// <summary>The program's end and lines as a build gets them; scripts stand for the program.</summary>
public sealed class RunCaffeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BuildEngine _engine = new();

    public void Dispose() => _folder.Dispose();

    private RunCaffe Program(string script, params string[] arguments)
    {
        string path = _folder.Write("program.sh", $"#!/bin/bash\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return new RunCaffe { BuildEngine = _engine, Tool = path, Arguments = arguments };
    }

    [Fact]
    public void Finished_IsASuccess()
    {
        using RunCaffe run = Program("echo result; echo 'I0102 03:04:05.678901 1 A.cs:2] line' >&2");
        Assert.True(run.Execute());
        Assert.Equal((0, true), (run.ExitCode, run.IsFinished));
        Assert.Equal(["I0102 03:04:05.678901 1 A.cs:2] line", "result"], _engine.Messages.Order());
    }

    [Fact]
    public void StoppedInTime_IsASuccessThatIsNotFinished()
    {
        using RunCaffe run = Program("exit 3");
        Assert.True(run.Execute());
        Assert.Equal((3, false), (run.ExitCode, run.IsFinished));
        Assert.Contains("the next build goes on", Assert.Single(_engine.Messages));
    }

    [Fact]
    public void Error_IsTheBuildsWithItsPlace()
    {
        using RunCaffe run = Program("echo 'a.prototxt(3,7): error CFA1102: no {0} field' >&2; exit 2");
        Assert.False(run.Execute());
        BuildErrorEventArgs error = Assert.Single(_engine.Errors);
        Assert.Equal(("a.prototxt", 3, 7, "CFA1102", "no {0} field"),
            (error.File, error.LineNumber, error.ColumnNumber, error.Code, error.Message));
    }

    [Fact]
    public void EndWithoutAWord_IsToldWithItsCode()
    {
        using RunCaffe run = Program("exit 5", "train");
        Assert.False(run.Execute());
        Assert.EndsWith("train' ended with exit code 5", Assert.Single(_engine.Errors).Message);
    }

    [Fact]
    public void Warning_IsTheBuilds()
    {
        using RunCaffe run = Program("echo 'W0102 03:04:05.678901 1 A.cs:2] dead' >&2");
        Assert.True(run.Execute());
        Assert.Equal("dead", Assert.Single(_engine.Warnings).Message);
    }

    [Fact]
    public void MissingProgram_IsToldWithWhatToDo()
    {
        using var run = new RunCaffe { BuildEngine = _engine, Tool = _folder.At("nowhere"), Arguments = ["train"] };
        Assert.False(run.Execute());
        Assert.Contains("dotnet tool install", Assert.Single(_engine.Errors).Message);
    }

    [Fact]
    public void Arguments_ArriveAsTheyAre() =>
        Gen.Char["ab \\\"'$*;%"].Array[0, 6].Select(signs => new string(signs)).Array[1, 5].Sample(arguments =>
        {
            _engine.Messages.Clear();
            using RunCaffe run = Program("for a in \"$@\"; do echo \"<$a>\"; done", arguments);
            Assert.True(run.Execute());
            Assert.Equal(arguments.Select(argument => $"<{argument}>"), _engine.Messages);
        }, iter: 25, threads: 1);

    [Fact]
    public async Task Cancelled_EndsInOrder()
    {
        using RunCaffe run = Program(
            "trap 'echo ending; exit 3' TERM\necho ready\nwhile true; do sleep 0.1; done");
        _engine.Heard = line =>
        {
            if (line == "ready")
                run.Cancel();
        };
        await Task.Run(run.Execute, TestContext.Current.CancellationToken);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("ending", _engine.Messages);
    }

    [Fact]
    public async Task CancelledAndDeaf_IsKilled()
    {
        using RunCaffe run = Program("trap '' TERM\necho $$\nwhile true; do sleep 0.1; done");
        run.GraceSeconds = 0;
        int id = 0;
        _engine.Heard = line =>
        {
            if (int.TryParse(line, out int found))
            {
                id = found;
                run.Cancel();
            }
        };
        await Task.Run(run.Execute, TestContext.Current.CancellationToken);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
    }
}
