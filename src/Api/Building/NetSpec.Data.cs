using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <content>The data layers. Parameters and formulas are in docs/layers.</content>
public sealed partial class NetSpec
{
    /// <summary>An input that the program fills. See docs/layers/Input.md.</summary>
    /// <param name="shape">Axis lengths, outermost first.</param>
    public SpecLayer Input(params ReadOnlySpan<int> shape)
    {
        var blob = new BlobShape();
        foreach (int length in shape)
            blob.Dim.Add(length);
        return Layer("Input", [],
            message => message.InputParam = new InputParameter { Shape = { blob } });
    }

    /// <summary>Batches of a database. See docs/layers/Data.md.</summary>
    public SpecLayer Data(Action<DataParameter>? set = null, Action<LayerParameter>? layer = null, int tops = 2) =>
        Make("Data", [], set, static message => message.DataParam ??= new DataParameter(), layer, tops);

    /// <summary>Batches of image files. See docs/layers/ImageData.md.</summary>
    public SpecLayer ImageData(
        Action<ImageDataParameter>? set = null, Action<LayerParameter>? layer = null, int tops = 2) =>
        Make("ImageData", [], set, static message => message.ImageDataParam ??= new ImageDataParameter(), layer, tops);

    /// <summary>Batches of windows of image files. See docs/layers/WindowData.md.</summary>
    public SpecLayer WindowData(
        Action<WindowDataParameter>? set = null, Action<LayerParameter>? layer = null, int tops = 2) =>
        Make("WindowData", [], set, static message => message.WindowDataParam ??= new WindowDataParameter(),
            layer, tops);

    /// <summary>Batches of HDF5 files. See docs/layers/HDF5Data.md.</summary>
    public SpecLayer HDF5Data(
        Action<HDF5DataParameter>? set = null, Action<LayerParameter>? layer = null, int tops = 2) =>
        Make("HDF5Data", [], set, static message => message.Hdf5DataParam ??= new HDF5DataParameter(), layer, tops);

    /// <summary>Batches that the program gives. See docs/layers/MemoryData.md.</summary>
    public SpecLayer MemoryData(Action<MemoryDataParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("MemoryData", [], set, static message => message.MemoryDataParam ??= new MemoryDataParameter(), layer, 2);

    /// <summary>Filled blobs. See docs/layers/DummyData.md.</summary>
    public SpecLayer DummyData(
        Action<DummyDataParameter>? set = null, Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("DummyData", [], set, static message => message.DummyDataParam ??= new DummyDataParameter(), layer, tops);

    /// <summary>A learnable blob. See docs/layers/Parameter.md.</summary>
    public SpecLayer Parameter(Action<ParameterParameter>? set = null, Action<LayerParameter>? layer = null) =>
        Make("Parameter", [], set, static message => message.ParameterParam ??= new ParameterParameter(), layer);

    /// <summary>Writes its bottoms to an HDF5 file. See docs/layers/HDF5Output.md.</summary>
    public SpecLayer HDF5Output(
        IReadOnlyList<SpecTop> bottoms, Action<HDF5OutputParameter>? set = null,
        Action<LayerParameter>? layer = null) =>
        Make("HDF5Output", bottoms, set, static message => message.Hdf5OutputParam ??= new HDF5OutputParameter(),
            layer, 0);
}
