using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Cluster.Tests.Transport;

public sealed class DataPlaneTests
{
    private static BlockId Block(int index, BlockStream stream = BlockStream.Partial) => new(stream, 7, index);

    [Fact]
    public async Task Blocks_ArriveAsTheyWereSent()
    {
        await using var nodes = new TwoNodes();
        int[] lengths = [0, 1, 55, 4096, 8191, 8192, 524_288, 524_289, 3_000_001];
        Payload[] payloads = [.. lengths.Select((length, i) => new Payload(length, (ulong)i))];
        (EpochLinks first, EpochLinks second) = nodes.Open();
        for (int i = 0; i < lengths.Length; i++)
        {
            first.Send(1, Block(i), payloads[i].Parts());
            second.Send(0, Block(i), payloads[i].Parts());
        }

        foreach (Recorder recorder in (Recorder[])[nodes.AtFirst, nodes.AtSecond])
        {
            int peer = recorder == nodes.AtFirst ? 1 : 0;
            await recorder.ReceivesAsync(lengths.Length);
            await recorder.SendsAsync(lengths.Length);
            var expected = lengths.Select((_, i) => (peer, Block(i)));
            Assert.Equal(expected, recorder.Received);
            Assert.Equal(expected, recorder.Sent);
            for (int i = 0; i < lengths.Length; i++)
                Assert.True(payloads[i].Bytes.SequenceEqual(recorder.Bytes(peer, Block(i))), $"block {i}");
            Assert.Empty(recorder.Lost);
        }

        Array.ForEach(payloads, payload => payload.Dispose());
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(64 << 10)]
    [InlineData(1 << 20)]
    public async Task Parts_MakeOneBlock(int chunk)
    {
        await using var nodes = new TwoNodes(options => options with { ChunkBytes = chunk });
        (EpochLinks first, _) = nodes.Open();
        using var payload = new Payload(2_500_000);
        // Empty ones, tiny ones, one that is longer than a chunk.
        int[] lengths = [0, 1, 3, 0, 8191, 8192, 70_000, .. Enumerable.Repeat(17, 900), 1_200_000];
        first.Send(1, Block(0), payload.Parts(lengths));
        await nodes.AtSecond.ReceivesAsync(1);
        Assert.True(payload.Bytes.SequenceEqual(nodes.AtSecond.Bytes(0, Block(0))));
    }

    [Fact]
    public async Task LargeBlocks_CrossEachOther()
    {
        await using var nodes = new TwoNodes();
        (EpochLinks first, EpochLinks second) = nodes.Open();
        using var down = new Payload(100_000_000, seed: 3);
        using var up = new Payload(60_000_000, seed: 4);
        first.Send(1, Block(0, BlockStream.State), down.Parts());
        second.Send(0, Block(0, BlockStream.State), up.Parts());
        await nodes.AtSecond.ReceivesAsync(1);
        await nodes.AtFirst.ReceivesAsync(1);
        Assert.True(down.Bytes.SequenceEqual(nodes.AtSecond.Bytes(0, Block(0, BlockStream.State))));
        Assert.True(up.Bytes.SequenceEqual(nodes.AtFirst.Bytes(1, Block(0, BlockStream.State))));
        Assert.Equal(0, first.Figures(1).Breaks);
        Assert.InRange(first.Figures(1).BytesSent, 100_000_000, 101_000_000);
        Assert.InRange(second.Figures(0).BytesReceived, 100_000_000, 101_000_000);
    }

    [Fact]
    public async Task UnwantedBlocks_AreAcknowledgedAndNotTold()
    {
        await using var nodes = new TwoNodes(wants: block => block.Index != 1);
        (EpochLinks first, _) = nodes.Open();
        using var payload = new Payload(1_000_000);
        for (int i = 0; i < 3; i++)
            first.Send(1, Block(i), payload.Parts());
        await nodes.AtFirst.SendsAsync(3);
        await nodes.AtSecond.ReceivesAsync(2);
        Assert.Equal([(0, Block(0)), (0, Block(2))], nodes.AtSecond.Received);
        Assert.Equal(3, nodes.AtFirst.Sent.Count);
    }

    [Fact]
    public async Task BlocksSentBeforeTheOtherOpens_Arrive()
    {
        await using var nodes = new TwoNodes();
        using var payload = new Payload(100_000);
        EpochLinks second = nodes.OpenSecond();
        second.Send(0, Block(0), payload.Parts());
        Assert.Empty(nodes.AtFirst.Received);
        nodes.OpenFirst();
        await nodes.AtFirst.ReceivesAsync(1);
        await nodes.AtSecond.SendsAsync(1);
    }

    [Fact]
    public async Task Closing_TellsTheOtherOnce()
    {
        await using var nodes = new TwoNodes();
        (EpochLinks first, EpochLinks second) = nodes.Open();
        using var payload = new Payload(10);
        first.Send(1, Block(0), payload.Parts());
        await nodes.AtFirst.SendsAsync(1);
        second.Dispose();
        await nodes.AtFirst.LosesAsync();
        (int peer, string reason) = Assert.Single(nodes.AtFirst.Lost);
        Assert.Equal(1, peer);
        Assert.Contains("left epoch 1", reason);
        first.Dispose();
        Assert.Single(nodes.AtFirst.Lost);
        Assert.Empty(nodes.AtSecond.Lost);
    }

    [Fact]
    public async Task Disposing_WhileBlocksAreSent_EndsAtOnce()
    {
        await using var nodes = new TwoNodes();
        (EpochLinks first, _) = nodes.Open();
        var payload = new Payload(50_000_000);
        nodes.Proxy.Throttle(1_000_000);
        first.Send(1, Block(0), payload.Parts());
        await Eventually.HoldsAsync(() => first.Figures(1).BytesSent > 0, "the first bytes sent");
        first.Dispose();
        // Nothing reads it any more: a thread that did would bring the process down.
        payload.Dispose();
        Assert.Empty(nodes.AtFirst.Sent);
        Assert.Empty(nodes.AtSecond.Received);
    }

    [Fact]
    public async Task Epochs_FollowEachOther()
    {
        await using var nodes = new TwoNodes();
        using var payload = new Payload(1000);
        (EpochLinks first, EpochLinks second) = nodes.Open(1);
        first.Send(1, new BlockId(BlockStream.Partial, 1, 0), payload.Parts());
        await nodes.AtSecond.ReceivesAsync(1);
        first.Dispose();
        second.Dispose();
        (first, _) = nodes.Open(2);
        first.Send(1, new BlockId(BlockStream.Partial, 2, 0), payload.Parts());
        await nodes.AtSecond.ReceivesAsync(2);
        Assert.Throws<InvalidOperationException>(() => nodes.OpenFirst(1));
        Assert.Throws<InvalidOperationException>(() => nodes.OpenFirst(2));
    }

    [Fact]
    public async Task Channels_OfAnEpoch_AreApart()
    {
        await using var nodes = new TwoNodes();
        using var payload = new Payload(1000);
        nodes.Open();
        using var atFirst = new Recorder();
        using var atSecond = new Recorder();
        using EpochLinks first = nodes.First.Open(1, 0, nodes.Members, [1], atFirst, channel: 1);
        using EpochLinks second = nodes.Second.Open(1, 1, nodes.Members, [0], atSecond, channel: 1);
        second.Send(0, Block(4), payload.Parts());
        await atFirst.ReceivesAsync(1);
        Assert.Empty(nodes.AtFirst.Received);
    }

    [Fact]
    public void Neighbours_AreOthersAndNamedOnce()
    {
        using DataPlane plane = DataPlane.Listen(new DataPlaneOptions { Node = 5, Host = "127.0.0.1" });
        using var recorder = new Recorder();
        PeerAddress[] members = [plane.Address, new PeerAddress(6, "", "127.0.0.1", 1)];
        Assert.Throws<ArgumentException>(() => plane.Open(1, 0, members, [0], recorder));
        Assert.Throws<ArgumentException>(() => plane.Open(1, 0, members, [1, 1], recorder));
        Assert.Throws<ArgumentException>(() => plane.Open(1, 1, members, [0], recorder));
        using EpochLinks links = plane.Open(1, 0, members, [], recorder);
        Assert.Throws<ArgumentOutOfRangeException>(() => links.Send(1, Block(0), []));
    }
}
