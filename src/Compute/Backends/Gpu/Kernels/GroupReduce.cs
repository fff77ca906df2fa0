using System.Runtime.CompilerServices;
using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>What all threads of a group find out together, in tree order. All of them must call.</summary>
internal static class GroupReduce
{
    /// <summary>The sum of all threads' values.</summary>
    /// <param name="shared">Shared memory, a number for each thread.</param>
    /// <param name="thread">The calling thread.</param>
    /// <param name="threads">Threads of the group, a power of two.</param>
    /// <param name="value">The thread's value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(ArrayView<float> shared, int thread, int threads, float value)
    {
        Put(shared, thread, value);
        for (int half = threads / 2; half > 0; half /= 2)
        {
            if (thread < half)
                shared[thread] += shared[thread + half];
            ILGPU.Group.Barrier();
        }

        return shared[0];
    }

    /// <summary>The greatest of all threads' values; a NaN may get lost.</summary>
    /// <param name="shared">Shared memory, a number for each thread.</param>
    /// <param name="thread">The calling thread.</param>
    /// <param name="threads">Threads of the group, a power of two.</param>
    /// <param name="value">The thread's value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(ArrayView<float> shared, int thread, int threads, float value)
    {
        Put(shared, thread, value);
        for (int half = threads / 2; half > 0; half /= 2)
        {
            if (thread < half && shared[thread + half] > shared[thread])
                shared[thread] = shared[thread + half];
            ILGPU.Group.Barrier();
        }

        return shared[0];
    }

    // The first barrier: others may still be reading the result before this one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ArrayView<float> shared, int thread, float value)
    {
        ILGPU.Group.Barrier();
        shared[thread] = value;
        ILGPU.Group.Barrier();
    }
}
