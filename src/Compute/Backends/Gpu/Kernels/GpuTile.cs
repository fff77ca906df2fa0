using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>The shape of what a group computes of a product. Its properties are constants.</summary>
internal interface IGpuTile
{
    /// <summary>Threads of a group.</summary>
    static abstract int GroupSize { get; }

    /// <summary>Threads along a column of the tile.</summary>
    int ThreadRows { get; }

    /// <summary>Threads along a row of the tile.</summary>
    int ThreadColumns { get; }

    /// <summary>1 where each thread has 8 x 8 numbers, 0 where it has 4 x 4.</summary>
    int Doubled { get; }
}

/// <summary>128 x 128 numbers: 64 multiplications for 4 vectors from shared memory.</summary>
internal readonly struct LargeTile : IGpuTile
{
    public static int GroupSize => 256;

    public int ThreadRows => 16;

    public int ThreadColumns => 16;

    public int Doubled => 1;
}

/// <summary>64 x 64 numbers.</summary>
internal readonly struct SquareTile : IGpuTile
{
    public static int GroupSize => 256;

    public int ThreadRows => 16;

    public int ThreadColumns => 16;

    public int Doubled => 0;
}

/// <summary>32 x 128 numbers: for products of few rows.</summary>
internal readonly struct WideTile : IGpuTile
{
    public static int GroupSize => 256;

    public int ThreadRows => 8;

    public int ThreadColumns => 32;

    public int Doubled => 0;
}

/// <summary>32 x 32 numbers: for small products.</summary>
internal readonly struct SmallTile : IGpuTile
{
    public static int GroupSize => 64;

    public int ThreadRows => 8;

    public int ThreadColumns => 8;

    public int Doubled => 0;
}

/// <summary>Four numbers, read and written at once.</summary>
internal readonly struct Quad(float x, float y, float z, float w)
{
    public readonly float X = x, Y = y, Z = z, W = w;

    /// <summary>This and a multiple of another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Plus(float factor, Quad other) =>
        new(X + (factor * other.X), Y + (factor * other.Y), Z + (factor * other.Z), W + (factor * other.W));
}

/// <summary>4 x 4 numbers of a product, in registers.</summary>
internal readonly struct Block4(Quad r0, Quad r1, Quad r2, Quad r3)
{
    public readonly Quad R0 = r0, R1 = r1, R2 = r2, R3 = r3;

    /// <summary>This and the products of four numbers of A's column with four of B's row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Block4 Plus(Quad a, Quad b) =>
        new(R0.Plus(a.X, b), R1.Plus(a.Y, b), R2.Plus(a.Z, b), R3.Plus(a.W, b));
}
