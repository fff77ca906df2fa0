using System.Globalization;
using CaffeActors.Actors.Configuration;

namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>The configuration of the actor systems that hold nodes together: membership and control, no
/// tensor.</summary>
internal static class ClusterConfiguration
{
    /// <summary>The name that all systems of a cluster have: it is part of their addresses.</summary>
    public const string SystemName = "caffeactors";

    /// <summary>The role of members that train.</summary>
    public const string Role = "trainer";

    /// <summary>For a node's own actors of coordination, which answer in time however busy the cores are.</summary>
    public const string Control = "caffeactors.dispatchers.control";

    /// <summary>The configuration of a member.</summary>
    /// <param name="settings">Ports, addresses, TLS.</param>
    /// <param name="host">The address at which it is reached.</param>
    public static string Text(ClusterSettings settings, string host) => $$"""
        akka {
          actor.provider = cluster
          # Where all leave at once the last ones find nobody to say so to.
          coordinated-shutdown.phases {
            cluster-leave.timeout = 2s
            cluster-exiting.timeout = 2s
            cluster-exiting-done.timeout = 1s
            cluster-shutdown.timeout = 2s
          }
          cluster {
            roles = [{{Role}}]
            use-dispatcher = {{Control}}
            log-info = off
            # The first of several seeds waits this long for the others before it begins a cluster of its own.
            seed-node-timeout = 3s
            retry-unsuccessful-join-after = 2s
            periodic-tasks-initial-delay = 100ms
            gossip-interval = 500ms
            leader-actions-interval = 500ms
            unreachable-nodes-reaper-interval = 500ms
            allow-weakly-up-members = off
            failure-detector {
              # A node that is gone is unreachable 4 to 5 s later; one that says nothing for 3 s is not yet.
              heartbeat-interval = 1s
              acceptable-heartbeat-pause = 3s
              threshold = 8.0
              min-std-deviation = 100ms
              expected-response-after = 1s
            }
            # Two halves decide by the same facts. Epochs fence what an outlived half still says, so that nobody has to
            # be downed because a network flaps.
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            split-brain-resolver {
              active-strategy = keep-majority
              stable-after = 5s
              down-all-when-unstable = off
            }
            down-removal-margin = 1s
            run-coordinated-shutdown-when-down = on
          }
        }

        """ + Remote(settings, host, settings.Port);

    /// <summary>The configuration of a system that speaks to a member without being one.</summary>
    /// <param name="settings">TLS.</param>
    /// <param name="host">The address at which it is reached.</param>
    public static string VisitorText(ClusterSettings settings, string host) =>
        "akka.actor.provider = remote\n" + Remote(settings, host, port: 0);

    private static string Remote(ClusterSettings settings, string host, int port) =>
        Dispatchers.Quiet + string.Create(CultureInfo.InvariantCulture, $$"""
        akka {
          actor {
            internal-dispatcher { {{Threads(2)}} }
            default-dispatcher { {{Threads(2)}} }
            # Akka's own messages have serializers of their own; those that make any type by its name are replaced by
            # ours, which refuses what is not in its schema. Nobody can start actors on another node.
            serializers {
              caffeactors = {{Serializer}}
              json = {{Serializer}}
              bytes = {{Serializer}}
              proto = {{Serializer}}
              daemon-create = {{Serializer}}
            }
            serialization-bindings { "Google.Protobuf.IMessage, Google.Protobuf" = caffeactors }
          }
          remote {
            use-dispatcher = caffeactors.dispatchers.remote
            log-remote-lifecycle-events = off
            retry-gate-closed-for = 500ms
            handshake-timeout = 5s
            startup-timeout = 30s
            flush-wait-on-shutdown = 1s
            watch-failure-detector {
              heartbeat-interval = 1s
              acceptable-heartbeat-pause = 4s
            }
            dot-netty.tcp {
              hostname = "{{(settings.BindHost.Length > 0 ? settings.BindHost : host)}}"
              public-hostname = "{{host}}"
              port = {{port}}
              connection-timeout = 3s
              maximum-frame-size = 128000b
              enable-ssl = {{(settings.Tls.Enabled ? "on" : "off")}}
            }
          }
        }
        caffeactors.dispatchers {
          control { {{Threads(2)}} }
          remote { {{Threads(2)}} }
        }

        """);

    private static string Serializer =>
        "\"CaffeActors.Actors.Cluster.Serialization.ClusterSerializer, CaffeActors.Actors\"";

    // Threads of their own: the process's pool may be busy.
    private static string Threads(int count) => string.Create(CultureInfo.InvariantCulture,
        $"type = ForkJoinDispatcher, throughput = 30, dedicated-thread-pool {{ thread-count = {count} }}");
}
