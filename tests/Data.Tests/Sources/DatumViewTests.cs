using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CsCheck;
using Google.Protobuf;

namespace CaffeActors.Data.Tests.Sources;

public sealed class DatumViewTests
{
    private static readonly Gen<Datum> _datum =
        Gen.Select(Gen.Int[0, 70000], Gen.Int[0, 300], Gen.Int[0, 300], Gen.Byte.Array[0, 300], Gen.Int,
            Gen.Float.Array[0, 20], Gen.Bool, (channels, height, width, data, label, floats, encoded) =>
            {
                var datum = new Datum { Channels = channels, Height = height, Encoded = encoded };
                if (width % 3 > 0)
                    datum.Width = width;
                if (data.Length > 0)
                    datum.Data = ByteString.CopyFrom(data);
                if (label % 4 != 0)
                    datum.Label = label;
                datum.FloatData.Add(floats);
                return datum;
            });

    [Fact]
    public void TryParse_ReadsWhatProtobufWrites() => _datum.Sample(datum =>
    {
        Assert.True(DatumView.TryParse(datum.ToByteArray(), out DatumView view));
        Assert.Equal(
            (datum.Channels, datum.Height, datum.Width, datum.Label, datum.Encoded, datum.FloatData.Count),
            (view.Channels, view.Height, view.Width, view.Label, view.Encoded, view.FloatCount));
        Assert.True(view.Data.SequenceEqual(datum.Data.Span));
        var floats = new float[view.FloatCount];
        view.CopyFloats(floats);
        Assert.Equal(datum.FloatData, floats);
    });

    [Fact]
    public void TryParse_RefusesWhatProtobufRefuses() =>
        Gen.Select(_datum, Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Byte).Sample((datum, cut, place, value) =>
        {
            byte[] bytes = datum.ToByteArray();
            bytes = bytes[..(cut * bytes.Length / 1000)];
            if (bytes.Length > 0)
                bytes[place * bytes.Length / 1001] = value;
            bool parsed = DatumView.TryParse(bytes, out DatumView view);
            try
            {
                Datum expected = Datum.Parser.ParseFrom(bytes);
                // Groups, which a Datum does not have, and negative dimensions are refused here only.
                if (parsed)
                    Assert.Equal((expected.Channels, expected.Label), (view.Channels, view.Label));
            }
            catch (InvalidProtocolBufferException)
            {
                Assert.False(parsed);
            }
        });

    [Fact]
    public void TryParse_TakesPackedFloatsAndSkipsUnknownFields()
    {
        byte[] bytes =
        [
            0x08, 2, // channels
            0x98, 0x06, 5, // field 99, a varint
            0x32, 8, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, // float_data, packed
            0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, // field 100, 64 bits
            0x28, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, // label
        ];
        Assert.True(DatumView.TryParse(bytes, out DatumView view));
        Assert.Equal((2, -1, 2), (view.Channels, view.Label, view.FloatCount));
        var floats = new float[2];
        view.CopyFloats(floats);
        Assert.Equal([1f, 2f], floats);
    }
}
