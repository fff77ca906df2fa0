using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Files;
using CaffeActors.Data.Onnx.Schema;
using Google.Protobuf;

namespace CaffeActors.Data.Onnx;

/// <summary>
/// Nets as files of ONNX, which other programs run. What the file computes is the net's forward pass; losses and
/// accuracies are left out, Dropout passes its bottom on, and what RNN and LSTM carry from pass to pass begins with
/// zeros. docs/onnx.md tells of each layer.
/// </summary>
public static class OnnxFile
{
    // What a message may have, less some room for names.
    private const long MostBytes = int.MaxValue - (64L << 20);

    /// <summary>The layer types that can be exported, sorted.</summary>
    public static IReadOnlyCollection<string> Types => NetExport.Types;

    /// <summary>Writes a net; the file appears whole or not at all.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <param name="net">The net, built, with its weights. With an open batch the values of its inputs are
    /// lost.</param>
    /// <param name="options">How.</param>
    /// <returns>What is in the file.</returns>
    /// <exception cref="CaffeException">CFA1210: ONNX cannot express a layer, or the net is too large;
    /// CFA1404: the file cannot be written.</exception>
    public static OnnxSummary Write(string path, Net net, OnnxOptions options)
    {
        ModelProto model = Build(net, options);
        AtomicFile.Write(path, model.WriteTo);
        return new OnnxSummary(
            [.. model.Graph.Input.Select(Text)], [.. model.Graph.Output.Select(Text)], model.Graph.Node.Count);
    }

    /// <summary>Writes a net to memory.</summary>
    /// <param name="net">The net.</param>
    /// <param name="options">How.</param>
    /// <param name="mostBytes">What its weights may take.</param>
    internal static ModelProto Build(Net net, OnnxOptions options, long mostBytes = MostBytes)
    {
        if (options.Opset is < OnnxOptions.OldestOpset or > OnnxOptions.NewestOpset)
        {
            throw Fail($"version {options.Opset} of ONNX's operators cannot be written; "
                + $"give {OnnxOptions.OldestOpset} to {OnnxOptions.NewestOpset}");
        }

        long bytes = net.LearnableParams.Sum(param => (long)param.Blob.Count * sizeof(float));
        if (bytes > mostBytes)
        {
            throw Fail($"the net '{net.Name}' has {bytes} bytes of weights, and an ONNX file holds {mostBytes} at "
                + "most; export its parts one by one");
        }

        var model = new ModelProto
        {
            IrVersion = IrVersion(options.Opset),
            ProducerName = "CaffeActors",
            ProducerVersion = typeof(OnnxFile).Assembly.GetName().Version?.ToString(3) ?? "",
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = options.Opset } },
            Graph = NetExport.Write(net, options),
        };
        foreach ((string key, string value) in options.Metadata.Where(entry => entry.Value.Length > 0)
            .OrderBy(entry => entry.Key, StringComparer.Ordinal))
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return model;
    }

    // The version of the file format that came with a version of the operators.
    private static int IrVersion(int opset) => opset switch
    {
        <= 14 => 7,
        <= 18 => 8,
        <= 20 => 9,
        _ => 10,
    };

    private static string Text(ValueInfoProto value)
    {
        IEnumerable<string> shape = value.Type.TensorType.Shape.Dim.Select(length => length.HasDimValue
            ? length.DimValue.ToString(CultureInfo.InvariantCulture)
            : length.HasDimParam ? length.DimParam : "?");
        return $"{value.Name} ({string.Join(", ", shape)})";
    }

    private static CaffeException Fail(string message) =>
        new(ErrorCodes.NotExportable, FailureKind.Configuration, message);
}
