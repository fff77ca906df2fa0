using System.CommandLine;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Cli;

/// <summary>The kind of a database, as Caffe's tools name it: lmdb or leveldb.</summary>
internal static class BackendOption
{
    /// <summary>A flag <c>--backend</c>.</summary>
    public static Option<string> Create(string standard) => new("--backend")
    {
        Description = "Kind of the database: lmdb or leveldb.",
        DefaultValueFactory = _ => standard,
    };

    /// <summary>Reads a kind.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="name">The flag or argument, for the error.</param>
    public static DataParameter.Types.DB Parse(string? text, string name = "--backend") => text switch
    {
        "lmdb" => DataParameter.Types.DB.Lmdb,
        "leveldb" => DataParameter.Types.DB.Leveldb,
        _ => throw new CaffeException(
            ErrorCodes.Usage, FailureKind.Configuration, $"{name} is lmdb or leveldb, not '{text}'"),
    };
}
