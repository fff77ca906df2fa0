namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>Terms of one sum: f(a[k], b[k]).</summary>
/// <param name="a">The first argument.</param>
/// <param name="b">The second argument.</param>
/// <param name="function">f.</param>
internal readonly struct PairTerm<TFunction>(Values a, Values b, TFunction function) : IGpuTerm
    where TFunction : struct, IGpuFunction2
{
    public float At(int row, int k) => function.Invoke(a[k], b[k]);
}
