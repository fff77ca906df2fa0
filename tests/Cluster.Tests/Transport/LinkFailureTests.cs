using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Testing;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>Connections that break, and peers that go.</summary>
public sealed class LinkFailureTests
{
    private static BlockId Block(int index) => new(BlockStream.Sum, 3, index);

    [Theory]
    [InlineData(ProxyDirection.ToTarget)]
    [InlineData(ProxyDirection.ToClient)]
    public async Task ACut_InTheMiddleOfABlock_IsMended(ProxyDirection direction)
    {
        await using var nodes = new TwoNodes();
        nodes.Proxy.CutAfter(9_000_000, direction);
        await ExchangeAsync(nodes, count: 8, length: 4_000_001);
        Assert.Equal(2, nodes.Proxy.Connections);
    }

    [Fact]
    public async Task ManyCuts_AreMended()
    {
        await using var nodes = new TwoNodes();
        Task exchange = ExchangeAsync(nodes, count: 40, length: 1_000_003);
        for (int i = 1; i <= 5; i++)
        {
            long passed = i * 5_000_000L;
            await Eventually.HoldsAsync(() => nodes.Proxy.Passed() > passed, $"{passed} bytes");
            nodes.Proxy.Cut();
        }

        await exchange;
        // Two cuts may come so close that they hit one connection.
        Assert.InRange(nodes.Proxy.Connections, 2, 12);
    }

    [Theory]
    [InlineData(20, ProxyDirection.ToClient)]
    [InlineData(2_000_000, ProxyDirection.ToTarget)]
    [InlineData(6_000_077, ProxyDirection.ToClient)]
    public async Task ADamagedByte_IsFoundAndSentAgain(long after, ProxyDirection direction)
    {
        await using var nodes = new TwoNodes();
        (EpochLinks first, EpochLinks second) = nodes.Open();
        using var greeted = new Payload(1);
        first.Send(1, Block(1000), greeted.Parts());
        await nodes.AtFirst.SendsAsync(1);
        nodes.Proxy.CorruptAfter(after, direction);
        await ExchangeAsync(nodes, count: 4, length: 4_000_001, first, second);
        long corrupt = first.Figures(1).Corrupt + second.Figures(0).Corrupt;
        Assert.Equal(1, corrupt);
        Assert.Contains(nodes.Log, line => line.Contains("checksum"));
    }

    [Fact]
    public async Task AProcessThatIsGone_IsToldAtOnceToBothSides()
    {
        // The limit is longer than the test's patience: it must not be what ends the links.
        await using var nodes = new TwoNodes(options => options with { ReconnectWithin = TimeSpan.FromMinutes(10) });
        using var payload = new Payload(100);
        (EpochLinks first, _) = nodes.Open();
        first.Send(1, Block(0), payload.Parts());
        await nodes.AtFirst.SendsAsync(1);
        // The process behind the second node's port is another one now: its links know nothing of it.
        int port = nodes.Second.Port;
        nodes.Second.Dispose();
        await nodes.AtFirst.LosesAsync();
        Assert.Single(nodes.AtFirst.Lost);
        using DataPlane other = DataPlane.Listen(nodes.Options(0xC3) with { Port = port });
        using EpochLinks again = nodes.First.Open(2, 0, nodes.Members, [1], nodes.AtFirst);
        await nodes.AtFirst.LosesAsync(2);
        Assert.Contains("another process", nodes.AtFirst.Lost[1].Reason);
    }

    [Fact]
    public async Task APortThatRefuses_IsToldAtOnce()
    {
        await using var nodes = new TwoNodes(options => options with { OpenWithin = TimeSpan.FromMinutes(10) });
        nodes.First.Dispose();
        // No proxy between: one accepts before it knows.
        nodes.Members = [nodes.Members[0] with { Port = nodes.First.Port }, nodes.Members[1]];
        nodes.OpenSecond();
        await nodes.AtSecond.LosesAsync();
        Assert.Contains("refuses connections", Assert.Single(nodes.AtSecond.Lost).Reason);
    }

    [Fact]
    public async Task APeerThatCannotBeReachedAgain_IsLostAfterTheLimit()
    {
        await using var nodes = new TwoNodes(
            options => options with { ReconnectWithin = TimeSpan.FromMilliseconds(300) });
        using var payload = new Payload(100);
        (EpochLinks first, _) = nodes.Open();
        first.Send(1, Block(0), payload.Parts());
        await nodes.AtFirst.SendsAsync(1);
        nodes.Proxy.Blackhole();
        nodes.Proxy.Cut();
        await nodes.AtSecond.LosesAsync();
        await nodes.AtFirst.LosesAsync();
        Assert.Contains("was not reached within 0.3 s", Assert.Single(nodes.AtSecond.Lost).Reason);
    }

    [Fact]
    public async Task Silence_EndsNoLink()
    {
        await using var nodes = new TwoNodes(options => options with
        {
            KeepAlive = TimeSpan.FromMilliseconds(20),
            ReconnectWithin = TimeSpan.FromMilliseconds(50),
        });
        using var payload = new Payload(100_000);
        (EpochLinks first, EpochLinks second) = nodes.Open();
        first.Send(1, Block(0), payload.Parts());
        await nodes.AtFirst.SendsAsync(1);
        nodes.Proxy.Blackhole();
        await Eventually.HoldsAsync(() => first.Figures(1).Silent > TimeSpan.FromMilliseconds(500), "silence");
        first.Send(1, Block(1), payload.Parts());
        Assert.Empty(nodes.AtFirst.Lost);
        nodes.Proxy.Forward();
        await nodes.AtFirst.SendsAsync(2);
        // Signs of life go both ways.
        long heard = second.Figures(0).BytesReceived;
        await Eventually.HoldsAsync(() => second.Figures(0).BytesReceived > heard + 200, "signs of life");
        Assert.True(first.Figures(1).IsUp);
        Assert.Equal(0, first.Figures(1).Breaks);
    }

    private static async Task ExchangeAsync(
        TwoNodes nodes, int count, int length, EpochLinks? first = null, EpochLinks? second = null)
    {
        first ??= nodes.OpenFirst();
        second ??= nodes.OpenSecond();
        int before = nodes.AtSecond.Received.Count;
        Payload[] payloads = [.. Enumerable.Range(0, count).Select(i => new Payload(length, (ulong)i))];
        for (int i = 0; i < count; i++)
        {
            first.Send(1, Block(i), payloads[i].Parts());
            second.Send(0, Block(i), payloads[i].Parts());
        }

        await nodes.AtSecond.ReceivesAsync(before + count);
        await nodes.AtFirst.ReceivesAsync(count);
        await nodes.AtFirst.SendsAsync(before + count);
        await nodes.AtSecond.SendsAsync(count);
        Assert.Equal(Enumerable.Range(0, count).Select(i => (1, Block(i))), nodes.AtFirst.Received);
        Assert.Equal(Enumerable.Range(0, count).Select(i => (0, Block(i))), nodes.AtSecond.Received.Skip(before));
        for (int i = 0; i < count; i++)
        {
            Assert.True(payloads[i].Bytes.SequenceEqual(nodes.AtFirst.Bytes(1, Block(i))), $"block {i} at the first");
            Assert.True(payloads[i].Bytes.SequenceEqual(nodes.AtSecond.Bytes(0, Block(i))), $"block {i} at the second");
        }

        Assert.Empty(nodes.AtFirst.Lost);
        Assert.Empty(nodes.AtSecond.Lost);
        Array.ForEach(payloads, payload => payload.Dispose());
    }
}
