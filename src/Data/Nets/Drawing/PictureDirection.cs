namespace CaffeActors.Data.Nets.Drawing;

/// <summary>Which way a picture leads.</summary>
public enum PictureDirection
{
    /// <summary>From top to bottom (TB).</summary>
    Down,

    /// <summary>From left to right (LR).</summary>
    Right,
}
