using System.Security.Cryptography;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.Lmdb;

namespace CaffeActors.Data.Tools;

/// <summary>
/// The images that come with the repository, data/fashion-mnist: 60,000 for training and 10,000 for testing, gray,
/// 28 x 28, ten classes; and the LMDBs that are made of them on first use: the images themselves, and pairs of them for
/// siamese nets.
/// </summary>
public static class EmbeddedDataset
{
    /// <summary>Name of the LMDB of training images.</summary>
    public const string TrainName = "fashion_mnist_train_lmdb";

    /// <summary>Name of the LMDB of test images.</summary>
    public const string TestName = "fashion_mnist_test_lmdb";

    /// <summary>Name of the LMDB of pairs of training images.</summary>
    public const string TrainPairsName = "fashion_mnist_siamese_train_lmdb";

    /// <summary>Name of the LMDB of pairs of test images.</summary>
    public const string TestPairsName = "fashion_mnist_siamese_test_lmdb";

    // The pairs are the same on every machine.
    private const ulong PairsSeed = 1701;

    private const string SumsName = "SHA256SUMS";
    private const string MarkerName = "made-from.txt";

    /// <summary>Looks for data/fashion-mnist in a folder and the ones above it.</summary>
    /// <param name="start">Where to begin.</param>
    /// <returns>The folder of the image files, or null.</returns>
    public static string? Find(string start)
    {
        for (DirectoryInfo? folder = new(Path.GetFullPath(start)); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "data", "fashion-mnist");
            if (File.Exists(Path.Combine(candidate, SumsName)))
                return candidate;
        }

        return null;
    }

    /// <summary>Looks for it in the current folder and those above it, then in the program's.</summary>
    /// <returns>The folder of the image files, or null.</returns>
    public static string? Find() => Find(Environment.CurrentDirectory) ?? Find(AppContext.BaseDirectory);

    /// <summary>
    /// Makes the two LMDBs where they are not there yet. Several processes may do so at once, and one may be killed
    /// in the middle: an LMDB appears whole or not at all. A file in each tells what it was made from, so a call that
    /// finds both returns at once, and one made from other files is made anew.
    /// </summary>
    /// <param name="source">The folder of the image files: data/fashion-mnist.</param>
    /// <param name="target">Where the LMDBs are to be, usually data.</param>
    /// <param name="progress">Called with records done and records in all of the LMDB at work.</param>
    /// <returns>The folders of the two LMDBs.</returns>
    /// <exception cref="CaffeException">A file is missing or damaged, or the LMDBs cannot be written.</exception>
    public static (string Train, string Test) EnsureLmdb(
        string source, string target, Action<long, long>? progress = null) =>
        EnsureBoth(source, target, TrainName, TestName, "",
            (images, labels, writer) => MnistConverter.Write(images, labels, writer, progress));

    /// <summary>
    /// Makes the two LMDBs of pairs where they are not there yet, as <see cref="EnsureLmdb"/> makes those of images: as
    /// many pairs as images, drawn by chance but always the same, two channels, label 1 where both are of one class.
    /// </summary>
    /// <param name="source">The folder of the image files: data/fashion-mnist.</param>
    /// <param name="target">Where the LMDBs are to be, usually data.</param>
    /// <param name="progress">Called with records done and records in all of the LMDB at work.</param>
    /// <returns>The folders of the two LMDBs.</returns>
    /// <exception cref="CaffeException">A file is missing or damaged, or the LMDBs cannot be written.</exception>
    public static (string Train, string Test) EnsurePairs(
        string source, string target, Action<long, long>? progress = null) =>
        EnsureBoth(source, target, TrainPairsName, TestPairsName, $"pairs {PairsSeed}\n",
            (images, labels, writer) => MnistSiameseConverter.Write(images, labels, writer, PairsSeed, progress));

    private static (string Train, string Test) EnsureBoth(
        string source, string target, string trainName, string testName, string kind,
        Action<string, string, RecordWriter> write)
    {
        try
        {
            string[] sums = File.ReadAllLines(Path.Combine(source, SumsName));
            return (Ensure("train", trainName), Ensure("t10k", testName));

            string Ensure(string prefix, string name) =>
                EnsureOne(source, $"{prefix}-images-idx3-ubyte.gz", $"{prefix}-labels-idx1-ubyte.gz", sums,
                    Path.Combine(target, name), kind, write);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CaffeException(ErrorCodes.SourceUnreadable, FailureKind.Data,
                $"the embedded images in '{source}' cannot be made into LMDBs in '{target}': {failure.Message}",
                inner: failure);
        }
    }

    private static string EnsureOne(
        string source, string images, string labels, string[] sums, string folder, string kind,
        Action<string, string, RecordWriter> write)
    {
        string expected = $"{SumOf(images, sums)}\n{SumOf(labels, sums)}\n{kind}";
        if (IsComplete(folder, expected))
        {
            StagedFolder.RemoveLeftovers(folder);
            return folder;
        }

        Verify(source, images, sums);
        Verify(source, labels, sums);
        using var staged = new StagedFolder(folder);
        using (var writer = new LmdbWriter(staged.Path))
        {
            write(Path.Combine(source, images), Path.Combine(source, labels), writer);
            writer.Complete();
        }

        File.WriteAllText(Path.Combine(staged.Path, MarkerName), Marker(staged.Path, expected));
        if (Directory.Exists(folder) && !IsComplete(folder, expected))
            RemoveOutdated(folder);
        if (!staged.Complete() && !IsComplete(folder, expected))
            throw new IOException($"'{folder}' was put there by something else");
        return folder;
    }

    private static bool IsComplete(string folder, string expected)
    {
        string marker = Path.Combine(folder, MarkerName);
        return File.Exists(marker) && File.Exists(Path.Combine(folder, LmdbFormat.FileName))
            && File.ReadAllText(marker) == Marker(folder, expected);
    }

    private static string Marker(string folder, string expected) =>
        $"{expected}{new FileInfo(Path.Combine(folder, LmdbFormat.FileName)).Length} bytes\n";

    private static void RemoveOutdated(string folder)
    {
        if (!File.Exists(Path.Combine(folder, MarkerName)))
            throw new IOException($"'{folder}' is there and was not made from them; move it away");
        Directory.Delete(folder, recursive: true);
    }

    // A line of the sums: 64 hexadecimal digits, two blanks, the file's name.
    private static string SumOf(string name, string[] sums) =>
        sums.FirstOrDefault(line => line.EndsWith($"  {name}", StringComparison.Ordinal))
        ?? throw new IOException($"{SumsName} does not name {name}");

    private static void Verify(string source, string name, string[] sums)
    {
        using FileStream file = File.OpenRead(Path.Combine(source, name));
        if (!SumOf(name, sums).StartsWith(Convert.ToHexStringLower(SHA256.HashData(file)), StringComparison.Ordinal))
            throw new IOException($"{name} is not the file that {SumsName} names; check it out again");
    }
}
