namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// Convolution in which each output channel sees one input channel, and its gradients, without products of matrices:
/// their sums are as short as the kernel, and packing panels would cost more than they do. A plane is copied with zeros
/// around it, columns sorted by stride, and its outputs are summed in registers. Tasks are planes; for the weights'
/// gradient channels, over all images in order. Sums have one order whatever the number of threads.
/// </summary>
internal sealed unsafe class DepthwiseKernel
{
    // With more output channels of each input channel panels pay.
    private const int MostOutputs = 4;

    private readonly ConvolutionGeometry _geometry;
    private readonly SourceLayout _layout;
    private readonly PixelPhase _pixels;
    private readonly ImplicitProduct _gradient;
    private readonly int _rows;
    private readonly int _gradientTerms;

    private DepthwiseKernel(ConvolutionGeometry geometry)
    {
        _geometry = geometry;
        SpatialAxis first = geometry.Axes[0];
        (_layout, _pixels) = ImplicitProduct.Source(geometry, channels: 1, first.Output);
        _rows = ((first.Output - 1) * first.Stride) + first.Extent;
        _gradient = ImplicitProduct.DataGradient(geometry);
        _gradientTerms = _gradient.Phases.Sum(phase => phase.Depth);
    }

    /// <summary>The kernel of a geometry, or null where the implicit product is to be taken.</summary>
    public static DepthwiseKernel? Of(ConvolutionGeometry geometry)
    {
        if (geometry.Groups == 1 || geometry.InputsOfGroup > 1 || geometry.OutputsOfGroup > MostOutputs
            || geometry.Axes.Length != 2)
            return null;
        var kernel = new DepthwiseKernel(geometry);
        // Planes too large to be copied whole are read by bands.
        return kernel._gradient.BandUnits >= kernel._gradient.Units ? kernel : null;
    }

    /// <summary>See <see cref="ConvolutionKernel.Forward"/>.</summary>
    public void Forward(
        CpuDevice device, int images, float* x, float* w, float* bias, float* y, float? negativeSlope) =>
        Rowwise.Run(device, images * _geometry.Groups, (long)_geometry.OutputsOfGroup * _geometry.OutputPlane,
            new ForwardBody(this, device, x, w, bias, y, negativeSlope));

    /// <summary>See <see cref="ConvolutionKernel.BackwardData"/>.</summary>
    public void BackwardData(CpuDevice device, int images, float* w, float* dy, float* dx, float* bias) =>
        Rowwise.Run(device, images * _geometry.Groups, _geometry.InputPlane,
            new DataBody(this, device, w, dy, bias, dx));

    /// <summary>See <see cref="ConvolutionKernel.BackwardWeights"/>.</summary>
    public void BackwardWeights(CpuDevice device, int images, float* x, float* dy, float* dw) =>
        Rowwise.Run(device, _geometry.Groups, (long)images * _geometry.OutputsOfGroup * _geometry.OutputPlane,
            new WeightsBody(this, device, images, x, dy, dw));

    // A plane of the input as the layout has it.
    private float* Copy(CpuDevice device, int worker, float* plane)
    {
        long held = Math.Max((long)_rows * _layout.FirstPitch, _layout.Plane);
        float* copy = device.Workspace.OfWorker(worker, WorkspaceSlots.Image, held);
        _layout.Copy(plane, 1, 0, _rows, copy);
        // Read past the last row, and multiplied with zeros: it must be a number.
        new Span<float>(copy + ((long)_rows * _layout.FirstPitch), Lanes.Count).Clear();
        return copy;
    }

    private readonly struct ForwardBody(
        DepthwiseKernel owner, CpuDevice device, float* x, float* w, float* bias, float* y, float? slope) : IRowBody
    {
        public void Invoke(int from, int to, int worker)
        {
            ConvolutionGeometry geometry = owner._geometry;
            PixelPhase pixels = owner._pixels;
            for (int plane = from; plane < to; plane++)
            {
                float* source = x + ((nint)plane * geometry.InputPlane);
                if (!owner._layout.IsDirect)
                    source = owner.Copy(device, worker, source);
                for (int i = 0; i < geometry.OutputsOfGroup; i++)
                {
                    int channel = (plane % geometry.Groups * geometry.OutputsOfGroup) + i;
                    float* target = y + ((((nint)plane * geometry.OutputsOfGroup) + i) * geometry.OutputPlane);
                    float start = bias is null ? 0 : bias[channel];
                    DepthwiseSums.Outputs(source, pixels, w + ((nint)channel * geometry.Taps), start, target);
                    // A plane is in the inner caches still.
                    if (slope is { } below)
                        Rectifier.Apply(target, 0, 1, geometry.OutputPlane, below);
                }
            }
        }
    }

    private readonly struct DataBody(
        DepthwiseKernel owner, CpuDevice device, float* w, float* dy, float* bias, float* dx) : IRowBody
    {
        public void Invoke(int from, int to, int worker)
        {
            ConvolutionGeometry geometry = owner._geometry;
            ImplicitProduct product = owner._gradient;
            PixelPhase[] phases = product.Phases;
            float* weights = device.Workspace.OfWorker(worker, WorkspaceSlots.Left, owner._gradientTerms);
            nint sourceStep = (nint)geometry.OutputsOfGroup * geometry.OutputPlane;
            // Positions next to each other, one apart: both are summed before they are stored side by side.
            bool paired = geometry.Axes[1].Stride == 2 && geometry.Axes[1].Input > 1;
            for (int plane = from; plane < to; plane++)
            {
                int group = plane % geometry.Groups;
                nint step = 0;
                float* source = product.Load(
                    device, worker, dy + (plane * sourceStep), 1, ref step, geometry.OutputsOfGroup, 0, product.Units);
                float* target = dx + ((nint)plane * geometry.InputPlane), terms = weights;
                float start = bias is null ? 0 : bias[group];
                float* own = w + ((nint)group * geometry.OutputsOfGroup * geometry.Taps);
                for (int f = 0; f < phases.Length; f++)
                {
                    float* first = terms;
                    terms = Gather(geometry, phases[f], own, terms);
                    if (!paired)
                    {
                        DepthwiseSums.Outputs(source, phases[f], first, start, target);
                        continue;
                    }

                    float* second = terms;
                    terms = Gather(geometry, phases[++f], own, terms);
                    DepthwiseSums.PairedOutputs(source, phases[f - 1], first, phases[f], second, start, target);
                }
            }
        }

        private static float* Gather(ConvolutionGeometry geometry, PixelPhase phase, float* weights, float* to)
        {
            for (int i = 0; i < geometry.OutputsOfGroup; i++, weights += geometry.Taps)
            {
                foreach (int tap in phase.Taps)
                    *to++ = weights[tap];
            }

            return to;
        }
    }

    private readonly struct WeightsBody(
        DepthwiseKernel owner, CpuDevice device, int images, float* x, float* dy, float* dw) : IRowBody
    {
        public void Invoke(int from, int to, int worker)
        {
            ConvolutionGeometry geometry = owner._geometry;
            int taps = geometry.Taps, terms = geometry.OutputsOfGroup * taps;
            var totals = (double*)device.Workspace.OfWorker(worker, WorkspaceSlots.Left, 2L * terms);
            for (int group = from; group < to; group++)
            {
                new Span<double>(totals, terms).Clear();
                for (int image = 0; image < images; image++)
                {
                    nint plane = ((nint)image * geometry.Groups) + group;
                    float* source = owner.Copy(device, worker, x + (plane * geometry.InputPlane));
                    for (int i = 0; i < geometry.OutputsOfGroup; i++)
                    {
                        float* gradient = dy + (((plane * geometry.OutputsOfGroup) + i) * geometry.OutputPlane);
                        DepthwiseSums.Products(source, owner._pixels, gradient, totals + (i * taps));
                    }
                }

                float* target = dw + ((nint)group * terms);
                for (int k = 0; k < terms; k++)
                    target[k] += (float)totals[k];
            }
        }
    }
}
