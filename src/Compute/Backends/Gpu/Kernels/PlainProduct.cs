using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>One product of matrices that lie in memory as 32-bit floats: what a library can do too.</summary>
internal static class PlainProduct
{
    /// <summary>Queues a product by the device's library, where it has one and the product is plain.</summary>
    /// <returns>Whether it did.</returns>
    public static bool TryRun<TA, TB, TC>(GpuDevice gpu, int m, int n, int k, TA a, TB b, TC c)
        where TA : struct, IGpuMatrix
        where TB : struct, IGpuMatrix
        where TC : struct, IGpuTarget
    {
        if (gpu.Library is not { } library || k == 0 || Of(ref a) is not { } left || Of(ref b) is not { } right)
            return false;
        if (typeof(TC) == typeof(RowTarget))
        {
            RowTarget target = Unsafe.As<TC, RowTarget>(ref c);
            if (target.Plain is not { } plain)
                return false;
            library.Run(m, n, k, left, right, plain, target.Adds);
            return true;
        }

        if (typeof(TC) != typeof(BiasedRowTarget))
            return false;
        BiasedRowTarget biased = Unsafe.As<TC, BiasedRowTarget>(ref c);
        if (biased.Plain is not { } product)
            return false;
        library.Run(m, n, k, left, right, product, false);
        gpu.Run(checked(m * n), new BiasBody(biased, n));
        return true;
    }

    private static PlainMatrix? Of<TMatrix>(ref TMatrix matrix)
        where TMatrix : struct, IGpuMatrix
    {
        if (typeof(TMatrix) == typeof(RowMatrix))
            return Unsafe.As<TMatrix, RowMatrix>(ref matrix).Plain;
        return typeof(TMatrix) == typeof(ColumnMatrix) ? Unsafe.As<TMatrix, ColumnMatrix>(ref matrix).Plain : null;
    }

    internal readonly struct BiasBody(BiasedRowTarget target, int columns) : IGpuBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i) => target.AddBias(i / columns, i % columns);
    }
}
