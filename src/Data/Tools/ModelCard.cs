using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Tools;

/// <summary>What a folder of Caffe's Model Zoo says of its weights, in the head of its <c>readme.md</c>.</summary>
/// <param name="Name">The model's name, or the folder's where it has none.</param>
/// <param name="FileName">The weights' file in the folder, <c>caffemodel</c>.</param>
/// <param name="Url">Where to get it, <c>caffemodel_url</c>.</param>
/// <param name="Sha1">Its hash in 40 lower-case hexadecimal digits, <c>sha1</c>.</param>
/// <param name="License">What the weights may be used for, <c>license</c>; empty where it is not told.</param>
public sealed record ModelCard(string Name, string FileName, Uri Url, string Sha1, string License)
{
    private const string Readme = "readme.md";
    private const string Fence = "---";

    /// <summary>Reads a folder's card: the lines <c>key: value</c> between the readme's first two lines
    /// <c>---</c>.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CaffeException">CFA1005: there is no readme; CFA1502: it lacks something or says something
    /// that cannot be.</exception>
    public static ModelCard Read(string folder)
    {
        string path = Path.Combine(folder, Readme);
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Data,
                $"'{path}' cannot be read; a folder of the Model Zoo has its weights' address there: "
                + exception.Message, inner: exception);
        }

        Dictionary<string, (string Value, int Line)> fields = Head(path, lines);
        (string file, int fileLine) = Required("caffemodel");
        if (file != Path.GetFileName(file) || file is "." or ".." || file.Contains('\\', StringComparison.Ordinal))
            throw Bad(path, fileLine, $"caffemodel is to be a file name without a folder, not '{file}'");
        (string address, int addressLine) = Required("caffemodel_url");
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
            throw Bad(path, addressLine, $"caffemodel_url is to be an address by http or https, not '{address}'");
        (string sha1, int sha1Line) = Required("sha1");
        if (sha1.Length != 40 || !sha1.All(char.IsAsciiHexDigit))
            throw Bad(path, sha1Line, $"sha1 is to be 40 hexadecimal digits, not '{sha1}'");
        string name = fields.GetValueOrDefault("name").Value ?? new DirectoryInfo(folder).Name;
        return new ModelCard(
            name, file, url, sha1.ToLowerInvariant(), fields.GetValueOrDefault("license").Value ?? "");

        (string Value, int Line) Required(string key) =>
            fields.TryGetValue(key, out (string, int) field) ? field
                : throw Bad(path, 1, $"the head (between two lines '{Fence}') has no '{key}', which is needed");
    }

    private static Dictionary<string, (string Value, int Line)> Head(string path, string[] lines)
    {
        int end = lines.Length > 0 && lines[0].Trim() == Fence
            ? Array.FindIndex(lines, 1, line => line.Trim() == Fence)
            : -1;
        if (end < 0)
            throw Bad(path, 1, $"it does not begin with a head between two lines '{Fence}'");
        var fields = new Dictionary<string, (string, int)>();
        for (int i = 1; i < end; i++)
        {
            int colon = lines[i].IndexOf(':', StringComparison.Ordinal);
            string value = colon < 0 ? "" : lines[i][(colon + 1)..].Trim().Trim('"', '\'');
            if (value.Length > 0)
                fields[lines[i][..colon].Trim()] = (value, i + 1);
        }

        return fields;
    }

    private static CaffeException Bad(string path, int line, string what) =>
        new(ErrorCodes.BadRecord, FailureKind.Data, what, new SourcePlace(path, line, 1));
}
