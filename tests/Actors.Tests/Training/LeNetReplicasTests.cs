using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.PlugIns;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>LeNet on the embedded images: several replicas train as one of their whole batch does.</summary>
public sealed class LeNetReplicasTests : IDisposable
{
    private const int GlobalBatch = 48;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // The weights after some iterations of the configuration with some settings.
    private async Task<float[]> TrainAsync(int iterations, params string[] settings)
    {
        string path = Path.Combine(Repository.Root, "configs", "lenet.hocon");
        CaffeActorsSettings read = SettingsReader.ReadFile(path,
            [$"data.root={_folder.Path}", "solver.test_interval=1000", "solver.test_initialization=false", .. settings],
            static _ => null);
        string runs = _folder.At(Guid.NewGuid().ToString("N"));
        RunPlan plan = ConfigurationPlanner.Plan(read, path,
            new PlanOptions { MaxIter = iterations, Seed = 3, OutputRoot = runs }, static _ => { });
        using var log = new StringWriter();
        RunOutcome outcome = await new TrainingHost(plan, LayerPlugIns.BuiltIn, new RunLog(log), TimeProvider.System)
            .RunAsync(static _ => 0).WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        Assert.Equal(new RunOutcome(RunEnd.Finished, iterations), outcome);
        string model = Directory.GetFiles(runs, "*.caffemodel", SearchOption.AllDirectories).Single();
        return [.. NetParameter.Parser.ParseFrom(await File.ReadAllBytesAsync(model)).Layer
            .SelectMany(layer => layer.Blobs).SelectMany(blob => blob.Data)];
    }

    private static string Devices(int count) =>
        $"parallel.devices=[{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"cpu:{i}\""))}]";

    private static string Batch(int size) => $"layers-train.mnist.data_param.batch_size={size}";

    [Fact]
    public async Task Replicas_EqualOneOfTheWholeBatch()
    {
        float[] one = await TrainAsync(10, Batch(GlobalBatch));
        float largest = one.Max(MathF.Abs);
        foreach (int devices in (int[])[2, 3, 4, 8])
        {
            float[] several = await TrainAsync(10, Devices(devices), Batch(GlobalBatch / devices));
            float apart = one.Zip(several, (a, b) => MathF.Abs(a - b)).Max();
            Assert.InRange(apart / largest, float.Epsilon, 1e-5f);
        }
    }

    [Fact]
    public async Task ReproducibleSums_GiveTheSameBitsOnAnyNumberOfDevices()
    {
        string[] settings =
            [Batch(64), "parallel.scaling=strong", "parallel.reproducible=on", "parallel.grain=8"];
        float[] one = await TrainAsync(30, settings);
        foreach (int devices in (int[])[2, 4, 8])
            Assert.Equal(one, await TrainAsync(30, [.. settings, Devices(devices)]));
    }
}
