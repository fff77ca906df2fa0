using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.Images;

namespace CaffeActors.Data.Transforms;

/// <summary>
/// Makes the values of windows: cut out, resized, flipped, put where they belong in the crop; v = (x - mean) * scale,
/// and 0 where there is no image. Thread-safe, with a workspace for each thread.
/// </summary>
internal sealed unsafe class WindowCutter
{
    private readonly int _crop;
    private readonly int _context;
    private readonly bool _square;
    private readonly float _scale;
    private readonly float[] _meanValues = [0, 0, 0];
    private readonly MeanImage? _mean;

    /// <summary>Takes the parameters and reads the mean file.</summary>
    /// <exception cref="CaffeException">Parameters exclude each other, or the mean does not fit.</exception>
    public WindowCutter(
        WindowDataParameter data, TransformationParameter transform, Func<string, string> resolvePath,
        FailureFactory failure)
    {
        _crop = (int)transform.CropSize;
        (_context, _square, _scale) = ((int)data.ContextPad, data.CropMode == "square", data.Scale);
        int values = transform.MeanValue.Count;
        if (values is not (0 or 1 or 3))
        {
            throw failure(ErrorCodes.ShapeMismatch,
                $"mean_value is given {values} times; it must be given once, or once for each of the 3 channels");
        }

        for (int c = 0; values > 0 && c < 3; c++)
            _meanValues[c] = transform.MeanValue[values == 1 ? 0 : c];
        if (!transform.HasMeanFile)
            return;
        if (values > 0)
            throw failure(ErrorCodes.BadLayerParameter, "mean_file and mean_value cannot both be given");
        _mean = MeanImage.Read(resolvePath(transform.MeanFile), failure);
        int offset = MeanOffset;
        if (_mean.Channels != 3 || _mean.Width < _crop || _mean.Height < offset + _crop)
        {
            throw failure(ErrorCodes.ShapeMismatch,
                $"the mean in '{transform.MeanFile}' has {_mean.Channels} x {_mean.Height} x {_mean.Width} values; "
                + $"it must have 3 channels and hold a crop of {_crop} from row and column {Math.Max(0, offset)} on");
        }
    }

    // One offset for both axes, from the width, as Caffe takes it.
    private int MeanOffset => (_mean!.Width - _crop) / 2;

    /// <summary>Cuts a window out and resizes it.</summary>
    /// <param name="image">The image, of three channels.</param>
    /// <param name="window">The window.</param>
    /// <param name="mirror">Whether it is flipped.</param>
    /// <param name="workspace">Keeps the result.</param>
    /// <returns>False where the window does not lie in the image.</returns>
    public bool TryOpen(PlanarPixels image, Window window, bool mirror, Workspace workspace)
    {
        if (WindowPlacement.Of(window.X1, window.Y1, window.X2, window.Y2, image.Height, image.Width, _crop, _context,
            _square, mirror) is not { } place)
        {
            return false;
        }

        PlanarPixels cut = workspace.Cut.Reserve(3, place.Height, place.Width);
        for (int c = 0; c < 3; c++)
        {
            for (int y = 0; y < place.Height; y++)
            {
                byte* row =
                    image.Data + (c * image.ChannelStride) + ((long)(place.Y + y) * image.Width) + place.X;
                new ReadOnlySpan<byte>(row, place.Width)
                    .CopyTo(new Span<byte>(cut.Data + (c * cut.ChannelStride) + (y * place.Width), place.Width));
            }
        }

        PlanarPixels resized =
            workspace.Resizer.Resize(cut, place.TargetHeight, place.TargetWidth, workspace.Resized);
        for (int row = 0; mirror && row < 3 * resized.Height; row++)
            new Span<byte>(resized.Data + (row * resized.Width), resized.Width).Reverse();
        workspace.Place = place;
        return true;
    }

    /// <summary>Writes the values of the window opened last.</summary>
    /// <param name="workspace">What <see cref="TryOpen"/> filled.</param>
    /// <param name="target">Room for 3 x crop x crop values.</param>
    public void Write(Workspace workspace, float* target)
    {
        WindowPlacement place = workspace.Place;
        PlanarPixels pixels = workspace.Resized.Pixels;
        if (place.TargetWidth < _crop || place.TargetHeight < _crop)
            new Span<float>(target, 3 * _crop * _crop).Clear();
        fixed (float* mean = _mean?.Values)
        {
            for (int c = 0; c < 3; c++)
            {
                for (int y = 0; y < place.TargetHeight; y++)
                {
                    int row = place.TargetY + y;
                    float* meanRow = mean is null ? null : mean + MeanOffset + place.TargetX
                        + (((c * _mean!.Height) + row + MeanOffset) * _mean.Width);
                    DataTransformer.TransformRow(
                        pixels.Data + (c * pixels.ChannelStride) + (y * pixels.Width), meanRow, _meanValues[c], _scale,
                        target + (((c * _crop) + row) * _crop) + place.TargetX, place.TargetWidth, mirror: false);
                }
            }
        }
    }

    /// <summary>Buffers of one thread.</summary>
    internal sealed class Workspace
    {
        /// <summary>What was cut out.</summary>
        public PixelBuffer Cut { get; } = new();

        /// <summary>The same in the crop's size.</summary>
        public PixelBuffer Resized { get; } = new();

        /// <summary>Resizes it.</summary>
        public BilinearResizer Resizer { get; } = new();

        /// <summary>Where it goes.</summary>
        public WindowPlacement Place { get; set; }
    }
}
