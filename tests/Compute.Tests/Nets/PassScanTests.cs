using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>What a scan finds in the blobs of a pass, on the CPU and on an accelerator.</summary>
public sealed class PassScanTests : IDisposable
{
    private const string NetText = """
        force_backward: true state { phase: TRAIN }
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4
          weight_filler { type: "constant" value: 1 } } }
        layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
        layer { name: "scale" type: "Power" bottom: "y" top: "z" power_param { scale: 2 } }
        layer { name: "sum" type: "Reduction" bottom: "z" top: "sum" loss_weight: 1 }
        """;

    private readonly CpuDevice _device = new(2);

    public void Dispose() => _device.Dispose();

    private void Run(bool onGpu, Action<Net> prepare, Action<PassScan, Net> check)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice? gpu = onGpu ? TestDevices.GpuOrSimulation : null;
            using Net net = NetBuilder.Build(TextFormat.Parse<NetParameter>(NetText),
                new NetOptions(new LayerContext(_device, seed: 1) { Gpu = gpu }, LayerCatalog.Compute));
            net.Blob("x").MutableData.Fill(1);
            net.Scan = new PassScan(net);
            prepare(net);
            net.Forward();
            net.Backward();
            check(net.Scan, net);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FinitePass_HasNoFault(bool onGpu) => Run(onGpu, static _ => { }, static (scan, net) =>
    {
        Assert.Null(scan.Fault);
        Assert.DoesNotContain(net.Layers, layer => scan.IsDead(layer.Rank));
    });

    [Theory]
    [InlineData(false, float.NaN)]
    [InlineData(true, float.NaN)]
    [InlineData(false, float.PositiveInfinity)]
    [InlineData(true, float.PositiveInfinity)]
    public void FirstTop_IsNamed(bool onGpu, float bad) => Run(
        onGpu, net => net.FindLayer("ip")!.Layer.Blobs[0].MutableData[5] = bad, static (scan, net) =>
        {
            Assert.Equal(new PassFault("top 'y' of layer 'ip'", IsBackward: false), scan.Fault);
            scan.Clear();
            Assert.Null(scan.Fault);
        });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FirstGradient_IsNamedAgainstTheOrderOfTheLayers(bool onGpu) => Run(
        onGpu, static net => net.Blob("sum").MutableDiff[0] = float.NaN, static (scan, _) => Assert.Equal(
            new PassFault("the gradient of bottom 'z' of layer 'sum'", IsBackward: true), scan.Fault));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RectifierThatPutsOutZeros_IsDead(bool onGpu) => Run(
        onGpu, static net => net.FindLayer("ip")!.Layer.Blobs[1].MutableData.Fill(-9), static (scan, net) =>
        {
            Assert.Null(scan.Fault);
            Assert.Equal(["relu"], net.Layers.Where(layer => scan.IsDead(layer.Rank)).Select(layer => layer.Name));
            // One batch that comes through is enough.
            net.Blob("x").MutableData.Fill(100);
            net.Forward();
            Assert.DoesNotContain(net.Layers, layer => scan.IsDead(layer.Rank));
            scan.Clear();
            Assert.DoesNotContain(net.Layers, layer => scan.IsDead(layer.Rank));
        });

    [Fact]
    public void Gradients_CanBePassedOver() => Run(false, static net =>
    {
        net.Scan = new PassScan(net) { IgnoresGradients = true };
        net.Blob("sum").MutableDiff[0] = float.NaN;
    }, static (scan, _) => Assert.Null(scan.Fault));
}
