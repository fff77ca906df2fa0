using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CsCheck;
using Google.Protobuf;

namespace CaffeActors.Compute.Tests.Prototxt;

public sealed class TextFormatRoundTripTests
{
    public static TheoryData<string> CorpusNames => Corpus.Theory;

    [Fact]
    public void Print_ThenParse_GivesTheSameNet() => RoundTrip<NetParameter>(iterations: 1000);

    [Fact]
    public void Print_ThenParse_GivesTheSameSolver() => RoundTrip<SolverParameter>(iterations: 300);

    [Fact]
    public void Print_ThenParse_GivesTheSameBlobs() => RoundTrip<BlobProto>(iterations: 1000);

    [Fact]
    public void Print_ThenParse_GivesTheSameDatum() => RoundTrip<Datum>(iterations: 1000);

    [Theory]
    [MemberData(nameof(CorpusNames))]
    public void Print_OfWhatWasParsed_IsAFixedPoint(string name)
    {
        string messageName = Corpus.MessageName(name);
        IMessage message = Corpus.Parse(Corpus.Text(name), messageName, name);
        string printed = TextFormat.Print(message);
        IMessage again = Corpus.Parse(printed, messageName);
        Assert.Equal(message, again);
        Assert.Equal(printed, TextFormat.Print(again));
    }

    private static void RoundTrip<TMessage>(int iterations)
        where TMessage : class, IMessage<TMessage>, new() =>
        MessageGen.Of<TMessage>().Sample(
            message => TextFormat.Parse<TMessage>(TextFormat.Print(message)).Equals(message),
            iter: iterations,
            print: TextFormat.Print);
}
