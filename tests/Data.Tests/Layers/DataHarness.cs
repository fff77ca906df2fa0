using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;

namespace CaffeActors.Data.Tests.Layers;

/// <summary>A layer that reads data, set up as a net would, with its tops and the notices it gave.</summary>
internal sealed class DataHarness<TLayer> : IDisposable
    where TLayer : BatchLayer
{
    private static readonly LayerCatalog _catalog = new(typeof(Layer).Assembly, typeof(BatchLayer).Assembly);

    private readonly CpuDevice _device = new(threads: 1);
    private readonly List<string> _notices = [];

    public DataHarness(
        LayerParameter parameter, int tops = 2, int rank = 0, int count = 1, ulong seed = 1701,
        object? extension = null, Func<string, string>? resolve = null, RecordRow? row = null)
    {
        parameter = parameter.Clone();
        parameter.Name = "data";
        if (!parameter.HasPhase)
            parameter.Phase = Phase.Train;
        var context = new LayerContext(_device, seed)
        {
            SolverRank = rank,
            SolverCount = count,
            Row = row,
            Notice = notice =>
            {
                lock (_notices)
                    _notices.Add(notice);
            },
            ResolvePath = resolve ?? (path => path),
            Extensions = extension is null ? new Dictionary<string, object>() : new() { ["data"] = extension },
        };
        Tops = [.. Enumerable.Range(0, tops).Select(_ => new Blob())];
        Layer = (TLayer)_catalog.Create(parameter);
        try
        {
            Layer.SetUp(context, [], Tops);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public TLayer Layer { get; }

    public Blob[] Tops { get; }

    public string[] Notices
    {
        get
        {
            lock (_notices)
                return [.. _notices];
        }
    }

    public string[] Keys => [.. Enumerable.Range(0, Layer.BatchSize).Select(Layer.RecordKey)];

    public void Forward() => Layer.Forward([], Tops);

    /// <summary>Runs forward and gives everything the pass handed out.</summary>
    public (string[] Keys, float[] Data, float[] Labels) Next()
    {
        Forward();
        return (Keys, Tops[0].Data.ToArray(), Tops.Length > 1 ? Tops[1].Data.ToArray() : []);
    }

    public void Dispose()
    {
        Layer.Dispose();
        foreach (Blob top in Tops)
            top.Dispose();
        _device.Dispose();
    }
}
