using System.Text;
using System.Text.Json;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Snapshots;

public sealed class ResumeFileTests
{
    [Fact]
    public void Parse_GivesBackEveryField()
    {
        ResumeState state = Sample.Resume() with
        {
            Iteration = 15,
            Model = new("m.caffemodel", 1L << 33, "00ff"),
            State = new("s.solverstate", 5, "11ee"),
        };
        ResumeState read = ResumeFile.Parse(ResumeFile.Format(state));
        Assert.Equal(state.DataPositions, read.DataPositions);
        Assert.Equal(state.RandomStreams, read.RandomStreams);
        Assert.Equal(state.SmoothedLoss!.Losses, read.SmoothedLoss!.Losses);
        Assert.Equal(state.SmoothedLoss.Value, read.SmoothedLoss.Value);
        LayerState carried = Assert.Single(read.LayerStates);
        Assert.Equal("train/lstm/h", carried.Name);
        Assert.Equal([1, 2, 3], carried.Shape);
        Assert.Equal(state.LayerStates[0].Floats, carried.Floats);
        Assert.Equal(state, read with
        {
            LayerStates = state.LayerStates,
            DataPositions = state.DataPositions,
            RandomStreams = state.RandomStreams,
            SmoothedLoss = state.SmoothedLoss,
        });
    }

    [Fact]
    public void Format_IsJsonToReadByEye()
    {
        string text = Encoding.UTF8.GetString(ResumeFile.Format(Sample.Resume()));
        using JsonDocument json = JsonDocument.Parse(text);
        Assert.Equal(1, json.RootElement.GetProperty("format_version").GetInt32());
        Assert.Equal(1L << 40, json.RootElement.GetProperty("data_positions").GetProperty("data").GetInt64());
        Assert.Equal(ulong.MaxValue, json.RootElement.GetProperty("random_streams")[0].GetProperty("seed").GetUInt64());
        Assert.EndsWith("\"\n}\n", text, StringComparison.Ordinal);
        Assert.Contains("  \"dätä/2\": 0", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\r", text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDocumentation_NamesEveryField()
    {
        string page = File.ReadAllText(Repository.PathOf("docs", "snapshot-format.md"));
        ResumeState state = Sample.Resume() with { Model = new("m", 1, "0"), State = new("s", 1, "0") };
        using JsonDocument json = JsonDocument.Parse(ResumeFile.Format(state));
        AssertNamed(json.RootElement);

        void AssertNamed(JsonElement element)
        {
            foreach (JsonProperty field in element.EnumerateObject())
            {
                Assert.Contains($"`{field.Name}`", page, StringComparison.Ordinal);
                JsonElement value = field.Value.ValueKind == JsonValueKind.Array ? field.Value[0] : field.Value;
                if (value.ValueKind == JsonValueKind.Object && field.Name != "data_positions")
                    AssertNamed(value);
            }
        }
    }

    [Fact]
    public void Parse_PassesOverWhatItDoesNotKnow() =>
        Assert.Equal("run-a", ResumeFile.Parse(Hashed("""{"run_id":"run-a","mood":[1]""")).RunId);

    [Fact]
    public void Parse_OfANewerVersion_SaysSo() =>
        AssertRefused(Hashed("""{"format_version":2"""), "version 2 is newer");

    [Fact]
    public void Parse_OfAnEditedFile_SaysSo()
    {
        string text = Encoding.UTF8.GetString(ResumeFile.Format(Sample.Resume()));
        AssertRefused(Encoding.UTF8.GetBytes(text.Replace("12", "13", StringComparison.Ordinal)), "edited");
    }

    private static void AssertRefused(byte[] file, string said) => Assert.Contains(
        said, Assert.Throws<JsonException>(() => ResumeFile.Parse(file)).Message, StringComparison.Ordinal);

    // A file as another version would write it: an object's beginning, and its hash as the last member.
    private static byte[] Hashed(string head)
    {
        string hash = Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(Encoding.UTF8.GetBytes(head)));
        return Encoding.UTF8.GetBytes($"{head},\n  \"xxh128\": \"{hash}\"\n}}\n");
    }
}
