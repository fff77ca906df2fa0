using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// How weights are read as the left matrices of implicit products, one for each group and phase. Row r and
/// k = o * taps + i stand at r * rowStep + o * outerStep + taps[i] of the group's weights.
/// </summary>
/// <param name="phases">The phases.</param>
/// <param name="groups">Number of groups.</param>
/// <param name="rows">Rows of a group.</param>
/// <param name="groupStep">Weights of a group.</param>
/// <param name="rowStep">Weights from a row to the next.</param>
/// <param name="outerStep">Weights from a source channel to the next.</param>
internal sealed unsafe class PackedWeights(
    PixelPhase[] phases, int groups, int rows, int groupStep, int rowStep, int outerStep)
{
    private readonly int _depth = phases.Sum(phase => phase.Depth);
    private readonly int _parts = phases.Sum(phase => PanelProduct.Depths(phase.Depth).Parts);

    /// <summary>Number of floats.</summary>
    public long Count => (long)groups * rows * _depth;

    /// <summary>Packs all of them, on the device's threads.</summary>
    /// <param name="device">Whose threads, and whose shared memory where they are not kept.</param>
    /// <param name="weights">The convolution's weights.</param>
    /// <param name="kept">Where they are kept from call to call; null: nowhere.</param>
    public float* Pack(CpuDevice device, float* weights, KeptWeights? kept)
    {
        float* packed;
        if (kept is null)
            packed = device.Workspace.Shared(WorkspaceSlots.Left, Count);
        else if (kept.TryGet(this, device.Kernels, Count, out packed))
            return packed;
        device.Pool.Run(new Body(this, device.Kernels, weights, packed), groups * _parts);
        kept?.Filled(this, device.Kernels);
        return packed;
    }

    /// <summary>Where the packed weights of a group and phase start; parts of the depth follow each other.</summary>
    public nint Start(int group, int phase)
    {
        nint depth = (nint)group * _depth;
        for (int f = 0; f < phase; f++)
            depth += phases[f].Depth;
        return depth * rows;
    }

    private void PackPart(KernelFamily family, float* weights, float* packed, int task)
    {
        (int group, int part) = Math.DivRem(task, _parts);
        int f = 0;
        for (; part >= PanelProduct.Depths(phases[f].Depth).Parts; f++)
            part -= PanelProduct.Depths(phases[f].Depth).Parts;
        EvenSplit parts = PanelProduct.Depths(phases[f].Depth);
        int k0 = parts.Start(part), depth = parts.Count(part);
        float* from = weights + ((nint)group * groupStep), to = packed + Start(group, f) + ((nint)rows * k0);
        int[] taps = phases[f].Taps;
        if (taps.Length == outerStep)
            Packing.Left(family, from + k0, rowStep, 1, rows, depth, 1, to);
        else if (taps.Length == 1 && rowStep == 1)
            Packing.Left(family, from + ((nint)k0 * outerStep) + taps[0], 1, outerStep, rows, depth, 1, to);
        else
            Gather(family, from, taps, k0, depth, to);
    }

    // Runs of neighbouring cells, of all rows of a panel at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Gather(KernelFamily family, float* from, int[] taps, int k0, int depth, float* to)
    {
        nint* offsets = stackalloc nint[16];
        for (int i = 0; i < 16; i++)
            offsets[i] = i * (nint)rowStep;
        EvenSplit panels = EvenSplit.RowPanels(family, rows);
        for (int p = 0; p < panels.Parts; p++)
        {
            int first = panels.Start(p), count = panels.Count(p);
            float* panel = to + ((nint)first * depth);
            for (int k = 0; k < depth;)
            {
                (int outer, int i) = Math.DivRem(k0 + k, taps.Length);
                int run = 1, most = Math.Min(16, Math.Min(taps.Length - i, depth - k));
                while (run < most && taps[i + run] == taps[i] + run)
                    run++;
                float* source = from + (first * (nint)rowStep) + (outer * (nint)outerStep) + taps[i];
                Packing.Transpose(source, offsets, count, run, panel + ((nint)k * count), count, count, 1);
                k += run;
            }
        }
    }

    private readonly struct Body(PackedWeights owner, KernelFamily family, float* weights, float* packed)
        : IParallelBody
    {
        public void Invoke(int task, int worker) => owner.PackPart(family, weights, packed, task);
    }
}
