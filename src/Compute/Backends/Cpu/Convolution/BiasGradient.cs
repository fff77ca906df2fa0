using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// What a convolution does with its outputs' gradient before anything else, in one pass over it: turns it into that of
/// the sums where the outputs were rectified, and adds it up for the bias. Channels are the tasks; a channel is summed
/// in the order of the images.
/// </summary>
internal readonly unsafe struct BiasGradient : IParallelBody
{
    private const int ChannelsOfTask = 8;

    private readonly int _images;
    private readonly int _channels;
    private readonly int _plane;
    private readonly float* _y;
    private readonly float* _dy;
    private readonly float* _db;
    private readonly float _slope;

    private BiasGradient(int images, int channels, int plane, float* y, float slope, float* dy, float* db)
    {
        _images = images;
        _channels = channels;
        _plane = plane;
        _y = y;
        _slope = slope;
        _dy = dy;
        _db = db;
    }

    /// <summary>Runs over all channels.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="channels">Channels of the output.</param>
    /// <param name="plane">Numbers in a channel.</param>
    /// <param name="y">The outputs, where they were rectified; else null.</param>
    /// <param name="slope">With what slope below 0.</param>
    /// <param name="dy">The outputs' gradient; overwritten by that of the sums where they were rectified.</param>
    /// <param name="db">The bias' gradient, which is added to; null where it is not wanted.</param>
    public static void Run(
        CpuDevice device, int images, int channels, int plane, float* y, float slope, float* dy, float* db) =>
        device.Pool.Run(
            new BiasGradient(images, channels, plane, y, slope, dy, db),
            (channels + ChannelsOfTask - 1) / ChannelsOfTask);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int task, int worker)
    {
        int end = Math.Min(_channels, (task + 1) * ChannelsOfTask);
        for (int channel = task * ChannelsOfTask; channel < end; channel++)
        {
            double sum = 0;
            for (int image = 0; image < _images; image++)
            {
                nint plane = (((nint)image * _channels) + channel) * _plane;
                // The plane is then in the inner caches for its sum.
                if (_y is not null)
                    Rectifier.ApplyGradient(_y + plane, _dy + plane, _plane, _slope);
                if (_db is not null)
                    sum += Sum(_dy + plane);
            }

            if (_db is not null)
                _db[channel] += (float)sum;
        }
    }

    private float Sum(float* from)
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + 64 <= _plane; i += 64)
        {
            s0 += Vector512.Load(from + i);
            s1 += Vector512.Load(from + i + 16);
            s2 += Vector512.Load(from + i + 32);
            s3 += Vector512.Load(from + i + 48);
        }

        for (; i + 16 <= _plane; i += 16)
            s0 += Vector512.Load(from + i);
        float sum = Vector512.Sum(s0 + s1 + (s2 + s3));
        for (; i < _plane; i++)
            sum += from[i];
        return sum;
    }
}
