namespace CaffeActors.Benchmarks.Kernels;
internal static class ConvolutionBenchmark { public static void Run(string[] args) { } }
