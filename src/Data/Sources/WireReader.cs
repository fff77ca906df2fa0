namespace CaffeActors.Data.Sources;

/// <summary>Walks through the fields of a serialized protobuf message without copying or allocating.</summary>
/// <param name="message">The message.</param>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    public const uint Varint = 0;
    public const uint Fixed64 = 1;
    public const uint Bytes = 2;
    public const uint Fixed32 = 5;

    private readonly ReadOnlySpan<byte> _message = message;
    private int _at;

    /// <summary>Whether the bytes are no message.</summary>
    public bool Failed { get; private set; }

    /// <summary>Field number times 8, plus the wire type.</summary>
    public uint Tag { get; private set; }

    /// <summary>The value of a varint field.</summary>
    public ulong Value { get; private set; }

    /// <summary>The bytes of any other field.</summary>
    public ReadOnlySpan<byte> Payload { get; private set; }

    /// <summary>Goes to the next field.</summary>
    /// <returns>False at the end, or where the message is damaged.</returns>
    public bool Next()
    {
        if (_at == _message.Length || Failed)
            return false;
        if (!TryReadVarint(out ulong tag) || tag is < 8 or > uint.MaxValue)
            return Fail();
        Tag = (uint)tag;
        ulong length;
        switch (Tag & 7)
        {
            case Varint:
                if (!TryReadVarint(out ulong value))
                    return Fail();
                Value = value;
                return true;
            case Fixed64:
                length = sizeof(ulong);
                break;
            case Fixed32:
                length = sizeof(uint);
                break;
            case Bytes:
                if (!TryReadVarint(out length))
                    return Fail();
                break;
            default:
                return Fail();
        }

        if (length > (ulong)(_message.Length - _at))
            return Fail();
        Payload = _message.Slice(_at, (int)length);
        _at += (int)length;
        return true;
    }

    private bool Fail()
    {
        Failed = true;
        return false;
    }

    private bool TryReadVarint(out ulong value)
    {
        value = 0;
        for (int shift = 0; shift < 70 && _at < _message.Length; shift += 7)
        {
            byte next = _message[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return true;
        }

        return false;
    }
}
