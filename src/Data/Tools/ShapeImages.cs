using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>Small gray images of discs, squares, triangles and crosses, of any size, place and brightness and with
/// noise: data to try a net on, made instead of downloaded. The same numbers give the same images on every
/// machine.</summary>
/// <param name="seed">The seed of all random numbers.</param>
public sealed class ShapeImages(ulong seed)
{
    /// <summary>Rows and columns of an image.</summary>
    public const int Side = 20;

    // What is drawn before the noise: centre, size, brightness of shape and ground.
    private const uint Drawn = 5;

    /// <summary>What the classes are called, by label.</summary>
    public static IReadOnlyList<string> Classes { get; } = ["disc", "square", "triangle", "cross"];

    /// <summary>An image; labels follow each other in turn.</summary>
    /// <param name="number">Its number, from 0.</param>
    public Datum Make(int number)
    {
        RandomDraw draw = new RandomStream(seed, RandomStream.StreamId("shapes"), (ulong)number).NextDraw();
        int label = number % Classes.Count;
        float size = 4.5f + (3.5f * draw.Float(2)), room = (Side / 2f) - size;
        float x = (Side / 2f) + (room * ((2 * draw.Float(0)) - 1));
        float y = (Side / 2f) + (room * ((2 * draw.Float(1)) - 1));
        float ground = 90 * draw.Float(3), light = ground + 70 + (90 * draw.Float(4));
        var pixels = new byte[Side * Side];
        for (int i = 0; i < pixels.Length; i++)
        {
            float across = (i % Side) + 0.5f - x, down = (i / Side) + 0.5f - y;
            float noise = 60 * (draw.Float(Drawn + (uint)i) - 0.5f);
            float value = (Covers(label, across / size, down / size) ? light : ground) + noise;
            pixels[i] = (byte)Math.Clamp(value, 0, 255);
        }

        return new Datum
        {
            Channels = 1,
            Height = Side,
            Width = Side,
            Label = label,
            Data = ByteString.CopyFrom(pixels),
        };
    }

    // In units of the shape's size, from its centre.
    private static bool Covers(int label, float x, float y) => label switch
    {
        0 => (x * x) + (y * y) <= 1,
        1 => Math.Abs(x) <= 0.85f && Math.Abs(y) <= 0.85f,
        2 => y is >= -1 and <= 0.8f && Math.Abs(x) <= (y + 1) * 0.55f,
        _ => (Math.Abs(x) <= 0.3f && Math.Abs(y) <= 1) || (Math.Abs(y) <= 0.3f && Math.Abs(x) <= 1),
    };
}
