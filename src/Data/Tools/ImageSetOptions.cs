using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Tools;

/// <summary>How <see cref="ImageSetConverter"/> makes records of images.</summary>
public sealed record ImageSetOptions
{
    /// <summary>Kind of the data base; default LMDB.</summary>
    public DataParameter.Types.DB Backend { get; init; } = DataParameter.Types.DB.Lmdb;

    /// <summary>Makes images gray: one channel; otherwise three: blue, green, red.</summary>
    public bool Gray { get; init; }

    /// <summary>Brings the list in a random order, which hangs on <see cref="Seed"/> only.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Seed of the order.</summary>
    public ulong Seed { get; init; }

    /// <summary>Rows that images are resized to; 0 leaves their size. Both sides or neither.</summary>
    public int ResizeHeight { get; init; }

    /// <summary>Columns that images are resized to; 0 leaves their size.</summary>
    public int ResizeWidth { get; init; }

    /// <summary>Demands that all images have as many values as the first.</summary>
    public bool CheckSize { get; init; }

    /// <summary>Stores image files instead of their pixels.</summary>
    public bool Encoded { get; init; }

    /// <summary>
    /// The format of stored image files: png, jpg or jpeg (quality 95), webp; empty: that of each file. Not empty
    /// implies <see cref="Encoded"/>.
    /// </summary>
    public string EncodeType { get; init; } = "";

    /// <summary>Threads that decode; 0 takes one for each core. The data base does not depend on it.</summary>
    public int Threads { get; init; }
}
