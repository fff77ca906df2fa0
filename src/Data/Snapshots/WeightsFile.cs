using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt.Forks;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;
using Google.Protobuf;

namespace CaffeActors.Data.Snapshots;

/// <summary>Weights in a file of their own: <c>.caffemodel</c>, <c>.caffemodel.h5</c>, and what Caffe wrote
/// before.</summary>
public static class WeightsFile
{
    /// <summary>
    /// Reads weights. The contents decide the format, not the name. A binary file gives the net as it is stored,
    /// which for old ones means layers of the first version (<c>layers</c>), still to be upgraded. An HDF5 file gives
    /// layers of a name and blobs and no type, taken from <c>params/LAYER/I</c> or <c>data/LAYER/I</c>; a shared blob
    /// that only its owner keeps there is an empty BlobProto, without a shape, or missing at the end of the list.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="notice">Hears that the file is of NVIDIA's fork, whose nets are brought into our schema.</param>
    /// <exception cref="CaffeException">
    /// CFA1005: there is no such file or it cannot be read; CFA1402: it is damaged or holds something else.
    /// </exception>
    public static NetParameter Read(string path, Action<string>? notice = null)
    {
        NetParameter net = ReadTelling(path, out UpgradeNotice? fork);
        if (fork is not null)
            notice?.Invoke(fork.Text);
        return net;
    }

    /// <summary>Reads weights, as <see cref="Read"/> does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fork">What there is to tell of a file of NVIDIA's fork; null for others.</param>
    internal static NetParameter ReadTelling(string path, out UpgradeNotice? fork)
    {
        NetParameter net = SnapshotFile.ReadNet(path, Hdf5SnapshotReader.ReadNet, NetParameter.Parser);
        if (net.Layer.Count == 0 && net.Layers.Count == 0 && !Hdf5.Hdf5Reader.IsHdf5(path))
            throw SnapshotFile.Bad(path, "holds no layers: it is damaged or no weights file");
        try
        {
            return NvidiaFork.OfBinary(net, path, out fork);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw SnapshotFile.Bad(
                path, $"has damaged fields of NVIDIA's fork of Caffe: {exception.Message}", exception);
        }
    }

    /// <summary>Writes weights; the file appears whole or not at all.</summary>
    /// <param name="path">The file; a name that ends with <c>.h5</c> makes it HDF5, any other a
    /// <c>.caffemodel</c>.</param>
    /// <param name="net">The net; its blobs are read during the call.</param>
    /// <param name="withDiff">Whether gradients are written too. Default false.</param>
    /// <exception cref="CaffeException">CFA1404: it cannot be written.</exception>
    public static void Write(string path, NetWeights net, bool withDiff = false)
    {
        bool hdf5 = path.EndsWith(".h5", StringComparison.OrdinalIgnoreCase);
        AtomicFile.Write(path, stream =>
        {
            if (hdf5)
                Hdf5SnapshotWriter.WriteNet(stream, net, withDiff);
            else
                ProtoSnapshotWriter.WriteNet(stream, net, withDiff);
        });
    }
}
