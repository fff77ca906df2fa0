using System.Globalization;
using System.Text;
using CaffeActors.Actors.Logging;

namespace CaffeActors.Actors;

/// <summary>
/// Who runs on which thread. All actors of a replica share one thread of their own: waking a parked thread costs some
/// 50 µs, a message on a running one a fraction of 1 µs. Akka's own dispatchers never compute.
/// </summary>
internal static class Dispatchers
{
    /// <summary>For actors that block on files: a thread for the metrics and one for a snapshot.</summary>
    public const string Files = "caffeactors.dispatchers.files";

    /// <summary>For prefetchers: a pinned thread each, since reading and decoding block.</summary>
    public const string Prefetch = "caffeactors.dispatchers.prefetch";

    /// <summary>What all actor systems have: logging into the log that <see cref="RunLogSetup"/> names, of warnings and
    /// errors alone, and an end that the program decides.</summary>
    public const string Quiet = """
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = ["CaffeActors.Actors.Logging.AkkaLogActor, CaffeActors.Actors"]
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          coordinated-shutdown.exit-clr = off
        }

        """;

    /// <summary>The dispatcher of a replica.</summary>
    public static string Replica(int number) => $"caffeactors.dispatchers.replica-{number}";

    /// <summary>The actor system's configuration: these dispatchers, and quiet logging.</summary>
    /// <param name="replicas">Number of replicas in this process.</param>
    public static string Configuration(int replicas)
    {
        var text = new StringBuilder(Quiet).Append("""
            caffeactors.dispatchers {
              files {
                type = ForkJoinDispatcher
                throughput = 1000
                dedicated-thread-pool { thread-count = 2 }
              }
              prefetch {
                type = PinnedDispatcher
                throughput = 1
              }

            """);
        for (int i = 0; i < replicas; i++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $$"""
                replica-{{i}} {
                    type = ForkJoinDispatcher
                    throughput = 1000
                    dedicated-thread-pool { thread-count = 1 }
                  }
                """);
        }

        return text.AppendLine("}").ToString();
    }
}
