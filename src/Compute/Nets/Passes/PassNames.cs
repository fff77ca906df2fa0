namespace CaffeActors.Compute.Nets.Passes;

/// <summary>What users call the passes: <c>fold-batch-norm</c>, <c>fuse-relu</c>, <c>trim-splits</c>,
/// <c>keep-weights</c>.</summary>
public static class PassNames
{
    private const string All = "all";
    private const string None = "none";

    private static readonly (NetPasses Pass, string Name)[] Names =
    [
        (NetPasses.FoldBatchNorm, "fold-batch-norm"),
        (NetPasses.FuseReLU, "fuse-relu"),
        (NetPasses.TrimSplits, "trim-splits"),
        (NetPasses.KeepWeights, "keep-weights"),
    ];

    /// <summary>The name of one pass.</summary>
    public static string Of(NetPasses pass) => Names.First(known => known.Pass == pass).Name;

    /// <summary>What a setting of passes must be, for an error's "must be ...".</summary>
    public static string Expected =>
        $"{All}, {None}, or a list of {string.Join(", ", Names.Select(known => known.Name))}";

    /// <summary>Reads passes.</summary>
    /// <param name="names">Names of passes, or <c>all</c> or <c>none</c> alone.</param>
    /// <returns>The passes; null where a name is not known, or <c>all</c> or <c>none</c> is not alone.</returns>
    public static NetPasses? TryParse(IReadOnlyList<string> names)
    {
        if (names is [All])
            return NetPasses.All;
        if (names is [None])
            return NetPasses.None;
        NetPasses passes = NetPasses.None;
        foreach (string name in names)
        {
            NetPasses pass = Names.FirstOrDefault(known => known.Name == name).Pass;
            if (pass == NetPasses.None)
                return null;
            passes |= pass;
        }

        return passes;
    }
}
