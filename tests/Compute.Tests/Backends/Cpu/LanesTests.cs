using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

/// <summary>Moves between memory and registers touch the lanes they name, and no others.</summary>
public sealed unsafe class LanesTests
{
    private static readonly float[] _numbers = [.. Enumerable.Range(0, 2 * Lanes.Count).Select(i => (float)i)];

    [Fact]
    public void Deinterleave_SeparatesEvenAndOddPlaces()
    {
        fixed (float* numbers = _numbers)
        {
            Lanes.Deinterleave(numbers, out Vector512<float> even, out Vector512<float> odd);
            for (int lane = 0; lane < Lanes.Count; lane++)
            {
                Assert.Equal(2 * lane, even.GetElement(lane));
                Assert.Equal((2 * lane) + 1, odd.GetElement(lane));
            }
        }
    }

    [Fact]
    public void StoreInterleaved_UndoesIt()
    {
        float[] result = new float[2 * Lanes.Count];
        fixed (float* numbers = _numbers, target = result)
        {
            Lanes.Deinterleave(numbers, out Vector512<float> even, out Vector512<float> odd);
            Lanes.StoreInterleaved(target, even, odd);
        }

        Assert.Equal(_numbers, result);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(16)]
    [InlineData(20)]
    public void LoadFirst_TakesTheRestFromElsewhere(int count)
    {
        fixed (float* numbers = _numbers)
        {
            Vector512<float> value = Lanes.LoadFirst(numbers, count, -5);
            for (int lane = 0; lane < Lanes.Count; lane++)
                Assert.Equal(lane < count ? lane : -5, value.GetElement(lane));
        }
    }

    [Fact]
    public void LoadAndStore_TouchTheFirstLanesAlone()
    {
        float* source = stackalloc float[17], target = stackalloc float[17];
        for (int count = 0; count <= 16; count++)
        {
            for (int i = 0; i < 17; i++)
                (source[i], target[i]) = (i + 1, -1);
            var lanes = Lanes.Load(source, count);
            for (int i = 0; i < 16; i++)
            {
                Assert.Equal(i < count ? i + 1 : 0, lanes[i]);
                Assert.Equal(i < count ? -1 : 0, BitConverter.SingleToInt32Bits(Lanes.First(count)[i]));
            }

            Lanes.Store(lanes, target, count);
            for (int i = 0; i < 17; i++)
                Assert.Equal(i < count ? i + 1 : -1, target[i]);
        }
    }
}
