using System.Collections.Concurrent;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Tests.Layers;

/// <summary>Reading ahead, seen through a Data layer.</summary>
public sealed class BatchLayerTests
{
    private static LayerParameter Parameter(int batch, uint crop = 20) => new()
    {
        Type = "Data",
        DataParam = new DataParameter
        {
            Source = Fixture.PathOf("raw32_lmdb"),
            BatchSize = (uint)batch,
            Backend = DataParameter.Types.DB.Lmdb,
            Prefetch = 2,
        },
        TransformParam = new TransformationParameter { Mirror = true, CropSize = crop },
    };

    [Fact]
    public async Task ReadingAheadOnOtherThreads_GivesWhatReadingInTurnGives()
    {
        const int Passes = 40;
        using var inTurn = new DataHarness<DataLayer>(Parameter(3), extension: new DataExtension(Shuffle: true));
        using var ahead = new DataHarness<DataLayer>(Parameter(3), extension: new DataExtension(Shuffle: true));
        Assert.Equal(2, ahead.Layer.PrefetchDepth);
        using BlockingCollection<Batch> free = [], full = [];
        for (int i = 0; i <= ahead.Layer.PrefetchDepth; i++)
            free.Add(ahead.Layer.CreateBatch(), TestContext.Current.CancellationToken);
        Task reader = Task.Run(
            async () =>
            {
                for (int i = 0; i < Passes; i++)
                {
                    Batch batch = free.Take(TestContext.Current.CancellationToken);
                    // Another thread each time, as a pool's.
                    await Task.Run(() => ahead.Layer.Load(batch), TestContext.Current.CancellationToken);
                    full.Add(batch, TestContext.Current.CancellationToken);
                }
            },
            TestContext.Current.CancellationToken);
        Batch? last = null;
        for (int i = 0; i < Passes; i++)
        {
            Batch batch = full.Take(TestContext.Current.CancellationToken);
            ahead.Layer.Deliver(batch);
            (string[] keys, float[] data, float[] labels) = ahead.Next();
            if (last is not null)
                free.Add(last, TestContext.Current.CancellationToken);
            last = batch;
            (string[] Keys, float[] Data, float[] Labels) expected = inTurn.Next();
            Assert.Equal(expected.Keys, keys);
            Assert.Equal(expected.Data, data);
            Assert.Equal(expected.Labels, labels);
            Assert.Equal(3 * (i + 1), ahead.Layer.Position);
        }

        await reader;
        foreach (Batch batch in free.Append(last!))
            batch.Dispose();
    }

    [Fact]
    public unsafe void Tops_ShareTheMemoryOfTheBatch()
    {
        using var harness = new DataHarness<DataLayer>(Parameter(2));
        using Batch first = harness.Layer.CreateBatch(), second = harness.Layer.CreateBatch();
        harness.Layer.Load(first);
        harness.Layer.Load(second);
        Assert.Equal(0, harness.Layer.Position);
        Assert.Equal((2L, 4L), (first.PositionAfter, second.PositionAfter));
        harness.Layer.Deliver(first);
        harness.Forward();
        Assert.True(harness.Tops[0].CpuData == first.Tops[0].CpuData);
        Assert.Equal("00000001_img01.png", harness.Layer.RecordKey(1));
        harness.Layer.Deliver(second);
        Assert.Equal("00000001_img01.png", harness.Layer.RecordKey(1));
        harness.Forward();
        Assert.True(harness.Tops[1].CpuData == second.Tops[1].CpuData);
        Assert.Equal("00000003_img03.png", harness.Layer.RecordKey(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => harness.Layer.RecordKey(2));
    }

    [Fact]
    public void Seek_DropsWhatWasDelivered()
    {
        using var harness = new DataHarness<DataLayer>(Parameter(2));
        using Batch batch = harness.Layer.CreateBatch();
        Assert.Throws<InvalidOperationException>(() => harness.Layer.RecordKey(0));
        harness.Layer.Load(batch);
        harness.Layer.Deliver(batch);
        harness.Layer.Seek(17);
        Assert.Equal(17, harness.Layer.Position);
        Assert.Equal(["00000007_img07.png", "00000008_img08.png"], harness.Next().Keys);
        Assert.Throws<ArgumentOutOfRangeException>(() => harness.Layer.Seek(-1));
    }

    // Two replicas take six records each in three passes of two.
    [Fact]
    public void ReplicasThatTakeRecordsInRows_GiveWhatOneGives()
    {
        const int Rounds = 5, Row = 6;
        using var one = new DataHarness<DataLayer>(
            Parameter(2), extension: new DataExtension(Shuffle: true), row: new RecordRow(0, 2 * Row, 2 * Row));
        DataHarness<DataLayer>[] two =
        [
            .. Enumerable.Range(0, 2).Select(rank => new DataHarness<DataLayer>(
                Parameter(2), 2, rank, 2, extension: new DataExtension(Shuffle: true),
                row: new RecordRow(rank * Row, Row, 2 * Row))),
        ];
        for (int round = 0; round < Rounds; round++)
        {
            foreach (DataHarness<DataLayer> replica in two)
            {
                for (int pass = 0; pass < 3; pass++)
                {
                    (string[] Keys, float[] Data, float[] Labels) expected = one.Next(), found = replica.Next();
                    Assert.Equal(expected.Keys, found.Keys);
                    Assert.Equal(expected.Data, found.Data);
                }

                Assert.Equal((round + 1) * 2 * Row, replica.Layer.Position);
            }

            Assert.Equal((round + 1) * 2 * Row, one.Layer.Position);
        }

        two[1].Layer.Seek(24);
        one.Layer.Seek(24 + Row);
        Assert.Equal(one.Next().Keys, two[1].Next().Keys);
        foreach (DataHarness<DataLayer> replica in two)
            replica.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SteadyPasses_AllocateNothing(bool prepare)
    {
        // One thread: the count is the calling thread's.
        DataExtension extension = prepare
            ? new(Shuffle: true, 48, 40, Threads: 1, Augmentation: new Augmentation(10, 0.9, 1.1, 0.1, 0.1, 0.1, 5))
            : new(Threads: 1);
        using var harness = new DataHarness<DataLayer>(Parameter(5), extension: extension);
        for (int i = 0; i < 10; i++)
            harness.Forward();
        int notices = harness.Notices.Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
            harness.Forward();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // The harness's own list of notices grows by ten.
        Assert.Equal(notices + 10, harness.Notices.Length);
        Assert.InRange(allocated, 0, 1000);
    }
}
