namespace CaffeActors.Data.Transforms;

/// <summary>What is cut out of an image for a window, and where in the square crop it goes.</summary>
/// <param name="X">First column of what is cut out.</param>
/// <param name="Y">First row.</param>
/// <param name="Width">Its columns, at least 1.</param>
/// <param name="Height">Its rows, at least 1.</param>
/// <param name="TargetX">The column of the crop it begins at.</param>
/// <param name="TargetY">The row of the crop it begins at.</param>
/// <param name="TargetWidth">The columns it is resized to, at least 1.</param>
/// <param name="TargetHeight">The rows it is resized to, at least 1.</param>
internal readonly record struct WindowPlacement(
    int X, int Y, int Width, int Height, int TargetX, int TargetY, int TargetWidth, int TargetHeight)
{
    /// <summary>
    /// Places a window. Without context and square the window itself fills the crop. Else it grows about its centre by
    /// crop / (crop - 2 context), in square mode after its shorter side has been made as long as the longer; what lies
    /// outside the image stays empty in the crop. Numbers are rounded as Caffe rounds them, in single precision.
    /// </summary>
    /// <param name="x1">First column.</param>
    /// <param name="y1">First row.</param>
    /// <param name="x2">Last column, not before the first.</param>
    /// <param name="y2">Last row, not before the first.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="crop">Side of the crop.</param>
    /// <param name="context">Pixels of context on each side of the crop; twice that is less than the crop.</param>
    /// <param name="square">Square mode.</param>
    /// <param name="mirror">Whether the crop is flipped, and with it what stays empty at its sides.</param>
    /// <returns>Null where the window has nothing of the image, or, without context, not all of itself.</returns>
    public static WindowPlacement? Of(
        int x1, int y1, int x2, int y2, int height, int width, int crop, int context, bool square, bool mirror)
    {
        if (context == 0 && !square)
        {
            return x1 < 0 || y1 < 0 || x2 >= width || y2 >= height ? null
                : new WindowPlacement(x1, y1, x2 - x1 + 1, y2 - y1 + 1, 0, 0, crop, crop);
        }

        float scale = (float)crop / (crop - (2 * context));
        float halfWidth = ((long)x2 - x1 + 1) / 2f, halfHeight = ((long)y2 - y1 + 1) / 2f;
        float centerX = x1 + halfWidth, centerY = y1 + halfHeight;
        if (square)
            halfWidth = halfHeight = Math.Max(halfWidth, halfHeight);
        Side x = Side.Of(centerX, halfWidth * scale, width, crop, mirror);
        Side y = Side.Of(centerY, halfHeight * scale, height, crop, false);
        return x.Length < 1 || y.Length < 1 ? null
            : new WindowPlacement(x.From, y.From, x.Length, y.Length, x.Target, y.Target, x.TargetLength,
                y.TargetLength);
    }

    private readonly record struct Side(int From, int Length, int Target, int TargetLength)
    {
        public static Side Of(float center, float half, int size, int crop, bool mirror)
        {
            long from = Round(center - half), to = Round(center + half), whole = to - from + 1;
            long before = Math.Max(0, -from), behind = Math.Max(0, to - size + 1);
            long length = whole - before - behind;
            if (length < 1)
                return default;
            float scale = crop / (float)whole;
            // What is empty is never all: a sliver of image gets a pixel.
            int target = (int)Math.Min(Round((mirror ? behind : before) * scale), crop - 1);
            int targetLength = (int)Math.Clamp(Round(length * scale), 1, crop - target);
            return new Side((int)(from + before), (int)length, target, targetLength);
        }

        private static long Round(float value) => (long)MathF.Round(value, MidpointRounding.AwayFromZero);
    }
}
