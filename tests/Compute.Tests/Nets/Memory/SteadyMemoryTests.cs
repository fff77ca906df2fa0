using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets.Memory;

/// <summary>A steady iteration takes no memory: none of the managed heap, and no page of the system.</summary>
public sealed class SteadyMemoryTests : NetTests
{
    public static TheoryData<string> Names => [.. PlannedNets.Texts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Training_AllocatesNothing(string name)
    {
        foreach (Recompute recompute in Enum.GetValues<Recompute>())
        {
            using Net net = Build(PlannedNets.Texts[name], new NetUse(Backward: true) { Recompute = recompute });
            SteadyState.AllocatesNothing(() =>
            {
                net.Forward();
                net.Backward();
                net.ClearParamDiffs();
            }, warmUp: 20);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Testing_AllocatesNothing(string name)
    {
        string text = PlannedNets.Texts[name].Replace("phase: TRAIN", "phase: TEST", StringComparison.Ordinal);
        using Net net = Build(text, new NetUse(Backward: false));
        SteadyState.AllocatesNothing(() => net.Forward(), warmUp: 20);
    }

    // On one thread all work is this thread's, and so are the pages it would be given. A few may be the managed heap's.
    [Theory]
    [InlineData("chain")]
    [InlineData("inception")]
    public void Training_TakesNoPages(string name)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var device = new CpuDevice(1);
        string text = PlannedNets.Texts[name]
            .Replace("shape { dim: 4 dim:", "shape { dim: 64 dim:", StringComparison.Ordinal)
            .Replace("shape { dim: 4 }", "shape { dim: 64 }", StringComparison.Ordinal);
        using Net net = NetBuilder.Build(
            TextFormat.Parse<NetParameter>(text),
            new NetOptions(new LayerContext(device, 1), LayerCatalog.Compute) { Use = new NetUse(Backward: true) });
        using var optimizer = new Optimizer(
            new SolverParameter { BaseLr = 0.01f, LrPolicy = "fixed", Momentum = 0.9f }, net.LearnableParams, device);
        Assert.True(PagesTaken() > 0, "pages are not counted");
        Iterate(11);
        Assert.InRange(Enumerable.Range(0, 5).Min(_ => Iterate(5)), 0, 4);

        long Iterate(int times)
        {
            long before = PagesTaken();
            for (int i = 0; i < times; i++)
            {
                net.Forward();
                net.Backward();
                optimizer.ApplyUpdate(0, clearGradients: true);
            }

            return PagesTaken() - before;
        }
    }

    // Minor faults of this thread, field 10 of its stat; the name before may hold blanks.
    private static long PagesTaken()
    {
        string stat = File.ReadAllText("/proc/thread-self/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7]);
    }
}
