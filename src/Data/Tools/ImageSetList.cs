using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Data.Sources.Images;

namespace CaffeActors.Data.Tools;

/// <summary>A list of images: each line a path and a label, parted by the line's last blank.</summary>
internal static class ImageSetList
{
    private const string OrderStream = "convert_imageset/shuffle";

    /// <summary>Reads a list.</summary>
    /// <param name="file">The file; empty lines are passed over.</param>
    /// <exception cref="CaffeException">It cannot be read, or a line is none of a list.</exception>
    public static List<(string Path, int Label)> Read(string file)
    {
        ImageList list;
        try
        {
            list = ImageList.Read(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CaffeException(ErrorCodes.SourceUnreadable, FailureKind.Data,
                $"list '{file}' cannot be read: {failure.Message}", inner: failure);
        }

        var entries = new List<(string, int)>(list.Count);
        for (int i = 0; i < list.Count; i++)
        {
            string path = Encoding.UTF8.GetString(list.NameOf(i));
            if (!list.HasLabel(i))
            {
                throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data,
                    "the line is not a path, a blank and an integer label",
                    new SourcePlace(file, list.LineNumberOf(i), path.Length + 1));
            }

            entries.Add((path, list.LabelOf(i)));
        }

        return entries;
    }

    /// <summary>Brings a list in a random order.</summary>
    public static void Shuffle(List<(string Path, int Label)> entries, ulong seed)
    {
        RandomDraw draw = new RandomStream(seed, RandomStream.StreamId(OrderStream)).NextDraw();
        for (int i = entries.Count - 1; i > 0; i--)
        {
            // 64 bits of chance: no place of a list that fits memory is preferred noticeably.
            ulong chance = ((ulong)draw.Bits((uint)(2 * i)) << 32) | draw.Bits((uint)((2 * i) + 1));
            int other = (int)(chance % (ulong)(i + 1));
            (entries[i], entries[other]) = (entries[other], entries[i]);
        }
    }
}
