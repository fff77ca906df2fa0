using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Api.Images;

/// <summary>
/// Makes a net's input of an image, in the order of pycaffe's <c>io.Transformer</c>: resize to the input's height and
/// width, transpose, swap channels, times raw scale, minus mean, times input scale. A step that is not set is left
/// out. Thread-safe once it is set up.
/// </summary>
/// <param name="input">Shape of the input: batch × channels × height × width.</param>
public sealed class InputTransformer(params IReadOnlyList<int> input)
{
    private readonly int _channels = Channels(input);
    private int[]? _transpose;
    private int[]? _channelSwap;
    private float? _rawScale;
    private float? _inputScale;
    private NdArray? _mean;

    /// <summary>Rows of the input.</summary>
    public int Height => input[2];

    /// <summary>Columns of the input.</summary>
    public int Width => input[3];

    /// <summary>Sets the order of axes that makes the input's of the image's: (2, 0, 1) for height × width ×
    /// channels.</summary>
    /// <exception cref="CaffeException">It is no order of three axes.</exception>
    public void SetTranspose(params IReadOnlyList<int> order)
    {
        if (!order.Order().SequenceEqual([0, 1, 2]))
            throw Fail($"({string.Join(", ", order)}) is no order of the three axes of an image");
        _transpose = [.. order];
    }

    /// <summary>Sets the order of channels: (2, 1, 0) makes blue, green, red of red, green, blue. Channels are axis 0
    /// by then.</summary>
    /// <exception cref="CaffeException">It is no order of the input's channels.</exception>
    public void SetChannelSwap(params IReadOnlyList<int> order)
    {
        if (!order.Order().SequenceEqual(Enumerable.Range(0, _channels)))
            throw Fail($"({string.Join(", ", order)}) is no order of {_channels} channels");
        _channelSwap = [.. order];
    }

    /// <summary>Sets what values are multiplied by before the mean is subtracted: 255 for nets trained on 8-bit
    /// values.</summary>
    public void SetRawScale(float scale) => _rawScale = scale;

    /// <summary>Sets what values are multiplied by at last.</summary>
    public void SetInputScale(float scale) => _inputScale = scale;

    /// <summary>Sets the mean, in the input's order of channels and after the raw scale.</summary>
    /// <param name="mean">One value for each channel (or one for all), or channels × height × width of the
    /// input.</param>
    /// <exception cref="CaffeException">It has another shape.</exception>
    public void SetMean(NdArray mean)
    {
        bool fits = mean.AxisCount == 1 ? mean.Count == _channels || mean.Count == 1
            : mean.Shape.SequenceEqual([_channels, Height, Width]);
        if (!fits)
        {
            throw Fail($"a mean of shape ({string.Join(", ", mean.Shape.ToArray())}) does not fit an input of "
                + $"{_channels} channels, {Height} x {Width}");
        }

        _mean = mean;
    }

    /// <summary>Makes an input of an image.</summary>
    /// <param name="image">Height × width × channels.</param>
    /// <returns>Channels × height × width, where the transpose is set.</returns>
    /// <exception cref="CaffeException">The array is no image, or its channels do not fit.</exception>
    public NdArray Preprocess(NdArray image)
    {
        NdArray result = ImageArrays.Resize(image, Height, Width);
        if (_transpose is not null)
            result = result.Transpose(_transpose);
        if (_channelSwap is not null)
            result = Swap(result, _channelSwap);
        result = ReferenceEquals(result, image) ? image.Map(static value => value) : result;
        float raw = _rawScale ?? 1, scale = _inputScale ?? 1;
        for (int i = 0; i < result.Count; i++)
            result.Values[i] = ((result.Values[i] * raw) - Mean(result, i)) * scale;
        return result;
    }

    /// <summary>Makes an image of an input: the steps of <see cref="Preprocess"/> undone, but for the
    /// resizing.</summary>
    /// <param name="data">Channels × height × width.</param>
    public NdArray Deprocess(NdArray data)
    {
        NdArray result = data.Map(static value => value);
        float raw = _rawScale ?? 1, scale = _inputScale ?? 1;
        for (int i = 0; i < result.Count; i++)
            result.Values[i] = ((result.Values[i] / scale) + Mean(result, i)) / raw;
        if (_channelSwap is not null)
            result = Swap(result, Inverse(_channelSwap));
        return _transpose is null ? result : result.Transpose(Inverse(_transpose));
    }

    private float Mean(NdArray data, int index) => _mean switch
    {
        null => 0,
        { Count: 1 } => _mean.Values[0],
        { AxisCount: 1 } => _mean.Values[index / (data.Count / data.Shape[0])],
        _ => _mean.Values[index],
    };

    private static NdArray Swap(NdArray data, int[] order)
    {
        if (data.Shape[0] != order.Length)
        {
            throw Fail($"an image of {data.Shape[0]} channels does not fit an input of {order.Length}; "
                + "channels must be the first axis when they are swapped");
        }

        return NdArray.Stack([.. order.Select(data.Row)]);
    }

    private static int[] Inverse(int[] order) =>
        [.. Enumerable.Range(0, order.Length).Select(axis => Array.IndexOf(order, axis))];

    private static int Channels(IReadOnlyList<int> input) => input.Count == 4
        ? input[1]
        : throw Fail($"images go into inputs of four axes (batch, channels, height, width), not {input.Count}");

    private static CaffeException Fail(string message) =>
        new(ErrorCodes.ShapeMismatch, FailureKind.Configuration, message);
}
