using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;

namespace CaffeActors.Api.Tests;

public sealed class NetPoolTests : IDisposable
{
    private readonly ApiFixture _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task ManyThreads_GetTheBitsOfOne()
    {
        string model = _files.Deploy(), weights = _files.Weights();
        NdArray[] images = [.. Enumerable.Range(0, 24).Select(i =>
            ApiFixture.Wave(1 + (i % 3), 3, 6, 6).Map(value => value * (i + 1)))];
        float[][] expected;
        var options = new CaffeNetOptions { Threads = 1, Device = TestDevices.Name };
        using (CaffeNet net = CaffeNet.Open(model, null, options with { Weights = weights }))
        {
            expected = [.. images.Select(image =>
            {
                net.Reshape("data", image.Shape);
                return net.Forward(("data", image))["prob"].Data.ToArray();
            })];
        }

        using var pool = new NetPool(model, weights, options);
        using var start = new Barrier(6);
        float[][][] found = await Task.WhenAll(Enumerable.Range(0, 6).Select(thread => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait(TestContext.Current.CancellationToken);
            // Each thread begins with another image.
            var results = new float[images.Length][];
            for (int k = 0; k < images.Length; k++)
            {
                int i = (k + (thread * 4)) % images.Length;
                results[i] = pool.Forward(("data", images[i]))["prob"].Values;
            }

            return results;
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.All(found, results => Assert.Equal(expected, results));
        Assert.InRange(pool.Count, 1, 6);
    }

    [Fact]
    public void Nets_ShareTheWeightsMemory()
    {
        using var pool = new NetPool(_files.Deploy(), _files.Weights());
        using NetLease first = pool.Rent(), second = pool.Rent();
        Assert.NotSame(first.Net, second.Net);
        Assert.Same(first.Net.Params["ip"][0].DataMemory, second.Net.Params["ip"][0].DataMemory);
    }

    [Fact]
    public void Nets_AreUsedAgain()
    {
        using var pool = new NetPool(_files.Deploy(), _files.Weights());
        CaffeNet net;
        using (NetLease lease = pool.Rent())
            net = lease.Net;
        using NetLease again = pool.Rent();
        Assert.Same(net, again.Net);
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void Lease_EndsOnce()
    {
        var pool = new NetPool(_files.Deploy(), _files.Weights());
        NetLease lease = pool.Rent();
        pool.Dispose();
        Assert.Equal(20, lease.Net.Forward()["prob"].Count);
        lease.Dispose();
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => lease.Net);
        Assert.Throws<ObjectDisposedException>(pool.Rent);
    }

    [Fact]
    public void Forward_TellsOfWrongInputs()
    {
        using var pool = new NetPool(_files.Deploy(), _files.Weights());
        Assert.Throws<CaffeException>(() => pool.Forward(("dta", ApiFixture.Wave(1, 3, 6, 6))));
        Assert.Throws<CaffeException>(() => pool.Forward(("data", ApiFixture.Wave(1, 4, 6, 6))));
        Assert.Equal([1, 5], pool.Forward(("data", ApiFixture.Wave(1, 3, 6, 6)))["prob"].Shape.ToArray());
    }
}
