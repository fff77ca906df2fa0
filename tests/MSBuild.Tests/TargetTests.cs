using CaffeActors.Data.Runs;
using CaffeActors.Testing;
using Microsoft.Build.Logging.StructuredLogger;
using Task = System.Threading.Tasks.Task;

namespace CaffeActors.MSBuild.Tests;

/// <summary>Builds by the targets of the package, read in their binary logs.</summary>
public sealed class TargetTests : IDisposable
{
    private const string Net = "<CaffeNet Include=\"configs/small.hocon\" />";

    private readonly BuiltProject _project = new();

    public void Dispose() => _project.Dispose();

    private async Task Builds(string target, int runs, params string[] more)
    {
        Assert.True(await _project.BuildAsync("small.proj", target, more), _project.Output);
        Assert.True(runs == _project.Runs, $"the program ran {_project.Runs} time(s)\n{_project.Output}");
    }

    private RunManifest Run() => Assert.Single(RunIndex.List(_project.At("runs"))).Manifest;

    [Fact]
    public async Task Train_TrainsOnce_AndAgainWhenSomethingChanged()
    {
        _project.WriteNet();
        _project.WriteProject(Net);
        await Builds("CaffeTrain", 2);
        Assert.Equal((RunState.Finished, 100), (Run().State, Run().LastIteration));
        string stamp = File.ReadAllText(_project.At("obj", "caffe", "small.trained"));
        Assert.Equal(File.ReadAllText(_project.At("obj", "caffe", "small.inputs")), stamp);
        Assert.Matches("^[0-9a-f]{64}\n$", stamp);

        // Nothing changed: nothing runs, although the files are newer.
        File.SetLastWriteTimeUtc(_project.At("configs", "net.prototxt"), DateTime.MaxValue.AddYears(-7000));
        await Builds("CaffeTrain", 0);
        Assert.Equal(stamp, File.ReadAllText(_project.At("obj", "caffe", "small.inputs")));

        // A file more counts, and so does one that is gone; what was trained with the files as they are now stays so.
        _project.Write("configs/other.prototxt", "name: 'other'");
        await Builds("CaffeValidate", 1);
        File.Delete(_project.At("configs", "other.prototxt"));
        await Builds("CaffeTrain", 1);
        // Other flags count too.
        await Builds("CaffeValidate", 1, "-p:CaffeTrainArguments=--seed 4");
        await Builds("CaffeClean", 0);
        await Builds("CaffeTrain", 2);
        Assert.Single(Run().Segments);

        await Builds("CaffeReport", 3);
        Assert.Equal(["acceptance.xml", "manifest.json", "report.html", "train.log.test", "train.log.train"],
            Directory.GetFiles(_project.At("report")).Select(Path.GetFileName).Order());
        Assert.NotEmpty(Directory.GetFiles(_project.At("report", "charts"), "*.svg"));
    }

    [Fact]
    public async Task TrainWithABudget_GoesOnInTheNextBuild()
    {
        _project.WriteNet();
        _project.WriteProject(Net);
        await Builds("CaffeTrain", 2, "-p:CaffeTimeBudget=1s", "-p:CaffeTrainArguments=--max-iter 100000000");
        Assert.Contains("the next build goes on from there", _project.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_project.At("obj", "caffe", "small.trained")));
        long reached = Run().LastIteration;

        await Builds("CaffeTrain", 2, $"-p:CaffeTrainArguments=--max-iter {((reached / 100) + 1) * 100}");
        Assert.Equal((2, RunState.Finished), (Run().Segments.Count, Run().State));
    }

    [Fact]
    public async Task MistakeInANet_IsAnErrorOfTheBuildAtItsPlace()
    {
        _project.WriteNet();
        string net = _project.At("configs", "net.prototxt");
        _project.Write("configs/net.prototxt", File.ReadAllText(net)
            .Replace("\"InnerProduct\"", "\"InnerProdukt\"", StringComparison.Ordinal));
        _project.WriteProject(Net);
        Assert.False(await _project.BuildAsync("small.proj", "CaffeTrain"));
        Error error = Assert.Single(_project.Log.FindChildrenRecursive<Error>());
        Assert.Equal((net, 5, "CFA1201"), (error.File, error.LineNumber, error.Code));
        Assert.Contains("did you mean 'InnerProduct'", error.Text, StringComparison.Ordinal);
        Assert.True(error.ColumnNumber > 0);
        // It is looked at again, not taken for checked.
        Assert.False(await _project.BuildAsync("small.proj", "CaffeTrain"));
        Assert.Equal(1, _project.Runs);
    }

    [Fact]
    public async Task RunThatIsNotAccepted_FailsTheBuild()
    {
        _project.WriteNet("loss <= -1");
        _project.WriteProject(Net);
        Assert.False(await _project.BuildAsync("small.proj", "CaffeTrain"));
        Error error = Assert.Single(_project.Log.FindChildrenRecursive<Error>());
        Assert.Equal((_project.At("configs", "small.hocon"), 3, "CFA1602"),
            (error.File, error.LineNumber, error.Code));
        Assert.False(File.Exists(_project.At("obj", "caffe", "small.trained")));
    }

    [Fact]
    public async Task Convert_MakesADatabaseOnce_AndTestScoresAModel()
    {
        _project.WriteNet();
        await WriteDigitsAsync();
        _project.WriteProject(Net + """
            <CaffeData Include="digits_lmdb" Kind="mnist" Sources="images.idx;labels.idx" />
            <CaffeModel Include="configs/net.prototxt" Weights="runs/$(Weights)" Iterations="2" />
            """);
        await Builds("CaffeConvert", 1);
        Assert.True(File.Exists(_project.At("digits_lmdb", "data.mdb")));
        await Builds("CaffeConvert", 0);
        File.SetLastWriteTimeUtc(_project.At("labels.idx"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        await Builds("CaffeConvert", 1);

        await Builds("CaffeTrain", 2);
        string weights = Path.GetRelativePath(_project.At("runs"), Assert.Single(
            Directory.GetFiles(_project.At("runs"), "*.caffemodel", SearchOption.AllDirectories)));
        await Builds("CaffeTest", 1, $"-p:Weights={weights}");
        Assert.Contains("accuracy = 1", _project.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProjectWithoutNets_SaysWhatToGive()
    {
        _project.WriteProject("");
        Assert.False(await _project.BuildAsync("small.proj", "CaffeTrain"));
        Assert.Contains("-p:CaffeConfig=", _project.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProjectOfTheClone_TrainsWhatItIsGiven()
    {
        Assert.True(await _project.BuildAsync(Repository.PathOf("pipelines", "train.proj"), "CaffeTrain",
            "-p:CaffeConfig=configs/lenet.hocon", $"-p:CaffeActorsTool={BuiltProject.Tool}",
            $"-p:CaffeTasksAssembly={BuiltProject.Tasks}", $"-p:CaffeStampDirectory={_project.At("stamps")}/",
            $"-p:CaffeOutputRoot={_project.At("runs")}",
            $"-p:CaffeTrainArguments=--max-iter 2 --set data.root={_project.At("data")} --set solver.test_iter=[1]"),
            _project.Output);
        Assert.Equal((RunState.Finished, 2), (Run().State, Run().LastIteration));
        Assert.True(File.Exists(_project.At("stamps", "lenet.trained")));
    }

    // Two images of 28 by 28 in MNIST's form.
    private async Task WriteDigitsAsync()
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28, .. new byte[2 * 784]];
        await File.WriteAllBytesAsync(_project.At("images.idx"), images, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(
            _project.At("labels.idx"), [0, 0, 8, 1, 0, 0, 0, 2, 3, 4], TestContext.Current.CancellationToken);
    }
}
