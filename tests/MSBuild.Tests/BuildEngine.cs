using System.Collections;
using System.Collections.Concurrent;
using Microsoft.Build.Framework;

namespace CaffeActors.MSBuild.Tests;

/// <summary>What a task sees of a build: it keeps all that is logged.</summary>
internal sealed class BuildEngine : IBuildEngine
{
    public ConcurrentQueue<BuildErrorEventArgs> Errors { get; } = [];

    public ConcurrentQueue<BuildWarningEventArgs> Warnings { get; } = [];

    public ConcurrentQueue<string> Messages { get; } = [];

    /// <summary>Hears each message, on the thread that logs it.</summary>
    public Action<string>? Heard { get; set; }

    public bool ContinueOnError => false;

    public int LineNumberOfTaskNode => 0;

    public int ColumnNumberOfTaskNode => 0;

    public string ProjectFileOfTaskNode => "test.proj";

    public bool BuildProjectFile(
        string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs) => false;

    public void LogCustomEvent(CustomBuildEventArgs e)
    {
    }

    public void LogErrorEvent(BuildErrorEventArgs e) => Errors.Enqueue(e);

    public void LogWarningEvent(BuildWarningEventArgs e) => Warnings.Enqueue(e);

    public void LogMessageEvent(BuildMessageEventArgs e)
    {
        Messages.Enqueue(e.Message!);
        Heard?.Invoke(e.Message!);
    }
}
