namespace CaffeActors.Data.Onnx;

/// <summary>What was written to an ONNX file.</summary>
/// <param name="Inputs">Its inputs with their shapes: <c>data (batch, 1, 28, 28)</c>.</param>
/// <param name="Outputs">Its outputs, likewise.</param>
/// <param name="Nodes">Number of its nodes.</param>
public sealed record OnnxSummary(IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, int Nodes);
