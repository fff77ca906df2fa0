using System.Diagnostics;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Compute.Tests.Prototxt;

/// <summary>Ten thousand damaged texts: each is read, or refused with a place in it, within a second; nothing
/// else happens.</summary>
public sealed class TextFormatFuzzTests
{
    private static readonly string[] _codes =
        [ErrorCodes.TextFormatSyntax, ErrorCodes.UnknownField, ErrorCodes.BadFieldValue];

    [Fact(Timeout = 300_000)]
    public async Task Parse_TakesOrRefusesWhateverItGets()
    {
        (int taken, int refused) = await Task.Run(() => Run(10_000), TestContext.Current.CancellationToken);
        Assert.True(taken > 300, $"only {taken} texts were valid");
        Assert.True(refused > 3000, $"only {refused} texts were invalid");
    }

    // What Parse refuses is the first of the problems; what it takes has none.
    [Fact(Timeout = 300_000)]
    public Task Problems_BeginWithWhatParseRefuses() => Task.Run(
        () =>
        {
            var mutator = new TextMutator(seed: 1702);
            for (int i = 0; i < 1500; i++)
            {
                (string messageName, string text) = mutator.Next();
                if (messageName == nameof(NetParameter))
                    Compare<NetParameter>(text);
                else
                    Compare<SolverParameter>(text);
            }
        },
        TestContext.Current.CancellationToken);

    [Theory(Timeout = 300_000)]
    [InlineData("layer {")]
    [InlineData("layer [")]
    [InlineData("layer: <")]
    [InlineData("}")]
    [InlineData("bottom: 'x' ")]
    [InlineData("input: 'x' layer { } input: 'x' ")]
    [InlineData("'x'")]
    [InlineData("name: ")]
    [InlineData("- ")]
    [InlineData("1")]
    [InlineData("input_dim: 1 ")]
    [InlineData("#\n")]
    [InlineData("\\")]
    public async Task Parse_StaysFastOnRepetition(string piece)
    {
        string text = string.Concat(Enumerable.Repeat(piece, 200_000));
        await Task.Run(
            () =>
            {
                Read(nameof(NetParameter), text);
                Read(nameof(NetParameter), "name: '" + text);
                Read(nameof(NetParameter), "input_dim: " + text);
                Read(nameof(NetParameter), "layer { " + text);
            },
            TestContext.Current.CancellationToken);
    }

    private static void Compare<TMessage>(string text)
        where TMessage : class, IMessage<TMessage>, new()
    {
        List<TextProblem> problems = [];
        TMessage? read = TextFormat.Parse<TMessage>(text, "fuzz.prototxt", problems.Add);
        try
        {
            TMessage whole = TextFormat.Parse<TMessage>(text, "fuzz.prototxt");
            Assert.Empty(problems);
            Assert.Equal(TextFormat.Print(whole), TextFormat.Print(read!));
        }
        catch (CaffeException fault)
        {
            Assert.Equal((fault.Place, fault.Code), (problems[0].Failure.Place, problems[0].Failure.Code));
            Assert.All(problems, problem => Assert.Contains(problem.Failure.Code, _codes));
        }
    }

    private static (int Taken, int Refused) Run(int count)
    {
        var mutator = new TextMutator(seed: 1701);
        int taken = 0;
        for (int i = 0; i < count; i++)
        {
            (string messageName, string text) = mutator.Next();
            if (ReadWithinASecond(messageName, text))
                taken++;
        }

        return (taken, count - taken);
    }

    // Another program may hold the processor for a second, but hardly three times.
    private static bool ReadWithinASecond(string messageName, string text)
    {
        for (int attempt = 1; ; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            bool taken = Read(messageName, text);
            if (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1))
                return taken;
            Assert.True(attempt < 3, $"reading this took over a second:\n{text}");
        }
    }

    private static bool Read(string messageName, string text)
    {
        IMessage message;
        try
        {
            message = Corpus.Parse(text, messageName, "fuzz.prototxt");
        }
        catch (CaffeException fault)
        {
            Assert.Contains(fault.Code, _codes);
            Assert.Equal(FailureKind.Configuration, fault.Kind);
            SourcePlace place = Assert.NotNull(fault.Place);
            string[] lines = text.Split('\n');
            Assert.InRange(place.Line, 1, lines.Length);
            Assert.InRange(place.Column, 1, lines[place.Line - 1].Length + 1);
            Assert.InRange(fault.Message.Length, 20, 500);
            return false;
        }

        Assert.Equal(message, Corpus.Parse(TextFormat.Print(message), messageName));
        Upgrade(message);
        return true;
    }

    private static void Upgrade(IMessage message)
    {
        try
        {
            UpgradeOnce(message);
            Assert.False(UpgradeOnce(message).Changed);
        }
        catch (CaffeException fault)
        {
            Assert.NotNull(fault.Place);
        }
    }

    private static UpgradeResult UpgradeOnce(IMessage message) =>
        message is NetParameter net ? NetUpgrade.Upgrade(net) : SolverUpgrade.Upgrade((SolverParameter)message);
}
