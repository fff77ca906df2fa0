using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Nvidia = CaffeActors.Compute.Schema.Nvidia;

namespace CaffeActors.Compute.Prototxt.Forks;

/// <summary>
/// Files written for NVIDIA's fork of Caffe. Its schema gives some field numbers another meaning, so they are
/// recognised, read through a schema of their own (<c>proto/caffe_nvidia.proto</c>) and brought into ours: names
/// decide, fields of use to nobody here (cuDNN's algorithms) are passed over and told, and the fork's own defaults are
/// written out where they differ.
/// </summary>
public static class NvidiaFork
{
    private const int FirstTypeField = Nvidia.LayerParameter.ForwardTypeFieldNumber;
    private const int LastTypeField = Nvidia.LayerParameter.BackwardMathFieldNumber;

    /// <summary>
    /// Reads a text that our schema refused for a field it does not know. The file is the fork's where the fork's
    /// schema reads it past that field.
    /// </summary>
    /// <typeparam name="TMessage">NetParameter or SolverParameter; of others the fork has none of its own.</typeparam>
    /// <param name="text">The text.</param>
    /// <param name="path">The file it comes from, for places and errors only.</param>
    /// <param name="refusal">What our schema said.</param>
    /// <param name="notice">For the user: whose file it is and what was passed over, which is a loss.</param>
    /// <exception cref="CaffeException">The refusal, where the file is not the fork's; else what is wrong with
    /// it.</exception>
    public static TMessage ParseText<TMessage>(
        string text, string path, CaffeException refusal, out UpgradeNotice notice)
        where TMessage : class, IMessage<TMessage>, new()
    {
        IMessage theirs = EmptyOf<TMessage>() ?? throw refusal;
        try
        {
            TextFormat.MergeInto(theirs, text, path);
        }
        catch (CaffeException fault)
        {
            if (!IsAfter(fault.Place, refusal.Place))
                throw refusal;
            throw new CaffeException(fault.Code, fault.Kind,
                $"{fault.Message} (The file is one of NVIDIA's fork of Caffe, which has the field of line "
                + $"{refusal.Place?.Line}, and was read through the fork's schema.)",
                fault.Place, fault);
        }

        return Bring<TMessage>(theirs, path, out notice);
    }

    /// <summary>
    /// Reads a text that our schema has read, but with a field that only the fork's files have: <c>rampup_interval</c>
    /// and <c>rampup_lr</c>, the types of layers and nets, the scale of gradients.
    /// </summary>
    /// <typeparam name="TMessage">The type of the message.</typeparam>
    /// <param name="read">What our schema read.</param>
    /// <param name="text">The text.</param>
    /// <param name="path">The file it comes from, for places and errors only.</param>
    /// <param name="notice">For the user; null where the file is not the fork's.</param>
    /// <returns>The message; <paramref name="read"/> where it has no such field, or fields of Caffe's besides that the
    /// fork lacks.</returns>
    public static TMessage ParseText<TMessage>(TMessage read, string text, string path, out UpgradeNotice? notice)
        where TMessage : class, IMessage<TMessage>, new()
    {
        notice = null;
        if (!IsMarked(read) || EmptyOf<TMessage>() is not { } theirs)
            return read;
        try
        {
            TextFormat.MergeInto(theirs, text, path);
        }
        catch (CaffeException fault) when (fault.Code == ErrorCodes.UnknownField)
        {
            return read;
        }

        return Bring<TMessage>(theirs, path, out notice);
    }

    /// <summary>
    /// Looks whether a net from a binary file is the fork's, which its layers show by enum values in the fields 145
    /// to 148, and brings it into our schema if so. Blobs move along without copies.
    /// </summary>
    /// <param name="net">The net as our schema read it.</param>
    /// <param name="path">The file it comes from, for the notice only.</param>
    /// <param name="notice">For the user; null where the net is not the fork's.</param>
    /// <returns>The net; the same one where it is not the fork's.</returns>
    /// <exception cref="InvalidProtocolBufferException">A field of the fork is damaged.</exception>
    public static NetParameter OfBinary(NetParameter net, string path, out UpgradeNotice? notice)
    {
        notice = null;
        BlobProto[][] blobs = [.. net.Layer.Select(layer => layer.Blobs.ToArray())];
        foreach (LayerParameter layer in net.Layer)
            layer.Blobs.Clear();
        NetParameter result = net;
        if (net.Layer.Any(HasTypeFields))
        {
            var translation = new ForkTranslation();
            result = new NetParameter();
            translation.Copy(Nvidia.NetParameter.Parser.ParseFrom(net.ToByteString()), result);
            notice = NoticeOf(path, translation);
        }

        for (int i = 0; i < blobs.Length; i++)
            result.Layer[i].Blobs.Add(blobs[i]);
        return result;
    }

    /// <summary>Whether the fork's schema has a field in the message of the same name.</summary>
    internal static bool Has(string message, string field) =>
        Nvidia.CaffeNvidiaReflection.Descriptor.MessageTypes
            .FirstOrDefault(type => type.Name == message)?.FindFieldByName(field) is not null;

    private static IMessage? EmptyOf<TMessage>() =>
        typeof(TMessage) == typeof(NetParameter) ? new Nvidia.NetParameter()
        : typeof(TMessage) == typeof(SolverParameter) ? new Nvidia.SolverParameter()
        : null;

    private static TMessage Bring<TMessage>(IMessage theirs, string path, out UpgradeNotice notice)
        where TMessage : class, IMessage<TMessage>, new()
    {
        var translation = new ForkTranslation();
        var ours = new TMessage();
        translation.Copy(theirs, ours);
        NvidiaDefaults.Apply(theirs, ours);
        notice = NoticeOf(path, translation);
        return ours;
    }

    private static bool IsMarked(IMessage read) => read switch
    {
        SolverParameter solver => solver.HasRampupInterval || solver.HasRampupLr
            || IsMarked(solver.NetParam) || IsMarked(solver.TrainNetParam) || solver.TestNetParam.Any(IsMarked),
        NetParameter net => IsMarked(net),
        _ => false,
    };

    private static bool IsMarked(NetParameter? net) => net is not null
        && (net.HasDefaultForwardType || net.HasDefaultBackwardType || net.HasDefaultForwardMath
            || net.HasDefaultBackwardMath || net.HasGlobalGradScale || net.HasGlobalGradScaleAdaptive
            || net.Layer.Any(layer => layer.HasForwardType || layer.HasBackwardType || layer.HasForwardMath
                || layer.HasBackwardMath));

    private static bool HasTypeFields(LayerParameter layer)
    {
        var reader = new CodedInputStream(layer.ToByteArray());
        while (reader.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) is >= FirstTypeField and <= LastTypeField
                && WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint)
            {
                return true;
            }

            reader.SkipLastField();
        }

        return false;
    }

    private static bool IsAfter(SourcePlace? place, SourcePlace? other) =>
        place is { } a && other is { } b && (a.Line, a.Column).CompareTo((b.Line, b.Column)) > 0;

    private static UpgradeNotice NoticeOf(string path, ForkTranslation translation)
    {
        string passedOver = translation.PassedOver.Count == 0 ? ""
            : $"; passed over, as nothing here uses them: {string.Join(", ", translation.PassedOver)}";
        return new UpgradeNotice(
            $"'{path}' is written for NVIDIA's fork of Caffe and was read through its schema{passedOver}.",
            IsLoss: passedOver.Length > 0, Place: null);
    }
}
