using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace CaffeActors.Data.Snapshots;

/// <summary>
/// The bytes of a <c>.resume</c> file: JSON whose last member, <c>xxh128</c>, is the hash of all bytes before it, so
/// that a changed digit is noticed as surely as a cut.
/// </summary>
internal static class ResumeFile
{
    private const string BeforeHash = ",\n  \"xxh128\": \"";
    private const string AfterHash = "\"\n}\n";
    private const string EndOfObject = "\n}";

    /// <summary>The file's bytes.</summary>
    public static byte[] Format(ResumeState state)
    {
        string json = JsonSerializer.Serialize(state, ResumeJson.Readable.ResumeState);
        byte[] head = Encoding.UTF8.GetBytes(json[..^EndOfObject.Length]);
        return [.. head, .. Tail(head)];
    }

    /// <summary>Reads the file's bytes.</summary>
    /// <exception cref="JsonException">They are damaged or of a newer version; the message says which.</exception>
    public static ResumeState Parse(ReadOnlySpan<byte> bytes)
    {
        int length = bytes.Length - Tail([]).Length;
        if (length <= 0 || !bytes[length..].SequenceEqual(Tail(bytes[..length])))
            throw new JsonException("its contents do not have the hash they end with: cut short, damaged or edited");
        ResumeState state = JsonSerializer.Deserialize(bytes, ResumeJson.Readable.ResumeState)
            ?? throw new JsonException("it holds null");
        if (state.FormatVersion > ResumeState.CurrentFormatVersion)
        {
            throw new JsonException($"its format version {state.FormatVersion} is newer than this program's "
                + $"{ResumeState.CurrentFormatVersion}");
        }

        return state;
    }

    private static byte[] Tail(ReadOnlySpan<byte> head) =>
        Encoding.UTF8.GetBytes(BeforeHash + Convert.ToHexStringLower(XxHash128.Hash(head)) + AfterHash);
}
