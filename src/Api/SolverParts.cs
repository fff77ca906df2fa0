using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Tools;

namespace CaffeActors.Api;

/// <summary>What a solver is made of, built of a plan.</summary>
internal sealed class SolverParts : IDisposable
{
    private readonly CpuDevice _device;
    private readonly GpuDevice? _gpu;
    private readonly Optimizer? _optimizer;

    /// <summary>Builds nets and optimizer; after a failure nothing is left.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="seed">The seed; null takes the plan's.</param>
    /// <param name="notice">Hears remarks.</param>
    public SolverParts(RunPlan plan, ulong? seed, Action<string> notice)
    {
        Seed = plan.SeedOr(seed);
        _device = plan.CreateCpu(plan.Threads);
        try
        {
            _gpu = DeviceOpener.Open(plan.Parallel.Devices[0], notice);
            GradScale? scale = GradScale.Of(plan.Nets.Train, plan.Precision, plan.GradScale);
            var options = new NetOptions(new LayerContext(_device, Seed)
            {
                Gpu = _gpu,
                Notice = notice,
                Warning = notice,
                ResolvePath = plan.ResolvePath,
                Extensions = plan.Extensions,
            }, plan.Catalog)
            { Precision = plan.Precision, Passes = plan.Passes };
            NetOptions scaled = options with { Context = options.Context with { GradScale = scale } };
            Nets.Add(new CaffeNet(NetBuilder.Build(plan.Nets.Train, scaled), _gpu));
            foreach (SolverTestNet test in plan.Nets.Tests)
                Nets.Add(new CaffeNet(NetBuilder.Build(test.Net, options), _gpu));
            _optimizer = new Optimizer(plan.Solver, Nets[0].Net.LearnableParams, _device, notice)
            {
                GradScale = scale,
            };
            MemoryDemand.OfTraining([Nets[0].Net], _optimizer, Nets.Skip(1).Select(test => test.Net))
                .RequireFits("training", plan.MemoryLimit ?? MachineMemory.Bytes);
            foreach (string weights in plan.Weights)
            {
                notice($"Finetuning from {weights}");
                string file = plan.ResolvePath(weights);
                NetParameter stored = CaffeNet.ReadWeights(file, notice);
                foreach (CaffeNet net in Nets)
                    net.TakeWeights(stored, file, notice);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The seed of all random numbers.</summary>
    public ulong Seed { get; }

    /// <summary>The train net, then the test nets.</summary>
    public List<CaffeNet> Nets { get; } = [];

    /// <summary>The update rule and its history.</summary>
    public Optimizer Optimizer => _optimizer!;

    /// <summary>The nets as <c>.resume</c> files name them.</summary>
    public IReadOnlyList<(string Key, Net Net)> Keyed =>
        [.. Nets.Select((net, i) => (i == 0 ? "train" : $"test{i - 1}", net.Net))];

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer?.Dispose();
        foreach (CaffeNet net in Nets)
            net.Dispose();
        _gpu?.Dispose();
        _device.Dispose();
    }
}
