using System.Collections;
using CsCheck;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Tests.Prototxt;

/// <summary>Random messages over their descriptors, for schemas whose messages do not contain themselves.</summary>
internal static class MessageGen
{
    private static readonly Gen<string> _genString =
        Gen.OneOf("a", "ip", " ", "\n", "\r", "\t", "\"", "'", "\\", "\0", "\u007f", "?", "é", "€", "\U0001F600", "7")
            .Array[0, 8].Select(string.Concat);

    private static readonly Gen<float> _genFloat = Gen.OneOf(
        Gen.UInt.Select(BitConverter.UInt32BitsToSingle).Select(value => float.IsNaN(value) ? CNaN : value),
        Gen.Int[-1000, 1000].Select(number => number / 100f),
        Gen.Int[-149, 127].Select(power => MathF.ScaleB(1, power)),
        Gen.OneOf(0f, -0f, 0.1f, 1e-8f, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity, CNaN));

    private static readonly Gen<double> _genDouble = Gen.OneOf(
        Gen.ULong.Select(BitConverter.UInt64BitsToDouble).Select(value => double.IsNaN(value) ? CNaN : value),
        Gen.Int[-1000, 1000].Select(number => number / 100.0),
        _genFloat.Select(value => (double)value));

    // Printing forgets the payload of a NaN, reading gives C's.
    private static float CNaN => BitConverter.UInt32BitsToSingle(0x7FC0_0000);

    /// <summary>Messages of a type, with up to six random fields each.</summary>
    public static Gen<TMessage> Of<TMessage>()
        where TMessage : class, IMessage<TMessage>, new() =>
        Message(new TMessage().Descriptor).Select(message => (TMessage)message);

    private static Gen<IMessage> Message(MessageDescriptor type)
    {
        Gen<Action<IMessage>> any = Gen.OneOf([.. type.Fields.InDeclarationOrder().Select(FieldSetter)]);
        Gen<Action<IMessage>[]> required = type.Fields.InDeclarationOrder().Where(field => field.IsRequired).Aggregate(
            Gen.Const(Array.Empty<Action<IMessage>>()),
            (all, next) => all.Select(FieldSetter(next), (first, last) => (Action<IMessage>[])[.. first, last]));
        return required.Select(
            any.Array[0, 6],
            (first, rest) =>
            {
                IMessage message = type.Parser.ParseFrom(ReadOnlySpan<byte>.Empty);
                foreach (Action<IMessage> set in first.Concat(rest))
                    set(message);
                return message;
            });
    }

    private static Gen<Action<IMessage>> FieldSetter(FieldDescriptor field) =>
        Value(field).Select<object, Action<IMessage>>(value => message =>
        {
            if (field.IsRepeated)
                ((IList)field.Accessor.GetValue(message)).Add(value);
            else
                field.Accessor.SetValue(message, value);
        });

    private static Gen<object> Value(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => Message(field.MessageType).Select(value => (object)value),
        FieldType.Enum => Gen.OneOf([.. field.EnumType.Values.Select(value => (object)value.Number)]),
        FieldType.String => _genString.Select(value => (object)value),
        FieldType.Bytes => Gen.Byte.Array[0, 20].Select(value => (object)ByteString.CopyFrom(value)),
        FieldType.Bool => Gen.Bool.Select(value => (object)value),
        FieldType.Float => _genFloat.Select(value => (object)value),
        FieldType.Double => _genDouble.Select(value => (object)value),
        FieldType.Int32 => WithExtremes(Gen.Int, int.MinValue, -1, 0, int.MaxValue),
        FieldType.Int64 => WithExtremes(Gen.Long, long.MinValue, -1, 0, long.MaxValue),
        FieldType.UInt32 => WithExtremes(Gen.UInt, 0u, uint.MaxValue),
        _ => throw new NotSupportedException($"{field.FullName} is a {field.FieldType}."),
    };

    private static Gen<object> WithExtremes<TNumber>(Gen<TNumber> any, params TNumber[] extremes)
        where TNumber : struct =>
        Gen.OneOf(any, Gen.OneOf(extremes)).Select(value => (object)value);
}
