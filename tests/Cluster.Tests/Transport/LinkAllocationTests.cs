using System.Runtime.InteropServices;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Testing;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>Runs alone: it counts what the whole process allocates.</summary>
[Collection(nameof(LinkAllocationTests))]
[CollectionDefinition(nameof(LinkAllocationTests), DisableParallelization = true)]
public sealed class LinkAllocationTests
{
    private const int Blocks = 32;
    private const int Length = 1 << 20;

    [Fact]
    public void ASteadyIteration_AllocatesNothing()
    {
        using DataPlane first = DataPlane.Listen(new DataPlaneOptions { Node = 1, Host = "127.0.0.1" });
        using DataPlane second = DataPlane.Listen(new DataPlaneOptions { Node = 2, Host = "127.0.0.1" });
        PeerAddress[] members = [first.Address, second.Address];
        using var payload = new Payload(Length);
        BlockPart[] parts = payload.Parts(1000, 100_000);
        using var sender = new Counter();
        using var receiver = new Counter();
        using EpochLinks from = first.Open(1, 0, members, [1], sender);
        using EpochLinks to = second.Open(1, 1, members, [0], receiver);
        int iteration = 0;

        SteadyState.AllocatesNothing(Iterate, count: () => GC.GetTotalAllocatedBytes(precise: true));

        void Iterate()
        {
            iteration++;
            for (int i = 0; i < Blocks; i++)
                from.Send(1, new BlockId(BlockStream.Partial, iteration, i), parts);
            receiver.Await(Blocks);
            sender.Await(Blocks);
        }
    }

    // Takes all blocks at one place and counts them, without allocating itself.
    private sealed unsafe class Counter : IBlockListener, IDisposable
    {
        private readonly SemaphoreSlim _told = new(0);
        private readonly void* _place = NativeMemory.Alloc(Length);

        public nint BufferFor(int peer, BlockId block, long length) => (nint)_place;

        public void Received(int peer, BlockId block) => _told.Release();

        public void Sent(int peer, BlockId block) => _told.Release();

        public void Lost(int peer, string reason, bool isGone)
        {
        }

        public void Await(int count)
        {
            for (int i = 0; i < count; i++)
                Assert.True(_told.Wait(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        }

        public void Dispose()
        {
            NativeMemory.Free(_place);
            _told.Dispose();
        }
    }
}
