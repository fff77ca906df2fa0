using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Api.Tests;

public sealed class ProtoArraysTests : IDisposable
{
    private readonly ApiFixture _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Blob_ComesBack()
    {
        NdArray data = ApiFixture.Wave(2, 3), diff = data.Map(value => 2 * value);
        BlobProto proto = ProtoArrays.ToBlobProto(data, diff);
        Assert.Equal(data.Values, ProtoArrays.ToArray(proto).Values);
        Assert.Equal(diff.Values, ProtoArrays.ToArray(proto, diff: true).Values);
        Assert.Equal([2, 3], ProtoArrays.ToArray(proto).Shape.ToArray());
        Assert.Throws<CaffeException>(() => ProtoArrays.ToBlobProto(data, ApiFixture.Wave(4)));
    }

    [Fact]
    public void OldBlob_HasFourAxes()
    {
        var proto = new BlobProto { Num = 1, Channels = 1, Height = 2, Width = 2, Data = { 1, 2, 3, 4 } };
        Assert.Equal([1, 1, 2, 2], ProtoArrays.ToArray(proto).Shape.ToArray());
    }

    [Fact]
    public void Vector_ComesBack()
    {
        NdArray[] arrays = [ApiFixture.Wave(2), ApiFixture.Wave(3, 1)];
        IReadOnlyList<NdArray> back = ProtoArrays.ToArrays(
            BlobProtoVector.Parser.ParseFrom(ProtoArrays.ToBlobProtoVector(arrays).ToByteArray()));
        Assert.Equal(arrays.Select(array => array.Values), back.Select(array => array.Values));
    }

    [Fact]
    public void Datum_ComesBack()
    {
        NdArray image = ApiFixture.Wave(1, 2, 3);
        Datum floats = ProtoArrays.ToDatum(image, 4);
        Assert.Equal((4, 0, 6), (floats.Label, floats.Data.Length, floats.FloatData.Count));
        Assert.Equal(image.Values, ProtoArrays.ToArray(floats).Values);
        Datum bytes = ProtoArrays.ToDatum([1, 2, 255, 4], 1, 2, 2);
        Assert.Equal((4, 0), (bytes.Data.Length, bytes.FloatData.Count));
        Assert.Equal([1, 2, 255, 4], ProtoArrays.ToArray(bytes).Values);
    }

    [Fact]
    public void EncodedDatum_IsDecoded()
    {
        string path = _files.Image("a.png", 2, 1, (y, _) => (10 + y, 20, 30));
        var datum = new Datum { Encoded = true, Data = ByteString.CopyFrom(File.ReadAllBytes(path)) };
        NdArray image = ProtoArrays.ToArray(datum);
        Assert.Equal([3, 2, 1], image.Shape.ToArray());
        Assert.Equal([30, 30, 20, 20, 10, 11], image.Values);
    }

    [Fact]
    public void Faults_AreTold()
    {
        Assert.Throws<CaffeException>(() => ProtoArrays.ToDatum(ApiFixture.Wave(2, 2)));
        Assert.Throws<CaffeException>(() => ProtoArrays.ToDatum([1, 2], 1, 1, 1));
        Assert.Throws<CaffeException>(() => ProtoArrays.ToArray(new Datum { Channels = 1, Height = 2, Width = 2 }));
        Assert.Throws<CaffeException>(() => ProtoArrays.ToArray(
            new Datum { Channels = int.MaxValue, Height = int.MaxValue, Width = int.MaxValue }));
        Assert.Throws<CaffeException>(() => ProtoArrays.ToArray(
            new Datum { Encoded = true, Data = ByteString.CopyFromUtf8("no image") }));
    }
}
