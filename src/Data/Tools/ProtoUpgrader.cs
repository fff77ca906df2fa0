using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Nets;
using CaffeActors.Data.Snapshots;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>
/// Caffe's three upgrade tools: a net or solver of any age, written anew in today's form. A file that is up to date is
/// copied byte for byte, comments included; an upgraded text loses its comments. A file of NVIDIA's fork is brought to
/// Caffe's form; fields that are passed over count as a loss. The output appears whole or not at all and may be the
/// input's own path.
/// </summary>
public static class ProtoUpgrader
{
    /// <summary>Upgrades a net in text form.</summary>
    /// <param name="input">A prototxt file.</param>
    /// <param name="output">The file to write.</param>
    /// <returns>What was done and what was lost.</returns>
    /// <exception cref="CaffeException">The input is missing or at fault (kind Configuration), or the output cannot be
    /// written (kind Data).</exception>
    public static UpgradeResult NetText(string input, string output)
    {
        UpgradeNotice? fork = null;
        NetParameter net = NetFiles.Parse<NetParameter>(input, notice => fork = notice);
        return Write(input, output, fork, NetUpgrade.Upgrade(net),
            stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(TextFormat.Print(net))));
    }

    /// <summary>Upgrades a net in binary form, as a <c>.caffemodel</c>, with the weights in it.</summary>
    /// <param name="input">A binary file; HDF5 files have no older form.</param>
    /// <param name="output">The file to write.</param>
    /// <inheritdoc cref="NetText"/>
    public static UpgradeResult NetBinary(string input, string output)
    {
        UpgradeNotice? fork = null;
        NetParameter net;
        try
        {
            if (File.Exists(input) && Hdf5Reader.IsHdf5(input))
                throw SnapshotFile.Bad(input, "is an HDF5 file: these have no older form, there is nothing to upgrade");
            net = WeightsFile.ReadTelling(input, out fork);
        }
        catch (CaffeException failure) when (failure.Kind == FailureKind.Data)
        {
            // An input that cannot be parsed ends Caffe's tools with 2, whatever its form.
            throw new CaffeException(
                failure.Code, FailureKind.Configuration, failure.Message, failure.Place, failure.InnerException);
        }

        return Write(input, output, fork, NetUpgrade.Upgrade(net), stream => net.WriteTo(stream));
    }

    /// <summary>Upgrades a solver in text form, nets in it included.</summary>
    /// <param name="input">A prototxt file.</param>
    /// <param name="output">The file to write.</param>
    /// <inheritdoc cref="NetText"/>
    public static UpgradeResult SolverText(string input, string output)
    {
        UpgradeNotice? fork = null;
        SolverParameter solver = NetFiles.Parse<SolverParameter>(input, notice => fork = notice);
        return Write(input, output, fork, SolverUpgrade.Upgrade(solver),
            stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(TextFormat.Print(solver))));
    }

    private static UpgradeResult Write(
        string input, string output, UpgradeNotice? fork, UpgradeResult result, Action<Stream> write)
    {
        if (fork is not null)
            result = new UpgradeResult(true, [fork, .. result.Notices]);
        AtomicFile.Write(output, result.Changed ? write : stream => Copy(input, stream));
        return result;
    }

    private static void Copy(string input, Stream output)
    {
        using FileStream source = File.OpenRead(input);
        source.CopyTo(output);
    }
}
