using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;

namespace CaffeActors.Api.Tests;

public sealed class CaffeSolverTests : IDisposable
{
    private readonly ApiFixture _files = new();

    public void Dispose() => _files.Dispose();

    private static CaffeSolverOptions Options => new() { Threads = 1, Device = TestDevices.Name };

    private static DeviceId Device => DeviceId.TryParse(TestDevices.Name)!.Value;

    private byte[] Model(int iteration) => File.ReadAllBytes(_files.At($"snap_iter_{iteration}.caffemodel"));

    private static async Task TrainByActorsAsync(string solver, string runs)
    {
        RunPlan plan = SolverPlanner.FromFile(
            solver, new PlanOptions { OutputRoot = runs, Threads = 2, Devices = [Device] }, static _ => { });
        RunOutcome outcome = await new TrainingHost(plan, plan.Catalog, new RunLog(TextWriter.Null),
            TimeProvider.System).RunAsync(static _ => 0);
        Assert.Equal(RunEnd.Finished, outcome.End);
    }

    [Theory]
    [InlineData("")]
    [InlineData("type: \"Adam\" momentum2: 0.99 clip_gradients: 0.5")]
    [InlineData("lr_policy: \"plateau\" plateau_winsize: [2, 1] larc: true larc_turbo: true larc_eta: 0.02")]
    public async Task Solve_GivesTheProgramsBits(string more)
    {
        string solver = _files.Solver(more);
        await TrainByActorsAsync(solver, _files.At("runs"));
        byte[] model = Model(12), state = await File.ReadAllBytesAsync(
            _files.At("snap_iter_12.solverstate"), TestContext.Current.CancellationToken);
        File.Delete(_files.At("snap_iter_12.caffemodel"));

        using CaffeSolver mine = CaffeSolver.Open(solver, Options);
        mine.Solve();
        Assert.Equal(12, mine.Iteration);
        Assert.Equal(model, Model(12));
        Assert.Equal(state, await File.ReadAllBytesAsync(
            _files.At("snap_iter_12.solverstate"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Device_IsTheOneOfTheOptionsOrTheSolvers()
    {
        List<string> told = [];
        using (CaffeSolver there = CaffeSolver.Open(_files.Solver(), Options with { Notice = told.Add }))
        {
            Assert.Equal(TestDevices.Name, there.Net.Layers.Single(layer => layer.Name == "ip1").Place);
            Assert.All(there.TestNets, net => Assert.Same(there.Net.Gpu, net.Gpu));
            there.Step(2);
            using CaffeSolver here = CaffeSolver.Open(_files.At("solver.prototxt"), Options with { Device = "cpu" });
            here.Step(2);
            Assert.Equal(here.Loss, there.Loss, 1e-4f);
            Assert.Null(here.Net.Gpu);
        }

        Assert.Contains(told, line => line.StartsWith(
            TestDevices.Gpu is null ? "Use CPU." : "Use GPU with device ID", StringComparison.Ordinal));
        Assert.Equal(FailureKind.Device, Assert.Throws<CaffeException>(() =>
            CaffeSolver.Open(_files.At("solver.prototxt"), Options with { Device = "gpu:99" })).Kind);
        Assert.Equal(FailureKind.Configuration, Assert.Throws<CaffeException>(() =>
            CaffeSolver.Open(_files.At("solver.prototxt"), Options with { Device = "gpu" })).Kind);
        // What the solver asks for: a GPU where there is a real one.
        told.Clear();
        string solver = _files.Write("gpu.prototxt", File.ReadAllText(_files.At("solver.prototxt"))
            .Replace("solver_mode: CPU", "solver_mode: GPU", StringComparison.Ordinal));
        using CaffeSolver own = CaffeSolver.Open(solver, Options with { Device = null, Notice = told.Add });
        bool real = GpuPlatform.Devices.Any(gpu => gpu is { Number: 0, IsCpu: false });
        Assert.Equal(real, own.Net.Gpu is not null);
        Assert.Equal(real ? 0 : 1, told.Count(line => line.Contains("the CPU is used", StringComparison.Ordinal)));
    }

    [Fact]
    public void Step_CountsAndKeepsGradientsUntilTheNext()
    {
        using CaffeSolver solver = CaffeSolver.Open(_files.Solver(), Options);
        List<int> started = [], ready = [];
        solver.IterationStarting += started.Add;
        solver.GradientsReady += ready.Add;
        Assert.Equal(0.02f, solver.LearningRate);
        solver.Step(3);
        solver.Step(5);
        Assert.Equal(8, solver.Iteration);
        Assert.Equal(0.01f, solver.LearningRate, 1e-9f);
        Assert.Equal(Enumerable.Range(0, 8), started);
        Assert.Equal(started, ready);
        Assert.True(solver.Loss > 0 && float.IsFinite(solver.SmoothedLoss));
        Assert.Contains(solver.Net.Params["ip2"][0].Diff.ToArray(), value => value != 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("lr_policy: \"plateau\" plateau_winsize: [2, 1] larc: true larc_turbo: true larc_eta: 0.02")]
    public void Snapshot_GoesOnExactly(string more)
    {
        string file = _files.Solver(more);
        using (CaffeSolver whole = CaffeSolver.Open(file, Options))
        {
            whole.Step(9);
            whole.Net.Save(_files.At("whole.caffemodel"));
        }

        string state;
        using (CaffeSolver cut = CaffeSolver.Open(file, Options))
        {
            cut.Step(5);
            state = cut.Snapshot();
        }

        using CaffeSolver resumed = CaffeSolver.Open(file, Options with { Snapshot = state });
        Assert.Equal(5, resumed.Iteration);
        resumed.Step(4);
        resumed.Net.Save(_files.At("resumed.caffemodel"));
        Assert.Equal(File.ReadAllBytes(_files.At("whole.caffemodel")),
            File.ReadAllBytes(_files.At("resumed.caffemodel")));

        using CaffeSolver restored = CaffeSolver.Open(file, Options);
        restored.Step(2);
        restored.Restore(state);
        restored.Step(4);
        restored.Net.Save(_files.At("restored.caffemodel"));
        Assert.Equal(File.ReadAllBytes(_files.At("whole.caffemodel")),
            File.ReadAllBytes(_files.At("restored.caffemodel")));
    }

    [Fact]
    public void Test_GivesTheMeansOfTheOutputs()
    {
        List<string> lines = [];
        using CaffeSolver solver = CaffeSolver.Open(_files.Solver(), Options with { Notice = lines.Add });
        IReadOnlyList<OutputValue> outputs = solver.Test();
        Assert.Equal(["accuracy", "loss"], outputs.Select(output => output.Name));
        Assert.InRange(outputs[0].Value, 0, 1);
        Assert.Contains("Iteration 0, Testing net (#0)", lines);
        Assert.Contains(lines, line => line.StartsWith("    Test net output #1: loss = ", StringComparison.Ordinal));
    }

    [Fact]
    public void ApplyUpdate_ServesProgramsThatRunThePassesThemselves()
    {
        string file = _files.Solver();
        using CaffeSolver stepped = CaffeSolver.Open(file, Options), own = CaffeSolver.Open(file, Options);
        stepped.Step(1);
        own.TestAll();
        own.Net.ClearParamDiffs();
        for (int pass = 0; pass < own.Parameter.IterSize; pass++)
        {
            own.Net.Forward();
            own.Net.Backward();
        }

        own.ApplyUpdate();
        Assert.Equal(1, own.Iteration);
        Assert.Equal(stepped.Net.Params["conv"][0].Data.ToArray(), own.Net.Params["conv"][0].Data.ToArray());
    }

    [Fact]
    public void Stop_EndsEarly()
    {
        using CaffeSolver solver = CaffeSolver.Open(_files.Solver(), Options);
        solver.IterationStarting += iteration =>
        {
            if (iteration == 2)
                solver.Stop();
        };
        solver.Solve();
        Assert.Equal(3, solver.Iteration);
    }

    [Fact]
    public void Weights_GoIntoAllNets()
    {
        string file = _files.Solver();
        using CaffeSolver first = CaffeSolver.Open(file, Options);
        first.Step(2);
        first.Net.Save(_files.At("w.caffemodel"));
        using CaffeSolver second = CaffeSolver.Open(file, Options with { Weights = _files.At("w.caffemodel") });
        Assert.Equal(first.Net.Params["ip1"][0].Data.ToArray(), second.Net.Params["ip1"][0].Data.ToArray());
        Assert.Equal(first.Net.Params["ip1"][0].Data.ToArray(), second.TestNets[0].Params["ip1"][0].Data.ToArray());
    }

    [Fact]
    public void Divergence_IsAFailure()
    {
        using CaffeSolver solver = CaffeSolver.Open(
            _files.Solver(), Options);
        solver.Net.Params["ip2"][0].MutableData.Fill(float.NaN);
        Assert.Equal(ErrorCodes.NotFinite, Assert.Throws<CaffeException>(() => solver.Step(1)).Code);
    }

    [Fact]
    public void Snapshot_OfAnotherTypeIsRefused()
    {
        using (CaffeSolver solver = CaffeSolver.Open(_files.Solver(), Options))
        {
            solver.Step(1);
            solver.Snapshot();
        }

        string adam = _files.Solver("type: \"Adam\"");
        Assert.Equal(ErrorCodes.BadSnapshot, Assert.Throws<CaffeException>(() => CaffeSolver.Open(
            adam, Options with { Snapshot = _files.At("snap_iter_1.solverstate") })).Code);
    }
}
