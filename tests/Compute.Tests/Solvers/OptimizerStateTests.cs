using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Compute.Tests.Solvers;

public sealed class OptimizerStateTests : IDisposable
{
    private readonly CpuDevice _device = new(1);

    private static LearnableParam[] Params() =>
    [
        TestDevices.Param(LayerHarness.RandomBlob(1, [4, 3, 2]), 1, 1, "conv1/0"),
        TestDevices.Param(LayerHarness.RandomBlob(2, [4]), 2, 0, "conv1/1"),
    ];

    private static SolverParameter Parameter(string type)
    {
        var parameter = new SolverParameter { Type = type, LrPolicy = "multistep", BaseLr = 0.1f, Gamma = 0.5f };
        parameter.Stepvalue.Add([2, 2, 5]);
        if (type is "SGD" or "Nesterov" or "AdaDelta" or "Adam")
            parameter.Momentum = 0.9f;
        return parameter;
    }

    private Optimizer Make(string type, LearnableParam[] learnable) => new(Parameter(type), learnable, _device);

    private static void Run(Optimizer optimizer, int from, int to)
    {
        for (int iteration = from; iteration < to; iteration++)
        {
            foreach (LearnableParam param in optimizer.Learnable)
            {
                using Blob gradient = LayerHarness.RandomBlob(50 + iteration, param.Blob.Shape);
                gradient.Data.CopyTo(param.Blob.MutableDiff);
            }

            optimizer.ApplyUpdate(iteration);
        }
    }

    private SolverState StateOf(string type)
    {
        var state = new SolverState();
        using Optimizer optimizer = Make(type, Params());
        Run(optimizer, 0, 3);
        optimizer.ToSolverState(state);
        return state;
    }

    private string RefusalOf(SolverState state)
    {
        using Optimizer optimizer = Make("Adam", Params());
        Run(optimizer, 0, 1);
        float[][] before = [.. optimizer.History.Select(blob => blob.Data.ToArray())];
        CaffeException failure = Assert.Throws<CaffeException>(() => optimizer.Restore(state));
        Assert.Equal(ErrorCodes.BadSnapshot, failure.Code);
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Equal(before, optimizer.History.Select(blob => blob.Data.ToArray()));
        Assert.Equal(0, optimizer.CurrentStep);
        return failure.Message;
    }

    [Theory]
    [InlineData("SGD")]
    [InlineData("Nesterov")]
    [InlineData("AdaGrad")]
    [InlineData("RMSProp")]
    [InlineData("AdaDelta")]
    [InlineData("Adam")]
    public void Restore_GoesOnWithTheSameBits(string type)
    {
        LearnableParam[] whole = Params(), parted = Params();
        using Optimizer all = Make(type, whole);
        Run(all, 0, 8);

        var state = new SolverState { Iter = 3, LearnedNet = "snap_iter_3.caffemodel" };
        using (Optimizer first = Make(type, parted))
        {
            Run(first, 0, 3);
            first.ToSolverState(state);
        }

        Assert.Equal(1, state.CurrentStep);
        Assert.Equal(3, state.Iter);
        using Optimizer second = Make(type, parted);
        second.Restore(SolverState.Parser.ParseFrom(state.ToByteArray()));
        Run(second, 3, 8);
        Assert.Equal(3, second.CurrentStep);
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i].Blob.Data.ToArray(), parted[i].Blob.Data.ToArray());
    }

    [Theory]
    [InlineData("scale")]
    [InlineData("clip")]
    public void Restore_GoesOnWithPlateauAndTurbo(string larcPolicy)
    {
        LearnableParam[] whole = Params(), parted = Params();
        var parameter = new SolverParameter
        {
            Type = "SGD",
            LrPolicy = "plateau",
            BaseLr = 0.1f,
            Gamma = 0.5f,
            Momentum = 0.9f,
            Larc = true,
            LarcTurbo = true,
            LarcPolicy = larcPolicy,
            LarcEta = 0.05f,
            PlateauWinsize = { 2 },
        };
        using Optimizer all = new(parameter, whole, _device);
        RunTold(all, 0, 12);

        var state = new SolverState();
        float[] alignment;
        using (Optimizer first = new(parameter, parted, _device))
        {
            RunTold(first, 0, 5);
            first.ToSolverState(state);
            alignment = first.LarcAlignment.ToArray();
        }

        using Optimizer second = new(parameter, parted, _device);
        second.Restore(SolverState.Parser.ParseFrom(state.ToByteArray()));
        second.RestoreLarcAlignment(alignment);
        RunTold(second, 5, 12);
        Assert.Equal(all.CurrentStep, second.CurrentStep);
        Assert.True(all.CurrentStep > 1);
        Assert.Equal(all.Plateau, second.Plateau);
        Assert.NotEqual(0, alignment[0]);
        Assert.Equal(all.LarcAlignment.ToArray(), second.LarcAlignment.ToArray());
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i].Blob.Data.ToArray(), parted[i].Blob.Data.ToArray());

        // Losses that fall at first and then do not.
        static void RunTold(Optimizer optimizer, int from, int to)
        {
            for (int iteration = from; iteration < to; iteration++)
            {
                Run(optimizer, iteration, iteration + 1);
                optimizer.ObserveLoss(iteration, iteration < 3 ? 5 - iteration : 4);
            }
        }
    }

    [Fact]
    public void OtherPolicies_KeepNoMinimumLoss()
    {
        SolverState state = StateOf("SGD");
        Assert.False(state.HasMinimumLoss || state.HasIterLastEvent);
    }

    [Fact]
    public void ToSolverState_ListsTheSecondBlockAfterTheFirst()
    {
        SolverState state = StateOf("Adam");
        Assert.Equal([24, 4, 24, 4], state.History.Select(blob => blob.Data.Count));
        Assert.Equal([4, 3, 2], state.History[2].Shape.Dim);
        Assert.All(state.History[2].Data, value => Assert.True(value >= 0));
        Assert.Contains(state.History[0].Data, value => value < 0);
    }

    [Fact]
    public void ToSolverState_ReplacesWhatWasThere()
    {
        SolverState state = StateOf("Adam");
        using Optimizer optimizer = Make("SGD", Params());
        optimizer.ToSolverState(state);
        Assert.Equal(2, state.History.Count);
        Assert.Equal(0, state.CurrentStep);
    }

    [Fact]
    public void Restore_TakesOldShapesOfTheSameCount()
    {
        SolverState state = StateOf("SGD");
        BlobProto conv = state.History[0];
        conv.Shape = null;
        (conv.Num, conv.Channels, conv.Height, conv.Width) = (2, 3, 4, 1);
        using Optimizer optimizer = Make("SGD", Params());
        optimizer.Restore(state);
        Assert.Equal([4, 3, 2], optimizer.History[0].Shape.ToArray());
        Assert.Equal(conv.Data, optimizer.History[0].Data.ToArray());
    }

    [Fact]
    public void Restore_TakesDoubles()
    {
        SolverState state = StateOf("SGD");
        state.History[1].Data.Clear();
        state.History[1].DoubleData.Add([1, 2, 3, 4]);
        using Optimizer optimizer = Make("SGD", Params());
        optimizer.Restore(state);
        Assert.Equal([1, 2, 3, 4], optimizer.History[1].Data.ToArray());
    }

    [Fact]
    public void Restore_RefusesAnotherTypesHistory()
    {
        string message = RefusalOf(StateOf("SGD"));
        Assert.Contains("2 history blobs where 4 are needed: 2 for each of 2 learnable parameters", message);
    }

    [Fact]
    public void Restore_RefusesAnotherShape()
    {
        SolverState state = StateOf("Adam");
        state.History[2].Shape.Dim[0] = 5;
        Assert.Contains(
            "history blob 2 (parameter 'conv1/0') of the solver state has the shape 5 3 2 (30), not 4 3 2 (24)",
            RefusalOf(state));
    }

    [Fact]
    public void Restore_RefusesShapesThatNoBlobHas()
    {
        SolverState state = StateOf("Adam");
        state.History[3].Shape.Dim[0] = long.MaxValue;
        Assert.Contains("history blob 3 (parameter 'conv1/1')", RefusalOf(state));
        state = StateOf("Adam");
        state.History[1].Shape = null;
        (state.History[1].Num, state.History[1].Channels) = (int.MaxValue, int.MaxValue);
        Assert.Contains("history blob 1 (parameter 'conv1/1')", RefusalOf(state));
    }

    [Fact]
    public void Restore_RefusesMissingValues()
    {
        SolverState state = StateOf("Adam");
        state.History[3].Data.RemoveAt(0);
        Assert.Contains("has 3 values and 0 diffs where its shape asks for 4 values", RefusalOf(state));
    }

    [Fact]
    public void Restore_RefusesANegativeStep()
    {
        SolverState state = StateOf("Adam");
        state.CurrentStep = -1;
        Assert.Contains("current_step -1", RefusalOf(state));
    }

    public void Dispose() => _device.Dispose();
}
