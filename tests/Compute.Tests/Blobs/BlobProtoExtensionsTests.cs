using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;
using Google.Protobuf;

namespace CaffeActors.Compute.Tests.Blobs;

public sealed class BlobProtoExtensionsTests
{
    private static BlobProto Legacy(int num, int channels, int height, int width) =>
        new() { Num = num, Channels = channels, Height = height, Width = width };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RoundTrip_ThroughBytes(bool withDiff)
    {
        using var blob = LayerHarness.RandomBlob(1, [2, 3, 4]);
        blob.MutableDiff.Fill(0.25f);
        BlobProto stored = BlobProto.Parser.ParseFrom(blob.ToProto(withDiff).ToByteArray());
        Assert.False(stored.IsLegacy());
        using var read = new Blob();
        read.FromProto(stored);
        Assert.Equal(blob.Shape.ToArray(), read.Shape.ToArray());
        Assert.Equal(blob.Data.ToArray(), read.Data.ToArray());
        Assert.Equal(withDiff ? 0.25f : 0, read.Diff[23]);
    }

    [Fact]
    public void RoundTrip_OfAScalar()
    {
        using var blob = LayerHarness.BlobOf([], 7);
        using var read = new Blob();
        read.FromProto(blob.ToProto());
        Assert.Equal(0, read.AxisCount);
        Assert.Equal(7, read.Scalar);
    }

    [Theory]
    [InlineData(BlobProto.Types.RawType.Float16, "003C00C2", "0034008E")]
    [InlineData(BlobProto.Types.RawType.Float, "0000803F000040C0", "0000803E0000C0B9")]
    [InlineData(BlobProto.Types.RawType.Double, "000000000000F03F00000000000008C0",
        "000000000000D03F00000000000038BF")]
    public void RawValues_AreRead(BlobProto.Types.RawType type, string data, string diff)
    {
        var stored = new BlobProto
        {
            Shape = new BlobShape { Dim = { 2 } },
            RawData = ByteString.CopyFrom(Convert.FromHexString(data)),
            RawDataType = type,
            RawDiff = ByteString.CopyFrom(Convert.FromHexString(diff)),
            RawDiffType = type,
        };
        using var blob = new Blob();
        blob.FromProto(BlobProto.Parser.ParseFrom(stored.ToByteArray()));
        Assert.Equal([1f, -3], blob.Data.ToArray());
        Assert.Equal([0.25f, -0.0003662109375f], blob.Diff.ToArray());
    }

    [Theory]
    [InlineData(BlobProto.Types.RawType.Int, 8, "the type Int")]
    [InlineData(BlobProto.Types.RawType.Double, 9, "9 bytes of 8-byte values")]
    [InlineData(BlobProto.Types.RawType.Float16, 8, "4 values of data where its shape asks for 2")]
    public void RawValues_ThatDoNotFitAreRefused(BlobProto.Types.RawType type, int length, string part)
    {
        var stored = new BlobProto
        {
            Shape = new BlobShape { Dim = { 2 } },
            RawData = ByteString.CopyFrom(new byte[length]),
            RawDataType = type,
        };
        using var blob = new Blob();
        var failure = Assert.Throws<CaffeException>(() => blob.FromProto(stored));
        Assert.Equal((ErrorCodes.BadSnapshot, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LegacyShape_HasFourAxes()
    {
        BlobProto stored = Legacy(1, 2, 1, 3);
        stored.Data.Add([1, 2, 3, 4, 5, 6]);
        using var blob = new Blob();
        blob.FromProto(stored);
        Assert.Equal([1, 2, 1, 3], blob.Shape.ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6], blob.Data.ToArray());
    }

    [Theory]
    [InlineData(new[] { 1, 1, 2, 3 }, new[] { 2, 3 }, true)]
    [InlineData(new[] { 1, 1, 1, 3 }, new[] { 3 }, true)]
    [InlineData(new[] { 1, 1, 1, 1 }, new int[0], true)]
    [InlineData(new[] { 2, 3, 1, 1 }, new[] { 2, 3 }, false)]
    [InlineData(new[] { 1, 2, 3, 4 }, new[] { 1, 2, 3, 4 }, true)]
    [InlineData(new[] { 1, 2, 3, 4 }, new[] { 1, 1, 2, 3, 4 }, false)]
    public void LegacyShape_FitsBlobsAfterLeadingOnes(int[] stored, int[] shape, bool fits)
    {
        using var blob = new Blob(shape);
        Assert.Equal(fits, Legacy(stored[0], stored[1], stored[2], stored[3]).ShapeEquals(blob));
    }

    [Fact]
    public void Shape_MustBeEqual()
    {
        using var blob = new Blob(2, 3);
        using var other = new Blob(3, 2);
        Assert.True(blob.ToProto().ShapeEquals(blob));
        Assert.False(blob.ToProto().ShapeEquals(other));
        CaffeException failure = Assert.Throws<CaffeException>(() => other.FromProto(blob.ToProto(), reshape: false));
        Assert.Equal(ErrorCodes.ShapeMismatch, failure.Code);
        Assert.Contains("2 3 (6)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutReshape_TheBlobKeepsItsOwnAxes()
    {
        BlobProto stored = Legacy(1, 1, 2, 2);
        stored.Data.Add([1, 2, 3, 4]);
        using var blob = new Blob(2, 2);
        blob.FromProto(stored, reshape: false);
        Assert.Equal([2, 2], blob.Shape.ToArray());
        Assert.Equal([1, 2, 3, 4], blob.Data.ToArray());
    }

    [Fact]
    public void DoubleValues_WinOverFloats()
    {
        var stored = new BlobProto { Shape = new BlobShape { Dim = { 2 } } };
        stored.Data.Add([9, 9]);
        stored.DoubleData.Add([0.1, 1e300]);
        stored.DoubleDiff.Add([-0.5, 2]);
        using var blob = new Blob();
        blob.FromProto(stored);
        Assert.Equal([0.1f, float.PositiveInfinity], blob.Data.ToArray());
        Assert.Equal([-0.5f, 2f], blob.Diff.ToArray());
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(0, 0)]
    [InlineData(6, 7)]
    public void WrongNumberOfValues_IsRefused(int data, int diff)
    {
        var stored = new BlobProto { Shape = new BlobShape { Dim = { 2, 3 } } };
        stored.Data.Add(new float[data]);
        stored.Diff.Add(new float[diff]);
        using var blob = new Blob();
        CaffeException failure = Assert.Throws<CaffeException>(() => blob.FromProto(stored));
        Assert.Equal(ErrorCodes.BadSnapshot, failure.Code);
        Assert.Equal(FailureKind.Data, failure.Kind);
    }
}
