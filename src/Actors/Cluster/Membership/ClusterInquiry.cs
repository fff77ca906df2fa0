using Akka.Actor;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf.Reflection;

namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>Asks a node how its cluster stands, without joining it.</summary>
public static class ClusterInquiry
{
    /// <summary>Where a node answers.</summary>
    internal const string Path = "/user/node";

    /// <summary>Asks.</summary>
    /// <param name="node">The node.</param>
    /// <param name="settings">TLS, and where this side is reached if that has to be said.</param>
    /// <param name="password">Of the certificate or key file; null for none.</param>
    /// <param name="limit">How long an answer is waited for.</param>
    /// <param name="log">Hears why a connection fails.</param>
    /// <param name="cancel">Ends the inquiry.</param>
    /// <exception cref="CaffeException">CFA1704: no answer; CFA1003: a file of TLS cannot be read.</exception>
    public static async Task<ClusterStatus> AskAsync(
        NodeAddress node, ClusterSettings settings, string? password, TimeSpan limit, RunLog log,
        CancellationToken cancel)
    {
        string host = await NodeHosts.FindAsync(node.Host, settings.Tls.CheckNames, cancel)
            ?? throw NoAnswer($"nobody knows the name '{node.Host}'");
        string own = await NodeHosts.OwnAsync(settings with { SeedNodes = [node] }, cancel);
        using NodeCertificates? certificates =
            settings.Tls.Enabled ? NodeCertificates.Open(settings.Tls, password) : null;
        ActorSystem system = ClusterSystem.StartVisitor(settings, own, certificates, log);
        try
        {
            Address address = ClusterSystem.AddressOf(system, host, node.Port);
            return Of(await system.ActorSelection(address + Path).Ask<StatusReply>(new StatusRequest(), limit, cancel));
        }
        catch (AskTimeoutException timeout)
        {
            string way = settings.Tls.Enabled ? "trust this certificate" : "speak without TLS (--config says by which)";
            throw NoAnswer(
                $"{node} did not answer within {limit.TotalSeconds:0.#} s; is a node running there, and does it {way}?",
                timeout);
        }
        finally
        {
            await system.Terminate();
        }
    }

    private static ClusterStatus Of(StatusReply reply) => new(
        reply.RunId, (long)reply.Epoch, reply.Committed, reply.IterationMs, (int)reply.Restarts, reply.IsWhole,
        [
            .. reply.Nodes.OrderBy(node => node.Rank < 0).ThenBy(node => node.Rank).Select(node =>
                new ClusterNodeStatus(
                    node.Name, node.Rank < 0 ? null : node.Rank, (int)node.Devices, PhaseOf(node.Phase), node.Iteration,
                    node.PassMs, node.WaitMs, node.SentBytes / 1e6, (int)node.Breaks, node.SilentMs,
                    node.IsCoordinator, node.Note)),
        ]);

    // A node of a newer version may be in a phase that has no name here.
    private static string PhaseOf(NodePhase phase) =>
        CaffeactorsReflection.Descriptor.FindTypeByName<EnumDescriptor>(nameof(NodePhase))
            .FindValueByNumber((int)phase)?.Name.ToLowerInvariant() ?? $"phase {(int)phase}";

    private static CaffeException NoAnswer(string message, Exception? cause = null) =>
        new(ErrorCodes.NoAnswer, FailureKind.Cluster, message, inner: cause);
}
