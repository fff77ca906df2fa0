using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Serialization;
using CaffeActors.Actors.Cluster.Messages;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Actors.Cluster.Serialization;

/// <summary>
/// Messages of <c>proto/caffeactors.proto</c> on the wire, each named by its manifest. It stands in for Akka's
/// serializers of objects too, which make whatever type a peer names: anything else is refused on either side.
/// </summary>
/// <param name="system">The actor system.</param>
internal sealed class ClusterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Bytes that a message must have fewer of. Gradients and parameters go over the data plane.</summary>
    public const int Limit = 64 << 10;

    /// <summary>What messages are marked with on the wire. It never changes.</summary>
    public const int WireNumber = 4053;

    private static readonly FrozenDictionary<string, MessageParser> _parsers =
        CaffeactorsReflection.Descriptor.MessageTypes.ToFrozenDictionary(type => type.Name, type => type.Parser);

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    /// <summary>As Akka makes it where it has settings for the serializer that ours stands in for.</summary>
    public ClusterSerializer(ExtendedActorSystem system, Config settings)
        : this(system) => _ = settings;

    /// <inheritdoc/>
    public override int Identifier => WireNumber;

    /// <inheritdoc/>
    public override string Manifest(object o) => Known(o).Descriptor.Name;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        IMessage message = Known(obj);
        int size = message.CalculateSize();
        return size < Limit ? message.ToByteArray() : throw new SerializationException(
            $"A {message.Descriptor.Name} of {size} bytes is not sent: a message has fewer than {Limit}");
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!_parsers.TryGetValue(manifest, out MessageParser? parser))
        {
            // A peer of a newer version may send many of them.
            if (_told.Count < 100 && _told.TryAdd(manifest, true))
                system.Log.Warning("A message '{0}' is unknown to this version and is passed over", manifest);
            return new UnknownMessage(manifest);
        }

        if (bytes.Length >= Limit)
        {
            throw new SerializationException(
                $"A {manifest} of {bytes.Length} bytes is not read: a message has fewer than {Limit}");
        }

        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new SerializationException($"Bytes that came as a {manifest} are none: {fault.Message}", fault);
        }
    }

    private static IMessage Known(object o) =>
        o is IMessage message && message.Descriptor.File == CaffeactorsReflection.Descriptor
            ? message
            : throw new SerializationException(
                $"{o.GetType()} is no message between nodes: proto/caffeactors.proto has them all");
}
