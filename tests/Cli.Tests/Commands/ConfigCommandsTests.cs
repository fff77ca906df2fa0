using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>config print.</summary>
public sealed class ConfigCommandsTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private async Task<string> PrintAsync(params string[] args)
    {
        int code = await _cli.RunAsync(["config", "print", .. args]);
        Assert.True(code == ExitCodes.Done, _cli.Error);
        return _cli.Out;
    }

    [Fact]
    public async Task Print_ShowsWhatTheFilesAndTheCommandLineSet()
    {
        _cli.Write("base.hocon", "train { solver = s.prototxt, seed = 5 }\n");
        string file = _cli.Write("run.hocon", "include \"base.hocon\"\nrun.name = ${?NAME}\ntrain.seed = 6\n");
        _cli.Environment["NAME"] = "mine";
        Assert.Equal("""
            run {
              name = "mine"
            }
            train {
              solver = "s.prototxt"
              max-iter = 7
              seed = 6
            }

            """, await PrintAsync(file, "--set", "train.max-iter=7"));
    }

    [Fact]
    public async Task Print_WithOrigin_NamesFilesLinesAndVariables()
    {
        string below = _cli.Write("base.hocon", "train { solver = s.prototxt, seed = 5 }\n");
        string file = _cli.Write("run.hocon", "include \"base.hocon\"\nrun.name = ${?NAME}\ntrain.seed = 6\n");
        _cli.Environment["NAME"] = "mine";
        string text = await PrintAsync(file, "--origin", "--set", "train.max-iter=7");
        Assert.Contains(
            $"name = \"mine\"  # {file}(2,12), environment variable NAME\n", text, StringComparison.Ordinal);
        Assert.Contains($"solver = \"s.prototxt\"  # {below}(1,18)\n", text, StringComparison.Ordinal);
        Assert.Contains($"seed = 6  # {file}(3,14)\n", text, StringComparison.Ordinal);
        Assert.Contains("max-iter = 7  # --set\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("reference.conf", text, StringComparison.Ordinal);
        text = await PrintAsync(file, "--origin", "--resolved");
        Assert.Matches(@"  output-root = ""runs""  # reference\.conf\(\d+,\d+\)\n", text);
    }

    [Theory]
    [InlineData()]
    [InlineData("--resolved")]
    [InlineData("--resolved", "--origin")]
    public async Task Print_OfLeNet_ReadsBackTheSame(params string[] flags)
    {
        string lenet = Repository.PathOf("configs", "lenet.hocon");
        string again = _cli.Write("again.hocon", await PrintAsync([lenet, .. flags]));
        string[] plain = [.. flags.Where(flag => flag != "--origin")];
        Assert.Equal(await PrintAsync([lenet, .. plain]), await PrintAsync([again, .. plain]));
    }

    [Fact]
    public async Task Print_OfAnUnknownKey_IsAnErrorWithItsPlace()
    {
        string file = _cli.Write("run.hocon", "train {\n  sead = 1\n}\n");
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync("config", "print", file));
        Assert.Contains(
            $"{file}(2,3): error CFA1002: there is no setting 'train.sead'; did you mean 'seed'?", _cli.Error,
            StringComparison.Ordinal);
        Assert.Empty(_cli.Out);
    }
}
