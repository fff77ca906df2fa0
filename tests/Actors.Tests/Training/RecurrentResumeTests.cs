using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Hdf5;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>
/// A run of a net with states carried from batch to batch and parameters shared between layers, cut and resumed,
/// equals the uncut one, bit for bit, in both forms of snapshots.
/// </summary>
public sealed class RecurrentResumeTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public RecurrentResumeTests() => File.WriteAllText(_fixture.At("net.prototxt"), $$"""
        name: "sequences"
        layer { name: "data" type: "Data" top: "data" top: "label"
          transform_param { scale: 0.01 } data_param { source: "{{_fixture.At("db")}}" batch_size: 8 backend: LMDB } }
        layer { name: "steps" type: "Reshape" bottom: "data" top: "x"
          reshape_param { shape { dim: 4 dim: 2 dim: -1 } } }
        layer { name: "on" type: "DummyData" top: "on" dummy_data_param { shape { dim: 4 dim: 2 }
          data_filler { value: 1 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { axis: 2 num_output: 6
          weight_filler { type: "xavier" } } }
        layer { name: "rnn" type: "RNN" bottom: "ip" bottom: "on" top: "rnn" recurrent_param { num_output: 6
          weight_filler { type: "xavier" } } }
        layer { name: "lstm1" type: "LSTM" bottom: "rnn" bottom: "on" top: "lstm1" recurrent_param { num_output: 6
          weight_filler { type: "xavier" } } param { name: "wx" } param { name: "b" } param { name: "wh" } }
        layer { name: "lstm2" type: "LSTM" bottom: "lstm1" bottom: "on" top: "lstm2" recurrent_param { num_output: 6
          weight_filler { type: "xavier" } } param { name: "wx" } param { name: "b" } param { name: "wh" } }
        layer { name: "out" type: "InnerProduct" bottom: "lstm2" top: "out" inner_product_param { axis: 2 num_output: 4
          weight_filler { type: "xavier" } } }
        layer { name: "rows" type: "Reshape" bottom: "out" top: "rows" reshape_param { shape { dim: 8 dim: 4 } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "rows" bottom: "label" top: "loss" }
        """);

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(13, "BINARYPROTO")]
    [InlineData(20, "HDF5")]
    public async Task CutRun_EqualsTheUncutOne(int k, string format)
    {
        WriteSolver(format);
        await _fixture.RunAsync(_fixture.Plan(runs: "uncut"));
        WriteSolver(format, $"snapshot: {k}");
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = k }, "cut"));
        WriteSolver(format);
        RunOutcome outcome =
            await _fixture.RunAsync(_fixture.Plan(runs: "cut") with { Resume = ResumeMode.Auto, Threads = 3 });

        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Contains($"Resuming at iteration {k}", _fixture.Log.ToString(), StringComparison.Ordinal);
        Assert.Equal(_fixture.Metrics("uncut"), _fixture.Metrics("cut"));
        string resume = File.ReadAllText(Prefix("cut", k) + ".resume");
        Assert.All((string[])["rnn/h", "lstm1/h", "lstm1/c", "lstm2/h", "lstm2/c"],
            state => Assert.Contains($"\"train/{state}\"", resume, StringComparison.Ordinal));
        string uncut = Prefix("uncut"), cut = Prefix("cut");
        if (format == "HDF5")
        {
            AssertEqual(uncut + ".caffemodel.h5", cut + ".caffemodel.h5", "data");
            AssertEqual(uncut + ".solverstate.h5", cut + ".solverstate.h5", "history");
            using var model = new Hdf5Reader(uncut + ".caffemodel.h5");
            // What is shared is kept with its owner.
            Assert.Equal(["0", "1", "2"], model.Children("data/lstm1"));
            Assert.Empty(model.Children("data/lstm2"));
            Assert.Equal(5, model.Children("data/rnn").Count);
        }
        else
        {
            Assert.Equal(_fixture.Snapshot(40, "uncut").Model, _fixture.Snapshot(40, "cut").Model);
            Assert.Equal(_fixture.Snapshot(40, "uncut").State, _fixture.Snapshot(40, "cut").State);
        }
    }

    private void WriteSolver(string format, string more = "") =>
        _fixture.WriteSolver($"snapshot_format: {format} {more}");

    private string Prefix(string runs, int iteration = 40) =>
        Path.Combine(_fixture.RunFolder(runs), "snapshots", $"snap_iter_{iteration}");

    private static void AssertEqual(string expected, string actual, string group)
    {
        using Hdf5Reader first = new(expected), second = new(actual);
        Assert.NotEmpty(first.Datasets(group));
        Assert.Equal(first.Datasets(group), second.Datasets(group));
        foreach (string name in first.Datasets(group))
            Assert.Equal(first.ReadFloats($"{group}/{name}"), second.ReadFloats($"{group}/{name}"));
    }
}
