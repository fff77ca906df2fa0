using System.Diagnostics;
using CaffeActors.Cli;
using CaffeActors.Testing;
using Microsoft.Build.Logging.StructuredLogger;

namespace CaffeActors.MSBuild.Tests;

/// <summary>A project with a small net in a folder of its own, and builds of it by the SDK, with their binary
/// logs.</summary>
internal sealed class BuiltProject : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The program that these tests were built with.</summary>
    public static string Tool { get; } = typeof(CommandLine).Assembly.Location;

    /// <summary>The tasks that these tests were built with.</summary>
    public static string Tasks { get; } = typeof(RunCaffe).Assembly.Location;

    /// <summary>What the last build wrote.</summary>
    public string Output { get; private set; } = "";

    /// <summary>Its binary log.</summary>
    public Build Log { get; private set; } = null!;

    /// <summary>How often it ran the program.</summary>
    public int Runs => Log.FindChildrenRecursive<Microsoft.Build.Logging.StructuredLogger.Task>(
        task => task.Name == nameof(RunCaffe)).Count;

    public string At(params string[] parts) => _folder.At(parts);

    public string Write(string name, string text) => _folder.Write(name, text);

    /// <summary>Writes a net that learns at once, its solver and its configuration.</summary>
    public void WriteNet(string acceptance = "accuracy >= 0.9")
    {
        Write("configs/net.prototxt", """
            name: "small"
            layer { name: "data" type: "DummyData" top: "data" top: "label"
              dummy_data_param { shape { dim: 8 dim: 10 } shape { dim: 8 } data_filler { type: "gaussian" std: 1 }
                data_filler { type: "constant" value: 1 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
              inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
              include { phase: TEST } }
            """);
        Write("configs/solver.prototxt", """
            net: "net.prototxt" base_lr: 0.05 lr_policy: "fixed" display: 20 test_iter: 2 test_interval: 100
            max_iter: 100 snapshot_prefix: "small" solver_mode: CPU
            """);
        Write("configs/small.hocon", $$"""
            train { solver = solver.prototxt, seed = 3 }
            compute.threads = 1
            acceptance { {{acceptance}} }
            """);
    }

    /// <summary>Writes the project: the targets of this repository, without a package.</summary>
    public void WriteProject(string items) => Write("small.proj", $"""
        <Project>
          <PropertyGroup>
            <CaffeActorsTool>{Tool}</CaffeActorsTool>
            <CaffeTasksAssembly>{Tasks}</CaffeTasksAssembly>
          </PropertyGroup>
          <ItemGroup>
            {items}
          </ItemGroup>
          <Import Project="{Repository.PathOf("src", "MSBuild", "build", "CaffeActors.MSBuild.targets")}" />
        </Project>
        """);

    /// <summary>Builds a target.</summary>
    /// <returns>Whether the build succeeded.</returns>
    public async System.Threading.Tasks.Task<bool> BuildAsync(string project, string target, params string[] more)
    {
        string log = At("build.binlog");
        bool succeeded = await DotnetAsync(
            ["build", project, $"-t:{target}", $"-bl:{log}", "-nologo", "-nodeReuse:false", "-tl:off", .. more]);
        Log = BinaryLog.ReadBuild(log);
        return succeeded;
    }

    /// <summary>Runs the SDK.</summary>
    /// <returns>Whether it succeeded.</returns>
    public async System.Threading.Tasks.Task<bool> DotnetAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Test runs inside a build or a pipeline are not theirs.
        foreach (string name in (string[])["TF_BUILD", "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath"])
            start.Environment.Remove(name);
        using Process process = Process.Start(start)!;
        System.Threading.Tasks.Task<string> error =
            process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await error;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode == 0;
    }

    public void Dispose() => _folder.Dispose();
}
