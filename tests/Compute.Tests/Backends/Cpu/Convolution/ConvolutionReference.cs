using CaffeActors.Compute.Backends.Cpu.Convolution;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Convolution;

/// <summary>Convolution and its gradients by the definition, in double precision, with the size of the terms.</summary>
internal sealed class ConvolutionReference
{
    public ConvolutionReference(
        int groups, int inputs, int outputs, SpatialAxis[] axes, int images,
        float[] x, float[] w, float[] bias, float[] dy)
    {
        int inputPlane = axes.Aggregate(1, (n, a) => n * a.Input);
        int outputPlane = axes.Aggregate(1, (n, a) => n * a.Output);
        int taps = axes.Aggregate(1, (n, a) => n * a.Kernel), ofGroup = inputs / groups;
        Y = new Sums(images * outputs * outputPlane);
        Dx = new Sums(images * inputs * inputPlane);
        Dw = new Sums(w.Length);
        Db = new Sums(outputs);
        for (int n = 0; n < images; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                for (int p = 0; p < outputPlane; p++)
                {
                    int y = (((n * outputs) + o) * outputPlane) + p;
                    Y.Add(y, bias[o], 1);
                    Db.Add(o, dy[y], 1);
                    for (int t = 0; t < taps; t++)
                    {
                        int place = Place(axes, p, t);
                        if (place < 0)
                            continue;
                        for (int c = 0; c < ofGroup; c++)
                        {
                            int channel = (o / (outputs / groups) * ofGroup) + c;
                            int xi = (((n * inputs) + channel) * inputPlane) + place;
                            int wi = (((o * ofGroup) + c) * taps) + t;
                            Y.Add(y, w[wi], x[xi]);
                            Dx.Add(xi, w[wi], dy[y]);
                            Dw.Add(wi, x[xi], dy[y]);
                        }
                    }
                }
            }
        }
    }

    public Sums Y { get; }

    public Sums Dx { get; }

    public Sums Dw { get; }

    public Sums Db { get; }

    private static int Place(SpatialAxis[] axes, int output, int tap)
    {
        int place = 0, step = 1;
        for (int a = axes.Length - 1; a >= 0; a--)
        {
            SpatialAxis axis = axes[a];
            int at = (output % axis.Output * axis.Stride) - axis.Pad + (tap % axis.Kernel * axis.Dilation);
            output /= axes[a].Output;
            tap /= axes[a].Kernel;
            if (at < 0 || at >= axes[a].Input)
                return -1;
            place += at * step;
            step *= axes[a].Input;
        }

        return place;
    }

    internal sealed class Sums(int count)
    {
        private readonly double[] _value = new double[count];
        private readonly double[] _size = new double[count];

        public void Add(int i, double a, double b)
        {
            _value[i] += a * b;
            _size[i] += Math.Abs(a * b);
        }

        /// <summary>Errors are at most this share of the largest value.</summary>
        public void AssertWithin(double share, ReadOnlySpan<float> actual, string what, float start = 0)
        {
            Assert.Equal(_value.Length, actual.Length);
            double limit = share * _value.Max(value => Math.Abs(value + start));
            for (int i = 0; i < actual.Length; i++)
            {
                Assert.True(
                    Math.Abs(actual[i] - (_value[i] + start)) <= limit,
                    $"{what}: element {i} of {actual.Length} is {actual[i]}, not {_value[i] + start}, limit {limit}");
            }
        }

        public void AssertClose(ReadOnlySpan<float> actual, string what, float start = 0)
        {
            Assert.Equal(_value.Length, actual.Length);
            for (int i = 0; i < actual.Length; i++)
            {
                double expected = _value[i] + start;
                Assert.True(
                    Math.Abs(actual[i] - expected) <= (3e-6 * (_size[i] + Math.Abs(start))) + 1e-9,
                    $"{what}: element {i} of {actual.Length} is {actual[i]}, not {expected}");
            }
        }
    }
}
