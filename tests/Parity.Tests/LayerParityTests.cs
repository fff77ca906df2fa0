using CaffeActors.Data.Hdf5;
using CaffeActors.Testing;

namespace CaffeActors.Parity.Tests;

/// <summary>One pass of one layer: blobs, gradients and parameters equal Caffe's to 2e-4 of the largest
/// value, or 5e-4 on an accelerator (<c>CAFFEACTORS_TEST_DEVICE</c>).</summary>
public sealed class LayerParityTests
{
    private static readonly double Tolerance = TestDevices.Name == "cpu" ? 2e-4 : 5e-4;

    public static TheoryData<string> Cases() => Golden.Cases("Layers");

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Pass_EqualsCaffe(string name)
    {
        using var folder = new TemporaryFolder();
        string golden = Path.Combine(Golden.Folder("Layers"), name, "golden.h5");
        string output = folder.At("out.h5");
        await Golden.RunAsync(
            "net", "run", "--model", Path.Combine(Golden.Folder("Layers"), name, "net.prototxt"), "--weights", golden,
            "--inputs", golden, "--output", output, "--backward", "--device", TestDevices.Name);
        using var expected = new Hdf5Reader(golden);
        using var actual = new Hdf5Reader(output);
        int compared = Golden.AssertGroup(expected, "data", actual, "data", Tolerance);
        compared += Golden.AssertGroup(expected, "diff", actual, "diff", Tolerance);
        Golden.AssertGroup(expected, "param_diffs", actual, "param_diffs", Tolerance);
        Golden.AssertGroup(expected, "params_after", actual, "params", Tolerance);
        Assert.True(compared > 0, "the case compares nothing");
    }
}
