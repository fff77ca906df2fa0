using CaffeActors.Compute.Nets;

namespace CaffeActors.Data.Onnx;

/// <summary>What an exporter is made with: a layer in its net, and where its nodes go.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Export">The export it is part of.</param>
internal sealed record LayerPlace(NetLayer Layer, NetExport Export);
