using System.Globalization;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Tests.Cluster.Membership;

namespace CaffeActors.Benchmarks.Cluster;

/// <summary>
/// What a link of the data plane carries one way over loopback, checked and acknowledged, plain and encrypted, beside
/// plain sockets that send the same buckets; in turns, medians. Usage:
/// <c>dataplane [MB [BUCKET-MIB [CHUNK-KIB [ROUNDS]]]]</c>; the default is AlexNet's gradients, 244 MB in buckets of
/// 4 MiB.
/// </summary>
internal static class DataPlaneBenchmark
{
    private const int WarmUp = 3;

    public static int Run(string[] args)
    {
        long bytes = Number(args, 0, 244) * 1_000_000L;
        int bucket = Number(args, 1, 4) << 20, chunk = Number(args, 2, 256) << 10, rounds = Number(args, 3, 15);
        using var from = new Buckets(bytes, bucket);
        using var to = new Buckets(bytes, bucket);
        string folder = Directory.CreateTempSubdirectory("caffeactors-").FullName;
        using var authority = new TestAuthority(folder, "bench");
        using var certificates = NodeCertificates.Open(authority.Sign("node", "127.0.0.1"), password: null);
        var security = new LinkSecurity(certificates);
        ITransfer[] ways =
        [
            new PlainSockets(),
            new LinkTransfer("data plane", options => options with { ChunkBytes = chunk }),
            new LinkTransfer("with TLS", options => options with { ChunkBytes = chunk, Security = security }),
        ];
        double[][] rates = [.. ways.Select(_ => new double[rounds])];
        for (int round = -WarmUp; round < rounds; round++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                double seconds = ways[way].Send(from, to).TotalSeconds;
                if (round >= 0)
                    rates[way][round] = bytes / 1e6 / seconds;
            }
        }

        for (int way = 0; way < ways.Length; way++)
        {
            // Neighbours in time are compared, since what else the machine does changes.
            double ratio = Samples.Median(rates[way].Zip(rates[0], (own, plain) => own / plain));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{ways[way].Name,-16} {Samples.Median(rates[way]),8:F0} MB/s {100 * ratio,6:F0} %"));
        }

        Array.ForEach(ways, way => way.Dispose());
        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static int Number(string[] args, int index, int otherwise) =>
        args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
}
