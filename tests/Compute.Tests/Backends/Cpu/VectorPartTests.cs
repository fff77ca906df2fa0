using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed unsafe class VectorPartTests
{
    [Fact]
    public void LoadAndStore_TouchTheFirstLanesAlone()
    {
        float* source = stackalloc float[17], target = stackalloc float[17];
        for (int count = 0; count <= 16; count++)
        {
            for (int i = 0; i < 17; i++)
                (source[i], target[i]) = (i + 1, -1);
            var lanes = VectorPart.Load(source, count);
            for (int i = 0; i < 16; i++)
            {
                Assert.Equal(i < count ? i + 1 : 0, lanes[i]);
                Assert.Equal(i < count ? -1 : 0, BitConverter.SingleToInt32Bits(VectorPart.Lanes(count)[i]));
            }

            VectorPart.Store(lanes, target, count);
            for (int i = 0; i < 17; i++)
                Assert.Equal(i < count ? i + 1 : -1, target[i]);
        }
    }
}
