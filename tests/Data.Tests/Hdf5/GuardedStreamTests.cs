using CaffeActors.Data.Hdf5;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Hdf5;

public sealed class GuardedStreamTests
{
    [Fact]
    public void Reads_AreLimitedFromEachRestartOn()
    {
        using var folder = new TemporaryFolder();
        using var stream = new GuardedStream(folder.Write("file", "0123456789"));
        Assert.Equal('0', stream.ReadByte());
        InvalidDataException failure = Assert.Throws<InvalidDataException>(Repeat);
        Assert.Contains("circle", failure.Message, StringComparison.Ordinal);
        stream.Restart();
        Assert.Equal('3', stream.ReadByte());

        void Repeat()
        {
            for (int i = 0; i < 10_000_000; i++)
            {
                stream.Position = 3;
                if (stream.ReadByte() != '3')
                    return;
            }
        }
    }
}
