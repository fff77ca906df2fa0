using System.Runtime.InteropServices;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;
using RawType = CaffeActors.Compute.Schema.BlobProto.Types.RawType;

namespace CaffeActors.Compute.Blobs;

/// <summary>Values that NVIDIA's fork stores as raw bytes, little-endian: halves, floats or doubles.</summary>
internal static class RawValues
{
    /// <summary>How many values there are.</summary>
    /// <exception cref="CaffeException">The type is none of numbers, or the bytes are no whole values.</exception>
    public static int CountOf(ByteString raw, RawType type)
    {
        int size = type switch
        {
            RawType.Float16 => 2,
            RawType.Float => 4,
            RawType.Double => 8,
            _ => throw Bad($"values of the type {type}; only FLOAT16, FLOAT and DOUBLE are weights"),
        };
        return raw.Length % size == 0 ? raw.Length / size : throw Bad($"{raw.Length} bytes of {size}-byte values");
    }

    /// <summary>Copies all values, rounded to floats.</summary>
    /// <param name="raw">The bytes.</param>
    /// <param name="type">Their type.</param>
    /// <param name="target">As long as <see cref="CountOf"/> says.</param>
    public static void Copy(ByteString raw, RawType type, Span<float> target)
    {
        switch (type)
        {
            case RawType.Float16:
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(raw.Span);
                for (int i = 0; i < target.Length; i++)
                    target[i] = (float)halves[i];
                break;
            case RawType.Float:
                MemoryMarshal.Cast<byte, float>(raw.Span).CopyTo(target);
                break;
            default:
                ReadOnlySpan<double> doubles = MemoryMarshal.Cast<byte, double>(raw.Span);
                for (int i = 0; i < target.Length; i++)
                    target[i] = (float)doubles[i];
                break;
        }
    }

    private static CaffeException Bad(string what) =>
        new(ErrorCodes.BadSnapshot, FailureKind.Data, $"a stored blob (raw_data of NVIDIA's fork) has {what}");
}
