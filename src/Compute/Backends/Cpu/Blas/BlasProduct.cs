using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Blas;

/// <summary>
/// A product that a library computes, cut along the longer side of C into parts that the device's threads take. The cut
/// depends on the sizes alone, since a library may round an element otherwise where its part has another size: any
/// number of threads gives the same bits.
/// </summary>
internal unsafe struct BlasProduct : IParallelBody
{
    // Each part packs the whole of the other operand: the wider it is, the less that matters.
    private const int LeastPart = 192;
    private const int MostParts = 16;

    // Columns of a vector register: parts begin at its multiples.
    private const int Unit = 16;

    private BlasLibrary _library;
    private bool _transA;
    private bool _transB;
    private int _m;
    private int _n;
    private int _k;
    private float _alpha;
    private float* _a;
    private int _lda;
    private float* _b;
    private int _ldb;
    private float _beta;
    private float* _c;
    private int _ldc;
    private ProductEpilogue _epilogue;
    private int _parts;

    /// <summary>Computes a product; all sizes are at least 1. The parameters are those of the engine's own
    /// (<see cref="Gemm.Gemm"/>).</summary>
    public static void Run(
        CpuDevice device, BlasLibrary library, bool transA, bool transB, int m, int n, int k, float alpha, float* a,
        int lda, float* b, int ldb, float beta, float* c, int ldc,
        in ProductEpilogue epilogue)
    {
        int parts = Math.Clamp(Math.Max(m, n) / LeastPart, 1, MostParts);
        device.Pool.Run(
            new BlasProduct
            {
                _library = library,
                _transA = transA,
                _transB = transB,
                _m = m,
                _n = n,
                _k = k,
                _alpha = alpha,
                _a = a,
                _lda = lda,
                _b = b,
                _ldb = ldb,
                _beta = beta,
                _c = c,
                _ldc = ldc,
                _epilogue = epilogue,
                _parts = parts,
            }, parts);
    }

    /// <inheritdoc/>
    public readonly void Invoke(int task, int worker)
    {
        bool isTall = _m >= _n;
        int length = isTall ? _m : _n;
        var units = new EvenSplit((length + Unit - 1) / Unit, _parts);
        int from = units.Start(task) * Unit, count = Math.Min(length, units.Start(task + 1) * Unit) - from;
        if (isTall)
        {
            float* a = _a + (_transA ? from : (nint)from * _lda);
            _library.Multiply(
                _transA, _transB, count, _n, _k, _alpha, a, _lda, _b, _ldb, _beta, _c + ((nint)from * _ldc), _ldc);
            _epilogue.Apply(_c + ((nint)from * _ldc), _ldc, count, 0, _n);
        }
        else
        {
            float* b = _b + (_transB ? (nint)from * _ldb : from);
            _library.Multiply(_transA, _transB, _m, count, _k, _alpha, _a, _lda, b, _ldb, _beta, _c + from, _ldc);
            _epilogue.Apply(_c + from, _ldc, _m, from, count);
        }
    }
}
