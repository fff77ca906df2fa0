using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>
/// What passes change without learning it (BatchNorm's running means) in a node's root replica. Rank 0's are
/// everybody's: they come with an iteration's sums and hold when it is committed, so that all nodes go on with the
/// same, and an iteration that is given up leaves those of the last commit. Used on the root's thread.
/// </summary>
internal sealed unsafe class RootStatistics : IDisposable
{
    private readonly LearnableParam[] _params;
    private readonly Blob[] _committed;
    private readonly Blob[] _coming;
    private bool _isKept;

    /// <summary>Makes room.</summary>
    /// <param name="root">The root; its net is built.</param>
    public RootStatistics(Replica root)
    {
        _params =
        [
            .. root.Net.Layers.Where(layer => layer.Layer.ChangesBlobs)
                .SelectMany(layer => layer.LearnableParamIds).Distinct().Order()
                .Select(id => root.Net.LearnableParams[id]),
        ];
        _committed = [.. _params.Select(param => new Blob(param.Blob.Shape))];
        _coming = [.. _params.Select(param => new Blob(param.Blob.Shape))];
        Count = _params.Sum(param => (long)param.Blob.Count);
    }

    /// <summary>Their values.</summary>
    public long Count { get; }

    /// <summary>Blobs that they lie in.</summary>
    public int Blobs => _params.Length;

    /// <summary>The values of one blob, as the passes left them.</summary>
    public (nint Values, int Count) Own(int blob) => ((nint)_params[blob].Blob.CpuData, _params[blob].Blob.Count);

    /// <summary>Keeps what came from rank 0 until the commit.</summary>
    /// <param name="values">All values.</param>
    public void Take(float* values)
    {
        foreach (Blob blob in _coming)
        {
            new ReadOnlySpan<float>(values, blob.Count).CopyTo(blob.MutableData);
            values += blob.Count;
        }
    }

    /// <summary>Makes what came the root's own, at a commit.</summary>
    public void Adopt()
    {
        for (int i = 0; i < _params.Length; i++)
            _coming[i].Data.CopyTo(_params[i].Blob.MutableData);
    }

    /// <summary>Notes the root's own as those of the last commit.</summary>
    public void Keep()
    {
        _isKept = true;
        for (int i = 0; i < _params.Length; i++)
            _params[i].Blob.Data.CopyTo(_committed[i].MutableData);
    }

    /// <summary>A blob of the root as of the last commit: a copy where passes change it, else itself.</summary>
    public Blob CommittedOf(Blob blob)
    {
        int place = _isKept ? Array.FindIndex(_params, param => param.Blob == blob) : -1;
        return place < 0 ? blob : _committed[place];
    }

    /// <summary>Gives the root those of the last commit back; of a root that has not begun they are its own.</summary>
    public void Restore()
    {
        for (int i = 0; _isKept && i < _params.Length; i++)
            _committed[i].Data.CopyTo(_params[i].Blob.MutableData);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Blob blob in _committed.Concat(_coming))
            blob.Dispose();
    }
}
