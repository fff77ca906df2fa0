using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.Images;

/// <summary>
/// The file of a WindowData layer: for each image <c># number path channels height width windows</c>, then for each
/// window <c>class overlap x1 y1 x2 y2</c>, its edges belonging to it; all words parted by white space. A window whose
/// overlap reaches one threshold is foreground, one below the other is background, label 0; the rest is dropped.
/// The image's number and size are not used: a window belongs to the block it stands in.
/// </summary>
internal sealed class WindowFile
{
    private readonly List<byte[]> _images = [];
    private readonly List<Window> _foreground = [];
    private readonly List<Window> _background = [];

    private WindowFile(string path) => Path = path;

    /// <summary>The file, as the user knows it.</summary>
    public string Path { get; }

    /// <summary>The images' paths, as they are written.</summary>
    public IReadOnlyList<byte[]> Images => _images;

    /// <summary>Windows of something.</summary>
    public IReadOnlyList<Window> Foreground => _foreground;

    /// <summary>Windows of nothing.</summary>
    public IReadOnlyList<Window> Background => _background;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="foreground">Least overlap of foreground.</param>
    /// <param name="background">Overlap below which a window is background.</param>
    /// <param name="failure">Makes the errors.</param>
    /// <exception cref="CaffeException">It is no window file; the place is in it.</exception>
    /// <exception cref="IOException">It cannot be read; it may also be an
    /// <see cref="UnauthorizedAccessException"/>.</exception>
    public static WindowFile Read(string path, float foreground, float background, FailureFactory failure)
    {
        using var reader = new StreamReader(path);
        var file = new WindowFile(path);
        var tokens = new WindowTokens(reader, path, failure);
        while (tokens.Next())
            file.ReadImage(tokens, foreground, background);
        return file;
    }

    private void ReadImage(WindowTokens tokens, float foreground, float background)
    {
        if (!tokens.IsHash)
            throw tokens.Wrong("'#', which begins an image's windows,", $"'{tokens.Shown}'");
        tokens.Integer("the image's number");
        _images.Add(Encoding.UTF8.GetBytes(tokens.Text("the image's path")));
        tokens.Integer("the image's channels");
        tokens.Integer("the image's height");
        tokens.Integer("the image's width");
        int count = tokens.Integer("the number of windows");
        if (count < 0)
            throw tokens.Wrong("the number of windows", $"'{count}'");
        for (int i = 0; i < count; i++)
        {
            int label = tokens.Integer("a window's class"), line = tokens.Line;
            float overlap = tokens.Number("a window's overlap");
            int x1 = tokens.Integer("a window's x1"), y1 = tokens.Integer("a window's y1");
            int x2 = tokens.Integer("a window's x2"), y2 = tokens.Integer("a window's y2");
            if (x2 < x1 || y2 < y1)
                throw tokens.At(line, ErrorCodes.BadRecord, $"window file: {x1} {y1} {x2} {y2} is no window");
            var window = new Window(_images.Count - 1, label, x1, y1, x2, y2, line);
            if (overlap >= foreground)
            {
                if (label <= 0)
                {
                    throw tokens.At(line, ErrorCodes.BadRecord,
                        $"window file: a window of overlap {overlap} is foreground, so its class must be above 0, "
                        + $"and is {label}");
                }

                _foreground.Add(window);
            }
            else if (overlap < background)
            {
                _background.Add(window with { Label = 0 });
            }
        }
    }
}
