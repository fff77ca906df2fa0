using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Cli.Rendering;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Commands;

/// <summary>Shows how a run on several nodes stands.</summary>
[Verb("cluster status", "Show how a run on several machines stands: its nodes, and which one is late.",
    "caffeactors cluster status --node 10.0.0.5:4053", Notes = """
    Asks a node, the coordinator's for all of them. iteration is updates done, pass_ms, wait_ms and sent_mb are those of
    the last one: the node that waits least is the one that the others wait for. breaks tells how often connections
    broke, and were made anew, since nodes came or went. Exit code 8: no answer.
    """)]
internal sealed class ClusterStatusCommand : VerbCommand
{
    private static readonly string[] _columns =
    [
        "rank", "node", "devices", "phase", "iteration", "pass_ms", "wait_ms", "sent_mb", "breaks", "silent_s", "note",
    ];

    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly Option<string> _node = new("--node")
    {
        Description = "The node to ask.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = static _ => "127.0.0.1:4053",
    };

    private readonly Option<string> _config =
        new("--config") { Description = "Run configuration whose cluster.tls the node speaks by." };

    private readonly Option<double> _wait = new("--wait")
    {
        Description = "Seconds to wait for an answer.",
        DefaultValueFactory = static _ => 5,
    };

    private readonly Option<bool> _asJson = new("--json") { Description = "Print JSON." };

    public override void Define(Command command)
    {
        foreach (Option option in (Option[])[_node, _config, _wait, _asJson])
            command.Options.Add(option);
    }

    public override async Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        NodeAddress node = ClusterFlags.AddressOf(arguments.GetValue(_node)!, _node.Name);
        double wait = arguments.GetValue(_wait);
        if (wait is not (> 0 and <= 3600))
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration, string.Create(
                CultureInfo.InvariantCulture, $"--wait is a number of seconds up to 3600, not {wait}"));
        }

        ClusterSettings settings = arguments.GetValue(_config) is { } config
            ? SettingsReader.ReadFile(config, [], terminal.Environment).Cluster : new ClusterSettings();
        using var log = new RunLog(terminal.Error, minLevel: 1);
        ClusterStatus status = await ClusterInquiry.AskAsync(
            node, settings, terminal.Environment(TlsSettings.PasswordVariable), TimeSpan.FromSeconds(wait), log,
            CancellationToken.None);
        Write(status, arguments.GetValue(_asJson), terminal);
        return ExitCodes.Done;
    }

    /// <summary>Prints a status.</summary>
    internal static void Write(ClusterStatus status, bool asJson, Terminal terminal)
    {
        if (asJson)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(status, _json));
            return;
        }

        string run = status.RunId.Length > 0 ? $"run {status.RunId}" : "no run yet";
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{run}: {status.Committed} iterations, {status.IterationMs:0.#} ms each; "
            + $"epoch {status.Epoch}, {status.Restarts} restarts"));
        ResultTable.Write(_columns, [.. status.Nodes.Select(Row)], terminal);
        if (!status.IsWhole)
            terminal.Error.WriteLine("The asked node knows of itself only; the coordinator's knows of all.");
    }

    private static object?[] Row(ClusterNodeStatus node) =>
    [
        node.Rank, node.Name, node.Devices, node.Phase, node.Iteration,
        node.Rank is null ? null : Math.Round(node.PassMs, 1), node.Rank is null ? null : Math.Round(node.WaitMs, 1),
        node.Rank is null ? null : Math.Round(node.SentMb, 1), node.Rank is null ? null : node.Breaks,
        Math.Round(node.SilentMs / 1000.0, 1),
        string.Join("; ", new[] { node.IsCoordinator ? "coordinator" : "", node.Note }.Where(text => text.Length > 0)),
    ];
}
