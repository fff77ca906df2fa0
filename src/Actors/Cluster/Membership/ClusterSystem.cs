using System.Globalization;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>Starts the actor systems that hold nodes together, and lets them join.</summary>
internal static class ClusterSystem
{
    private static readonly TimeSpan _round = TimeSpan.FromSeconds(5);

    /// <summary>Starts a member's system; it has joined nobody yet.</summary>
    /// <param name="settings">Ports, addresses, TLS.</param>
    /// <param name="host">The address at which it is reached (<see cref="NodeHosts.OwnAsync"/>).</param>
    /// <param name="certificates">For TLS; null without.</param>
    /// <param name="log">Its log.</param>
    /// <param name="akka">Text for <c>akka { }</c>, merged over ours.</param>
    /// <exception cref="CaffeException">CFA1006: its port is taken, or its address not this machine's.</exception>
    public static ActorSystem Start(
        ClusterSettings settings, string host, NodeCertificates? certificates, RunLog log, string akka = "")
    {
        ActorSystem system = Create(ClusterConfiguration.Text(settings, host), certificates, log, akka, () =>
            string.Create(CultureInfo.InvariantCulture, $"{host}:{settings.Port}"));
        system.ActorOf(Props.Create(() => new QuarantineWatch(log)), "quarantine-watch");
        return system;
    }

    /// <summary>Starts a system that speaks to members without being one.</summary>
    /// <param name="settings">TLS.</param>
    /// <param name="host">The address at which it is reached.</param>
    /// <param name="certificates">For TLS; null without.</param>
    /// <param name="log">Its log.</param>
    /// <exception cref="CaffeException">CFA1006: the address is not this machine's.</exception>
    public static ActorSystem StartVisitor(
        ClusterSettings settings, string host, NodeCertificates? certificates, RunLog log) =>
        Create(ClusterConfiguration.VisitorText(settings, host), certificates, log, akka: "", () => host);

    /// <summary>The address of a system's node, with the port that it has.</summary>
    public static Address AddressOf(ActorSystem system) => ((ExtendedActorSystem)system).Provider.DefaultAddress;

    /// <summary>A node's name for people: host and port.</summary>
    public static string NameOf(Address address) => new NodeAddress(address.Host, address.Port ?? 0).ToString();

    /// <summary>The address of a node of the same kind as a system's own.</summary>
    /// <param name="system">The system.</param>
    /// <param name="host">The node's host, as it goes by itself.</param>
    /// <param name="port">Its port.</param>
    public static Address AddressOf(ActorSystem system, string host, int port) =>
        AddressOf(system).WithSystem(ClusterConfiguration.SystemName).WithHost(host).WithPort(port);

    /// <summary>Joins by the seed nodes, or begins the cluster where there are none.</summary>
    /// <param name="system">The system.</param>
    /// <param name="settings">The seed nodes, and how long to try.</param>
    /// <param name="log">Hears of names that nobody knows yet.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="CaffeException">CFA1703: nobody let it in.</exception>
    public static async Task JoinAsync(
        ActorSystem system, ClusterSettings settings, RunLog log, TimeProvider time, CancellationToken cancel)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(() => up.TrySetResult());
        string asked = "";
        HashSet<string> unknown = [];
        long began = time.GetTimestamp();
        for (TimeSpan left = settings.StartWait; left > TimeSpan.Zero;
            left = settings.StartWait - time.GetElapsedTime(began))
        {
            List<Address> seeds = await SeedsAsync(system, settings, name =>
            {
                if (unknown.Add(name))
                    log.Warn($"Nobody knows the seed node {name} yet; it is looked for again.");
            }, cancel);
            // Names may come to stand for other addresses: a container that is started anew has another one.
            string now = string.Join(',', seeds);
            if (seeds.Count > 0 && now != asked)
                cluster.JoinSeedNodes(seeds);
            asked = now;
            TimeSpan round = left < _round ? left : _round;
            Task first = await Task.WhenAny(up.Task, system.WhenTerminated, Task.Delay(round, time, cancel));
            cancel.ThrowIfCancellationRequested();
            if (first == up.Task)
                return;
            if (first == system.WhenTerminated)
                break;
        }

        throw new CaffeException(ErrorCodes.ClusterLost, FailureKind.Cluster,
            $"no seed node let this node in within {settings.StartWait.TotalSeconds:0} s: "
            + $"{string.Join(", ", settings.SeedNodes)}; are they running, is their port open (cluster.seed-nodes)?");
    }

    private static async Task<List<Address>> SeedsAsync(
        ActorSystem system, ClusterSettings settings, Action<string> unknown, CancellationToken cancel)
    {
        if (settings.SeedNodes.Count == 0)
            return [AddressOf(system)];
        List<Address> seeds = [];
        foreach (NodeAddress seed in settings.SeedNodes)
        {
            if (await NodeHosts.FindAsync(seed.Host, settings.Tls.CheckNames, cancel) is { } host)
                seeds.Add(AddressOf(system, host, seed.Port));
            else
                unknown(seed.Host);
        }

        return seeds;
    }

    private static ActorSystem Create(
        string text, NodeCertificates? certificates, RunLog log, string akka, Func<string> place)
    {
        Config config = ConfigurationFactory.ParseString(text);
        if (akka.Length > 0)
            config = ConfigurationFactory.ParseString($"akka {{ {akka} }}").WithFallback(config);
        ActorSystemSetup setup = BootstrapSetup.Create().WithConfig(config).And(new RunLogSetup(log));
        if (certificates is not null)
            setup = setup.And(Tls(certificates, log));
        try
        {
            return ActorSystem.Create(ClusterConfiguration.SystemName, setup);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            string why = failure.GetBaseException().Message.TrimEnd('.');
            throw new CaffeException(ErrorCodes.CannotListen, FailureKind.Configuration,
                $"the node cannot listen on {place()}: {why}; name another port or host (--port, --host, cluster)",
                inner: failure);
        }
    }

    private static DotNettySslSetup Tls(NodeCertificates certificates, RunLog log) => new(
        certificates.Own, suppressValidation: false, requireMutualAuthentication: true,
        validateCertificateHostname: certificates.ChecksNames,
        (certificate, _, peer, errors, _) =>
        {
            if (certificates.Refuses(certificate, errors, outbound: peer.Length > 0) is not { } why)
                return true;
            log.Warn($"The peer {peer} is refused: {why}");
            return false;
        });
}
