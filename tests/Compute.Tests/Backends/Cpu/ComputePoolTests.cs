using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed unsafe class ComputePoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_DoesEachTaskOnce(int threads)
    {
        using var pool = new ComputePool(threads);
        int[] done = new int[1000];
        fixed (int* counts = done)
        {
            foreach (int tasks in (int[])[0, 1, 2, 7, 1000])
            {
                Array.Clear(done);
                pool.Run(new CountBody(counts, threads), tasks);
                Assert.All(done[..tasks], count => Assert.Equal(1, count));
                Assert.All(done[tasks..], count => Assert.Equal(0, count));
            }
        }
    }

    [Fact]
    public void Run_ManyJobsInARow_LosesNone()
    {
        using var pool = new ComputePool(3);
        int[] done = new int[4];
        fixed (int* counts = done)
        {
            for (int job = 0; job < 20000; job++)
                pool.Run(new CountBody(counts, 3), 4);
        }

        Assert.All(done, count => Assert.Equal(20000, count));
    }

    [Fact]
    public void Run_WakesParkedThreads()
    {
        using var pool = new ComputePool(2);
        using var never = new ManualResetEventSlim();
        int[] done = new int[64];
        fixed (int* counts = done)
        {
            for (int job = 1; job <= 5; job++)
            {
                // Long enough to give up spinning.
                never.Wait(50, TestContext.Current.CancellationToken);
                pool.Run(new CountBody(counts, 2), 64);
                Assert.All(done, count => Assert.Equal(job, count));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Run_HandsOnAFailureAndGoesOnAfterIt(int threads)
    {
        using var pool = new ComputePool(threads);
        for (int round = 0; round < 50; round++)
        {
            var failure = Assert.Throws<InvalidDataException>(() => pool.Run(new FailBody(13), 40));
            Assert.Equal("task 13", failure.Message);
            int[] done = new int[40];
            fixed (int* counts = done)
                pool.Run(new CountBody(counts, threads), 40);
            Assert.All(done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Run_RefusesAJobWithinAJob()
    {
        using var pool = new ComputePool(2);
        Assert.Throws<InvalidOperationException>(() => pool.Run(new NestedBody(pool), 4));
        int[] done = new int[8];
        fixed (int* counts = done)
            pool.Run(new CountBody(counts, 2), 8);
        Assert.All(done, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Run_AllocatesNothing()
    {
        using var pool = new ComputePool(2);
        int* counts = stackalloc int[8];
        var body = new CountBody(counts, 2);
        SteadyState.AllocatesNothing(() => pool.Run(body, 8), times: 100);
    }

    [Fact]
    public void Constructor_RefusesNoThreads() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ComputePool(0));

    private readonly struct NestedBody(ComputePool pool) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            int* counts = stackalloc int[4];
            pool.Run(new CountBody(counts, 2), 4);
        }
    }

    private readonly struct CountBody(int* counts, int threads) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            if ((uint)worker >= (uint)threads)
                throw new InvalidOperationException($"worker {worker} of {threads}");
            Interlocked.Increment(ref counts[task]);
        }
    }

    private readonly struct FailBody(int at) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            if (task == at)
                throw new InvalidDataException($"task {task}");
        }
    }
}
