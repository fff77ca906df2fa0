using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Testing;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Actors.Tests.Cluster.Serialization;

/// <summary>
/// What messages are on the wire, as it was written down: <c>golden.tsv</c> has a name, the bytes and their meaning in
/// each line. A line never changes. Where the schema grows, <c>CAFFEACTORS_WRITE_DOCS=1</c> adds lines that have the
/// new fields.
/// </summary>
public sealed class GoldenBytesTests
{
    private static readonly string _path =
        Path.Combine(Repository.Root, "tests/Actors.Tests/Cluster/Serialization/golden.tsv");

    [Fact]
    public void Bytes_KeepTheirMeaning()
    {
        Assert.All(Lines(), line =>
        {
            IMessage message = Parse(line);
            Assert.Equal(line.Text, JsonFormatter.Default.Format(message));
            Assert.Equal(line.Bytes, Convert.ToHexString(message.ToByteArray()));
        });
    }

    [Fact]
    public void EveryFieldOfEveryMessage_IsWrittenDown()
    {
        ILookup<string, IMessage> known = Lines().ToLookup(line => line.Name, Parse);
        MessageDescriptor[] incomplete =
        [
            .. MessageSample.Types.Where(type => !MessageSample.Of(type).Equals(known[type.Name].LastOrDefault())),
        ];
        if (Environment.GetEnvironmentVariable("CAFFEACTORS_WRITE_DOCS") == "1")
            File.AppendAllLines(_path, incomplete.Select(type => LineOf(MessageSample.Of(type))));
        else
            Assert.Empty(incomplete.Select(type => type.Name));
    }

    private static string LineOf(IMessage message) => string.Join('\t', message.Descriptor.Name,
        Convert.ToHexString(message.ToByteArray()), JsonFormatter.Default.Format(message));

    private static IMessage Parse((string Name, string Bytes, string Text) line) =>
        CaffeactorsReflection.Descriptor.MessageTypes.Single(type => type.Name == line.Name)
            .Parser.ParseFrom(Convert.FromHexString(line.Bytes));

    private static IEnumerable<(string Name, string Bytes, string Text)> Lines() =>
        File.ReadLines(_path).Select(line => line.Split('\t')).Select(parts => (parts[0], parts[1], parts[2]));
}
