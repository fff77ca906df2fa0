using CaffeActors.Compute.Diagnostics;

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

    /// <summary>Reads passes.</summary>
    /// <param name="names">Names of passes, or <c>all</c> or <c>none</c> alone.</param>
    /// <param name="what">What is read, for the error.</param>
    /// <exception cref="CaffeException">A name is not known, or <c>all</c> or <c>none</c> is not alone.</exception>
    public static NetPasses Parse(IReadOnlyList<string> names, string what)
    {
        if (names is [All])
            return NetPasses.All;
        if (names is [None] or [])
            return NetPasses.None;
        NetPasses passes = NetPasses.None;
        foreach (string name in names)
        {
            NetPasses pass = Names.FirstOrDefault(known => known.Name == name).Pass;
            if (pass == NetPasses.None)
            {
                throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                    $"{what} is all, none or some of {string.Join(", ", Names.Select(known => known.Name))}, "
                    + $"not '{string.Join(", ", names)}'");
            }

            passes |= pass;
        }

        return passes;
    }
}
