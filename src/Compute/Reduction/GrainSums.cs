using System.Numerics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Reduction;

/// <summary>
/// Sums the gradients of an iteration's passes in the order of <see cref="FixedTree"/>, not one after the other: the
/// sums of 2^k passes in a row are kept apart until there are two of them. It takes as many copies of the gradients as
/// the last pass's number has binary digits.
/// <para>
/// Parameters with lr_mult 0 have no gradient; those of BatchNorm are statistics that a pass changes. Of an
/// iteration's passes only the first one's change stays, so that they do not depend on how many a replica runs.
/// </para>
/// Not thread-safe.
/// </summary>
public sealed class GrainSums : IDisposable
{
    private readonly IReadOnlyList<LearnableParam> _params;
    private readonly Blob[][] _kept;
    private readonly int _last;

    /// <summary>Makes room.</summary>
    /// <param name="learnable">The net's learnable parameters.</param>
    /// <param name="passes">Passes of an iteration, at least 1.</param>
    public GrainSums(IReadOnlyList<LearnableParam> learnable, int passes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 1);
        _params = learnable;
        _last = passes - 1;
        _kept = new Blob[_last == 0 ? 0 : BitOperations.Log2((uint)_last) + 1][];
        for (int level = 0; level < _kept.Length; level++)
            _kept[level] = [.. learnable.Select(param => new Blob(param.Blob.Shape))];
    }

    /// <summary>Takes in a parameter's gradient after a backward pass. After the last pass the diff holds the sum of
    /// all; after any other it is zero.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="param">Its place among the learnable parameters.</param>
    /// <param name="pass">The pass, from 0; each is told once, in order.</param>
    public void Fold(CpuDevice device, int param, int pass)
    {
        LearnableParam learnable = _params[param];
        if (learnable.Blob.Count == 0 || _last == 0)
            return;
        if (learnable.LrMult == 0)
        {
            KeepFirst(device, learnable, _kept[0][param], pass);
            return;
        }

        for (int level = 0; level < _kept.Length; level++)
        {
            Blob kept = _kept[level][param];
            if (((pass >> level) & 1) != 0)
            {
                GradientSum.AddKept(device, learnable, kept);
            }
            else if (pass < _last)
            {
                GradientSum.Keep(device, learnable, kept);
                return;
            }
        }
    }

    /// <summary>Frees the copies.</summary>
    public void Dispose()
    {
        foreach (Blob blob in _kept.SelectMany(level => level))
            blob.Dispose();
    }

    private void KeepFirst(CpuDevice device, LearnableParam statistics, Blob kept, int pass)
    {
        if (pass == 0)
            GradientSum.Copy(device, statistics.Gpu, kept, statistics.Blob);
        else if (pass == _last)
            GradientSum.Copy(device, statistics.Gpu, statistics.Blob, kept);
    }
}
