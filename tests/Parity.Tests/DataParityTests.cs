using CaffeActors.Data.Hdf5;
using CaffeActors.Testing;

namespace CaffeActors.Parity.Tests;

/// <summary>
/// What data layers hand out in TEST phase for Caffe's own databases and images, through the program. All batches:
/// the data layers' own tests.
/// </summary>
public sealed class DataParityTests
{
    // All these images are PNG or raw, and resizing is OpenCV's to the byte: what is left is float rounding.
    private const double Tolerance = 1e-6;

    [Theory]
    [InlineData("data-plain", "raw32_lmdb", "")]
    [InlineData("data-meanfile-crop", "raw32_lmdb",
        "mean_file: '{0}/mean32.binaryproto' scale: 0.0078125 crop_size: 27")]
    [InlineData("data-meanvalue-crop", "raw32_lmdb",
        "mean_value: 104 mean_value: 117 mean_value: 123 crop_size: 24")]
    [InlineData("data-encoded", "encoded_lmdb", "scale: 0.5")]
    [InlineData("data-gray", "gray_lmdb", "mean_value: 100")]
    [InlineData("data-leveldb", "raw32_leveldb", "scale: 0.00390625", "LEVELDB")]
    public Task Data_EqualsCaffe(string name, string source, string transform, string backend = "LMDB") =>
        Check(name, $$"""
        layer {
          name: "data" type: "Data" top: "data" top: "label"
          transform_param { {{transform.Replace("{0}", Golden.Folder("Data"), StringComparison.Ordinal)}} }
          data_param { source: "{{Golden.Folder("Data")}}/{{source}}" batch_size: 4 backend: {{backend}} }
        }
        """);

    [Fact]
    public Task ImageData_EqualsCaffe() => Check("imagedata-resize", $$"""
        layer {
          name: "data" type: "ImageData" top: "data" top: "label"
          transform_param { mean_value: 90 scale: 0.01 }
          image_data_param {
            source: "{{Golden.Folder("Data")}}/images/list.txt" root_folder: "{{Golden.Folder("Data")}}/images/"
            batch_size: 3 new_height: 30 new_width: 44
          }
        }
        """);

    private static async Task Check(string name, string net)
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("out.h5");
        await Golden.RunAsync(
            "net", "run", "--model", folder.Write("net.prototxt", net), "--output", output, "--phase", "TEST");
        using var expected = new Hdf5Reader(Path.Combine(Golden.Folder("Data"), $"{name}.h5"));
        using var actual = new Hdf5Reader(output);
        Assert.Equal(2, Golden.AssertGroup(expected, "batch0", actual, "data", Tolerance));
    }
}
