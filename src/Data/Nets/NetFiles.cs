using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Forks;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Data.Nets;

/// <summary>Nets and solvers in prototxt files, brought to today's form as they are read.</summary>
public static class NetFiles
{
    /// <summary>Reads a net.</summary>
    /// <param name="path">The file.</param>
    /// <param name="notice">Hears what was upgraded and whether the file is a fork's.</param>
    /// <exception cref="CaffeException">There is no such file, or it cannot be understood; the place is in the
    /// file.</exception>
    public static NetParameter ReadNet(string path, Action<string>? notice = null)
    {
        NetParameter net = Parse<NetParameter>(path, fork => notice?.Invoke(fork.Text));
        Tell(path, NetUpgrade.Upgrade(net), notice);
        return net;
    }

    /// <summary>Reads a solver.</summary>
    /// <param name="path">The file.</param>
    /// <param name="notice">Hears what was upgraded and whether the file is a fork's.</param>
    /// <exception cref="CaffeException">There is no such file, or it cannot be understood; the place is in the
    /// file.</exception>
    public static SolverParameter ReadSolver(string path, Action<string>? notice = null)
    {
        SolverParameter solver = Parse<SolverParameter>(path, fork => notice?.Invoke(fork.Text));
        Tell(path, SolverUpgrade.Upgrade(solver), notice);
        return solver;
    }

    /// <summary>Reads a file in text form as it is, not upgraded; one of NVIDIA's fork through its schema.</summary>
    /// <param name="path">The file.</param>
    /// <param name="notice">Hears that it is the fork's.</param>
    internal static TMessage Parse<TMessage>(string path, Action<UpgradeNotice> notice)
        where TMessage : class, IMessage<TMessage>, new()
    {
        if (path.Length == 0)
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Configuration, "the name of a file is empty");
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            string why = cause is FileNotFoundException or DirectoryNotFoundException
                ? $"there is no file '{path}' (looked for from {Environment.CurrentDirectory})"
                : Directory.Exists(path) ? $"'{path}' is a folder, not a file"
                : $"'{path}' cannot be read: {cause.Message}";
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Configuration, why, null, cause);
        }

        TMessage message;
        UpgradeNotice? fork;
        try
        {
            message = NvidiaFork.ParseText(TextFormat.Parse<TMessage>(text, path), text, path, out fork);
        }
        catch (CaffeException refusal) when (refusal.Code == ErrorCodes.UnknownField)
        {
            message = NvidiaFork.ParseText<TMessage>(text, path, refusal, out fork);
        }

        if (fork is not null)
            notice(fork);
        return message;
    }

    private static void Tell(string path, UpgradeResult result, Action<string>? notice)
    {
        if (!result.Changed || notice is null)
            return;
        notice($"'{path}' is written in an older form; it was read as today's:");
        foreach (UpgradeNotice line in result.Notices)
            notice($"    {line.Text}");
    }
}
