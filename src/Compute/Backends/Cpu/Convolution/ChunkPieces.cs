namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>The pieces of all panels of a chunk of columns: where their pixels come from and where they go.</summary>
/// <param name="sources">Room for one piece a column.</param>
/// <param name="targets">Room for one piece a column.</param>
/// <param name="sourceStarts">Room for one number a panel, and one.</param>
/// <param name="targetStarts">Room for one number a panel, and one.</param>
internal readonly unsafe struct ChunkPieces(
    PixelPiece* sources, PixelPiece* targets, int* sourceStarts, int* targetStarts)
{
    /// <summary>Pieces to read, each of at most 16 pixels.</summary>
    public PixelPiece* Sources => sources;

    /// <summary>Pieces to write.</summary>
    public PixelPiece* Targets => targets;

    /// <summary>For each panel, and for their end, the first of <see cref="Sources"/>.</summary>
    public int* SourceStarts => sourceStarts;

    /// <summary>For each panel, and for their end, the first of <see cref="Targets"/>.</summary>
    public int* TargetStarts => targetStarts;

    /// <summary>Finds the pieces of columns [first, first + count).</summary>
    /// <param name="phase">Rows and their places.</param>
    /// <param name="units">Units of each image.</param>
    /// <param name="first">First column; the images' pixels are counted one after the other.</param>
    /// <param name="count">Number of columns.</param>
    /// <param name="wide">Columns of a panel.</param>
    /// <param name="sourceStep">From an image's source to the next.</param>
    /// <param name="targetStep">From an image's target to the next.</param>
    public void Fill(PixelPhase phase, int units, int first, int count, int wide, nint sourceStep, nint targetStep)
    {
        int pixels = units * phase.RowsOfUnit * phase.RowLength;
        (int image, int pixel) = Math.DivRem(first, pixels);
        (int row, int x) = Math.DivRem(pixel, phase.RowLength);
        int reads = 0, writes = 0;
        for (int column = 0; column < count;)
        {
            int inPanel = column % wide;
            if (inPanel == 0)
                (sourceStarts[column / wide], targetStarts[column / wide]) = (reads, writes);
            int run = Math.Min(phase.RowLength - x, Math.Min(wide - inPanel, count - column));
            nint from = (image * sourceStep) + phase.Rows[row] + x;
            for (int q = 0; q < run; q += 16)
                sources[reads++] = new PixelPiece(from + q, inPanel + q, Math.Min(16, run - q));
            // Rows of one image that follow each other are one piece.
            if (phase.IsContiguous && inPanel > 0 && (row > 0 || x > 0))
            {
                PixelPiece last = targets[writes - 1];
                targets[writes - 1] = last with { Length = last.Length + run };
            }
            else
            {
                nint to = (image * targetStep) + phase.Targets[row] + ((nint)x * phase.TargetStep);
                targets[writes++] = new PixelPiece(to, inPanel, run);
            }

            column += run;
            x += run;
            if (x < phase.RowLength)
                continue;
            x = 0;
            row++;
            if (row * phase.RowLength < pixels)
                continue;
            row = 0;
            image++;
        }

        int panels = (count + wide - 1) / wide;
        (sourceStarts[panels], targetStarts[panels]) = (reads, writes);
    }
}
