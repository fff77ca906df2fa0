using System.Runtime.CompilerServices;
using CaffeActors.Kernels;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Gemm;

public sealed class KernelGeneratorTests
{
    public static TheoryData<string> Names => [.. KernelGenerator.Files().Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Files_AreAsCheckedIn(string name)
    {
        string path = Path.Combine(Root(), "src", "Compute", "Backends", "Cpu", "Gemm", name);
        Assert.True(
            File.ReadAllText(path).ReplaceLineEndings("\n") == KernelGenerator.Files()[name],
            $"{path} is not what eng/kernels writes; run `dotnet run --project eng/kernels`.");
    }

    private static string Root([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "..", ".."));
}
