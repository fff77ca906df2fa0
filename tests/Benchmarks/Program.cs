using CaffeActors.Benchmarks.Kernels;

// Benchmarks by name, run in Release-like optimisation in every configuration:
//   dotnet run --project tests/Benchmarks -- gemm [THREADS] [ROUNDS]
//   dotnet run --project tests/Benchmarks -- conv [THREADS] [ROUNDS] [NAME-PART]
switch (args.FirstOrDefault())
{
    case "gemm":
        GemmBenchmark.Run(args[1..]);
        return 0;
    case "conv":
        ConvolutionBenchmark.Run(args[1..]);
        return 0;
    default:
        Console.Error.WriteLine("name a benchmark: gemm, conv");
        return 2;
}
