using System.Globalization;
using System.Text;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>LeNet on a small data set of its own, in files.</summary>
internal static class RunFiles
{
    /// <summary>Records of the data set.</summary>
    public const int Records = 3000;

    /// <summary>Records of an iteration.</summary>
    public const int BatchRecords = 64;

    private const int Side = 28;

    /// <summary>Writes the data, the net, the solver and the configuration of a run.</summary>
    /// <returns>The path of the configuration.</returns>
    public static string Write(TemporaryFolder folder)
    {
        string data = folder.At("train_lmdb");
        WriteRecords(data);
        string net = File.ReadAllText(Repository.PathOf("configs", "nets", "lenet.prototxt"));
        folder.Write("lenet.prototxt", net.Replace("mnist_train_lmdb", data, StringComparison.Ordinal));
        folder.Write("solver.prototxt", """
            net: "lenet.prototxt"
            base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 lr_policy: "inv" gamma: 0.0001 power: 0.75
            display: 1 max_iter: 100000 snapshot_prefix: "lenet" solver_mode: CPU
            """);
        return folder.Write("run.hocon", """
            run.name = lenet
            train { solver = solver.prototxt, seed = 7 }
            parallel { reproducible = on, scaling = strong }
            compute.threads = 1
            cluster.trace = on
            """);
    }

    // Each class is a stripe at a place of its own, in noise.
    private static void WriteRecords(string folder)
    {
        var random = new Random(1701);
        byte[] pixels = new byte[Side * Side];
        using var writer = new LmdbWriter(folder);
        for (int record = 0; record < Records; record++)
        {
            random.NextBytes(pixels);
            int label = record % 10;
            for (int pixel = 0; pixel < pixels.Length; pixel++)
                pixels[pixel] = (byte)((pixels[pixel] / 2) + (pixel / Side / 3 == label ? 127 : 0));
            var datum = new Datum
            {
                Channels = 1,
                Height = Side,
                Width = Side,
                Label = label,
                Data = ByteString.CopyFrom(pixels),
            };
            writer.Put(Encoding.UTF8.GetBytes(record.ToString("D8", CultureInfo.InvariantCulture)),
                datum.ToByteArray());
        }

        writer.Complete();
    }
}
