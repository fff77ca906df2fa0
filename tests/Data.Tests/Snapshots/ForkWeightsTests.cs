using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;
using Google.Protobuf;
using Nvidia = CaffeActors.Compute.Schema.Nvidia;

namespace CaffeActors.Data.Tests.Snapshots;

/// <summary>Weights that NVIDIA's fork wrote.</summary>
public sealed class ForkWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static byte[] Weights()
    {
        var net = new Nvidia.NetParameter
        {
            Name = "n",
            DefaultForwardType = Nvidia.Type.Float16,
            GlobalGradScale = 8,
            ReduceBuckets = 3,
        };
        var layer = new Nvidia.LayerParameter
        {
            Name = "ip",
            Type = "InnerProduct",
            ForwardType = Nvidia.Type.Float16,
            BackwardMath = Nvidia.Type.Float,
            InnerProductParam = new Nvidia.InnerProductParameter { NumOutput = 2 },
        };
        layer.Blobs.Add(new Nvidia.BlobProto
        {
            Shape = new Nvidia.BlobShape { Dim = { 2, 2 } },
            RawDataType = Nvidia.Type.Float16,
            RawData = ByteString.CopyFrom([0, 0x3C, 0, 0x40, 0, 0xBC, 0, 0xC0]),
        });
        net.Layer.Add(layer);
        return net.ToByteArray();
    }

    [Fact]
    public void Weights_ComeIntoOurSchemaWithANotice()
    {
        File.WriteAllBytes(_folder.At("w.caffemodel"), Weights());
        List<string> notices = [];
        NetParameter net = WeightsFile.Read(_folder.At("w.caffemodel"), notices.Add);
        LayerParameter layer = Assert.Single(net.Layer);
        Assert.Equal(2u, layer.InnerProductParam.NumOutput);
        using var blob = new Blob();
        blob.FromProto(layer.Blobs[0]);
        Assert.Equal([1f, 2, -1, -2], blob.Data.ToArray());
        Assert.Equal(8, net.GlobalGradScale);
        Assert.Contains("NetParameter.reduce_buckets", Assert.Single(notices), StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedWeights_AreReadOrRefusedAsSuch()
    {
        byte[] whole = Weights();
        var draw = new RandomDraw(5, 1, 0);
        uint next = 0;
        string path = _folder.At("w.caffemodel");
        int refused = 0;
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = whole[..(whole.Length - (i % 3 == 0 ? (int)(draw.Float(next++) * whole.Length) : 0))];
            for (int change = 0; change <= i % 4 && bytes.Length > 0; change++)
                bytes[(int)(draw.Float(next++) * (bytes.Length - 1))] = (byte)(draw.Float(next++) * 256);
            File.WriteAllBytes(path, bytes);
            try
            {
                WeightsFile.Read(path);
            }
            catch (CaffeException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 999);
    }
}
