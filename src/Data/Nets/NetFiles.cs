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

    /// <summary>Reads a net as far as it can be understood, and tells of everything that is wrong with it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="notice">Hears what was upgraded and whether the file is a fork's.</param>
    /// <param name="problem">Hears what <see cref="ReadNet(string, Action{string})"/> would throw.</param>
    /// <returns>The net without the fields at fault; null where nothing can be said of the rest.</returns>
    public static NetParameter? ReadNet(string path, Action<string> notice, Action<TextProblem> problem) =>
        Read<NetParameter>(path, NetUpgrade.Upgrade, notice, problem);

    /// <summary>Reads a solver as far as it can be understood, likewise.</summary>
    /// <param name="path">The file.</param>
    /// <param name="notice">Hears what was upgraded and whether the file is a fork's.</param>
    /// <param name="problem">Hears what <see cref="ReadSolver(string, Action{string})"/> would throw.</param>
    /// <returns>The solver without the fields at fault; null where nothing can be said of the rest.</returns>
    public static SolverParameter? ReadSolver(string path, Action<string> notice, Action<TextProblem> problem) =>
        Read<SolverParameter>(path, SolverUpgrade.Upgrade, notice, problem);

    /// <summary>Whether a file is a solver's rather than a net's: whichever schema knows more of its fields.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CaffeException">It cannot be read.</exception>
    public static bool IsSolver(string path)
    {
        string text = ReadText(path);
        int foreignToNets = 0, foreignToSolvers = 0;
        TextFormat.Parse<NetParameter>(text, path, _ => foreignToNets++);
        TextFormat.Parse<SolverParameter>(text, path, _ => foreignToSolvers++);
        return foreignToSolvers < foreignToNets;
    }

    /// <summary>Reads a file in text form as it is, not upgraded; one of NVIDIA's fork through its schema.</summary>
    /// <param name="path">The file.</param>
    /// <param name="notice">Hears that it is the fork's.</param>
    internal static TMessage Parse<TMessage>(string path, Action<UpgradeNotice> notice)
        where TMessage : class, IMessage<TMessage>, new()
    {
        string text = ReadText(path);
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

    private static TMessage? Read<TMessage>(
        string path, Func<TMessage, UpgradeResult> upgrade, Action<string> notice, Action<TextProblem> problem)
        where TMessage : class, IMessage<TMessage>, new()
    {
        try
        {
            if (ReadFields<TMessage>(path, notice, problem) is not { } message)
                return null;
            Tell(path, upgrade(message), notice);
            return message;
        }
        catch (CaffeException end)
        {
            problem(new TextProblem(end, Within: null));
            return null;
        }
    }

    private static TMessage? ReadFields<TMessage>(string path, Action<string> notice, Action<TextProblem> problem)
        where TMessage : class, IMessage<TMessage>, new()
    {
        try
        {
            return Parse<TMessage>(path, fork => notice(fork.Text));
        }
        catch (CaffeException first)
        {
            List<TextProblem> all = [];
            TMessage? message = TextFormat.Parse<TMessage>(ReadText(path), path, all.Add);
            // A file of the fork is read through the fork's schema, and what that refuses is the fault.
            if (all.Count == 0 || all[0].Failure.Place != first.Place)
                throw;
            all.ForEach(problem);
            return message;
        }
    }

    private static string ReadText(string path)
    {
        if (path.Length == 0)
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Configuration, "the name of a file is empty");
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            string why = cause is FileNotFoundException or DirectoryNotFoundException
                ? $"there is no file '{path}' (looked for from {Environment.CurrentDirectory})"
                : Directory.Exists(path) ? $"'{path}' is a folder, not a file"
                : $"'{path}' cannot be read: {cause.Message}";
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Configuration, why, null, cause);
        }
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
