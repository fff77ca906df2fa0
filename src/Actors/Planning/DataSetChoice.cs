using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Nets;
using CaffeActors.Data.Tools;

namespace CaffeActors.Actors.Planning;

/// <summary>The data set a run uses: the first of the configured ones that is there.</summary>
/// <param name="Set">The data set.</param>
/// <param name="Folder">Where databases of embedded images lie, or null.</param>
internal sealed record DataSetChoice(DataSetSettings Set, string? Folder)
{
    private const string Images = "fashion-mnist";
    private const string Pairs = "fashion-mnist-siamese";

    /// <summary>Chooses, and makes the databases of embedded images where they are chosen and not yet there.</summary>
    /// <returns>Null where no data sets are configured.</returns>
    /// <exception cref="CaffeException">None is there.</exception>
    public static DataSetChoice? Of(
        DataSettings data, PathFinder paths, Action<string> notice, Action<string, long, long>? progress)
    {
        if (data.Sets.Count == 0)
            return null;
        List<string> missing = [];
        foreach (DataSetSettings set in data.Sets)
        {
            if (Lack(set, paths) is { } lack)
            {
                missing.Add($"{set.Name}: {lack}");
                continue;
            }

            notice($"Data set: {set.Name}" + string.Concat(missing.Select(line => $" ({line})")));
            return new DataSetChoice(set, set.Embedded.Length == 0 ? null : Ensure(set, data, notice, progress));
        }

        throw new CaffeException(ErrorCodes.SourceUnreadable, FailureKind.Data,
            $"none of the data sets of data.sets is there; {string.Join("; ", missing)}", data.Sets[0].Place);
    }

    /// <summary>Why a data set is not there; null where it is.</summary>
    public static string? Lack(DataSetSettings set, PathFinder paths)
    {
        if (set.Requires is { Count: 0 })
            return "its variable is not set";
        if (set.Requires?.Select(paths.Resolve)
            .FirstOrDefault(path => !File.Exists(path) && !Directory.Exists(path)) is { } path)
            return $"there is no '{path}'";
        if (set.Embedded.Length > 0 && set.Embedded is not Images and not Pairs)
            return $"no images called '{set.Embedded}' are embedded ({Images} and {Pairs} are)";
        return set.Embedded.Length > 0 && EmbeddedDataset.Find() is null
            ? "the repository's data folder is not here" : null;
    }

    private static string Ensure(
        DataSetSettings set, DataSettings data, Action<string> notice, Action<string, long, long>? progress)
    {
        string images = EmbeddedDataset.Find()!;
        string target = data.Root.Length > 0 ? data.Root : Path.GetDirectoryName(images)!;
        bool told = false;
        _ = set.Embedded == Pairs
            ? EmbeddedDataset.EnsurePairs(images, target, Tell)
            : EmbeddedDataset.EnsureLmdb(images, target, Tell);
        return target;

        void Tell(long done, long all)
        {
            if (!told)
                notice($"Making databases of {set.Name} in {target}; the next run finds them.");
            told = true;
            progress?.Invoke(set.Name, done, all);
        }
    }
}
