namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>How an implicit product is cut into tasks. The result does not depend on it.</summary>
/// <param name="Images">Number of images.</param>
/// <param name="Joined">Images of a block, computed side by side.</param>
/// <param name="Blocks">Blocks of images.</param>
/// <param name="Bands">Bands of units.</param>
/// <param name="RowParts">Parts of the target channels of a group.</param>
/// <param name="Tasks">Number of tasks: blocks * groups * bands * row parts.</param>
internal readonly record struct ImplicitPlan(int Images, int Joined, int Blocks, int Bands, int RowParts, int Tasks)
{
    // Images with fewer targets are joined until they fill a chunk of columns: no ragged panels, longer loops.
    private const int SmallImage = 128;

    /// <summary>A plan that keeps all threads busy.</summary>
    public static ImplicitPlan Of(ImplicitProduct product, CpuDevice device, int images)
    {
        int threads = device.Threads, pixels = product.TargetPlane;
        int joined = 1;
        if (pixels < SmallImage && product.BandUnits >= product.Units)
            joined = Math.Clamp(Gemm.PanelProduct.MaxColumns / Math.Max(1, pixels), 1, Math.Max(1, images / threads));
        int blocks = (images + joined - 1) / joined;
        int bands = (product.Units + product.BandUnits - 1) / product.BandUnits;
        int rowParts = 1, tasks = blocks * product.Groups * bands;
        if (tasks < 4 * threads && tasks % threads != 0)
        {
            // Too few to share fairly: cut each, along its longer side.
            int parts = threads / Gcd(tasks, threads);
            int panels = Gemm.EvenSplit.RowPanels(device.Kernels, product.Rows).Parts;
            if (pixels >= product.Rows && product.Units >= bands * parts)
                bands *= parts;
            else
                rowParts = Math.Min(parts, panels);
            tasks = blocks * product.Groups * bands * rowParts;
        }

        return new ImplicitPlan(images, joined, blocks, bands, rowParts, tasks);
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
