using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Blobs;

/// <summary>What flags, settings and logs call a <see cref="StorageType"/>.</summary>
public static class StorageNames
{
    private static readonly (string Name, StorageType Type)[] _names =
        [("fp32", StorageType.Float32), ("fp16", StorageType.Float16), ("bf16", StorageType.BFloat16)];

    /// <summary>All names, as a message lists them.</summary>
    public static string All => string.Join(", ", _names.Select(entry => entry.Name));

    /// <summary>The name of a form.</summary>
    public static string NameOf(StorageType type) => _names.Single(entry => entry.Type == type).Name;

    /// <summary>The form of a name.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="flag">The flag or key, for the error.</param>
    /// <exception cref="CaffeException">There is no such form.</exception>
    public static StorageType Parse(string text, string flag)
    {
        foreach ((string name, StorageType type) in _names)
        {
            if (name == text)
                return type;
        }

        throw new CaffeException(
            ErrorCodes.Usage, FailureKind.Configuration, $"{flag} is one of {All}, not '{text}'");
    }
}
