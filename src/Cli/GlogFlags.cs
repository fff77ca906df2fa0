using System.CommandLine;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>glog's flags, which scripts around Caffe pass along.</summary>
internal static class GlogFlags
{
    // As gflags takes them: alone, or with a value such as =1 or =false.
    private static readonly Option<string?> LogToStderr = new("--logtostderr")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "Log to stderr; the log always goes there.",
        Hidden = true,
    };

    private static readonly Option<string?> AlsoLogToStderr = new("--alsologtostderr")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "Log to stderr too; the log always goes there.",
        Hidden = true,
    };

    private static readonly Option<int> MinLogLevel = new("--minloglevel")
    {
        Description = "Least level shown: 0 all, 1 warnings, 2 errors, 3 fatal.",
        Hidden = true,
    };

    private static readonly Option<string> LogDir = new("--log_dir")
    {
        Description = "Folder for a log file besides.",
        Hidden = true,
    };

    /// <summary>Lets a command take them.</summary>
    public static void AddTo(Command command)
    {
        command.Options.Add(LogToStderr);
        command.Options.Add(AlsoLogToStderr);
        command.Options.Add(MinLogLevel);
        command.Options.Add(LogDir);
    }

    /// <summary>The log a command is to write.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="console">Where lines go.</param>
    /// <param name="command">Names the file under <c>--log_dir</c>.</param>
    public static Actors.Logging.RunLog OpenLog(ParseResult arguments, TextWriter console, string command)
    {
        var log = new Actors.Logging.RunLog(console, arguments.GetValue(MinLogLevel));
        if (arguments.GetValue(LogDir) is { Length: > 0 } folder)
        {
            MakeFolder(folder);
            log.AddFile(Path.Combine(folder, $"caffeactors.{command}.{Environment.ProcessId}.log"));
        }

        return log;
    }

    private static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new CaffeException(ErrorCodes.WriteFailed, FailureKind.Data,
                $"--log_dir '{folder}' cannot be made: {cause.Message}", inner: cause);
        }
    }
}
