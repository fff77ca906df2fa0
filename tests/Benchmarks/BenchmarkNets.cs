using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Nets;

namespace CaffeActors.Benchmarks;

/// <summary>Nets ready to train, as the benchmarks time them: SGD with momentum and decay, as the peers have it.</summary>
internal static class BenchmarkNets
{
    /// <summary>A replica of a net file in phase TRAIN.</summary>
    public static Replica Replica(string path, int threads = 0)
    {
        NetParameter parameter = NetFiles.ReadNet(path);
        parameter.State = NetStates.Merge(Phase.Train, parameter.State);
        var device = new CpuDevice(threads);
        Net net = NetBuilder.Build(parameter, new NetOptions(new LayerContext(device, seed: 1), LayerCatalog.Compute));
        var solver = new SolverParameter { BaseLr = 0.001f, LrPolicy = "fixed", Momentum = 0.9f, WeightDecay = 0.0005f };
        return new Replica(device, net, new Optimizer(solver, net.LearnableParams, device), IterSize: 1);
    }
}
