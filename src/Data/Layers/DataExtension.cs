using CaffeActors.Compute.Layers;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// What a layer that reads images can do beyond Caffe's schema. It is given by the layer's name in
/// <see cref="LayerContext.Extensions"/>.
/// </summary>
/// <param name="Shuffle">
/// Whether each epoch takes the records in another order, which follows from the run's seed and the epoch. Default
/// false: the order of the keys.
/// </param>
/// <param name="ResizeHeight">
/// Rows to which each 8-bit image is resized before anything else (bilinear, as OpenCV does it); 0, the default: as it
/// is.
/// </param>
/// <param name="ResizeWidth">Columns likewise; both or neither must be given.</param>
/// <param name="Color">Whether gray images become three equal channels. Default false.</param>
/// <param name="Threads">
/// Threads that decode and transform, at least 0; 0, the default: <see cref="LayerContext.LoadThreads"/>, or one for
/// each four cores. The values do not depend on it.
/// </param>
/// <param name="Augmentation">Random changes of 8-bit images; null, the default: none.</param>
public sealed record DataExtension(
    bool Shuffle = false, int ResizeHeight = 0, int ResizeWidth = 0, bool Color = false, int Threads = 0,
    Augmentation? Augmentation = null)
{
    /// <summary>
    /// The folder of a data base, LMDB or LevelDB, of the records' labels: a Datum under each record's key, whose
    /// values (<c>float_data</c>, bytes or an image file) make top 1 as they are. Empty, the default: the records' own
    /// labels.
    /// </summary>
    public string Labels { get; init; } = "";
}
