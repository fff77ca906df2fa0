using System.IO.Hashing;
using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>The bytes of version 1 of the protocol: a change of these is another version.</summary>
public sealed class WireFormatTests
{
    private static readonly FrameHeader _header = new(
        FrameKind.Chunk, new BlockId(BlockStream.Sum, 0x01020304, 0x05060708), 0x00040000, 0x1122334455667788,
        0x0000000100000002, 0x0A0B0C0D, 0xF0E1D2C3B4A59687);

    [Fact]
    public void Header_HasItsBytes()
    {
        byte[] bytes = new byte[FrameHeader.Size];
        _header.Write(bytes);
        Assert.Equal(
            "01020000" + "04030201" + "08070605" + "00000400" + "8877665544332211" + "0200000001000000"
                + "0D0C0B0A00000000" + "8796A5B4C3D2E1F0",
            Convert.ToHexString(bytes[..48]));
        Assert.Equal(XxHash3.HashToUInt64(bytes.AsSpan(0, 48)), BitConverter.ToUInt64(bytes, 48));
        Assert.True(FrameHeader.TryRead(bytes, out FrameHeader read));
        Assert.Equal(_header, read);
    }

    [Fact]
    public void Header_WithAnyBitChanged_IsDamaged()
    {
        byte[] bytes = new byte[FrameHeader.Size];
        _header.Write(bytes);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(FrameHeader.TryRead(bytes, out _), $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Greeting_HasItsBytes()
    {
        var greeting = new Greeting(1, GreetingPurpose.Question, 0x0102, 3, 0xA1B2, 0xC3D4, 0x0506);
        byte[] bytes = new byte[Greeting.Size];
        greeting.Write(bytes);
        Assert.Equal(
            "43414450" + "0100" + "0200" + "0201000000000000" + "0300000000000000" + "B2A1000000000000"
                + "D4C3000000000000" + "0605000000000000",
            Convert.ToHexString(bytes));
        Assert.True(Greeting.TryRead(bytes, out Greeting read));
        Assert.Equal(greeting, read);
    }

    [Fact]
    public void Reply_HasItsBytes()
    {
        var reply = new GreetingReply(1, GreetingAnswer.EpochOver, 0xA1B2, 0x0506);
        byte[] bytes = new byte[GreetingReply.Size];
        reply.Write(bytes);
        Assert.Equal(
            "43414450" + "0100" + "0300" + "B2A1000000000000" + "0605000000000000", Convert.ToHexString(bytes));
        Assert.True(GreetingReply.TryRead(bytes, out GreetingReply read));
        Assert.Equal(reply, read);
    }
}
