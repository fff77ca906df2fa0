// Writes the checked-in kernel sources anew: dotnet run --project eng/kernels [FOLDER]
using CaffeActors.Kernels;

string folder = args.Length > 0 ? args[0] : Path.Combine("src", "Compute", "Backends", "Cpu", "Gemm");
if (!Directory.Exists(folder))
{
    Console.Error.WriteLine($"There is no folder {folder}; run this in the repository's root or name the folder.");
    return 2;
}

foreach ((string name, string text) in KernelGenerator.Files())
    File.WriteAllText(Path.Combine(folder, name), text);
return 0;
