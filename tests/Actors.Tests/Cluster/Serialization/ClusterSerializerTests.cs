using System.Runtime.Serialization;
using Akka.Actor;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Cluster.Serialization;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Actors.Tests.Cluster.Serialization;

public sealed class ClusterSerializerTests : IAsyncLifetime
{
    private readonly ActorSystem _system = ActorSystem.Create("serializer", "akka.stdout-loglevel = OFF");

    private ClusterSerializer Serializer => new((ExtendedActorSystem)_system);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _system.Terminate();

    [Fact]
    public void EveryMessage_ComesThrough() =>
        Assert.All(MessageSample.Types, type =>
        {
            IMessage message = MessageSample.Of(type);
            Assert.Equal(type.Name, Serializer.Manifest(message));
            Assert.Equal(message, Serializer.FromBinary(Serializer.ToBinary(message), type.Name));
        });

    [Fact]
    public void MessageOfANewerVersion_IsReadAsFarAsItIsKnown()
    {
        var commit = new Commit { Epoch = 3, Iteration = 7 };
        // A field of number 1000, of which this version knows nothing.
        byte[] newer = [.. commit.ToByteArray(), 0xC2, 0x3E, 0x03, 1, 2, 3];
        var read = (Commit)Serializer.FromBinary(newer, "Commit");
        Assert.Equal((3UL, 7L), (read.Epoch, read.Iteration));
    }

    [Fact]
    public void MessageOfAnUnknownName_StandsForItself() =>
        Assert.Equal(new UnknownMessage("Advise"), Serializer.FromBinary([1, 2, 3], "Advise"));

    [Fact]
    public void MessageOf64KB_IsRefusedOnBothSides()
    {
        var most = new Suspect { Reason = new string('x', ClusterSerializer.Limit - 5) };
        Assert.Equal(ClusterSerializer.Limit - 1, most.CalculateSize());
        byte[] bytes = Serializer.ToBinary(most);
        Assert.Equal(most, Serializer.FromBinary(bytes, "Suspect"));
        most.Reason += "x";
        Assert.Contains("A Suspect of 65536 bytes is not sent",
            Assert.Throws<SerializationException>(() => Serializer.ToBinary(most)).Message, StringComparison.Ordinal);
        Assert.Throws<SerializationException>(() => Serializer.FromBinary(most.ToByteArray(), "Suspect"));
    }

    [Fact]
    public void BytesThatAreNoMessage_AreRefused() =>
        Assert.Contains("came as a Commit", Assert.Throws<SerializationException>(
            () => Serializer.FromBinary([0xFF, 0xFF], "Commit")).Message, StringComparison.Ordinal);

    [Fact]
    public void WhatIsNotOfTheSchema_IsRefused()
    {
        foreach (object stranger in (object[])[new List<int>(), new byte[3], 1.5, new BlobProto()])
            Assert.Throws<SerializationException>(() => Serializer.ToBinary(stranger));
    }
}
