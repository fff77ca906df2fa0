using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Blobs;

public sealed unsafe class BlobTests
{
    [Fact]
    public void NewBlobs_AreEmptyOrZero()
    {
        using var empty = new Blob();
        Assert.Equal(0, empty.Count);
        Assert.True(empty.Data.IsEmpty && empty.MutableDiff.IsEmpty);

        using var blob = new Blob(2, 3);
        Assert.Equal(6, blob.Count);
        Assert.Equal(new float[6], blob.Data.ToArray());
        Assert.Equal(new float[6], blob.Diff.ToArray());
    }

    [Fact]
    public void BlobWithoutAxes_IsAScalar()
    {
        using var blob = new Blob(ReadOnlySpan<int>.Empty);
        Assert.Equal(0, blob.AxisCount);
        Assert.Equal(1, blob.Count);
        blob.MutableData[0] = 4;
        Assert.Equal(4, blob.Scalar);
        Assert.Equal("(1)", blob.ShapeString);
    }

    [Fact]
    public void Reshape_KeepsValuesUntilItMustGrow()
    {
        using var blob = LayerHarness.RandomBlob(1, [4, 5]);
        float[] values = blob.Data.ToArray();
        blob.Reshape(2, 3);
        Assert.Equal(values[..6], blob.Data.ToArray());
        blob.Reshape(20);
        Assert.Equal(values, blob.Data.ToArray());
        blob.Reshape(21);
        Assert.Equal(new float[21], blob.Data.ToArray());
    }

    [Fact]
    public void Reshape_ToNothingAndBack()
    {
        using var blob = new Blob(3, 0, 2);
        Assert.Equal(0, blob.Count);
        blob.Reshape(2);
        blob.MutableData[1] = 1;
        blob.Reshape(0);
        Assert.True(blob.Data.IsEmpty);
        blob.Reshape(2);
        Assert.Equal(1, blob.Data[1]);
    }

    [Theory]
    [InlineData(new[] { 2, -1 }, "-1")]
    [InlineData(new[] { 65536, 65536 }, "2147483647")]
    public void Reshape_RefusesWhatIsNoShape(int[] shape, string named)
    {
        using var blob = new Blob();
        CaffeException failure = Assert.Throws<CaffeException>(() => blob.Reshape(shape));
        Assert.Equal(ErrorCodes.ShapeMismatch, failure.Code);
        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reshape_TakesThirtyTwoAxesAndNoMore()
    {
        using var blob = new Blob();
        blob.Reshape([.. Enumerable.Repeat(1, 32)]);
        Assert.Equal(32, blob.AxisCount);
        Assert.Throws<CaffeException>(() => blob.Reshape([.. Enumerable.Repeat(1, 33)]));
    }

    [Fact]
    public void Axes_CountFromBothEnds()
    {
        using var blob = new Blob(2, 3, 5, 7);
        Assert.Equal(7, blob.Dim(-1));
        Assert.Equal(2, blob.Dim(-4));
        Assert.Equal(3, blob.CanonicalAxis(-1));
        Assert.Equal(15, blob.CountRange(1, 3));
        Assert.Equal(1, blob.CountRange(2, 2));
        Assert.Equal(35, blob.CountFrom(2));
        Assert.Equal(1, blob.CountFrom(4));
        Assert.Equal("2 3 5 7 (210)", blob.ShapeString);
        Assert.Equal((((((1 * 3) + 2) * 5) + 4) * 7) + 6, blob.Offset(1, 2, 4, 6));
        Assert.Equal(((1 * 3) + 2) * 35, blob.Offset(1, 2));
        foreach (int axis in (int[])[4, -5])
        {
            CaffeException failure = Assert.Throws<CaffeException>(() => blob.CanonicalAxis(axis));
            Assert.Contains($"axis {axis}", failure.Message, StringComparison.Ordinal);
            Assert.Contains("2 3 5 7 (210)", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void LegacyAxes_ReadAsOneWhereThereAreNone()
    {
        using var blob = new Blob(4, 3);
        Assert.Equal((4, 3, 1, 1), (blob.Num, blob.Channels, blob.Height, blob.Width));
        Assert.Equal(3, blob.LegacyDim(-1));
        blob.Reshape(1, 2, 3, 4, 5);
        Assert.Throws<CaffeException>(() => blob.Num);
        Assert.Throws<ArgumentOutOfRangeException>(() => blob.LegacyDim(4));
    }

    [Fact]
    public void Sharing_IsOneMemory()
    {
        using var owner = LayerHarness.RandomBlob(1, [6]);
        using var guest = new Blob(2, 3);
        guest.MutableData.Fill(9);
        guest.ShareData(owner);
        guest.ShareDiff(owner);
        Assert.Equal(owner.Data.ToArray(), guest.Data.ToArray());
        guest.MutableData[4] = 42;
        guest.MutableDiff[5] = 43;
        Assert.Equal(42, owner.Data[4]);
        Assert.Equal(43, owner.Diff[5]);
        owner.Dispose();
        Assert.Equal(42, guest.Data[4]);
    }

    [Fact]
    public void Sharing_EndsWhenTheGuestGrows()
    {
        using var owner = new Blob(4);
        using var guest = new Blob(4);
        guest.ShareData(owner);
        guest.Reshape(8);
        guest.MutableData.Fill(1);
        Assert.Equal(new float[4], owner.Data.ToArray());
    }

    [Fact]
    public void Sharing_NeedsEqualCounts()
    {
        using var owner = new Blob(4);
        using var guest = new Blob(5);
        Assert.Throws<CaffeException>(() => guest.ShareData(owner));
        Assert.Throws<CaffeException>(() => guest.ShareDiff(owner));
    }

    [Fact]
    public void Copy_TakesShapeAndValues()
    {
        using var source = LayerHarness.RandomBlob(1, [2, 3]);
        source.Data.CopyTo(source.MutableDiff);
        using var target = new Blob();
        target.CopyDataFrom(source);
        Assert.Equal([2, 3], target.Shape.ToArray());
        Assert.Equal(source.Data.ToArray(), target.Data.ToArray());
        Assert.Equal(new float[6], target.Diff.ToArray());
        target.CopyDiffFrom(source);
        Assert.Equal(source.Diff.ToArray(), target.Diff.ToArray());
    }

    [Fact]
    public void Sums_AreOfDataAndDiff()
    {
        using var blob = LayerHarness.BlobOf([3], 1, -2, 3);
        blob.MutableDiff[1] = -0.5f;
        Assert.Equal((6.0, 14.0, 0.5, 0.25),
            (blob.AsumData(), blob.SumSquaresData(), blob.AsumDiff(), blob.SumSquaresDiff()));
    }

    [Fact]
    public void DeviceBlob_CopiesOnlyWhatChanged()
    {
        var device = new FakeDevice();
        using var blob = new Blob();
        blob.Reshape(4);
        blob.MutableData.Fill(2);
        Assert.Equal([2, 2, 2, 2], FakeDevice.Values(blob.DataMemory.DeviceData(device)).ToArray());
        FakeDevice.Values(blob.DataMemory.MutableDeviceData(device)).Fill(3);
        Assert.Equal([3, 3, 3, 3], blob.Data.ToArray());
        Assert.Equal([3, 3, 3, 3], blob.Data.ToArray());
        Assert.Equal((1, 1), (device.CopiesToDevice, device.CopiesToHost));
        Assert.Equal(SyncState.Uninitialized, blob.DiffMemory.Head);
    }

    [Fact]
    public void ClearedDiff_IsOverwrittenOnceAndThenAddedTo()
    {
        using Blob blob = LayerHarness.BlobOf([3], 1, 2, 3), shared = new(3);
        shared.ShareDiff(blob);
        blob.MutableDiff.Fill(5);
        Assert.False(blob.IsDiffZero);
        blob.ClearDiff();
        Assert.True(shared.IsDiffZero);
        new Span<float>(shared.CpuDiffToAddTo(out bool first), 3).Fill(7);
        Assert.False(first);
        float* diff = blob.CpuDiffToAddTo(out bool second);
        Assert.True(second);
        Assert.Equal([7, 7, 7], new Span<float>(diff, 3).ToArray());
        blob.ClearDiff();
        Assert.Equal(new float[3], shared.Diff.ToArray());
        Assert.Equal(new float[3], blob.ToProto(withDiff: true).Diff);
        Assert.Equal([1, 2, 3], blob.Data.ToArray());
    }

    [Fact]
    public void ClearedDiff_OfMoreMemoryThanTheBlobIsZeroBehindItToo()
    {
        using var blob = new Blob(4);
        blob.MutableDiff.Fill(5);
        blob.Reshape(2);
        blob.ClearDiff();
        new Span<float>(blob.CpuDiffToAddTo(out bool add), 2).Fill(7);
        Assert.True(add);
        blob.Reshape(4);
        Assert.Equal([7, 7, 0, 0], blob.Diff.ToArray());
    }

    [Fact]
    public void Dispose_LeavesAUsableBlob()
    {
        var blob = new Blob(3);
        blob.MutableData.Fill(1);
        blob.Dispose();
        blob.Reshape(2);
        Assert.Equal(new float[2], blob.Data.ToArray());
        blob.Dispose();
    }
}
