using CaffeActors.Benchmarks;
using CaffeActors.Benchmarks.Actors;
using CaffeActors.Benchmarks.Analysis;
using CaffeActors.Benchmarks.Cluster;
using CaffeActors.Benchmarks.Comparison;
using CaffeActors.Benchmarks.Kernels;
using CaffeActors.Benchmarks.Layers;
using CaffeActors.Benchmarks.Reading;
using CaffeActors.Benchmarks.Runs;
using CaffeActors.Benchmarks.Soak;

// Benchmarks by name, run in Release-like optimisation in every configuration:
//   dotnet run --project tests/Benchmarks -- compare [--peer COMMAND] [--threads N] [--rounds R] [--only PATTERN]
//                                                    [--output FILE.md]
//   dotnet run --project tests/Benchmarks -- step NET BATCH ITERATIONS [THREADS] [infer] [fp16|bf16]
//   dotnet run --project tests/Benchmarks -- threads NET BATCH ITERATIONS [THREADS] [infer] [fp16|bf16]
//   dotnet run --project tests/Benchmarks -- layers NET BATCH ITERATIONS [THREADS] [infer] [least] [fp16|bf16]
//   dotnet run --project tests/Benchmarks -- kernels [--threads N] [--plain] [--output FILE.md]
//                                                    [--filter PATTERNS]
//   dotnet run --project tests/Benchmarks -- passes NET BATCH ROUNDS [train|infer [THREADS [PASS,...]]]
//   dotnet run --project tests/Benchmarks -- actors NET BATCH [ROUNDS [ITERATIONS]]
//   dotnet run --project tests/Benchmarks -- reduce [REPLICAS [KIND [BUCKET-MIB [ROUNDS [BATCH]]]]]
//   dotnet run --project tests/Benchmarks -- dataplane [MB [BUCKET-MIB [CHUNK-KIB [ROUNDS]]]]
//   dotnet run --project tests/Benchmarks -- scaling [CONFIG [ITERATIONS [NODES]]]
//   dotnet run --project tests/Benchmarks -- gpu [DEVICE] [ROUNDS] [NAME-PART]
//   dotnet run --project tests/Benchmarks -- data [ROUNDS]
//   dotnet run --project tests/Benchmarks -- tools [IMAGES [SIDE [ROUNDS]]]
//   dotnet run --project tests/Benchmarks -- snapshots [CONFIG [ITERATIONS [EVERY [ROUNDS]]]]
//   dotnet run --project tests/Benchmarks -- metrics-cost [CONFIG [ITERATIONS]]
//   dotnet run --project tests/Benchmarks -- metrics [ROWS [RUNS [ROUNDS]]]
//   dotnet run --project tests/Benchmarks -- soak [MINUTES [CONFIG]]
try
{
    return await RunAsync();
}
catch (Exception failure) when (failure is ArgumentException or FormatException)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

async Task<int> RunAsync()
{
    switch (args.FirstOrDefault())
    {
        case "compare":
            return CompareBenchmark.Run(args[1..]);
        case "kernels":
            return KernelBenchmarks.Run(args[1..]);
        case "gpu":
            GpuBenchmark.Run(args[1..]);
            return 0;
        case "step":
            return StepBenchmark.Run(args[1..]);
        case "threads":
            return ThreadBenchmark.Run(args[1..]);
        case "layers":
            return LayerTable.Run(args[1..]);
        case "passes":
            PassBenchmark.Run(args[1..]);
            return 0;
        case "actors":
            return await ActorOverhead.RunAsync(args[1..]);
        case "reduce":
            return await ReduceBenchmark.RunAsync(args[1..]);
        case "dataplane":
            return DataPlaneBenchmark.Run(args[1..]);
        case "scaling":
            return await ScalingBenchmark.RunAsync(args[1..]);
        case "data":
            return DataBenchmark.Run(args[1..]);
        case "tools":
            return DataTools.Run(args[1..]);
        case "snapshots":
            return await SnapshotBenchmark.RunAsync(args[1..]);
        case "metrics-cost":
            return await MetricsCost.RunAsync(args[1..]);
        case "metrics":
            return MetricsBenchmark.Run(args[1..]);
        case "soak":
            return await SoakBenchmark.RunAsync(args[1..]);
        default:
            Console.Error.WriteLine(
                "name a benchmark: compare, kernels, step, threads, layers, passes, gpu, actors, reduce, "
                + "dataplane, scaling, data, tools, snapshots, metrics-cost, metrics, soak");
            return 2;
    }
}
