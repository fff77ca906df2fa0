using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace CaffeActors.MSBuild;

/// <summary>
/// Writes the hash of what a step depends on into a file, and leaves the file as it is where the hash is the one in it.
/// As an input of a target it is newer than its output when anything has changed: contents, which files there are,
/// arguments; and not when a file was merely written again.
/// </summary>
public sealed class HashInputs : Task
{
    /// <summary>Files whose contents count.</summary>
    public string[] Files { get; set; } = [];

    /// <summary>Files too large for that, whose length and time count.</summary>
    public string[] LargeFiles { get; set; } = [];

    /// <summary>What else counts: arguments, the program.</summary>
    public string[] Texts { get; set; } = [];

    /// <summary>The file.</summary>
    [Required]
    public string Output { get; set; } = "";

    /// <summary>Stamps: files with the hash of what they were made of. Those of this very hash are made no older than
    /// the file: what was changed and changed back needs nothing done again.</summary>
    public string[] Stamps { get; set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        try
        {
            string hash = Hash();
            if (Holds(Output, hash))
                return true;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Output))!);
            File.WriteAllText(Output, hash + "\n");
            foreach (string stamp in Stamps.Where(stamp => Holds(stamp, hash)))
                File.SetLastWriteTimeUtc(stamp, File.GetLastWriteTimeUtc(Output));
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.LogError($"What '{Output}' depends on cannot be read: {failure.Message}");
            return false;
        }
    }

    private static bool Holds(string path, string hash) => File.Exists(path) && File.ReadAllText(path).Trim() == hash;

    private string Hash()
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var one = SHA256.Create();
        foreach (string file in Sorted(Files))
        {
            Add(all, "file", file);
            using FileStream stream = File.OpenRead(file);
            all.AppendData(one.ComputeHash(stream));
        }

        foreach (string file in Sorted(LargeFiles))
        {
            var info = new FileInfo(file);
            Add(all, "large", file, info.Exists
                ? string.Format(CultureInfo.InvariantCulture, "{0} {1}", info.Length, info.LastWriteTimeUtc.Ticks)
                : "missing");
        }

        Add(all, ["texts", .. Texts]);
        return BitConverter.ToString(all.GetHashAndReset()).Replace("-", "").ToLowerInvariant();
    }

    private static IEnumerable<string> Sorted(string[] files) =>
        files.Select(Path.GetFullPath).Distinct().OrderBy(file => file, StringComparer.Ordinal);

    // Each with its length: no two lists give the same bytes.
    private static void Add(IncrementalHash hash, params string[] texts)
    {
        foreach (string text in texts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }
}
