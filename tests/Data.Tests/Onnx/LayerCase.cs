using System.Globalization;

namespace CaffeActors.Data.Tests.Onnx;

/// <summary>A net of one layer, in short.</summary>
/// <param name="Type">The layer's type.</param>
/// <param name="Inputs">Shapes of its bottoms, <c>2 3 4; 2 @5</c>: the second of whole numbers 0 to 4.</param>
/// <param name="Settings">What else is in its message.</param>
/// <param name="Tops">How many tops it has.</param>
internal sealed record LayerCase(string Type, string Inputs, string Settings, int Tops)
{
    private string[] Bottoms =>
        Inputs.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The net.</summary>
    public string Prototxt()
    {
        string inputs = string.Concat(Bottoms.Select((text, i) =>
            $"layer {{ name: 'in{i}' type: 'Input' top: 'in{i}' input_param {{ shape {{ {Dims(text)} }} }} }}\n"));
        string bottoms = string.Concat(Bottoms.Select((_, i) => $" bottom: 'in{i}'"));
        string tops = string.Concat(Enumerable.Range(0, Tops).Select(i => $" top: 'out{i}'"));
        return $"name: 'net'\n{inputs}layer {{ name: 'layer' type: '{Type}'{bottoms}{tops} {Settings} }}";
    }

    /// <summary>Builds it and fills its inputs.</summary>
    public ExportedNet Open()
    {
        var net = new ExportedNet(Prototxt());
        for (int i = 0; i < Bottoms.Length; i++)
        {
            if (Bottoms[i].Split('@') is [_, { } bound])
                net.FillWithIndices($"in{i}", int.Parse(bound, CultureInfo.InvariantCulture));
        }

        return net;
    }

    private static string Dims(string text) => string.Concat(text.Split('@')[0]
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(length => $"dim: {length} "));
}
