namespace CaffeActors.Benchmarks.Comparison;

/// <summary>A net at a batch size, measured side by side.</summary>
/// <param name="Net">What this program calls the net.</param>
/// <param name="Batch">Images in a batch.</param>
/// <param name="Iterations">Iterations of one process.</param>
/// <param name="Infer">Whether the net runs forward only.</param>
/// <param name="Layers">Iterations of the table of its layers; 0: it has none.</param>
internal sealed record ComparedCase(string Net, int Batch, int Iterations, bool Infer = false, int Layers = 0)
{
    /// <summary>What is measured when nothing is left out.</summary>
    public static IReadOnlyList<ComparedCase> All { get; } =
    [
        new("lenet", 64, 200, Layers: 200),
        new("alexnet", 16, 12, Layers: 20),
        new("alexnet", 64, 4),
        new("alexnet-nolrn", 16, 12),
        new("googlenet-plain", 16, 6, Layers: 8),
        new("vgg16", 4, 6, Layers: 8),
        new("resnet50", 4, 6, Layers: 8),
        new("lenet", 64, 400, Infer: true),
        new("alexnet", 1, 40, Infer: true),
        new("alexnet", 16, 12, Infer: true),
        new("googlenet-plain", 1, 30, Infer: true),
        new("googlenet-plain", 16, 8, Infer: true),
        new("vgg16", 1, 12, Infer: true),
        new("vgg16", 16, 4, Infer: true),
        new("resnet50", 1, 30, Infer: true),
        new("resnet50", 4, 12, Infer: true, Layers: 12),
        new("resnet50", 16, 6, Infer: true),
    ];

    /// <summary>Its line in the tables, and what a pattern is looked for in.</summary>
    public string Title => $"{Net} {Batch} {(Infer ? "infer" : "train")}";

    /// <summary>What a peer calls the net: it has no auxiliary heads to leave out.</summary>
    public string PeerNet => Net == "googlenet-plain" ? "googlenet" : Net;
}
