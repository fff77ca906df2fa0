using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>Nets from a few words of text: what the tests of a net's parts share.</summary>
public abstract class NetTests : IDisposable
{
    protected const string Input = """
        layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 4 dim: 3 } shape { dim: 4 } } }
        """;

    private readonly CpuDevice _device = new(2);

    protected List<string> Notices { get; } = [];

    public void Dispose()
    {
        _device.Dispose();
        GC.SuppressFinalize(this);
    }

    protected Net Build(string text, NetUse? use = null, NetPasses passes = NetPasses.All) => NetBuilder.Build(
        TextFormat.Parse<NetParameter>(text, "net.prototxt"),
        new NetOptions(new LayerContext(_device, seed: 1) { Notice = Notices.Add }, LayerCatalog.Compute)
        {
            Use = use,
            Passes = passes,
        });

    protected CaffeException Refused(string text) => Assert.Throws<CaffeException>(() => Build(text).Dispose());

    protected static string Ip(string name, string bottom, string more = "", int outputs = 2) =>
        $"layer {{ name: \"{name}\" type: \"InnerProduct\" bottom: \"{bottom}\" top: \"{name}\" {more} "
        + $"inner_product_param {{ num_output: {outputs} weight_filler {{ type: \"xavier\" }} }} }}";

    protected static string Loss(string bottom, string more = "", string name = "loss") =>
        $"layer {{ name: \"{name}\" type: \"SoftmaxWithLoss\" bottom: \"{bottom}\" bottom: \"t\" top: \"{name}\" "
            + $"{more} }}";
}
