using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Writes its two bottoms into an HDF5 file, as the datasets <c>data</c> and <c>label</c> of four axes: a blob with
/// fewer gets axes of length 1 at its end. Each forward pass adds its batch along axis 0 (Caffe fails at the second).
/// The file appears, whole, when the layer is disposed, or at <see cref="Save"/>; without a pass there is none.
/// No tops, no blobs, no gradient. <c>hdf5_output_param</c>: <c>file_name</c>, required. Of several workers the root
/// writes its batches.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("HDF5Output")]
public sealed class HDF5OutputLayer(LayerParameter parameter) : Layer(parameter)
{
    private static readonly string[] _names = ["data", "label"];

    private readonly string _path = parameter.Hdf5OutputParam?.FileName ?? "";
    private RowSpool? _rows;
    private bool _unsaved;

    /// <inheritdoc/>
    public override int ExactBottoms => 2;

    /// <inheritdoc/>
    public override int ExactTops => 0;

    /// <inheritdoc/>
    public override bool BelongsToHost => true;

    /// <summary>Writes the file with all batches so far.</summary>
    /// <exception cref="CaffeException">CFA1404: it cannot be written; what was there before still is.</exception>
    public void Save()
    {
        if (!_unsaved)
            return;
        // Once told, a failure is not told again when the layer is disposed.
        _unsaved = false;
        _rows!.Save();
    }

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].Num != bottom[1].Num)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"both bottoms must have the same number of rows (axis 0), not {bottom[0].ShapeString} and "
                + bottom[1].ShapeString);
        }
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (_path.Length == 0)
            throw Fail(ErrorCodes.BadLayerParameter, "hdf5_output_param has no file_name");
        if (Directory.Exists(_path))
            throw Fail(ErrorCodes.BadLayerParameter, $"file_name '{_path}' is a folder; name a file");
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (Context.SolverRank > 0 || bottom[0].Count == 0)
            return;
        _rows ??= new RowSpool(_path, _names, [.. bottom.Select(RowShape)]);
        for (int i = 0; i < bottom.Length; i++)
        {
            if (!_rows.Fits(i, [bottom[i].Channels, bottom[i].Height, bottom[i].Width]))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"bottom {i} now has the shape {bottom[i].ShapeString}; rows of another shape are in the file "
                    + "already");
            }
        }

        _rows.Append(bottom[0].Num, bottom);
        _unsaved = true;
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        try
        {
            if (disposing)
                Save();
        }
        finally
        {
            if (disposing)
                _rows?.Dispose();
            base.Dispose(disposing);
        }
    }

    private static int[] RowShape(Blob blob) => [blob.Channels, blob.Height, blob.Width];
}
