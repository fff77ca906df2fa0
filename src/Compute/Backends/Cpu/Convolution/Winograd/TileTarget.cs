using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// Where transformed vectors of 16 channels go: one of 36 planes each, at the place of their tile. Kernels that read
/// fewer than 16 channels side by side get them in pieces.
/// </summary>
/// <param name="start">The first plane.</param>
/// <param name="planeStep">Floats from a plane to the next.</param>
/// <param name="piece">Channels that lie together: 16, 8 or 4.</param>
/// <param name="pieceStep">Floats from a piece to the next.</param>
internal readonly unsafe struct TileTarget(float* start, nint planeStep, int piece, nint pieceStep)
{
    /// <summary>The first plane.</summary>
    public float* Start => start;

    /// <summary>Floats from a plane to the next.</summary>
    public nint PlaneStep => planeStep;

    /// <summary>The step between planes of so many floats, a multiple of 16: an odd number of cache lines, so that the
    /// same place on all planes does not fall into a few sets of a cache.</summary>
    /// <param name="floats">Floats of a plane.</param>
    public static nint StepOf(nint floats) => floats + (((floats / 16) & 1) == 0 ? 16 : 0);

    /// <summary>Whether the 16 channels lie together.</summary>
    public bool IsWhole => piece == 16;

    /// <summary>Stores 6 vectors that lie one after the other to planes that follow each other.</summary>
    /// <param name="from">The vectors.</param>
    /// <param name="to">The first one's place on its plane.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Split(float* from, float* to)
    {
        for (int line = 0; line < 6; line++)
        {
            for (int q = 0; q < 16; q += piece)
            {
                if (piece == 8)
                    Vector256.Load(from + q).Store(to + (q / 8 * pieceStep));
                else
                    Vector128.Load(from + q).Store(to + (q / 4 * pieceStep));
            }

            from += 16;
            to += planeStep;
        }
    }
}
